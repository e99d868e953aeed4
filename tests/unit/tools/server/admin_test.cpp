// The operator's requests: what each asks of whom, and how its answer comes together.
#include "tools/server/admin/admin.h"

#include "core/limits.h"
#include "tests/unit/tools/server/admin_world.h"

namespace lepus::server {
namespace {

class AdminRequestsTest : public test::AdminTest {};

core::QueueStats stats(core::QueueId id, std::uint64_t ready, std::uint64_t unacked) {
  core::QueueStats row;
  row.id = id;
  row.messages_ready = ready;
  row.messages_unacknowledged = unacked;
  return row;
}

TEST_F(AdminRequestsTest, QueuesAreAskedOfTheirHomes) {
  const core::QueueId a = declare("a", 0);
  const core::QueueId b = declare("b", 1);
  (void)declare("elsewhere", 1, "other");
  start("list_queues");
  const core::StatsRequest zero = asked(0);
  const core::StatsRequest one = asked(1);
  EXPECT_EQ(zero.queues, std::vector{a});
  EXPECT_EQ(one.queues, std::vector{b});
  answer(1, {.number = one.number, .last = true, .queues = {stats(b, 1, 2)}});
  EXPECT_EQ(sink_.rows, std::vector<std::string>{R"([["b",3]])"});
  EXPECT_EQ(sink_.done, "");
  answer(0, {.number = zero.number, .last = true, .queues = {stats(a, 4, 0)}});
  EXPECT_EQ(sink_.rows.back(), R"([["a",4]])");
  EXPECT_EQ(sink_.done, R"({"count":2})");
}

TEST_F(AdminRequestsTest, ColumnsAreThoseAskedFor) {
  const core::QueueId a = declare("a", 1);
  start("list_queues", {}, {"shard", "pid", "name", "arguments", "owner_pid"});
  answer(1, {.number = asked(1).number, .last = true, .queues = {stats(a, 0, 0)}});
  ASSERT_EQ(sink_.rows.size(), 1U);
  EXPECT_EQ(sink_.rows[0],
            "[[1,\"<lepus@h.1." + std::to_string(a.value) + ".0>\",\"a\",{\"table\":[]},\"\"]]");
}

TEST_F(AdminRequestsTest, WhatIsGoneMeanwhileIsLeftOut) {
  const core::QueueId a = declare("a", 0);
  start("list_queues");
  answer(0, {.number = asked(0).number,
             .last = true,
             .queues = {stats(core::QueueId{a.value + 50}, 1, 0)}});
  EXPECT_EQ(sink_.done, R"({"count":0})");
}

TEST_F(AdminRequestsTest, NothingToListIsAnAnswerToo) {
  start("list_queues");
  EXPECT_EQ(sink_.done, R"({"count":0})");
  EXPECT_TRUE(sink_.rows.empty());
}

TEST_F(AdminRequestsTest, RowsWaitForASlowReader) {
  const core::QueueId a = declare("a", 0);
  start("list_queues");
  sink_.room = false;
  answer(0, {.number = asked(0).number, .last = true, .queues = {stats(a, 1, 0)}});
  EXPECT_TRUE(sink_.rows.empty());
  EXPECT_EQ(sink_.done, "");
  sink_.room = true;
  turn();
  EXPECT_EQ(sink_.rows.size(), 1U);
  EXPECT_NE(sink_.done, "");
}

TEST_F(AdminRequestsTest, LongListingsComeInPieces) {
  const core::QueueId a = declare("a", 0);
  start("list_queues");
  const std::size_t count = core::limits::stats_rows_max + 1;
  core::StatsPage part{.number = asked(0).number, .last = true};
  part.queues.assign(count, stats(a, 1, 0));
  answer(0, std::move(part));
  EXPECT_EQ(sink_.rows.size(), 2U);
  EXPECT_EQ(sink_.done, "{\"count\":" + std::to_string(count) + "}");
}

TEST_F(AdminRequestsTest, ConnectionsComeFromEveryShard) {
  start("list_connections", {}, {"user", "pid"});
  const core::StatsRequest zero = asked(0);
  EXPECT_EQ(zero.kind, core::StatsRequest::Kind::connections);
  core::StatsPage first{.number = zero.number, .last = false};
  core::ConnectionStats& row = first.connections.emplace_back();
  row.id = core::ConnectionId{1ULL << 48 | 7};
  row.user = "ann";
  answer(0, std::move(first));
  answer(0, {.number = zero.number, .last = true});
  EXPECT_EQ(sink_.done, "");
  answer(1, {.number = asked(1).number, .last = true});
  EXPECT_EQ(sink_.rows, std::vector<std::string>{R"([["ann","<lepus@h.0.7.0>"]])"});
  EXPECT_EQ(sink_.done, R"({"count":1})");
}

TEST_F(AdminRequestsTest, ConsumersOfTheVhostAlone) {
  const core::QueueId here = declare("here", 0);
  const core::QueueId there = declare("there", 0, "other");
  start("list_consumers", {}, {"queue_name", "consumer_tag", "channel_pid"});
  core::ConsumerStats one{.queue = here, .connection = core::ConnectionId{1ULL << 48 | 3}};
  one.channel = 9;
  one.tag = "t";
  core::ConsumerStats two = one;
  two.queue = there;
  answer(0, {.number = asked(0).number, .last = true, .consumers = {one, two}});
  answer(1, {.number = asked(1).number, .last = true});
  EXPECT_EQ(sink_.rows, std::vector<std::string>{R"([["here","t","<lepus@h.0.3.9>"]])"});
}

TEST_F(AdminRequestsTest, TheTopologyIsAnsweredAtOnce) {
  (void)declare("q", 0);
  start("list_bindings");
  EXPECT_EQ(sink_.rows,
            std::vector<std::string>{R"([["","exchange","q","queue","q",{"table":[]}]])"});
  sink_ = {};
  start("list_vhosts", {}, {"name", "tracing"});
  EXPECT_EQ(sink_.rows, std::vector<std::string>{R"([["/",false],["other",false]])"});
  sink_ = {};
  start("list_exchanges");
  EXPECT_EQ(sink_.done, R"({"count":7})");
  EXPECT_TRUE(sink_.rows.at(0).starts_with(R"([["","direct"],["amq.direct","direct"])"));
  sink_ = {};
  core::UserSpec user;
  user.name = "ann";
  user.tags = {"administrator", "x"};
  control_->change(core::AddUser{user}, "test", [](const auto&) {});
  turn();
  start("list_users");
  EXPECT_EQ(sink_.rows, std::vector<std::string>{R"([["ann",["administrator","x"]]])"});
}

TEST_F(AdminRequestsTest, WhatCannotBeAnswered) {
  start("nonsense");
  EXPECT_EQ(sink_.error, "usage: Command 'nonsense' not found.");
  start("list_queues", {}, {"nme"});
  EXPECT_EQ(sink_.error, "usage: Info key(s) nme are not supported");
  AdminRequest request;
  request.verb = "list_queues";
  request.vhost = "nope";
  start(request);
  EXPECT_EQ(sink_.error, "not_found: Virtual host 'nope' does not exist");
  start("purge_queue", {"nope"});
  EXPECT_EQ(sink_.error, "not_found: Queue not found");
  start("purge_queue");
  EXPECT_TRUE(sink_.error.starts_with("usage: ")) << sink_.error;
  EXPECT_EQ(sink_.done, "");
}

TEST_F(AdminRequestsTest, PurgeIsTheCommandOfAChannel) {
  const core::QueueId a = declare("a", 1);
  start("purge_queue", {"a"});
  const auto purge = take<core::Purge>(1);
  EXPECT_EQ(purge.queue, a);
  EXPECT_EQ(purge.channel.shard, control_id);
  ends_[1].tell_admin(core::Reply{purge.channel, 12, 0, {}, 1, a, nullptr});
  turn();
  EXPECT_EQ(sink_.done, R"({"messages":12})");
}

TEST_F(AdminRequestsTest, DeleteAndItsRefusals) {
  const core::QueueId a = declare("a", 0);
  AdminRequest request;
  request.verb = "delete_queue";
  request.arguments = {"a"};
  request.options = {{"if_unused", "true"}};
  start(request);
  const auto refused = take<core::DeleteQueue>(0);
  EXPECT_TRUE(refused.if_unused);
  EXPECT_FALSE(refused.if_empty);
  auto error =
      std::make_unique<core::AmqpError>(core::precondition_failed("queue 'a' in vhost '/' in use"));
  ends_[0].tell_admin(core::Reply{refused.channel, 0, 0, {}, 0, a, std::move(error)});
  turn();
  EXPECT_EQ(sink_.error, "refused: Queue is in use");

  request.options.clear();
  start(request);
  const auto allowed = take<core::DeleteQueue>(0);
  core::TopologyRequest removal;
  removal.kind = core::TopologyRequest::Kind::delete_queue;
  removal.queue = a;
  auto owned = std::make_unique<core::TopologyRequest>(removal);
  ends_[0].tell_control(core::TopologyAsk{allowed.channel, 5, std::move(owned)});
  turn();
  EXPECT_EQ(sink_.done, R"({"messages":5})");
  EXPECT_EQ(control_->topology().find_queue(a), nullptr);
}

TEST_F(AdminRequestsTest, OneConnectionIsClosedByItsShard) {
  start("close_connection", {"<lepus@h.1.7.0>", "why"});
  const core::StatsRequest inquiry = asked(1);
  EXPECT_EQ(inquiry.kind, core::StatsRequest::Kind::close_connections);
  EXPECT_EQ(inquiry.connections, std::vector{core::ConnectionId{2ULL << 48 | 7}});
  EXPECT_EQ(inquiry.reason, "why");
  answer(1, {.number = inquiry.number, .last = true, .closed_count = 1});
  EXPECT_EQ(sink_.done, R"({"closed":1})");
  start("close_connection", {"<lepus@h.1.8.0>", "why"});
  answer(1, {.number = asked(1).number, .last = true});
  EXPECT_EQ(sink_.error, "not_found: there is no connection <lepus@h.1.8.0>");
  start("close_connection", {"<lepus@h.9.8.0>", "why"});
  EXPECT_EQ(sink_.error, "not_found: there is no connection <lepus@h.9.8.0>");
  for (const char* pid : {"nope", "<rabbit@h.1.7.0>", "<lepus@h.1.7.1>", "<lepus@h.1.x.0>", "<>"}) {
    start("close_connection", {pid, "why"});
    EXPECT_TRUE(sink_.error.starts_with("usage: ")) << pid;
  }
}

TEST_F(AdminRequestsTest, AllConnectionsOfAVhostUpToALimit) {
  AdminRequest request;
  request.verb = "close_all_connections";
  request.arguments = {"bye"};
  request.options = {{"limit", "2"}};
  start(request);
  core::ConnectionStats here{.id = core::ConnectionId{1ULL << 48 | 1}, .user = {}, .vhost = "/"};
  core::ConnectionStats there = here;
  there.vhost = "other";
  there.id.value += 1;
  core::ConnectionStats more = here;
  more.id.value += 2;
  core::ConnectionStats last = here;
  last.id.value += 3;
  answer(0, {.number = asked(0).number, .last = true, .connections = {here, there, more, last}});
  answer(1, {.number = asked(1).number, .last = true});
  const core::StatsRequest closing = asked(0);
  EXPECT_EQ(closing.connections, (std::vector{here.id, more.id}));
  EXPECT_TRUE(received_[1].empty());
  answer(0, {.number = closing.number, .last = true, .closed_count = 2});
  EXPECT_EQ(sink_.done, R"({"closed":2})");
}

TEST_F(AdminRequestsTest, AnswersForWhoHasLeftAreDropped) {
  const core::QueueId a = declare("a", 0);
  admin_->cancel(start("list_queues"));
  answer(0, {.number = asked(0).number, .last = true, .queues = {stats(a, 1, 0)}});
  const std::uint32_t purge = start("purge_queue", {"a"});
  const auto command = take<core::Purge>(0);
  admin_->cancel(purge);
  ends_[0].tell_admin(core::Reply{command.channel, 1, 0, {}, 0, a, nullptr});
  turn();
  EXPECT_TRUE(sink_.rows.empty());
  EXPECT_EQ(sink_.done, "");
}

TEST_F(AdminRequestsTest, APurgeThatIsRefusedSaysSo) {
  const core::QueueId a = declare("a", 1);
  start("purge_queue", {"a"});
  const auto purge = take<core::Purge>(1);
  auto error = std::make_unique<core::AmqpError>(
      core::AmqpError{core::ReplyCode::not_implemented, "a stream"});
  ends_[1].tell_admin(core::Reply{purge.channel, 0, 0, {}, 1, a, std::move(error)});
  turn();
  EXPECT_EQ(sink_.error, "unavailable: a stream");
}

TEST_F(AdminRequestsTest, ALimitIsSetWhenEveryShardKnowsTheAlarm) {
  start("set_vm_memory_high_watermark", {"0.5"});
  EXPECT_EQ(sink_.done, "");
  acknowledge(0);
  EXPECT_EQ(sink_.done, "");
  acknowledge(1);
  EXPECT_EQ(sink_.done, "{\"limit\":0}");
}

TEST_F(AdminRequestsTest, NothingIsTooLarge) {
  const std::string large(core::limits::admin_argument_max + 1, 'x');
  start("delete_user", {large});
  EXPECT_TRUE(sink_.error.starts_with("usage: an argument has more than")) << sink_.error;
  sink_ = {};
  start("set_user_tags", std::vector<std::string>(core::limits::admin_arguments_max + 1, "x"));
  EXPECT_TRUE(sink_.error.starts_with("usage: 1001 arguments")) << sink_.error;
  sink_ = {};
  start("import_definitions", {large});
  EXPECT_EQ(sink_.error, "");
}

TEST_F(AdminRequestsTest, EmptyNamesAreRefused) {
  for (const char* verb : {"add_user", "change_password"}) {
    sink_ = {};
    start(verb, {"", "x"});
    EXPECT_NE(sink_.error, "") << verb;
  }
  sink_ = {};
  start("clear_password", {""});
  EXPECT_EQ(sink_.error, "no_user: User \"\" does not exist");
}

TEST_F(AdminRequestsTest, ClientsAreKeptOutAndLetInAgain) {
  start("stop_app");
  EXPECT_TRUE(sink_.error.starts_with("unavailable: the broker is starting")) << sink_.error;
  for (core::ShardId shard = 0; shard < 2; ++shard) ends_[shard].tell_control(Serving{});
  turn();
  sink_ = {};
  start("start_app");
  EXPECT_EQ(sink_.done, "{}");
  sink_ = {};
  start("stop_app");
  (void)take<SuspendClients>(0);
  ends_[0].tell_control(ConnectionsClosed{});
  turn();
  EXPECT_EQ(sink_.done, "");
  ends_[1].tell_control(ConnectionsClosed{});
  turn();
  EXPECT_EQ(sink_.done, "{}");
  (void)take<SuspendClients>(1);

  host_.resume_error = "the port is taken";
  sink_ = {};
  start("start_app");
  EXPECT_EQ(sink_.error, "unavailable: the port is taken");
  host_.resume_error.clear();
  sink_ = {};
  start("start_app");
  EXPECT_EQ(sink_.done, "");
  for (core::ShardId shard = 0; shard < 2; ++shard) {
    (void)take<ResumeClients>(shard);
    ends_[shard].tell_control(Serving{});
  }
  turn();
  EXPECT_EQ(sink_.done, "{}");
}

/// The thread does not wait for the port: it tries again in later turns, for a while.
TEST_F(AdminRequestsTest, AnAddressInUseIsTriedAgain) {
  for (core::ShardId shard = 0; shard < 2; ++shard) ends_[shard].tell_control(Serving{});
  turn();
  start("stop_app");
  for (core::ShardId shard = 0; shard < 2; ++shard) {
    (void)take<SuspendClients>(shard);
    ends_[shard].tell_control(ConnectionsClosed{});
  }
  turn();
  host_.is_address_in_use = true;
  for (const bool is_freed : {false, true}) {
    sink_ = {};
    host_.is_address_in_use = true;
    start("start_app");
    drivers_[3].time += core::limits::listen_wait - 1;
    turn();
    EXPECT_EQ(sink_.error + sink_.done, "");
    host_.is_address_in_use = !is_freed;
    drivers_[3].time += core::limits::listen_probe_interval;
    turn();
    EXPECT_EQ(sink_.error, is_freed ? "" : "unavailable: the address is in use");
  }
  for (core::ShardId shard = 0; shard < 2; ++shard) {
    (void)take<ResumeClients>(shard);
    ends_[shard].tell_control(Serving{});
  }
  turn();
  EXPECT_EQ(sink_.done, "{}");
}

TEST_F(AdminRequestsTest, WhoeverWaitsForClientsHearsOfTheStop) {
  for (core::ShardId shard = 0; shard < 2; ++shard) ends_[shard].tell_control(Serving{});
  turn();
  start("stop_app");
  test::FakeSink waiting;
  AdminRequest request;
  request.verb = "start_app";
  (void)admin_->start(request, waiting);
  turn();
  EXPECT_EQ(waiting.error + waiting.done, "");
  start("stop");
  for (int answers = 0; answers < 2; ++answers) {
    for (core::ShardId shard = 0; shard < 2; ++shard)
      ends_[shard].tell_control(ConnectionsClosed{});
    turn();
  }
  EXPECT_EQ(waiting.error, "unavailable: the broker is stopping");
  for (core::ShardId shard = 0; shard < 2; ++shard) {
    (void)take<SuspendClients>(shard);
    (void)take<core::StopServing>(shard);
    (void)take<EndThread>(shard);
  }
}

TEST_F(AdminRequestsTest, ExpressionsThatAreKnown) {
  const auto evaluate = [this](const char* expression) {
    sink_ = {};
    start("eval", {expression});
    if (sink_.error.empty())
      for (core::ShardId shard = 0; shard < 2; ++shard) {
        while (!received_[shard].empty() &&
               !std::holds_alternative<Acknowledge>(received_[shard].front()))
          received_[shard].pop_front();
        acknowledge(shard);
      }
    return sink_.error + sink_.done;
  };
  EXPECT_EQ(evaluate(" rabbit_alarm:set_alarm({{resource_limit, disk, node()}, []}) . "),
            R"({"value":"ok"})");
  EXPECT_TRUE(control_->alarms().alarm().disk);
  EXPECT_EQ(evaluate("rabbit_alarm:get_alarms()."),
            R"({"value":"[{{resource_limit,disk,'lepus@h'},[]}]"})");
  EXPECT_EQ(evaluate("rabbit_alarm:clear_alarm({resource_limit, disk, node()})."),
            R"({"value":"ok"})");
  EXPECT_FALSE(control_->alarms().alarm().any());
  EXPECT_TRUE(evaluate("rabbit_alarm:set_alarm({{resource_limit, x, node()}, []})")
                  .starts_with("unavailable: 'x' is no resource"));
  EXPECT_EQ(evaluate("application:set_env(rabbit, channel_max, 2048)."), R"({"value":"ok"})");
  EXPECT_EQ(host_.set_to, "2048");
  EXPECT_EQ(evaluate("application:set_env(rabbit, data_dir, 1)."), "unavailable: no such key");
  EXPECT_EQ(evaluate("application:get_env(rabbit, default_pass)."), R"({"value":"undefined"})");
  EXPECT_NE(evaluate("init:stop().").find("there is no Erlang"), std::string::npos);
}

TEST_F(AdminRequestsTest, LimitsAreChecked) {
  // Answers are not waited for here.
  start("set_vm_memory_high_watermark", {"0.25"});
  EXPECT_EQ(host_.settings.memory_watermark.fraction, 0.25);
  start("set_vm_memory_high_watermark", {"absolute", "2GiB"});
  EXPECT_EQ(host_.settings.memory_watermark.size, 2ULL << 30);
  EXPECT_FALSE(host_.settings.memory_watermark.is_relative);
  start("set_disk_free_limit", {"1GB"});
  EXPECT_EQ(host_.settings.disk_free_limit.size, 1'000'000'000U);
  start("set_disk_free_limit", {"mem_relative", "1.5"});
  EXPECT_EQ(host_.settings.disk_free_limit.factor, 1.5);
  EXPECT_EQ(sink_.error, "");
  for (const char* bad : {"0", "1.5", "x", "-1", "nan", "inf"}) {
    sink_ = {};
    start("set_vm_memory_high_watermark", {bad});
    EXPECT_TRUE(sink_.error.starts_with("invalid: ")) << bad;
  }
  start("set_disk_free_limit", {"mem_relative", "0"});
  EXPECT_TRUE(sink_.error.starts_with("invalid: "));
  start("set_disk_free_limit", {"a", "b", "c"});
  EXPECT_TRUE(sink_.error.starts_with("usage: "));
}

TEST_F(AdminRequestsTest, AnImportIsDoneWhenEveryShardHasIt) {
  start("import_definitions", {"bad"});
  EXPECT_EQ(sink_.error, "invalid: bad file");
  start("import_definitions", {"same"});
  EXPECT_EQ(sink_.done, R"({"warnings":[]})");
  sink_ = {};
  start("import_definitions", {"new"});
  EXPECT_EQ(sink_.done, R"({"warnings":[]})");
  EXPECT_NE(control_->topology().find_vhost("new"), nullptr);
  EXPECT_NE(thread_->view().topology().find_vhost("new"), nullptr);
  sink_ = {};
  start("import_definitions", {"refused"});
  EXPECT_EQ(sink_.error, "invalid: not so");
}

TEST_F(AdminRequestsTest, AwaitStartupWaits) {
  start("await_startup");
  EXPECT_EQ(sink_.done, "");
  for (core::ShardId shard = 0; shard < 2; ++shard) ends_[shard].tell_control(Serving{});
  turn();
  EXPECT_EQ(sink_.done, "{}");
}

TEST_F(AdminRequestsTest, AStoppingBrokerSaysSo) {
  start("stop");
  EXPECT_TRUE(sink_.done.starts_with("{\"pid\":"));
  EXPECT_FALSE(control_->is_running());
  start("list_queues");
  EXPECT_EQ(sink_.error, "unavailable: the broker is stopping");
  sink_ = {};
  start("status");
  EXPECT_NE(sink_.done, "");
}

TEST_F(AdminRequestsTest, PasswordsAreNotShown) {
  host_.settings.users[0].password = "s3cret";
  host_.settings.users.push_back({"ann", "g3heim", {}});
  start("environment");
  EXPECT_EQ(sink_.done.find("s3cret"), std::string::npos);
  EXPECT_EQ(sink_.done.find("g3heim"), std::string::npos);
  EXPECT_NE(sink_.done.find("\"default_pass\":\"********\""), std::string::npos);
}

}  // namespace
}  // namespace lepus::server
