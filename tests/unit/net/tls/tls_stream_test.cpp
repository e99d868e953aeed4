// TLS over a stream in memory: records, ends, failures, tickets, and the queue of handshakes.
#include "net/tls/tls_stream.h"

#include <gtest/gtest.h>

#include <deque>
#include <utility>

#include "core/base/random.h"
#include "core/limits.h"
#include "core/limits/tls_output.h"
#include "tests/unit/net/tls/memory_stream.h"
#include "tests/unit/net/tls/test_authority.h"
#include "tests/unit/net/tls/tls_peer.h"
#include "tests/unit/tools/server/fake_driver.h"

namespace lepus::net {
namespace {

using testing_tls::MemoryStream;
using testing_tls::PeerOptions;
using testing_tls::TestAuthority;
using testing_tls::TlsPeer;

struct Handler final : StreamHandler {
  void on_bytes(core::Bytes bytes) override {
    received += core::as_text(bytes);
    ++calls;
  }
  void on_peer_closed() override { ++peer_closed; }
  void on_sent() override { ++sent; }
  void on_closed(std::string_view reason) override {
    is_closed = true;
    why = reason;
  }
  std::string received;
  std::string why;
  int calls = 0;
  int sent = 0;
  int peer_closed = 0;
  bool is_closed = false;
};

/// One shard: what its streams share.
struct Shard {
  explicit Shard(const TicketSecret& secret = {}) : tls(loop, touched, secret) {}
  server::test::FakeDriver driver{0};
  io::Loop loop{driver, {}};
  FlushList touched;
  TlsShard tls;
  BlockPool pool;
};

/// One connection, client and server.
class Pair final : public TlsStream::Watcher {
 public:
  Pair(Shard& shard, const TlsContext& context, const PeerOptions& options = {})
      : shard_(shard), client(options) {
    auto below = std::make_unique<MemoryStream>(shard.pool);
    wire = below.get();
    stream = std::make_unique<TlsStream>(
        std::move(below),
        TlsStream::Parts{shard.tls, context, core::never, *this, unknown_listener()});
    stream->start(handler);
  }
  ~Pair() {
    if (handler.is_closed) return;
    stream->close();
    end();
  }
  void end() {
    shard_.touched.flush();
    wire->end_if_closing();
  }
  /// Until nothing more goes either way by itself.
  void run() {
    for (int round = 0; round < 20; ++round) {
      client.shake_hands();
      wire->deliver(client.take());
      shard_.tls.handshakes().work();
      shard_.touched.flush();
      client.feed(wire->take());
      if (client.is_shaken()) heard += client.read();
    }
  }
  void send(std::string_view text) {
    stream->out().append(core::as_bytes(text));
    stream->touch();
  }
  void on_handshake_failed(const io::PeerName&, const ListenerIdentity&,
                           std::string_view why) override {
    failures.emplace_back(why);
  }

 private:
  Shard& shard_;

 public:
  TlsPeer client;
  MemoryStream* wire;
  Handler handler;
  std::unique_ptr<TlsStream> stream;
  std::string heard;
  std::vector<std::string> failures;
};

class TlsStreamTest : public ::testing::Test {
 protected:
  TlsContext make(TlsOptions options) {
    TlsProblem problem;
    if (options.own.certfile.empty()) options.own = authority_.issue();
    auto context = TlsContext::make(options, problem);
    CHECK(context.has_value());
    return *context;
  }
  TestAuthority authority_{"ca"};
  Shard shard_{TicketSecret{7}};
  TlsContext context_ = make({});
};

PeerOptions version(int number) { return {.version_min = number, .version_max = number}; }

TEST_F(TlsStreamTest, BytesPassInBothVersions) {
  for (const int number : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Pair pair(shard_, context_, version(number));
    EXPECT_FALSE(pair.stream->security().is_tls);
    pair.send("early");
    pair.run();
    ASSERT_TRUE(pair.client.is_shaken());
    EXPECT_TRUE(pair.client.write("question"));
    pair.run();
    EXPECT_EQ(pair.handler.received, "question");
    EXPECT_EQ(pair.heard, "early");
    EXPECT_TRUE(pair.stream->security().is_tls);
    EXPECT_EQ(pair.stream->security().protocol, number == TLS1_3_VERSION ? "tlsv1.3" : "tlsv1.2");
    EXPECT_EQ(pair.stream->security().hash, "aead");
  }
}

TEST_F(TlsStreamTest, RecordsAreFullWhenThereIsMuch) {
  Pair pair(shard_, context_);
  pair.run();
  for (int i = 0; i < 3000; ++i) pair.send("0123456789abcdef0123456789abcdef0123456789abcdef");
  shard_.touched.flush();
  const std::string wire = pair.wire->take();
  std::size_t records = 0;
  for (std::size_t at = 0; at + 5 <= wire.size(); ++records)
    at += 5U + core::load_u16(core::as_bytes(wire).data() + at + 3);
  EXPECT_LE(records, 144'000 / core::limits::tls_record_max + 2);
  pair.client.feed(wire);
  EXPECT_EQ(pair.client.read().size(), 144'000U);
}

TEST_F(TlsStreamTest, OutputIsSealedOnlyWhileLittleWaitsBelow) {
  Pair pair(shard_, context_);
  pair.run();
  pair.send(std::string(4 << 20, 'x'));
  shard_.touched.flush();
  EXPECT_LT(pair.wire->out().size(), core::limits::tls_sealed_max + (20 << 10));
  EXPECT_GT(pair.stream->out().size(), std::size_t{3} << 20);
  EXPECT_GE(pair.stream->pending_bytes(), std::size_t{4} << 20);
  std::size_t got = 0;
  while (got < std::size_t{4} << 20) {
    pair.client.feed(pair.wire->take());
    got += pair.client.read().size();
    shard_.touched.flush();
  }
  EXPECT_TRUE(pair.stream->out().empty());
  EXPECT_GT(pair.handler.sent, 3);
}

/// A turn that reads more than it writes would let messages pile up for a client that takes all.
TEST_F(TlsStreamTest, MoreIsSealedForAClientThatTakesAll) {
  namespace limits = core::limits;
  Pair pair(shard_, context_);
  pair.run();
  pair.send(std::string(8 << 20, 'x'));
  shard_.touched.flush();
  const auto take_all = [&] {
    pair.client.feed(pair.wire->take());
    (void)pair.client.read();
    shard_.touched.flush();
  };
  for (int i = 0; i < 3; ++i) take_all();
  EXPECT_GE(pair.wire->out().size(), limits::tls_sealed_fast_max);
  EXPECT_LT(pair.wire->out().size(), limits::tls_sealed_fast_max + (20 << 10));
}

TEST(SealWindow, GrowsForWhoTakesAllAndOnlyWhileTheShardHasFewRecords) {
  namespace limits = core::limits;
  BlockPool pool;
  SealWindow window;
  EXPECT_EQ(window.size(pool), limits::tls_sealed_max);
  for (int i = 0; i < 10; ++i) window.grow();
  EXPECT_EQ(window.size(pool), limits::tls_sealed_fast_max);
  {
    SendChain others(pool);
    const std::vector<std::uint8_t> bytes(limits::tls_sealed_blocks_max);
    others.append(bytes);
    EXPECT_EQ(window.size(pool), limits::tls_sealed_max);
  }
  EXPECT_EQ(window.size(pool), limits::tls_sealed_fast_max);
  for (int i = 0; i < 10; ++i) window.shrink();
  EXPECT_EQ(window.size(pool), limits::tls_sealed_max);
}

TEST_F(TlsStreamTest, InputMayComeInSingleBytes) {
  for (const int number : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Pair pair(shard_, context_, version(number));
    for (int round = 0; round < 6; ++round) {
      pair.client.shake_hands();
      if (pair.client.is_shaken() && round == 4) pair.client.write("words");
      for (const char byte : pair.client.take()) {
        pair.wire->deliver({&byte, 1});
        shard_.tls.handshakes().work();
      }
      shard_.touched.flush();
      pair.client.feed(pair.wire->take());
    }
    EXPECT_EQ(pair.handler.received, "words");
  }
}

TEST_F(TlsStreamTest, SeveralRecordsAreHandedOverTogether) {
  Pair pair(shard_, context_);
  pair.run();
  for (int i = 0; i < 50; ++i) pair.client.write("abc");
  pair.wire->deliver(pair.client.take());
  EXPECT_EQ(pair.handler.received.size(), 150U);
  EXPECT_EQ(pair.handler.calls, 1);
}

TEST_F(TlsStreamTest, AHalfClosedConnectionGoesOnTheOtherWay) {
  Pair pair(shard_, context_);
  pair.run();
  pair.client.end_writing();
  pair.run();
  EXPECT_EQ(pair.handler.peer_closed, 1);
  pair.wire->deliver_end();
  EXPECT_EQ(pair.handler.peer_closed, 1);
  pair.send("last words");
  pair.stream->shutdown_write();
  pair.run();
  EXPECT_EQ(pair.heard, "last words");
  EXPECT_TRUE(pair.client.has_ended());
  EXPECT_TRUE(pair.wire->is_shut());
}

TEST_F(TlsStreamTest, AnEndWithoutCloseNotifyIsAnEnd) {
  Pair pair(shard_, context_);
  pair.run();
  pair.wire->deliver_end();
  EXPECT_EQ(pair.handler.peer_closed, 1);
}

TEST_F(TlsStreamTest, FinishSealsWhatIsLeftEvenBeforeTheHandshake) {
  Pair pair(shard_, context_);
  pair.send("goodbye");
  pair.stream->finish(core::nanos_per_s);
  EXPECT_FALSE(pair.stream->is_open());
  pair.run();
  EXPECT_EQ(pair.heard, "goodbye");
  EXPECT_TRUE(pair.client.has_ended());
  pair.end();
  EXPECT_TRUE(pair.handler.is_closed);
  EXPECT_EQ(pair.handler.why, "");
}

TEST_F(TlsStreamTest, AChangedRecordEndsTheConnection) {
  Pair pair(shard_, context_);
  pair.run();
  pair.client.write("first");
  std::string good = pair.client.take();
  pair.client.write("second");
  std::string bad = pair.client.take();
  bad[10] ^= 1;
  pair.wire->deliver(good + bad);
  pair.end();
  EXPECT_EQ(pair.handler.received, "first");
  EXPECT_TRUE(pair.handler.is_closed);
  EXPECT_EQ(pair.handler.why, "a record was changed on its way, or is no TLS");
  EXPECT_FALSE(pair.stream->is_end_logged());
}

TEST_F(TlsStreamTest, FailedHandshakesSayWhy) {
  TestAuthority other{"other"};
  const TlsContext strict =
      make({.cacertfile = authority_.file(), .verify_peer = true, .fail_if_no_peer_cert = true});
  struct Wanted {
    PeerOptions options;
    const char* text;
  };
  const Wanted cases[] = {
      {{.own = other.issue()}, "client's certificate is refused"},
      {{.own = authority_.issue({.ends_in_s = -60})}, "certificate has expired"},
      {{}, "the client sent no certificate"},
      {{.cacertfile = other.file()}, "the client ended TLS with the alert 'unknown CA'"},
      {{.version_max = TLS1_2_VERSION, .ciphers12 = "ECDHE-RSA-AES128-GCM-SHA256"},
       "no cipher suite in common"},
  };
  for (const Wanted& one : cases) {
    Pair pair(shard_, strict, one.options);
    pair.run();
    pair.end();
    ASSERT_EQ(pair.failures.size(), 1U) << one.text;
    EXPECT_NE(pair.failures[0].find(one.text), std::string::npos) << pair.failures[0];
    EXPECT_TRUE(pair.handler.is_closed);
    EXPECT_EQ(pair.handler.why, pair.failures[0]);
    EXPECT_TRUE(pair.stream->is_end_logged());
  }
  Pair good(shard_, strict, {.own = authority_.issue({.subject = {{"O", "o"}, {"CN", "me"}}})});
  good.run();
  EXPECT_TRUE(good.failures.empty());
  EXPECT_EQ(good.stream->security().peer_cert_subject, "CN=me,O=o");
  EXPECT_EQ(good.stream->security().peer_cert_login, "CN=me,O=o");
}

TEST_F(TlsStreamTest, RevokedCertificatesAreRefused) {
  const TlsKeyFiles revoked = authority_.issue();
  const TlsContext strict = make({.cacertfile = authority_.file(),
                                  .verify_peer = true,
                                  .crlfile = authority_.revoke(revoked.certfile)});
  Pair bad(shard_, strict, {.own = revoked});
  bad.run();
  bad.end();
  ASSERT_EQ(bad.failures.size(), 1U);
  EXPECT_EQ(bad.failures[0], "the client's certificate is refused: certificate revoked");
  Pair good(shard_, strict, {.own = authority_.issue()});
  good.run();
  EXPECT_TRUE(good.client.is_shaken());
  EXPECT_TRUE(good.failures.empty());
}

TEST_F(TlsStreamTest, WhoOnlyLooksWhetherThePortAnswersIsNoFailure) {
  Pair pair(shard_, context_);
  pair.wire->deliver_end();
  pair.end();
  EXPECT_TRUE(pair.handler.is_closed);
  EXPECT_EQ(pair.handler.why, "");
  EXPECT_TRUE(pair.failures.empty());
}

TEST_F(TlsStreamTest, AnEndInTheHandshakeIsAFailure) {
  Pair pair(shard_, context_);
  pair.client.shake_hands();
  pair.wire->deliver(pair.client.take());
  shard_.tls.handshakes().work();
  pair.wire->deliver_end();
  pair.end();
  ASSERT_EQ(pair.failures.size(), 1U);
  EXPECT_NE(pair.failures[0].find("during the TLS handshake"), std::string::npos);
}

TEST_F(TlsStreamTest, WhatComesRightBehindTheHandshakeIsNotLost) {
  Pair pair(shard_, context_);
  pair.client.shake_hands();
  pair.wire->deliver(pair.client.take());
  shard_.tls.handshakes().work();
  pair.client.feed(pair.wire->take());
  ASSERT_TRUE(pair.client.write("at once"));
  pair.client.end_writing();
  pair.wire->deliver(pair.client.take());
  pair.wire->deliver_end();
  EXPECT_EQ(pair.handler.received, "");
  shard_.tls.handshakes().work();
  EXPECT_EQ(pair.handler.received, "at once");
  EXPECT_EQ(pair.handler.peer_closed, 1);
  EXPECT_TRUE(pair.failures.empty());
}

TEST_F(TlsStreamTest, ATurnTakesOneStep) {
  std::deque<Pair> pairs;
  for (int i = 0; i < 5; ++i) {
    Pair& pair = pairs.emplace_back(shard_, context_);
    pair.client.shake_hands();
    pair.wire->deliver(pair.client.take());
  }
  for (std::size_t turn = 1; turn <= pairs.size(); ++turn) {
    EXPECT_TRUE(shard_.tls.has_work());
    shard_.tls.handshakes().work();
    std::size_t answered = 0;
    for (const Pair& pair : pairs) answered += pair.wire->out().empty() ? 0 : 1;
    EXPECT_EQ(answered, turn);
  }
  EXPECT_FALSE(shard_.tls.has_work());
}

TEST_F(TlsStreamTest, AnyShardResumesTheSessionsOfAnother) {
  for (const int number : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Shard other{TicketSecret{7}};
    Shard stranger{TicketSecret{8}};
    PeerOptions options = version(number);
    Pair first(shard_, context_, options);
    first.run();
    EXPECT_FALSE(first.client.was_resumed());
    const TlsPeer::SessionPtr session = first.client.session();
    options.resumes = session.get();
    Pair again(other, context_, options);
    again.run();
    EXPECT_TRUE(again.client.was_resumed());
    Pair elsewhere(stranger, context_, options);
    elsewhere.run();
    EXPECT_TRUE(elsewhere.client.is_shaken());
    EXPECT_FALSE(elsewhere.client.was_resumed());
  }
}

TEST_F(TlsStreamTest, ATicketCountsOnlyUnderTheSameRules) {
  const TlsKeyFiles own = authority_.issue();
  Pair first(shard_, context_);
  first.run();
  const TlsPeer::SessionPtr session = first.client.session();
  const TlsContext strict =
      make({.cacertfile = authority_.file(), .verify_peer = true, .fail_if_no_peer_cert = true});
  Pair again(shard_, strict, {.own = own, .resumes = session.get()});
  again.run();
  EXPECT_TRUE(again.client.is_shaken());
  EXPECT_FALSE(again.client.was_resumed());
  EXPECT_EQ(again.stream->security().peer_cert_subject, "CN=server");
}

TEST_F(TlsStreamTest, TheNameAskedForChoosesTheCertificate) {
  const TlsContext context =
      make({.hosts = {{"One.example", authority_.issue({.subject = {{"CN", "one"}}})},
                      {"*.wild.example", authority_.issue({.subject = {{"CN", "wild"}}})}}});
  const std::pair<const char*, const char*> wanted[] = {{"one.EXAMPLE", "CN=one"},
                                                        {"x.wild.example", "CN=wild"},
                                                        {"x.y.wild.example", "CN=server"},
                                                        {"", "CN=server"}};
  for (const auto& [name, subject] : wanted) {
    Pair pair(shard_, context, {.server_name = name});
    pair.run();
    EXPECT_EQ(pair.client.server_subject(), subject) << name;
  }
}

TEST_F(TlsStreamTest, TheNameCountsWhenTheClientMustAskTwice) {
  const TlsContext context =
      make({.hosts = {{"one.example", authority_.issue({.subject = {{"CN", "one"}}})}}});
  // The client offers a key for another curve first.
  ASSERT_EQ(SSL_CTX_set1_groups_list(context.get(), "P-384"), 1);
  Pair pair(shard_, context, {.version_min = TLS1_3_VERSION, .server_name = "one.example"});
  pair.run();
  EXPECT_TRUE(pair.client.is_shaken());
  EXPECT_EQ(pair.client.server_subject(), "CN=one");
}

TEST_F(TlsStreamTest, ClientsCannotRenegotiate) {
  Pair pair(shard_, context_, version(TLS1_2_VERSION));
  pair.run();
  SSL_renegotiate(pair.client.ssl());
  SSL_do_handshake(pair.client.ssl());
  pair.run();
  EXPECT_FALSE(pair.handler.is_closed);
  EXPECT_FALSE(shard_.tls.has_work());
}

TEST_F(TlsStreamTest, AnswersThatNobodyReadsHaveALimit) {
  Pair pair(shard_, context_);
  pair.run();
  for (int i = 0; i < 100'000 && pair.stream->is_open(); ++i) {
    SSL_key_update(pair.client.ssl(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(pair.client.ssl());
    pair.wire->deliver(pair.client.take());
  }
  EXPECT_FALSE(pair.stream->is_open());
  EXPECT_LT(pair.wire->out().size(),
            core::limits::tls_sealed_fast_max + core::limits::tls_sealed_unsent_max + 1024);
}

TEST_F(TlsStreamTest, AnythingMayComeInsteadOfRecords) {
  core::Random random(3);
  for (int round = 0; round < 500; ++round) {
    Pair pair(shard_, context_);
    if (random.chance(50)) pair.run();
    pair.client.shake_hands();
    std::string bytes = pair.client.take();
    if (random.chance(50)) bytes += std::string("\x16\x03\x03\x00\x20", 5);
    for (std::size_t i = 0; i < 40; ++i) bytes += static_cast<char>(random.next());
    if (!bytes.empty() && random.chance(50))
      bytes[random.below(bytes.size())] ^= static_cast<char>(1 + random.below(255));
    pair.wire->deliver(bytes);
    shard_.tls.handshakes().work();
    shard_.tls.handshakes().work();
    EXPECT_EQ(pair.handler.received, "");
  }
}

}  // namespace
}  // namespace lepus::net
