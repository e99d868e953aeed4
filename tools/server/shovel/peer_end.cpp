// See peer_end.h.
#include "tools/server/shovel/peer_end.h"

#include <utility>

#include "net/stream/socket_stream.h"

namespace lepus::server {

namespace {

constexpr std::uint16_t not_found = 404;

std::unique_ptr<net::Stream> make_stream(const PeerPlace& place, ShovelPeer& peer) {
  CHECK(peer.socket.is_connected());
  const int fd = peer.socket.release();
  io::PeerName name = place.streams.loop().driver().peer_name(fd);
  auto stream = std::make_unique<net::SocketStream>(place.streams, fd, std::move(name));
  if (!peer.tls) return stream;
  return std::make_unique<net::TlsStream>(
      std::move(stream),
      net::TlsStream::Parts{place.tls, *peer.tls, core::limits::shovel_answer_wait, place.watcher,
                            net::unknown_listener()});
}

amqp::ClientLogin login_of(const ShovelOrder& order, const ShovelEnd& end) {
  return {end.peer->user, end.peer->password,    end.peer->uses_external,
          end.vhost,      end.peer->heartbeat_s, "Shovel " + order.name};
}

}  // namespace

PeerEnd::PeerEnd(const Parts& parts)
    : parts_(parts),
      connection_(make_stream(parts.place, *parts.end.peer),
                  {parts.place.streams.loop(), parts.place.broker.memory(), *this,
                   parts.place.message_size_max, core::limits::shovel_answer_wait,
                   core::limits::shovel_frame_max},
                  login_of(parts.order, parts.end)) {}

PeerEnd::~PeerEnd() { parts_.place.streams.destroy_later(connection_.take_stream()); }

void PeerEnd::fail(std::string why) {
  parts_.events.on_end_failed(std::string{parts_.name} + " " + end().uri + ": " + std::move(why));
}

void PeerEnd::declare_queue() {
  amqp::QueueDeclare declare;
  declare.queue = *end().queue;
  is_looking_ = !is_missing_;
  declare.passive = is_looking_;
  declare.durable = true;
  if (!declare.passive) declare.arguments = core::as_bytes(end().queue_arguments);
  connection_.send(declare, amqp::ClientConnection::Answer::awaited);
}

bool PeerEnd::on_channel_closed(std::uint16_t code, std::string_view) {
  const bool is_missing = std::exchange(is_looking_, false) && code == not_found;
  if (!is_missing || end().is_predeclared) return false;
  is_missing_ = true;
  return true;
}

void PeerEnd::on_returned(std::string_view reply_text) {
  fail("a message came back: " + std::string{reply_text});
}

}  // namespace lepus::server
