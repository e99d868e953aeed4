// A stream in memory, moved by hand: what a filter is put on in tests.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "net/stream/stream.h"

namespace lepus::net::testing_tls {

class MemoryStream final : public Stream {
 public:
  explicit MemoryStream(BlockPool& pool) : out_(pool) {}

  void start(StreamHandler& handler) override { handler_ = &handler; }
  SendChain& out() override { return out_; }
  void touch() override {}
  bool is_open() const override { return is_open_; }
  void set_send_timeout(core::Nanos) override {}
  void pause_reading() override { is_paused_ = true; }
  void resume_reading() override { is_paused_ = false; }
  void shutdown_write() override { is_shut_ = true; }
  void finish(core::Nanos) override { is_open_ = false; }
  void close() override { is_open_ = false; }
  std::size_t pending_bytes() override { return out_.size(); }
  const io::PeerName& peer() const override { return peer_; }

  // --- The test's side

  void deliver(std::string_view bytes) {
    if (is_open_ && !bytes.empty()) handler_->on_bytes(core::as_bytes(bytes));
  }
  void deliver_end() {
    if (is_open_) handler_->on_peer_closed();
  }
  /// What leaves; its stream is told.
  std::string take() {
    std::string bytes;
    while (!out_.empty()) {
      std::array<iovec, 16> pieces{};
      const SendChain::Filled filled = out_.fill(std::span<iovec>(pieces), SIZE_MAX);
      for (std::uint32_t i = 0; i < filled.count; ++i)
        bytes.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
      out_.consume(filled.bytes);
    }
    if (is_open_ && !bytes.empty()) handler_->on_sent();
    return bytes;
  }
  /// It was closed or finished: that is done now.
  void end_if_closing() {
    if (is_open_ || is_ended_) return;
    is_ended_ = true;
    handler_->on_closed({});
  }
  bool is_shut() const { return is_shut_; }
  bool is_paused() const { return is_paused_; }

 private:
  StreamHandler* handler_ = nullptr;
  SendChain out_;
  io::PeerName peer_;
  bool is_open_ = true;
  bool is_shut_ = false;
  bool is_paused_ = false;
  bool is_ended_ = false;
};

}  // namespace lepus::net::testing_tls
