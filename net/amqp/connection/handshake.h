// The handshake: protocol header, start, start-ok (sasl.h, login.h), tune, tune-ok, open. Fills in
// the facts of the connection, tells the client what comes next, and ends with the phase open.
//
//   awaiting_header --header--> starting --start-ok--> tuning --tune-ok--> opening
//                   --open--> open: Step::opened
//   any error: the caller refuses the client (closing.h)
//
// After start-ok and after open a service outside of the broker may have to be asked: the phase
// stays as it is and input is held until on_auth_answer().
#pragma once

#include <string>
#include <string_view>

#include "core/amqp_error.h"
#include "core/topology/topology.h"
#include "net/amqp/connection/auth_asker.h"
#include "net/amqp/connection/connection_quota.h"
#include "net/amqp/connection/facts.h"
#include "net/amqp/connection/frame_reader.h"
#include "net/amqp/connection/input_gate.h"
#include "net/amqp/connection/login.h"
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
    InputGate& input;
  };
  enum class Step : std::uint8_t { continues, opened };

  explicit Handshake(const Parts& parts)
      : parts_(parts),
        asker_(parts.services, parts.input),
        login_({parts.services, parts.facts, asker_}) {}

  /// Sends connection.start; or, to who speaks something else, the header of what is spoken here.
  /// Returns an error then, which is for the log.
  core::Refusal on_protocol_header(const ProtocolHeader& header);
  /// A method on channel 0 before the connection is open. An error is logged.
  core::Result<Step> on_method(MethodId method, core::Bytes arguments);

  /// Returns true if this is the answer that the connection waits for, whatever phase it is in.
  [[nodiscard]] bool awaits(const core::AuthAnswer& answer) { return asker_.take(answer); }
  /// That answer, before the connection is open or while is_renewing(). As on_method().
  core::Result<Step> on_auth_answer(const core::AuthAnswer& answer);
  /// Connection.update-secret: answered, or it awaits on_auth_answer(), though the connection is
  /// open. An error is for the client.
  core::Refusal renew(std::string_view secret) { return end_renewal(login_.renew(secret)); }
  bool is_renewing() const { return login_.is_renewing(); }

 private:
  core::Result<Step> step_after(core::Refusal error);
  core::Refusal take(MethodId method, core::Bytes arguments);
  template <class Method>
  core::Refusal take_as(core::Bytes arguments);
  core::Refusal on(const ConnectionStartOk& start_ok);
  core::Refusal on(const ConnectionTuneOk& tune_ok);
  core::Refusal on(const ConnectionOpen& open);
  core::Refusal on_login(Login::Outcome outcome);
  core::Refusal login_refused() const;
  core::Refusal admit(const core::VhostInfo& vhost);
  core::Refusal finish_open();
  core::Refusal end_renewal(Login::Outcome outcome);
  void read_capabilities(core::Bytes client_properties);
  const core::Access& access() const { return parts_.services.broker().topology().access(); }

  Parts parts_;
  AuthAsker asker_;
  Login login_;
};

}  // namespace lepus::amqp
