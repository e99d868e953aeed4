// A shard whose streams send back what comes, over any transport.
#pragma once

#include <memory>
#include <utility>

#include "core/base/assert.h"
#include "io/loop.h"
#include "net/stream/transport.h"

namespace lepus::net::bypass {

/// One connection: what comes in goes out.
class Echo final : public StreamHandler {
 public:
  Echo(Transport& transport, std::unique_ptr<Stream> stream)
      : transport_(transport), stream_(std::move(stream)) {}
  void start() { stream_->start(*this); }
  void on_bytes(core::Bytes bytes) override {
    stream_->out().append(bytes);
    stream_->touch();
    if (stream_->pending_bytes() > pause_above) stream_->pause_reading();
  }
  void on_peer_closed() override { stream_->finish(60 * core::nanos_per_s); }
  void on_sent() override {
    if (stream_->pending_bytes() < pause_above / 2) stream_->resume_reading();
  }
  void on_closed(std::string_view) override {
    transport_.destroy_later(std::move(stream_));
    const std::unique_ptr<Echo> ended(this);
  }

 private:
  static constexpr std::size_t pause_above = 1 << 20;
  Transport& transport_;
  std::unique_ptr<Stream> stream_;
};

/// A shard: a loop of the kernel's that polls the transport.
class EchoShard final : private io::TurnHooks, private Acceptor {
 public:
  EchoShard(io::Driver& driver, io::IdlePolicy idle) : loop_(driver, idle) {
    loop_.set_hooks(this);
  }
  io::Loop& loop() { return loop_; }
  void listen(std::unique_ptr<Transport> transport, Listening listening) {
    transport_ = std::move(transport);
    transport_->listen(std::move(listening), *this);
  }

 private:
  void on_accept(std::unique_ptr<Stream> stream, const ListenerIdentity&) override {
    std::make_unique<Echo>(*transport_, std::move(stream)).release()->start();
  }
  void on_accept_error(int) override { CHECK(false); }
  void on_listener_closed() override {}
  bool drain_mailboxes() override { return transport_->poll(); }
  void flush() override { transport_->flush(); }
  bool may_sleep() override { return transport_->may_sleep(); }

  io::Loop loop_;
  std::unique_ptr<Transport> transport_;
};

}  // namespace lepus::net::bypass
