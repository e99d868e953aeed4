// The filter that reads a proxy's header before the client's first byte. Everything else goes
// through as it is: the stream below keeps the output.
//
//   reading --a header--> passing: peer() is the client's
//      |----a bad header, or from who may not send one--> refused: the stream below is closed
//
// A peer that sends none is its user's business, who has a time limit for what comes first.
#pragma once

#include <memory>
#include <string>

#include "net/stream/stream.h"

namespace lepus::net {

class ProxyStream final : public Stream, private StreamHandler {
 public:
  /// Who writes the log. Outlives the stream.
  class Watcher {
   public:
    virtual void on_header_refused(const io::PeerName& proxy, const ListenerIdentity& listener,
                                   std::string_view why) = 0;

   protected:
    ~Watcher() = default;
  };
  struct Parts {
    Watcher& watcher;
    const ListenerIdentity& listener;
    bool is_trusted = false;  ///< The peer may say for whom it connects.
  };
  ProxyStream(std::unique_ptr<Stream> below, const Parts& parts);

  void start(StreamHandler& handler) override;
  SendChain& out() override { return below_->out(); }
  void touch() override { below_->touch(); }
  bool is_open() const override { return below_->is_open(); }
  void set_send_timeout(core::Nanos timeout) override { below_->set_send_timeout(timeout); }
  void pause_reading() override { below_->pause_reading(); }
  void resume_reading() override { below_->resume_reading(); }
  void shutdown_write() override { below_->shutdown_write(); }
  void finish(core::Nanos wait_ns) override { below_->finish(wait_ns); }
  void close() override { below_->close(); }
  std::size_t pending_bytes() override { return below_->pending_bytes(); }
  const io::PeerName& peer() const override { return peer_; }
  const ConnectionSecurity& security() const override { return below_->security(); }
  bool is_end_logged() const override {
    return state_ == State::refused || below_->is_end_logged();
  }

 private:
  enum class State : std::uint8_t { reading, passing, refused };

  void on_bytes(core::Bytes bytes) override;
  void on_peer_closed() override { handler_->on_peer_closed(); }
  void on_hang_up() override { handler_->on_hang_up(); }
  void on_sent() override { handler_->on_sent(); }
  void on_closed(std::string_view why) override { handler_->on_closed(why); }

  void read_header(core::Bytes bytes);
  void refuse(std::string_view why);

  std::unique_ptr<Stream> below_;
  StreamHandler* handler_ = nullptr;
  Parts parts_;
  State state_ = State::reading;
  std::string read_;  ///< Of a header that is not complete.
  io::PeerName peer_;
};

}  // namespace lepus::net
