// Listeners and streams of one shard's sockets.
#include "net/stream/socket_transport.h"

#include <utility>

namespace lepus::net {

void SocketTransport::listen(Listening listening, Acceptor& acceptor) {
  std::erase_if(listeners_, [](const auto& listener) { return listener->is_closed(); });
  listeners_.push_back(std::make_unique<Listener>(streams_, std::move(listening), acceptor));
  listeners_.back()->set_descriptor_max(descriptor_max_);
  listeners_.back()->start();
}

void SocketTransport::set_descriptor_max(int max) {
  descriptor_max_ = max;
  for (const auto& listener : listeners_) listener->set_descriptor_max(max);
}

void SocketTransport::flush() { streams_.flush(); }

void SocketTransport::stop() {
  for (const auto& listener : listeners_) listener->stop();
}

/// If descriptors were short, there is one now.
void SocketTransport::destroy_later(std::unique_ptr<Stream> stream) {
  streams_.destroy_later(std::move(stream));
  for (const auto& listener : listeners_) listener->retry();
}

}  // namespace lepus::net
