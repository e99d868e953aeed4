// What the user of a stream behind a proxy sees of the header: nothing but whom it is for.
#include "net/stream/proxy_stream.h"

#include <gtest/gtest.h>

#include "tests/unit/net/stream_worlds.h"

namespace lepus::net {
namespace {

using namespace testing_streams;
using namespace std::string_view_literals;

class ProxyWorld final : public World, private ProxyStream::Watcher {
 public:
  explicit ProxyWorld(bool is_trusted) : is_trusted_(is_trusted) {}
  io::Driver& driver() override { return inner_.driver(); }
  Listening listen() override { return inner_.listen(); }
  std::unique_ptr<Client> connect() override { return inner_.connect(); }
  void step(io::Loop& loop) override { inner_.step(loop); }
  bool may_sleep() override { return true; }
  std::size_t receive_bytes() const override { return inner_.receive_bytes(); }
  std::unique_ptr<Stream> wrap(std::unique_ptr<Stream> stream) override {
    return std::make_unique<ProxyStream>(
        std::move(stream), ProxyStream::Parts{*this, unknown_listener(), is_trusted_});
  }
  std::string refused;

 private:
  void on_header_refused(const io::PeerName& proxy, const ListenerIdentity&,
                         std::string_view why) override {
    EXPECT_FALSE(proxy.is_relayed);
    refused = why;
  }

  bool is_trusted_;
  SimulatedWorld inner_{1, {}};
};

class ProxyStreamTest : public ::testing::Test {
 protected:
  Session& begin(std::string_view bytes, bool is_trusted = true) {
    client_.reset();  // They use the world that goes.
    server_.reset();
    world_ = std::make_unique<ProxyWorld>(is_trusted);
    server_ = std::make_unique<Server>(*world_);
    client_ = world_->connect();
    Session& session = server_->accept_one();
    EXPECT_EQ(client_->write(bytes), bytes.size());
    return session;
  }

  std::unique_ptr<ProxyWorld> world_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(ProxyStreamTest, ThePeerIsTheClient) {
  Session& session = begin("PROXY TCP4 127.0.0.1 198.51.100.1 51234 5672\r\nAMQP");
  EXPECT_FALSE(session.stream->peer().is_loopback()) << "nothing was said yet";
  server_->run_until([&] { return session.received == "AMQP"; });
  EXPECT_EQ(session.stream->peer().text(), "127.0.0.1:51234 -> 198.51.100.1:5672");
  EXPECT_TRUE(session.stream->peer().is_loopback());
}

TEST_F(ProxyStreamTest, WhoIsNotNamedIsNotOnThisMachine) {
  for (const std::string_view header :
       {"PROXY UNKNOWN\r\nx"sv, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0x"sv}) {
    Session& session = begin(header);
    const std::string proxy = session.stream->peer().text();
    server_->run_until([&] { return session.received == "x"; });
    EXPECT_EQ(session.stream->peer().text(), proxy);
    EXPECT_FALSE(session.stream->peer().is_loopback());
    server_.reset();
  }
}

TEST_F(ProxyStreamTest, InPieces) {
  Session& session = begin("");
  for (const char byte : "PROXY TCP4 192.0.2.1 198.51.100.1 51234 5672\r\nab"sv) {
    EXPECT_EQ(client_->write(std::string_view(&byte, 1)), 1U);
    for (int i = 0; i < 3; ++i) world_->step(server_->loop);
  }
  server_->run_until([&] { return session.received == "ab"; });
  EXPECT_EQ(session.stream->peer().remote.address, "192.0.2.1");
}

TEST_F(ProxyStreamTest, AWrongHeaderEndsTheConnection) {
  Session& session = begin("AMQP\0\0\x09\x01"sv);
  server_->run_until([&] { return session.closed; });
  EXPECT_EQ(session.received, "");
  EXPECT_EQ(world_->refused, "the connection does not begin with one");
}

TEST_F(ProxyStreamTest, SoDoesOneFromElsewhere) {
  Session& session = begin("PROXY TCP4 127.0.0.1 198.51.100.1 51234 5672\r\nAMQP", false);
  EXPECT_FALSE(session.stream->is_end_logged());
  server_->run_until([&] { return session.closed; });
  EXPECT_EQ(session.received, "");
  EXPECT_EQ(world_->refused, "its address is not in proxy_protocol.trusted_sources");
}

}  // namespace
}  // namespace lepus::net
