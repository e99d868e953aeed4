// What the admin thread does to nobody: no declaration waits for it, whatever it is busy with; and
// what it knows when a request begins.
#include "tools/server/admin_thread.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/limits.h"
#include "tests/unit/tools/server/admin_world.h"

namespace lepus::server {
namespace {

class AdminThreadTest : public test::AdminTest {
 protected:
  static constexpr core::ChannelRef channel_of_zero{0, 5, 1};

  core::TopologyAsk ask_for(std::string_view name, core::ChannelRef channel) {
    auto request = std::make_unique<core::TopologyRequest>();
    request->kind = core::TopologyRequest::Kind::declare_queue;
    request->vhost = vhost_;
    request->name = name;
    return {channel, 0, std::move(request)};
  }
  /// A declaration that is answered without a turn of the admin thread.
  void expect_declared(std::string_view name) {
    const std::uint64_t admin_turns = loops_[3].turn_count();
    ends_[0].tell_control(ask_for(name, channel_of_zero));
    turn_without_admin();
    turn_without_admin();
    turn_without_admin();
    EXPECT_EQ(take<core::TopologyDone>(0).error, nullptr);
    EXPECT_EQ(loops_[3].turn_count(), admin_turns);
  }
  /// Ends the shards of a broker that stops.
  void stop_shards() {
    control_->stop();
    turn();
    for (core::ShardId shard = 0; shard < 2; ++shard) {
      (void)take<core::StopServing>(shard);
      ends_[shard].tell_control(ConnectionsClosed{});
    }
    turn();
  }
};

TEST_F(AdminThreadTest, AListingDelaysNoDeclaration) {
  const core::QueueId a = declare("a", 0);
  start("list_queues");
  const core::StatsRequest request = asked(0);
  constexpr std::size_t pieces = 5;
  core::StatsPage page{.number = request.number, .last = true};
  page.queues.assign(pieces * core::limits::stats_rows_max, core::QueueStats{.id = a});
  ends_[0].tell_admin(StatsReply{std::make_unique<core::StatsPage>(std::move(page))});
  for (std::size_t piece = 1; piece <= pieces; ++piece) {
    EXPECT_EQ(sink_.done, "") << "the listing is under way";
    expect_declared("q" + std::to_string(piece));
    // Two pieces of work fit into a turn that finds nothing else.
    while (sink_.rows.size() < piece) loops_[3].run_turn();
  }
  turn();
  EXPECT_NE(sink_.done, "");
}

TEST_F(AdminThreadTest, AnExportThatTakesForEverDelaysNoDeclaration) {
  // As long as the thread is in one turn it takes nothing from its mailbox.
  const std::size_t count = 2 * core::limits::mailbox_capacity;
  for (std::size_t i = 0; i < count; ++i) expect_declared("q" + std::to_string(i));
  start("list_bindings");
  EXPECT_EQ(sink_.done, "") << "it knows the queues later";
  while (sink_.done.empty()) turn();
  EXPECT_EQ(sink_.done, "{\"count\":" + std::to_string(count) + "}");
}

TEST_F(AdminThreadTest, ARequestBeginsWhenAllIsKnownThatWasAnswered) {
  const std::size_t count = core::limits::mailbox_drain_max + 5;
  for (std::size_t i = 0; i < count; ++i) expect_declared("q" + std::to_string(i));
  AdminRequest request;
  request.verb = "list_bindings";
  (void)admin_->start(request, sink_);
  EXPECT_EQ(sink_.done, "") << "it would not know the queues";
  turn();
  EXPECT_EQ(sink_.done, "{\"count\":" + std::to_string(count) + "}");
}

TEST_F(AdminThreadTest, WhoHasLeftBeforeItBeganIsForgotten) {
  expect_declared("q");
  AdminRequest request;
  request.verb = "list_bindings";
  const std::uint32_t number = admin_->start(request, sink_);
  admin_->cancel(number);
  turn();
  EXPECT_EQ(sink_.done + sink_.error, "");
  EXPECT_TRUE(sink_.rows.empty());
}

TEST_F(AdminThreadTest, AnAnswerThatNobodyAskedForIsAnErrorOfTheBroker) {
  (void)declare("a", 0);
  const auto answer_purge = [&](auto&& answer) {
    sink_ = {};
    const std::uint32_t number = start("purge_queue", {"a"});
    (void)take<core::Purge>(0);
    ends_[0].tell_admin(answer(number));
    turn();
    return sink_.error;
  };
  const auto starts_well = [](const std::string& error) {
    return error.starts_with("internal: 'purge_queue' got ");
  };
  EXPECT_TRUE(starts_well(answer_purge([](std::uint32_t number) {
    auto page = std::make_unique<core::StatsPage>();
    page->number = number;
    return StatsReply{std::move(page)};
  })));
  EXPECT_TRUE(starts_well(answer_purge([](std::uint32_t number) {
    auto result = std::make_unique<core::MessageResult>();
    result->number = number;
    return MessagesReply{std::move(result)};
  })));
  EXPECT_TRUE(starts_well(answer_purge([](std::uint32_t number) { return Acknowledged{number}; })));
  sink_ = {};
  const std::uint32_t number = start("purge_queue", {"a"});
  control_->tell_admin(PlanDone{number, std::make_unique<PlanOutcome>()});
  turn();
  EXPECT_TRUE(starts_well(sink_.error)) << sink_.error;
  sink_ = {};
  control_->tell_admin(
      core::TopologyDone{thread_->view().channel(start("list_connections")), 0, nullptr});
  turn();
  EXPECT_TRUE(sink_.error.starts_with("internal: 'list_connections' got ")) << sink_.error;
}

TEST_F(AdminThreadTest, SocketsForABrokerThatIsNotSuspendedAreClosed) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  control_->resume({{net::Listening{{}, ends[0]}}, {net::Listening{{}, ends[1]}}});
  for (const int fd : ends) {
    EXPECT_EQ(fcntl(fd, F_GETFD), -1);
    EXPECT_EQ(errno, EBADF);
  }
}

TEST_F(AdminThreadTest, ASignalLetsItReadTheConfigurationAgain) {
  control_->tell_admin(ReadConfigAgain{});
  turn();
  EXPECT_EQ(host_.reloads, 1);
}

TEST_F(AdminThreadTest, NothingIsPlannedForABrokerThatStops) {
  control_->stop();
  AdminRequest file;
  file.verb = "import_definitions";
  file.arguments = {"new"};
  (void)admin_->start(file, sink_);
  turn();
  EXPECT_EQ(sink_.error, "unavailable: the broker stops") << "it was asked before that was known";
  EXPECT_EQ(control_->topology().find_vhost("new"), nullptr);
  sink_ = {};
  (void)admin_->start(file, sink_);
  turn();
  EXPECT_EQ(sink_.error, "unavailable: the broker is stopping");
}

TEST_F(AdminThreadTest, TheEndIsTheLastThingTheControlThreadHears) {
  struct Transport final : AdminTransport {
    bool work() override { return false; }
    bool has_work() const override { return false; }
    void flush() override {}
    void stop() override { ++stops; }
    int stops = 0;
  } transport;
  admin_->add_transport(transport);
  stop_shards();
  for (core::ShardId shard = 0; shard < 2; ++shard) (void)take<EndThread>(shard);
  EXPECT_TRUE(control_->is_finished());
  EXPECT_FALSE(thread_->is_finished());
  EXPECT_EQ(transport.stops, 0);
  start("status");
  EXPECT_NE(sink_.done, "") << "until the end it is told how the broker is";
  control_->tell_admin(EndAdmin{});
  turn();
  EXPECT_EQ(transport.stops, 1);
  EXPECT_TRUE(thread_->is_finished());
  EXPECT_TRUE(control_->has_admin_ended());
}

}  // namespace
}  // namespace lepus::server
