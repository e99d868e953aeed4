// Producers and consumers of one thread: a producer without limit stops after a piece, a consumer
// reads on until what has arrived is read. A broker stands in that says what the test has written
// down, whatever the client answers.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/perf/client/methods.h"
#include "tools/perf/scenario/scenario_client.h"
#include "tools/perf/scenario/scenario_reader.h"

namespace lepus::perf {

namespace {

constexpr size_t message_size = 1000;

class CannedBroker {
 public:
  CannedBroker() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    uri.port = ntohs(address.sin_port);
  }
  ~CannedBroker() {
    if (peer_ >= 0) ::close(peer_);
    ::close(listener_);
  }
  CannedBroker(const CannedBroker&) = delete;
  CannedBroker& operator=(const CannedBroker&) = delete;

  void accept_and_say(const Bytes& bytes) {
    peer_ = accept(listener_, nullptr, nullptr);
    ASSERT_GE(peer_, 0);
    say(bytes);
  }
  void say(const Bytes& bytes) {
    ASSERT_EQ(send(peer_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  Uri uri;

 private:
  int listener_;
  int peer_ = -1;
};

// connection.start, tune, open-ok, channel.open-ok.
Bytes greeting() {
  Bytes out;
  Writer to(out);
  to.begin_method(0, method::connection_start);
  to.u16(9);
  to.end_table(to.begin_table());
  to.long_string("PLAIN");
  to.long_string("en_US");
  to.end_frame();
  to.begin_method(0, method::connection_tune);
  to.u16(100);
  to.u32(131072);
  to.u16(0);
  to.end_frame();
  to.begin_method(0, method::connection_open_ok);
  to.short_string("");
  to.end_frame();
  to.begin_method(1, method::channel_open_ok);
  to.u32(0);
  to.end_frame();
  return out;
}

void append_delivery(Bytes& out, uint64_t tag) {
  Writer to(out);
  to.begin_method(1, method::basic_deliver);
  to.short_string("c");
  to.u64(tag);
  to.u8(0);
  to.short_string("");
  to.short_string("q");
  to.end_frame();
  to.begin_frame(frame_header, 1);
  to.u16(class_basic);
  to.u16(0);
  to.u64(message_size);
  to.u16(0);
  to.end_frame();
  to.begin_frame(frame_body, 1);
  out.insert(out.end(), message_size, uint8_t{1});
  to.end_frame();
}

Scenario scenario_of(const std::string& client) {
  return read_scenario("fair.json",
                       R"({"queues": {"q": {}}, "clients": {"c": {)" + client +
                           R"(}}, "phases": [{"seconds": 100}]})",
                       {});
}

}  // namespace

TEST(Fairness, AProducerWithoutLimitStopsAfterAPiece) {
  const Scenario scenario = scenario_of(R"("role": "producer", "size": 1000)");
  const Topology topology(scenario.queues[0].topology);
  Timeline timeline(scenario);
  timeline.start(now_ns());
  CannedBroker broker;
  Stats stats;
  const ClientPlace place{&scenario, &timeline, &topology, &broker.uri, 0, 0, 0};
  const auto client = make_client(place, stats);
  EventLoop loop(false);
  client->connect_at(0);
  loop.watch(*client);
  loop.turn(0);
  broker.accept_and_say(greeting());
  for (int turn = 0; turn < 1000 && stats.published.get() == 0; ++turn) loop.turn(1000000);
  constexpr uint64_t piece_count_max = 65536 / message_size + 1;
  uint64_t before = 0;
  for (int turn = 0; turn < 20; ++turn) {
    EXPECT_LE(stats.published.get() - before, piece_count_max);
    before = stats.published.get();
    loop.turn(0);
  }
  EXPECT_GT(before, 0u);
}

TEST(Fairness, AConsumerReadsInOneTurnWhatHasArrived) {
  const Scenario scenario = scenario_of(R"("role": "consumer", "auto_ack": true)");
  const Topology topology(scenario.queues[0].topology);
  Timeline timeline(scenario);
  CannedBroker broker;
  Stats stats;
  const ClientPlace place{&scenario, &timeline, &topology, &broker.uri, 0, 0, 0};
  const auto client = make_client(place, stats);
  EventLoop loop(false);
  client->connect_at(0);
  loop.watch(*client);
  loop.turn(0);
  const int room = 400000;
  ASSERT_EQ(setsockopt(client->fd(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
  broker.accept_and_say(greeting());
  for (int turn = 0; turn < 1000 && !client->is_open(); ++turn) loop.turn(1000000);
  ASSERT_TRUE(client->is_open());
  for (int turn = 0; turn < 10; ++turn) loop.turn(0);

  constexpr uint64_t count = 140;  // more than two receive buffers
  Bytes bytes;
  for (uint64_t tag = 1; tag <= count; ++tag) append_delivery(bytes, tag);
  broker.say(bytes);
  int arrived = 0;
  for (int look = 0; look < 1000000 && arrived < static_cast<int>(bytes.size()); ++look)
    ASSERT_EQ(ioctl(client->fd(), FIONREAD, &arrived), 0);
  ASSERT_EQ(arrived, static_cast<int>(bytes.size()));
  loop.turn(0);  // hears of it
  loop.turn(0);
  EXPECT_EQ(stats.delivered.get(), count);
}

}  // namespace lepus::perf
