// What both ends at another broker have in common: the connection with what it is made from, and
// the queue that is looked at first and declared when it is missing.
//
//   on_channel_open() -> declare(passive) -> queue.declare-ok
//                                         -> 404: the channel is opened again -> declare
#pragma once

#include <memory>
#include <string>

#include "core/broker/broker.h"
#include "net/amqp/client/client_connection.h"
#include "net/stream/stream_set.h"
#include "net/tls/tls_shard.h"
#include "net/tls/tls_stream.h"
#include "tools/server/shovel/shovel_ends.h"
#include "tools/server/shovel/shovel_order.h"

namespace lepus::server {

/// What connections to other brokers need of a shard. All outlive them.
struct PeerPlace {
  core::Broker& broker;
  net::StreamSet& streams;
  net::TlsShard& tls;
  net::TlsStream::Watcher& watcher;
  std::uint64_t message_size_max;
};

class PeerEnd : protected amqp::ClientListener {
 public:
  PeerEnd(const PeerEnd&) = delete;
  PeerEnd& operator=(const PeerEnd&) = delete;

 protected:
  struct Parts {
    const PeerPlace& place;
    const ShovelOrder& order;
    ShovelEnd& end;  ///< Its socket is taken.
    ShovelEvents& events;
    const char* name;  ///< "source", "target".
  };
  explicit PeerEnd(const Parts& parts);
  ~PeerEnd();

  amqp::ClientConnection& connection() { return connection_; }
  const amqp::ClientConnection& connection() const { return connection_; }
  const ShovelOrder& order() const { return parts_.order; }
  const ShovelEnd& end() const { return parts_.end; }
  ShovelEvents& events() const { return parts_.events; }
  /// The queue of the end, which must have one. The answer is queue.declare-ok.
  void declare_queue();
  template <class Method>
  bool read(const amqp::MethodReady& ready, Method& out) const {
    return ready.method == Method::id && amqp::decode(ready.arguments, out);
  }
  void fail(std::string why);

  bool on_channel_closed(std::uint16_t code, std::string_view text) override;
  void on_returned(std::string_view reply_text) override;
  void on_delivery(std::uint64_t, core::MessageRef) override {}
  void on_ended(std::string why) override { fail(std::move(why)); }

 private:
  Parts parts_;
  amqp::ClientConnection connection_;
  bool is_looking_ = false;  ///< The passive declaration is under way.
  bool is_missing_ = false;  ///< It failed: the queue is to be declared.
};

}  // namespace lepus::server
