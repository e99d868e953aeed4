// Another world with TLS over its connections, for the tests of streams.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/tls/tls_stream.h"
#include "tests/unit/net/stream_filtered.h"
#include "tests/unit/net/stream_worlds.h"
#include "tests/unit/net/tls/test_authority.h"
#include "tests/unit/net/tls/tls_peer.h"

namespace lepus::net::testing_tls {

using testing_streams::Client;
using testing_streams::World;

/// Reads from the connection only when it is asked, but for the handshake.
class TlsClient final : public Client {
 public:
  struct Parts {
    const PeerOptions* options;
    std::size_t record_max;
    std::vector<TlsClient*>* all;
  };
  TlsClient(std::unique_ptr<Client> inner, const Parts& parts)
      : inner_(std::move(inner)),
        peer_(*parts.options),
        record_max_(parts.record_max),
        all_(*parts.all) {
    all_.push_back(this);
  }
  ~TlsClient() override { std::erase(all_, this); }

  std::size_t write(std::string_view bytes) override {
    move();
    if (!unsent_.empty() || !peer_.is_shaken() || bytes.empty()) return 0;
    const std::size_t size = std::min(bytes.size(), record_max_);
    if (!peer_.write(bytes.substr(0, size))) return 0;
    move();
    return size;
  }
  std::string read(std::size_t size_max) override {
    move();
    if (plain_.size() < size_max && peer_.is_shaken()) {
      peer_.feed(inner_->read(size_max));
      plain_ += peer_.read();
    }
    const std::size_t size = std::min(size_max, plain_.size());
    std::string bytes = plain_.substr(0, size);
    plain_.erase(0, size);
    return bytes;
  }
  bool at_end() override {
    move();
    if (!peer_.is_shaken()) return inner_->at_end();
    if (!peer_.has_ended()) {
      peer_.feed(inner_->read(16384));
      plain_ += peer_.read();
    }
    return plain_.empty() && (peer_.has_ended() || inner_->at_end());
  }
  void shutdown_write() override { ends_ = true; }
  void reset() override {
    is_reset_ = true;
    inner_->reset();
  }

  /// What goes by itself.
  void move() {
    if (is_reset_) return;
    if (!peer_.is_shaken()) {
      peer_.feed(inner_->read(4096));
      peer_.shake_hands();
    }
    if (ends_ && peer_.is_shaken() && !std::exchange(has_ended_, true)) peer_.end_writing();
    unsent_ += peer_.take();
    unsent_.erase(0, inner_->write(unsent_));
    if (has_ended_ && unsent_.empty() && !std::exchange(is_shut_, true)) inner_->shutdown_write();
  }

 private:
  std::unique_ptr<Client> inner_;
  TlsPeer peer_;
  std::size_t record_max_;
  std::vector<TlsClient*>& all_;
  std::string unsent_;
  std::string plain_;
  bool ends_ = false;
  bool has_ended_ = false;
  bool is_shut_ = false;
  bool is_reset_ = false;
};

class TlsWorld final : public testing_streams::FilteredWorld, private TlsStream::Watcher {
 public:
  TlsWorld(std::unique_ptr<World> below, int version)
      : FilteredWorld(std::move(below)), authority_("test authority") {
    TlsProblem problem;
    context_ = TlsContext::make({.own = authority_.issue()}, problem);
    CHECK(context_.has_value());
    peer_.version_min = peer_.version_max = version;
  }
  std::unique_ptr<Client> connect() override {
    const std::size_t record_max =
        std::clamp<std::size_t>(receive_bytes() / 8, 64, core::limits::tls_record_max);
    return std::make_unique<TlsClient>(inner().connect(),
                                       TlsClient::Parts{&peer_, record_max, &clients_});
  }
  void step(io::Loop& loop) override {
    for (TlsClient* client : clients_) client->move();
    inner().step(loop);
  }
  bool may_sleep() override {
    return inner().may_sleep() && (shard_ == nullptr || !shard_->handshakes().has_work());
  }
  std::unique_ptr<Transport> make_transport(io::Loop& loop) override {
    shard_ = std::make_unique<TlsShard>(loop, touched_, TicketSecret{1});
    return inner().make_transport(loop);
  }
  std::unique_ptr<Stream> wrap(std::unique_ptr<Stream> stream) override {
    return std::make_unique<TlsStream>(
        inner().wrap(std::move(stream)),
        TlsStream::Parts{*shard_, *context_, 60 * core::nanos_per_s, *this, unknown_listener()});
  }
  void flush_filters() override {
    shard_->handshakes().work();
    touched_.flush();
    inner().flush_filters();
  }

 private:
  void on_handshake_failed(const io::PeerName&, const ListenerIdentity&,
                           std::string_view) override {}

  TestAuthority authority_;
  std::optional<TlsContext> context_;
  PeerOptions peer_;
  std::vector<TlsClient*> clients_;
  FlushList touched_;
  std::unique_ptr<TlsShard> shard_;
};

}  // namespace lepus::net::testing_tls
