// The handshake: protocol header, start, start-ok (SASL PLAIN or AMQPLAIN), tune, tune-ok, open.
// Fills in the facts of the connection, tells the client what comes next, and ends with the phase
// open.
//
//   awaiting_header --header--> starting --start-ok--> tuning --tune-ok--> opening
//                   --open--> open: Step::opened
//   any error: the caller refuses the client (closing.h)
#pragma once

#include <string_view>

#include "core/amqp_error.h"
#include "core/topology/topology.h"
#include "net/amqp/connection/connection_quota.h"
#include "net/amqp/connection/facts.h"
#include "net/amqp/connection/frame_reader.h"
#include "net/amqp/connection/output.h"
#include "net/amqp/connection/phase.h"
#include "net/amqp/methods.gen.h"
#include "net/amqp/services.h"

namespace lepus::amqp {

class Handshake {
 public:
  /// All outlive this object.
  struct Parts {
    Services& services;
    ConnectionFacts& facts;
    ConnectionPhase& phase;
    FrameReader& reader;
    Output& output;
    ConnectionQuota& quota;
  };
  enum class Step : std::uint8_t { continues, opened };

  explicit Handshake(const Parts& parts) : parts_(parts) {}

  /// Sends connection.start; or, to who speaks something else, the header of what is spoken here.
  /// Returns an error then, which is for the log.
  core::Refusal on_protocol_header(const ProtocolHeader& header);
  /// A method on channel 0 before the connection is open. An error is logged.
  core::Result<Step> on_method(MethodId method, core::Bytes arguments);

 private:
  struct Login {
    std::string_view name;
    std::string_view password;
  };

  core::Refusal take(MethodId method, core::Bytes arguments);
  template <class Method>
  core::Refusal take_as(core::Bytes arguments);
  core::Refusal on(const ConnectionStartOk& start_ok);
  core::Refusal on(const ConnectionTuneOk& tune_ok);
  core::Refusal on(const ConnectionOpen& open);
  core::Refusal check_login(std::string_view mechanism, const Login& login);
  core::Refusal admit(const core::VhostInfo& vhost);
  void read_capabilities(core::Bytes client_properties);
  const core::Access& access() const { return parts_.services.broker().topology().access(); }

  Parts parts_;
};

}  // namespace lepus::amqp
