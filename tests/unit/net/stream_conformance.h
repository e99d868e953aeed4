// What every stream must do, whatever carries it. A program that includes this names its worlds by
// INSTANTIATE_TEST_SUITE_P.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "core/limits.h"
#include "tests/unit/net/stream_worlds.h"

namespace lepus::net {

using testing_streams::Client;
using testing_streams::forget_closed;
using testing_streams::LentBytes;
using testing_streams::nanos_per_ms;
using testing_streams::pattern;
using testing_streams::Server;
using testing_streams::Session;
using testing_streams::Talker;
using testing_streams::World;

struct Case {
  const char* name;
  std::function<std::unique_ptr<World>()> make;
};

class StreamConformance : public ::testing::TestWithParam<Case> {
 protected:
  StreamConformance() : world_(GetParam().make()), server_(std::make_unique<Server>(*world_)) {}
  ~StreamConformance() override { server_.reset(); }
  template <class Condition>
  bool run_until(Condition&& condition) {
    return server_->run_until(std::forward<Condition>(condition));
  }
  std::string read_all(Client& client, std::size_t size) {
    std::string heard;
    run_until([&] {
      heard += client.read(65536);
      return heard.size() >= size;
    });
    return heard;
  }
  void write_all(Client& client, std::string_view text) {
    run_until([&] {
      text.remove_prefix(client.write(text));
      return text.empty();
    });
  }

  std::unique_ptr<World> world_;
  std::unique_ptr<Server> server_;
};

TEST_P(StreamConformance, EchoesSeveralConnectionsWithoutMixingThem) {
  server_->echoes = true;
  core::Random random(7);
  std::vector<Talker> talkers(5);
  for (Talker& talker : talkers) {
    talker.client = world_->connect();
    talker.words = pattern(1 + random.below(20'000), random.next());
  }
  run_until([&] {
    bool all = true;
    for (Talker& talker : talkers) {
      talker.step(random);
      all = all && talker.heard.size() == talker.words.size();
    }
    return all;
  });
  for (const Talker& talker : talkers) EXPECT_EQ(talker.heard, talker.words);
}

TEST_P(StreamConformance, KnowsBothEnds) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  write_all(*client, "x");
  run_until([&] { return !session.received.empty(); });
  const io::PeerName& peer = session.stream->peer();
  EXPECT_EQ(peer.remote.port == 0, peer.user.has_value());
  EXPECT_NE(peer.local.address, "");
}

TEST_P(StreamConformance, HalfCloseByThePeerLeavesTheOtherHalfOpen) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  write_all(*client, "question");
  client->shutdown_write();
  run_until([&] { return session.peer_closed == 1; });
  EXPECT_EQ(session.received, "question");
  session.send("answer");
  session.stream->shutdown_write();
  EXPECT_EQ(read_all(*client, 6), "answer");
  run_until([&] { return client->at_end(); });
  EXPECT_FALSE(session.closed);
  session.stream->close();
  run_until([&] { return session.closed; });
  EXPECT_EQ(session.why, "");
}

TEST_P(StreamConformance, ShutdownWriteComesAfterAllOutputAndReadingGoesOn) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  const std::string words = pattern(50'000, 3);
  session.send(words);
  session.stream->shutdown_write();
  EXPECT_EQ(read_all(*client, words.size()), words);
  run_until([&] { return client->at_end(); });
  write_all(*client, "still here");
  run_until([&] { return session.received == "still here"; });
}

TEST_P(StreamConformance, FinishDeliversTheLastWordsAlthoughThePeerStillTalks) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  write_all(*client, "first");
  run_until([&] { return !session.received.empty(); });
  const std::string words = pattern(30'000, 4);
  session.send(words);
  session.stream->finish(60 * core::nanos_per_s);
  EXPECT_FALSE(session.stream->is_open());
  const std::size_t received = session.received.size();
  write_all(*client, "nobody reads this");
  EXPECT_EQ(read_all(*client, words.size()), words);
  run_until([&] { return client->at_end(); });
  EXPECT_FALSE(session.closed);
  client->shutdown_write();
  run_until([&] { return session.closed; });
  EXPECT_EQ(session.why, "");
  EXPECT_EQ(session.received.size(), received);
  EXPECT_EQ(session.peer_closed, 0);
}

TEST_P(StreamConformance, WhatIsAddedAfterTheEndIsDropped) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  session.stream->shutdown_write();
  run_until([&] { return client->at_end(); });
  session.send("too late");
  run_until([&] { return session.stream->out().empty(); });
  EXPECT_EQ(session.sent, 0);
  session.stream->finish(60 * core::nanos_per_s);
  client->shutdown_write();
  run_until([&] { return session.closed; });
  EXPECT_EQ(client->read(100), "");
}

TEST_P(StreamConformance, FinishDoesNotWaitForeverForThePeer) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  session.send(pattern(3'000'000, 1));
  session.stream->finish(30 * nanos_per_ms);
  run_until([&] { return session.closed; });
}

TEST_P(StreamConformance, CloseDropsOutputAndReleasesWhatWasLent) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  LentBytes lent;
  lent.bytes = pattern(10'000'000, 5);
  session.stream->out().append_ref(core::as_bytes(lent.bytes), &lent);
  session.send("never seen");
  for (int i = 0; i < 50; ++i) world_->step(server_->loop);
  EXPECT_EQ(lent.released, 0);
  session.stream->close();
  session.stream->close();
  EXPECT_FALSE(session.closed) << "no callback inside a call";
  run_until([&] { return session.closed; });
  EXPECT_EQ(lent.released, 1);
}

TEST_P(StreamConformance, CloseInsideOnBytes) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  session.when_bytes = [&] { session.stream->close(); };
  write_all(*client, "go away");
  run_until([&] { return session.closed; });
  EXPECT_EQ(session.peer_closed, 0);
}

TEST_P(StreamConformance, CloseInsideOnPeerClosed) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  session.when_peer_closed = [&] { session.stream->close(); };
  client->shutdown_write();
  run_until([&] { return session.closed; });
  EXPECT_EQ(session.peer_closed, 1);
}

TEST_P(StreamConformance, ResetByThePeerEndsTheStreamWithAReason) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  session.send("x");
  run_until([&] { return session.sent == 1; });
  client->reset();
  run_until([&] { return session.closed; });
  EXPECT_NE(session.why, "");
}

TEST_P(StreamConformance, PausedReadingHoldsThePeerBackAndLosesNothing) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  const std::string words = pattern(1'000'000, 6);
  std::size_t written = 100;
  write_all(*client, std::string_view(words).substr(0, written));
  run_until([&] { return !session.received.empty(); });
  session.stream->pause_reading();
  for (int i = 0; i < 20; ++i) world_->step(server_->loop);
  const std::size_t paused_at = session.received.size();
  for (int i = 0; i < 200; ++i) {
    written += client->write(std::string_view(words).substr(written, 10'000));
    world_->step(server_->loop);
  }
  EXPECT_EQ(session.received.size(), paused_at);
  session.stream->resume_reading();
  run_until([&] {
    written += client->write(std::string_view(words).substr(written));
    return session.received.size() == words.size();
  });
  EXPECT_EQ(session.received, words);
}

TEST_P(StreamConformance, WhilePausedThePeersEndIsSeenBehindItsBytes) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  write_all(*client, "first");
  run_until([&] { return session.received == "first"; });
  session.stream->pause_reading();
  for (int i = 0; i < 20; ++i) world_->step(server_->loop);
  write_all(*client, "last words");
  client->shutdown_write();
  run_until([&] { return session.hang_ups == 1; });
  EXPECT_EQ(session.received, "first");
  EXPECT_EQ(session.peer_closed, 0);
  session.stream->resume_reading();
  run_until([&] { return session.peer_closed == 1; });
  EXPECT_EQ(session.received, "firstlast words");
}

TEST_P(StreamConformance, WhilePausedAResetEndsTheStream) {
  if (!world_->has_resets()) GTEST_SKIP() << "nothing is left unread";
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  session.stream->pause_reading();
  for (int i = 0; i < 20; ++i) world_->step(server_->loop);
  write_all(*client, "unread");
  client->reset();
  run_until([&] { return session.closed; });
  EXPECT_NE(session.why, "");
}

TEST_P(StreamConformance, APeerThatTakesNothingIsReset) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  session.stream->set_send_timeout(150 * nanos_per_ms);
  session.send(std::string(24 << 20, 'x'));
  run_until([&] { return session.closed; });
  EXPECT_EQ(session.why, "the client took no data for the send timeout");
}

TEST_P(StreamConformance, APeerThatTakesItAllInTimeIsNotReset) {
  if (world_->has_loss()) GTEST_SKIP() << "what is lost comes again later than the timeout";
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  session.stream->set_send_timeout(60 * nanos_per_ms);
  for (int round = 0; round < 3; ++round) {
    session.send(std::string(1 << 20, 'x'));
    EXPECT_EQ(read_all(*client, 1 << 20).size(), std::size_t{1} << 20);
    const core::Nanos idle_until = server_->loop.now() + 100 * nanos_per_ms;
    run_until([&] { return server_->loop.now() >= idle_until; });
  }
  EXPECT_FALSE(session.closed);
}

TEST_P(StreamConformance, ClientsLeaveAReserveOfDescriptors) {
  constexpr std::size_t count = 12;
  auto* const sockets = dynamic_cast<SocketTransport*>(server_->transport.get());
  if (sockets == nullptr) GTEST_SKIP() << "streams have no descriptors";
  server_->hangs_up = true;
  // The clients are in this process too, so theirs count with sockets of the kernel.
  sockets->set_descriptor_max(world_->driver().next_descriptor() + 8);
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(world_->connect());
    for (int turns = 0; turns < 50; ++turns) world_->step(server_->loop);
  }
  run_until([&] { return server_->accept_errors > 0; });
  EXPECT_LE(server_->sessions.size(), 8U);
  clients.clear();
  run_until([&] { return server_->sessions.size() == count; });
}

TEST_P(StreamConformance, PauseAndResumeAtAnyTime) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  core::Random random(8);
  session.when_bytes = [&] {
    if (random.chance(50)) session.stream->pause_reading();
    if (random.chance(50)) session.stream->resume_reading();
  };
  const std::string words = pattern(100'000, 9);
  std::size_t written = 0;
  run_until([&] {
    written += client->write(std::string_view(words).substr(written, 1 + random.below(3000)));
    if (random.chance(20)) session.stream->resume_reading();
    return session.received.size() == words.size();
  });
  EXPECT_EQ(session.received, words);
}

TEST_P(StreamConformance, MixedOutputArrivesInOrderAtASlowReader) {
  const auto client = world_->connect();
  Session& session = server_->accept_one();
  core::Random random(10);
  std::deque<LentBytes> lent;
  std::string expected;
  std::string heard;
  run_until([&] {
    if (expected.size() < 400'000) {
      const std::string text = pattern(random.below(5000), random.next());
      expected += text;
      if (random.chance(50)) {
        session.send(text);
      } else {
        lent.emplace_back().bytes = text;
        session.stream->out().append_ref(core::as_bytes(lent.back().bytes), &lent.back());
        session.stream->touch();
      }
    }
    heard += client->read(random.below(20'000));
    return expected.size() >= 400'000 && heard.size() == expected.size();
  });
  EXPECT_EQ(heard, expected);
  run_until([&] { return session.stream->out().empty(); });
  for (const LentBytes& bytes : lent) EXPECT_EQ(bytes.released, 1);
  run_until([&] { return server_->transport->output_bytes() == 0; });
}

TEST_P(StreamConformance, AFastSenderLeavesTurnsAndBuffersToOthers) {
  constexpr std::size_t total = 4 << 20;
  const auto fast = world_->connect();
  Session& fast_session = server_->accept_one();
  const auto slow = world_->connect();
  Session& slow_session = server_->accept_one();
  std::size_t most_in_a_turn = 0;
  std::size_t most_before_an_answer = 0;
  std::size_t asked_at = 0;
  std::size_t written = 0;
  std::size_t asked = 0;
  run_until([&] {
    static const std::string block(64 << 10, 'x');
    if (written < total) written += fast->write(block);
    if (slow_session.received.size() == asked && slow->write("?") == 1) {
      ++asked;
      asked_at = fast_session.received.size();
    }
    const std::size_t before = fast_session.received.size();
    world_->step(server_->loop);
    const std::size_t now = fast_session.received.size();
    most_in_a_turn = std::max(most_in_a_turn, now - before);
    if (slow_session.received.size() < asked)
      most_before_an_answer = std::max(most_before_an_answer, now - asked_at);
    return now >= total;
  });
  // The piece that exceeds the share is still handed over whole.
  EXPECT_LE(most_in_a_turn, core::limits::input_share + (32 << 10));
  if (world_->is_calm()) {
    EXPECT_LE(most_before_an_answer, 8 * core::limits::input_share);
  }
}

TEST_P(StreamConformance, WhoFindsNoBufferWaitsInLine) {
  constexpr std::size_t count = 40;
  // Many times what the buffers take, also in a world whose buffers take 32 bytes: not a hundred
  // thousand turns of it.
  const std::size_t each = std::min<std::size_t>(128 << 10, 512 * world_->receive_bytes());
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<Session*> talking;
  std::vector<std::size_t> written(count);
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(world_->connect());
    talking.push_back(&server_->accept_one());
    write_all(*clients[i], "x");
    written[i] = 1;
  }
  run_until([&] {
    return std::ranges::all_of(talking, [](const Session* one) { return !one->received.empty(); });
  });
  std::size_t widest = 0;
  run_until([&] {
    static const std::string block(16 << 10, 'x');
    std::size_t least = each;
    std::size_t most = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (written[i] < each) written[i] += clients[i]->write(block);
      least = std::min(least, talking[i]->received.size());
      most = std::max(most, talking[i]->received.size());
    }
    widest = std::max(widest, most - least);
    return least >= each;
  });
  if (world_->is_calm()) {
    EXPECT_LE(widest, each / 2);
  }
}

TEST_P(StreamConformance, ManyConnectionsComeAndGo) {
  for (int round = 0; round < 3; ++round) {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 40; ++i) clients.push_back(world_->connect());
    run_until([&] { return server_->sessions.size() == 40U; });
    for (const auto& session : server_->sessions) {
      session->send("hello");
      session->stream->finish(60 * core::nanos_per_s);
    }
    for (const auto& client : clients) {
      EXPECT_EQ(read_all(*client, 5), "hello");
      client->shutdown_write();
    }
    run_until([&] {
      forget_closed(*server_);
      return server_->sessions.empty();
    });
  }
}

}  // namespace lepus::net
