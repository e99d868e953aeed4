// A world whose streams go through a filter: another world with something put on both of its ends.
#pragma once

#include <utility>

#include "net/stream/proxy_stream.h"
#include "tests/unit/net/stream_worlds.h"

namespace lepus::net::testing_streams {

/// Base of those; everything but the two ends is the inner world's.
class FilteredWorld : public World {
 public:
  explicit FilteredWorld(std::unique_ptr<World> inner) : inner_(std::move(inner)) {}
  io::Driver& driver() override { return inner_->driver(); }
  Listening listen() override { return inner_->listen(); }
  std::unique_ptr<Transport> make_transport(io::Loop& loop) override {
    return inner_->make_transport(loop);
  }
  bool has_resets() override { return inner_->has_resets(); }
  void step(io::Loop& loop) override { inner_->step(loop); }
  bool may_sleep() override { return inner_->may_sleep(); }
  bool is_calm() override { return inner_->is_calm(); }
  std::size_t receive_bytes() const override { return inner_->receive_bytes(); }

 protected:
  World& inner() { return *inner_; }

 private:
  std::unique_ptr<World> inner_;
};

/// A proxy is between, and says so.
class ProxiedWorld final : public FilteredWorld, private ProxyStream::Watcher {
 public:
  using FilteredWorld::FilteredWorld;
  std::unique_ptr<Client> connect() override {
    auto client = inner().connect();
    CHECK(client->write(header) == header.size());
    return client;
  }
  std::unique_ptr<Stream> wrap(std::unique_ptr<Stream> stream) override {
    return std::make_unique<ProxyStream>(std::move(stream),
                                         ProxyStream::Parts{*this, unknown_listener(), true});
  }

 private:
  static constexpr std::string_view header = "PROXY TCP4 192.0.2.1 198.51.100.1 51234 5672\r\n";

  void on_header_refused(const io::PeerName&, const ListenerIdentity&,
                         std::string_view why) override {
    ADD_FAILURE() << why;
  }
};

}  // namespace lepus::net::testing_streams
