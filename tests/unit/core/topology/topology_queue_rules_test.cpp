// Declaring queues, exclusive access, bindings of queues: the answers of the golden table, word for
// word.
#include "core/limits.h"
#include "core/message/field_table_writer.h"
#include "tests/unit/core/topology/topology_world.h"

namespace lepus::core::test {
namespace {

std::string locked(const std::string& name) {
  return "405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + name +
         "' in vhost '/'. It could be originally declared on another connection or the exclusive "
         "property value does not match that of the original declaration.";
}

TEST(QueueRules, NewQueueLivesWhereItWasDeclared) {
  World world;
  TopologyRequest declare = world.queue("q");
  declare.from = 3;
  declare.durable = true;
  world.must(declare);
  const QueueInfo* queue = world.master.find_queue(world.vhost, "q");
  ASSERT_NE(queue, nullptr);
  EXPECT_EQ(queue->home, 3);
  EXPECT_TRUE(queue->durable);
  EXPECT_EQ(world.master.find_queue(queue->id), queue);
  EXPECT_EQ(world.answer(declare), "satisfied");
}

TEST(QueueRules, ShardArgumentPinsTheHome) {
  World world;
  TopologyRequest declare = world.queue("q");
  declare.arguments = int_entry("x-lepus-shard", 2);
  world.must(declare);
  EXPECT_EQ(world.master.find_queue(world.vhost, "q")->home, 2);
  declare = world.queue("p");
  declare.arguments = int_entry("x-lepus-shard", 4);
  EXPECT_EQ(world.answer(declare),
            "406 PRECONDITION_FAILED - invalid arg 'x-lepus-shard' for queue 'p' in vhost '/': "
            "\"no shard 4, this server has shards 0 to 3\"");
}

TEST(QueueRules, LargeArgumentsAreRefusedForAllThatIsMade) {
  World world;
  const auto with_arguments = [&](TopologyRequest request, std::size_t size) {
    FieldTableWriter table;
    table.text("x", std::string(size, 'v'));
    request.arguments = table.take();
    return request;
  };
  constexpr std::size_t size_max = limits::arguments_size_max;
  const std::string refused = "406 PRECONDITION_FAILED - arguments of " +
                              std::to_string(size_max + 7) +
                              " bytes are larger than the limit of " + std::to_string(size_max);
  EXPECT_EQ(world.answer(with_arguments(world.queue("q"), size_max)), refused);
  world.must(with_arguments(world.queue("q"), size_max - 7));
  TopologyRequest exchange = world.exchange("x", "direct");
  EXPECT_EQ(world.answer(with_arguments(exchange, size_max)), refused);
  world.must(exchange);
  EXPECT_EQ(world.answer(with_arguments(world.bind("x", "q", "k"), size_max)), refused);
  world.must(with_arguments(world.bind("x", "q", "k"), size_max - 7));
}

TEST(QueueRules, Names) {
  World world;
  EXPECT_EQ(world.answer(world.queue("amq.foo")),
            "403 ACCESS_REFUSED - queue name 'amq.foo' contains reserved prefix 'amq.*'");
  TopologyRequest passive = world.queue("amq.foo");
  passive.passive = true;
  EXPECT_EQ(world.answer(passive), "404 NOT_FOUND - no queue 'amq.foo' in vhost '/'");
  TopologyRequest generated = world.queue("amq.gen-abc");
  generated.server_named = true;
  world.must(generated);
  world.must(world.queue("pro\r\nbecr"));
  EXPECT_NE(world.master.find_queue(world.vhost, "probecr"), nullptr);
  world.must(world.queue(std::string(255, 'n')));
}

TEST(QueueRules, EachPropertyIsCompared) {
  World world;
  world.must(world.queue("q"));
  TopologyRequest declare = world.queue("q");
  declare.durable = true;
  EXPECT_EQ(world.answer(declare),
            "406 PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': "
            "received 'true' but current is 'false'");
  declare.auto_delete = true;  // durable is complained about first
  EXPECT_EQ(world.answer(declare).find("'durable'") != std::string::npos, true);
  declare.durable = false;
  EXPECT_EQ(world.answer(declare),
            "406 PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue 'q' in vhost '/': "
            "received 'true' but current is 'false'");
  declare.exclusive = true;  // and the lock before everything
  EXPECT_EQ(world.answer(declare), locked("q"));
  declare.passive = true;
  EXPECT_EQ(world.answer(declare), "satisfied");
}

TEST(QueueRules, ArgumentsAreComparedByValue) {
  World world;
  world.must(world.queue("q"));
  TopologyRequest declare = world.queue("q");
  declare.arguments = int_entry("x-message-ttl", 1000);
  EXPECT_EQ(world.answer(declare),
            "406 PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue 'q' in vhost "
            "'/': received the value '1000' of type 'signedint' but current is none");
  declare.name = "t";
  world.must(declare);
  declare.arguments = long_entry("x-message-ttl", 1000);
  EXPECT_EQ(world.answer(declare), "satisfied");
  declare.arguments = int_entry("x-message-ttl", 2000);
  EXPECT_EQ(world.answer(declare),
            "406 PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue 't' in vhost "
            "'/': received '2000' but current is '1000'");
  declare.arguments = {};
  EXPECT_EQ(world.answer(declare),
            "406 PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue 't' in vhost "
            "'/': received none but current is the value '1000' of type 'signedint'");
  declare = world.queue("d");
  declare.arguments = text_entry("x-dead-letter-exchange", "amq.fanout");
  world.must(declare);
  declare.arguments = text_entry("x-dead-letter-exchange", "amq.direct");
  EXPECT_EQ(world.answer(declare),
            "406 PRECONDITION_FAILED - inequivalent arg 'x-dead-letter-exchange' for queue 'd' in "
            "vhost '/': received 'amq.direct' but current is 'amq.fanout'");
}

TEST(QueueRules, UnknownArgumentsAndClassicTypeDoNotCount) {
  World world;
  TopologyRequest declare = world.queue("u");
  declare.arguments = text_entry("x-unknown", "1");
  world.must(declare);
  EXPECT_EQ(world.answer(world.queue("u")), "satisfied");
  declare.arguments = text_entry("x-queue-type", "classic");
  EXPECT_EQ(world.answer(declare), "satisfied");
}

TEST(QueueRules, ExclusiveQueuesBelongToOneConnection) {
  World world;
  TopologyRequest declare = world.queue("e");
  declare.exclusive = true;
  declare.durable = true;  // dropped silently
  world.must(declare);
  EXPECT_FALSE(world.master.find_queue(world.vhost, "e")->durable);
  EXPECT_EQ(world.answer(declare), "satisfied");
  EXPECT_EQ(world.answer(world.queue("e")), locked("e"));

  declare.connection = other_connection;
  EXPECT_EQ(world.answer(declare), locked("e"));
  declare.passive = true;
  EXPECT_EQ(world.answer(declare), locked("e"));
  TopologyRequest bind = world.bind("amq.topic", "e", "k");
  bind.connection = other_connection;
  EXPECT_EQ(world.answer(bind), locked("e"));
  bind.kind = Kind::unbind_queue;
  EXPECT_EQ(world.answer(bind), locked("e"));
  EXPECT_EQ(world.route("", "e"), Names{"e"});

  EXPECT_TRUE(check_queue_access(world.master, world.vhost, "e", this_connection).ok());
  const auto refused = check_queue_access(world.master, world.vhost, "e", other_connection);
  EXPECT_EQ(refused.error().code, ReplyCode::resource_locked);
  EXPECT_EQ(check_queue_access(world.master, world.vhost, "nope.q", this_connection).error().text(),
            "NOT_FOUND - no queue 'nope.q' in vhost '/'");
}

TEST(QueueRules, ClosedConnectionTakesItsQueuesAlong) {
  World world;
  for (const char* name : {"a", "b", "c"}) {
    TopologyRequest declare = world.queue(name);
    declare.exclusive = true;
    world.must(declare);
  }
  TopologyRequest declare = world.queue("other");
  declare.exclusive = true;
  declare.connection = other_connection;
  world.must(declare);
  world.must(world.queue("shared"));
  world.delete_queue("b");

  TopologyRequest closed;
  closed.kind = Kind::connection_closed;
  closed.connection = this_connection;
  EXPECT_EQ(world.run(closed).changes.size(), 2u);
  EXPECT_EQ(world.answer(closed), "satisfied");
  EXPECT_EQ(world.master.queue_count(), 2u);
  EXPECT_EQ(world.master.first_exclusive_queue(this_connection), nullptr);
  EXPECT_EQ(world.master.first_exclusive_queue(other_connection)->name, "other");
}

TEST(QueueRules, BindingErrors) {
  World world;
  world.must(world.queue("q"));
  EXPECT_EQ(world.answer(world.bind("amq.topic", "nope.q", "k")),
            "404 NOT_FOUND - no queue 'nope.q' in vhost '/'");
  const std::string no_exchange = "404 NOT_FOUND - no exchange 'nope.x' in vhost '/'";
  EXPECT_EQ(world.answer(world.bind("nope.x", "q", "k")), no_exchange);
  EXPECT_EQ(world.answer(world.bind("nope.x", "nope.q", "k")), no_exchange);
  EXPECT_EQ(world.answer(world.bind_exchange("nope.x", "amq.topic", "k")), no_exchange);
  EXPECT_EQ(world.answer(world.bind_exchange("amq.topic", "nope.x", "k")), no_exchange);
  EXPECT_EQ(
      world.answer(world.bind("amq.match", "q", "", text_entry("x-match", "nope"))),
      "406 PRECONDITION_FAILED - Invalid x-match field value <<\"nope\">>; expected all, any, "
      "all-with-x, or any-with-x");
  EXPECT_EQ(world.answer(world.bind("amq.match", "q", "", int_entry("x-match", 1))),
            "406 PRECONDITION_FAILED - Invalid x-match field type signedint (value 1); expected "
            "longstr");
  EXPECT_EQ(world.answer(world.bind("amq.topic", "q", "", int_entry("x-match", 1))), "changes");
}

TEST(QueueRules, BindingTwiceAndUnbindingNothingSucceed) {
  World world;
  world.must(world.queue("q"));
  world.must(world.bind("amq.topic", "q", "k"));
  EXPECT_EQ(world.answer(world.bind("amq.topic", "q", "k")), "satisfied");
  EXPECT_EQ(world.answer(world.bind("amq.topic", "q", "k", int_entry("n", 1))), "changes");
  EXPECT_EQ(world.answer(world.bind("amq.topic", "q", "k", long_entry("n", 1))), "satisfied");
  EXPECT_EQ(world.answer(world.bind("amq.topic", "q", "k", int_entry("n", 2))), "changes");
  EXPECT_EQ(world.master.find_queue(world.vhost, "q")->bindings.size(), 3u);

  TopologyRequest unbind = world.bind("amq.topic", "q", "k");
  unbind.kind = Kind::unbind_queue;
  EXPECT_EQ(world.answer(unbind), "changes");
  EXPECT_EQ(world.answer(unbind), "satisfied");
  unbind.name = "nope.q";
  EXPECT_EQ(world.answer(unbind), "satisfied");
  unbind.source = "nope.x";
  EXPECT_EQ(world.answer(unbind), "satisfied");
  EXPECT_EQ(world.master.find_queue(world.vhost, "q")->bindings.size(), 2u);
}

TEST(QueueRules, BindingArgumentsMayComeInAnotherOrder) {
  World world;
  world.must(world.queue("q"));
  FieldTableWriter first;
  first.int32("a", 1);
  first.text("b", "2");
  FieldTableWriter second;
  second.text("b", "2");
  second.int64("a", 1);
  world.must(world.bind("amq.match", "q", "", first.take()));
  TopologyRequest unbind = world.bind("amq.match", "q", "", second.take());
  EXPECT_EQ(world.answer(unbind), "satisfied");
  unbind.kind = Kind::unbind_queue;
  EXPECT_EQ(world.answer(unbind), "changes");
}

}  // namespace
}  // namespace lepus::core::test
