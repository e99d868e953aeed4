// The client's side of TLS against our own server's side: which servers are good, and what is said
// of those that are not.
#include <gtest/gtest.h>

#include <vector>

#include "io/loop.h"
#include "net/tls/tls_session.h"
#include "tests/unit/net/tls/test_authority.h"
#include "tests/unit/tools/server/fake_driver.h"

namespace lepus::net {
namespace {

using testing_tls::TestAuthority;

std::vector<std::uint8_t> take(SendChain& chain) {
  std::vector<std::uint8_t> bytes;
  while (!chain.empty()) {
    std::array<iovec, 8> pieces{};
    const auto filled = chain.fill(std::span<iovec>(pieces), chain.size());
    std::size_t size = 0;
    for (std::uint32_t i = 0; i < filled.count; ++i) {
      const auto* const first = static_cast<const std::uint8_t*>(pieces[i].iov_base);
      bytes.insert(bytes.end(), first, first + pieces[i].iov_len);
      size += pieces[i].iov_len;
    }
    chain.consume(size);
  }
  return bytes;
}

class TlsClientTest : public ::testing::Test {
 protected:
  TlsContext server(const TlsOptions& options) {
    TlsProblem problem;
    auto made = TlsContext::make(options, problem);
    EXPECT_TRUE(made) << problem.text();
    return *made;
  }
  TlsOptions server_options(const std::string& names) {
    TlsOptions options;
    options.own = authority_.issue({{{"CN", "server"}}, names});
    return options;
  }
  TlsClientOptions client_options(const std::string& host) {
    TlsClientOptions options;
    options.cacertfile = authority_.file();
    options.server_name = options.verified_host = host;
    return options;
  }
  /// Empty: the handshake is done, and a text came through; else why not.
  std::string connect(const TlsClientOptions& options, const TlsOptions& of_server) {
    TlsProblem problem;
    const auto context = TlsContext::make_client(options, problem);
    if (!context) return problem.text("uri");
    client_out_.clear();
    server_out_.clear();
    TlsSession client(*context, client_out_, tickets_);
    TlsSession server(this->server(of_server), server_out_, tickets_);
    EXPECT_TRUE(client.is_client());
    EXPECT_FALSE(server.is_client());
    TlsSession::Result at_client = client.shake_hands();
    TlsSession::Result at_server = TlsSession::Result::wants_input;
    for (int round = 0; round < 10; ++round) {
      step(server, take(client_out_), at_server);
      step(client, take(server_out_), at_client);
      if (at_client == TlsSession::Result::failed) return client.failure();
      if (at_server == TlsSession::Result::failed) return server.failure();
    }
    EXPECT_EQ(at_client, TlsSession::Result::done);
    EXPECT_EQ(at_server, TlsSession::Result::done);
    EXPECT_TRUE(client.encrypt(core::as_bytes("hello")));
    const std::vector<std::uint8_t> sealed = take(client_out_);
    server.set_input(sealed);
    std::array<std::uint8_t, 64> room{};
    std::size_t size = 0;
    (void)server.decrypt(room, size);
    EXPECT_EQ(core::as_text({room.data(), size}), "hello");
    return {};
  }
  static void step(TlsSession& session, const std::vector<std::uint8_t>& input,
                   TlsSession::Result& result) {
    if (result != TlsSession::Result::wants_input) return;
    session.set_input(input);
    result = session.shake_hands();
    session.set_input({});
  }

  TestAuthority authority_{"one"};
  server::test::FakeDriver driver_{1};
  io::Loop loop_{driver_, {}};
  TicketSource tickets_{TicketKeys(TicketSecret{}), &loop_};
  BlockPool pool_;
  SendChain client_out_{pool_};
  SendChain server_out_{pool_};
};

TEST_F(TlsClientTest, AServerOfTheRightNameIsGood) {
  const TlsOptions server = server_options("DNS:broker.example,IP:127.0.0.1");
  EXPECT_EQ(connect(client_options("broker.example"), server), "");
  EXPECT_EQ(connect(client_options("127.0.0.1"), server), "");
}

TEST_F(TlsClientTest, AnotherNameIsRefused) {
  const TlsOptions server = server_options("DNS:broker.example");
  EXPECT_EQ(connect(client_options("other.example"), server),
            "the server's certificate is refused: hostname mismatch");
  TlsClientOptions unverified = client_options("other.example");
  unverified.verify_peer = false;
  EXPECT_EQ(connect(unverified, server), "");
}

TEST_F(TlsClientTest, AnotherAuthorityIsRefused) {
  TestAuthority other{"two"};
  TlsClientOptions options = client_options("broker.example");
  options.cacertfile = other.file();
  EXPECT_EQ(connect(options, server_options("DNS:broker.example"))
                .find("the server's certificate is refused: "),
            0U);
}

TEST_F(TlsClientTest, ItShowsItsOwnCertificate) {
  TlsOptions server = server_options("DNS:broker.example");
  server.cacertfile = authority_.file();
  server.verify_peer = server.fail_if_no_peer_cert = true;
  TlsClientOptions options = client_options("broker.example");
  EXPECT_NE(connect(options, server), "");
  const TlsKeyFiles own = authority_.issue({{{"CN", "client"}}});
  options.certfile = own.certfile;
  options.keyfile = own.keyfile;
  EXPECT_EQ(connect(options, server), "");
}

TEST_F(TlsClientTest, FilesThatAreNotThereAreNamed) {
  TlsClientOptions options = client_options("h");
  options.cacertfile = "/no/file";
  TlsProblem problem;
  EXPECT_FALSE(TlsContext::make_client(options, problem));
  EXPECT_EQ(problem.option, "cacertfile");
  options.cacertfile = authority_.file();
  options.certfile = "/no/file";
  EXPECT_FALSE(TlsContext::make_client(options, problem));
  EXPECT_EQ(problem.option, "keyfile");
}

}  // namespace
}  // namespace lepus::net
