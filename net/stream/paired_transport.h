// Sockets of the kernel and a user-space stack side by side: a listener without a socket is the
// stack's.
#pragma once

#include <memory>
#include <utility>

#include "net/stream/transport.h"

namespace lepus::net {

class PairedTransport final : public Transport {
 public:
  PairedTransport(std::unique_ptr<Transport> sockets, std::unique_ptr<Transport> stack)
      : stack_(std::move(stack)), sockets_(std::move(sockets)) {}

  void listen(Listening listening, Acceptor& acceptor) override {
    Transport& one = listening.socket >= 0 ? *sockets_ : *stack_;
    one.listen(std::move(listening), acceptor);
  }
  bool poll() override {
    const bool worked = sockets_->poll();
    return stack_->poll() || worked;
  }
  void flush() override {
    stack_->flush();
    sockets_->flush();
  }
  bool may_sleep() const override { return sockets_->may_sleep() && stack_->may_sleep(); }
  void stop() override {
    sockets_->stop();
    stack_->stop();
  }
  /// The sockets' keeps streams of both.
  void destroy_later(std::unique_ptr<Stream> stream) override {
    sockets_->destroy_later(std::move(stream));
  }
  std::size_t output_bytes() const override {
    return sockets_->output_bytes() + stack_->output_bytes();
  }

 private:
  std::unique_ptr<Transport> stack_;
  std::unique_ptr<Transport> sockets_;  ///< Last: it may hold streams of the stack.
};

}  // namespace lepus::net
