// The catalog: what was committed is found again, exactly, and nothing else. Files it cannot use:
// catalog_files_test.cpp.
#include "persist/catalog/catalog.h"

#include <sys/resource.h>

#include <csignal>
#include <string>

#include "core/message/field_table_writer.h"
#include "tests/unit/persist/catalog/catalog_home.h"

namespace lepus::persist::test {
namespace {

using ::testing::Test;

std::string text_entry(std::string_view name, std::string_view value) {
  core::FieldTableWriter table;
  table.text(name, value);
  return table.take();
}

TEST_F(CatalogTest, ANewOneIsEmpty) {
  restart();
  EXPECT_EQ(describe(*master_), "");
  EXPECT_EQ(ids_.last(), 0U);
  EXPECT_FALSE(catalog_->has_changes());
  EXPECT_EQ(catalog_->store(), 4711U);
}

TEST_F(CatalogTest, KeepsItsStoreNumber) {
  Catalog first;
  ASSERT_EQ(first.open({path_, 0xffff'ffff'ffff'ffffULL}), "");
  EXPECT_EQ(first.store(), 0x7fff'ffff'ffff'ffffULL);
  Catalog second;
  ASSERT_EQ(second.open({path_, 5}), "");
  EXPECT_EQ(second.store(), first.store());
}

TEST_F(CatalogTest, EveryKindOfDefinitionComesBack) {
  restart();
  add_vhost("/");
  add_vhost("other");
  for (const char* type : {"direct", "fanout", "topic", "headers"}) {
    TopologyRequest request = exchange(std::string{"x-"} + type, type);
    request.internal = type == std::string_view{"fanout"};
    request.auto_delete = type == std::string_view{"topic"};
    request.arguments = text_entry("alternate-exchange", "spare");
    must(request);
  }
  must(exchange("plain", "direct"));
  TopologyRequest request = queue("work");
  core::FieldTableWriter table;
  table.int64("x-message-ttl", 60'000);
  table.text("x-dead-letter-exchange", "x-fanout");
  table.int32("x-max-priority", 7);
  table.int32("x-lepus-shard", 3);
  request.arguments = table.take();
  must(request);
  request = queue("left over");
  request.auto_delete = true;
  must(request);
  must(bind("x-topic", "work", "a.*.#"));
  must(bind("x-direct", "left over", "k"));
  request = bind("x-headers", "work", "");
  request.arguments = text_entry("x-match", "any");
  must(request);
  request = bind("x-direct", "x-fanout", "to an exchange");
  request.kind = Kind::bind_exchange;
  must(request);
  commit();
  const std::string before = describe(*master_);
  EXPECT_EQ(find_queue("work")->home, 3);
  restart();
  EXPECT_EQ(describe(*master_), before);
  EXPECT_EQ(find_queue("work")->parsed->message_ttl_ms, 60'000U);
}

TEST_F(CatalogTest, NamesAreBytes) {
  using namespace std::string_literals;
  restart();
  add_vhost("/");
  const std::string name = "it's \xff\x00\"q\" \xc3\xa4"s;
  must(queue(name));
  must(exchange(name, "topic"));
  must(bind(name, name, "\x00"s));
  commit();
  const std::string before = describe(*master_);
  restart();
  EXPECT_EQ(describe(*master_), before);
  ASSERT_NE(find_queue(name), nullptr);
}

TEST_F(CatalogTest, TheTransientIsNotKept) {
  restart();
  add_vhost("/");
  must(queue("durable"));
  must(exchange("durable", "direct"));
  commit();
  const std::string before = describe(*master_);
  TopologyRequest request = queue("transient");
  request.durable = false;
  must(request);
  request = queue("exclusive");
  request.exclusive = true;
  must(request);
  request = exchange("transient", "direct");
  request.durable = false;
  must(request);
  must(bind("durable", "transient", ""));
  must(bind("durable", "exclusive", ""));
  must(bind("transient", "durable", ""));
  request = bind("durable", "transient", "");
  request.kind = Kind::bind_exchange;
  must(request);
  EXPECT_FALSE(catalog_->has_changes());
  request.kind = Kind::unbind_exchange;
  must(request);
  must(delete_queue("transient"));
  EXPECT_FALSE(catalog_->has_changes());
  restart();
  EXPECT_EQ(describe(*master_), before);
  EXPECT_EQ(find_queue("transient"), nullptr);
  EXPECT_EQ(find_queue("exclusive"), nullptr);
}

TEST_F(CatalogTest, WhatIsNotCommittedIsLost) {
  restart();
  add_vhost("/");
  must(queue("first"));
  commit();
  must(queue("second"));
  EXPECT_TRUE(catalog_->has_changes());
  restart();
  EXPECT_NE(find_queue("first"), nullptr);
  EXPECT_EQ(find_queue("second"), nullptr);
}

TEST_F(CatalogTest, RemovedThingsTakeTheirBindingsAlong) {
  restart();
  add_vhost("/");
  for (const char* name : {"a", "b"}) {
    must(exchange(name, "direct"));
    must(queue(name));
    must(bind("a", name, "k"));
    must(bind("amq.topic", name, "k"));
  }
  TopologyRequest between = bind("b", "a", "k");
  between.kind = Kind::bind_exchange;
  must(between);
  commit();
  must(delete_queue("b"));
  must(request(Kind::delete_exchange, "a"));
  commit();
  std::string before = describe(*master_);
  restart();
  EXPECT_EQ(describe(*master_), before);
  // The same names again must not find bindings of the old ones.
  must(exchange("a", "direct"));
  must(queue("b"));
  commit();
  before = describe(*master_);
  restart();
  EXPECT_EQ(describe(*master_), before);
}

TEST_F(CatalogTest, UnbindingIsKept) {
  restart();
  add_vhost("/");
  must(queue("q"));
  TopologyRequest request = bind("amq.headers", "q", "");
  core::FieldTableWriter one;
  one.text("x-match", "any");
  one.int32("n", 1);
  request.arguments = one.take();
  must(request);
  must(bind("amq.headers", "q", ""));
  commit();
  // The same arguments in another order are the same binding, also for a change that has them so.
  core::FieldTableWriter other;
  other.int32("n", 1);
  other.text("x-match", "any");
  core::BindingSpec spec;
  spec.source = master_->find_exchange(request.vhost, "amq.headers")->id;
  spec.queue = find_queue("q")->id;
  spec.arguments = other.take();
  ASSERT_NE(spec.arguments, request.arguments);
  master_->apply(core::BindingRemoved{spec});
  catalog_->record(core::BindingRemoved{spec});
  commit();
  const std::string before = describe(*master_);
  restart();
  EXPECT_EQ(describe(*master_), before);
  EXPECT_EQ(find_queue("q")->bindings.size(), 1U);
}

TEST_F(CatalogTest, RemovingWhatIsNotThereIsNothing) {
  restart();
  add_vhost("/");
  must(queue("q"));
  commit();
  catalog_->record(core::QueueRemoved{core::QueueId{999}});
  catalog_->record(core::ExchangeRemoved{core::ExchangeId{999}});
  catalog_->record(core::VhostRemoved{core::VhostId{999}});
  EXPECT_FALSE(catalog_->has_changes());
  core::BindingSpec spec;
  spec.source = master_->find_exchange(master_->find_vhost("/")->id, "amq.topic")->id;
  spec.queue = find_queue("q")->id;
  spec.key = "nobody bound this";
  catalog_->record(core::BindingRemoved{spec});
  commit();
}

TEST_F(CatalogTest, IdsAreNeverGivenAgain) {
  restart();
  add_vhost("/");
  must(queue("q"));
  const std::uint64_t id = find_queue("q")->id.value;
  commit();
  must(delete_queue("q"));
  commit();
  restart();
  EXPECT_GE(ids_.last(), id);
  must(queue("q"));
  EXPECT_GT(find_queue("q")->id.value, id);
  // Made and removed within one transaction counts as well.
  const std::uint64_t second = find_queue("q")->id.value;
  must(delete_queue("q"));
  commit();
  restart();
  EXPECT_GE(ids_.last(), second);
}

/// In a journal may be what was written of a transient queue to save memory.
TEST_F(CatalogTest, IdsOfTransientQueuesAreNeverGivenAgain) {
  restart();
  add_vhost("/");
  commit();
  for (int i = 0; i < 5'000; ++i) {
    run(queue("t"));
    commit();
    run(delete_queue("t"));
    commit();
  }
  const std::uint64_t last = ids_.last();
  restart();
  EXPECT_GE(ids_.last(), last);
}

TEST_F(CatalogTest, AQueueMovesToAnotherHome) {
  restart();
  add_vhost("/");
  must(queue("q"));
  must(bind("amq.fanout", "q", ""));
  commit();
  core::QueueSpec moved = *find_queue("q");
  ASSERT_EQ(moved.home, 1);
  moved.home = 2;
  catalog_->record(core::QueueAdded{moved});
  commit();
  restart();
  EXPECT_EQ(find_queue("q")->home, 2);
  EXPECT_EQ(find_queue("q")->bindings.size(), 1U);
}

TEST_F(CatalogTest, AVhostGoesWithEverythingInIt) {
  restart();
  add_vhost("/");
  commit();
  const std::string before = describe(*master_);
  add_vhost("gone");
  TopologyRequest request = queue("q");
  request.vhost = master_->find_vhost("gone")->id;
  must(request);
  request.kind = Kind::bind_queue;
  request.source = "amq.topic";
  must(request);
  commit();
  request.kind = Kind::delete_vhost;
  request.name = "gone";
  must(request);
  commit();
  restart();
  EXPECT_EQ(describe(*master_), before);
}

TEST_F(CatalogTest, PeopleCanReadItWhileItIsOpen) {
  restart();
  add_vhost("/");
  must(queue("orders"));
  must(bind("amq.topic", "orders", "eu.#"));
  commit();
  Database person;
  ASSERT_EQ(person.open(path_), "");
  std::string line;
  ASSERT_EQ(person.read_text("SELECT vhost || ' ' || source || ' ' || destination_type || ' ' ||"
                             " destination || ' ' || routing_key FROM binding_list",
                             line),
            "");
  EXPECT_EQ(line, "/ amq.topic queue orders eu.#");
  must(queue("more"));
  commit();
  ASSERT_EQ(person.read_text("SELECT group_concat(name) FROM (SELECT name FROM queues ORDER BY id)",
                             line),
            "");
  EXPECT_EQ(line, "orders,more");
}

/// The log of a process that died is in the file, and empty, before anything is built on it: pages
/// that could not be synced are written once more.
TEST_F(CatalogTest, OpeningRewritesWhatADeadProcessLeft) {
  restart();
  add_vhost("/");
  must(queue("q"));
  commit();
  const std::string before = describe(*master_);
  const std::string left = directory_ + "/left.sqlite";
  std::filesystem::copy_file(path_, left);
  std::filesystem::copy_file(path_ + "-wal", left + "-wal");
  ASSERT_GT(std::filesystem::file_size(left + "-wal"), 4096U);
  path_ = left;
  Catalog next;
  ASSERT_EQ(next.open({left, 1}), "");
  EXPECT_EQ(std::filesystem::file_size(left + "-wal"), 0U);
  restart();
  EXPECT_EQ(describe(*master_), before);
}

/// A write that fails in the middle: the file may not grow any more.
TEST_F(CatalogTest, AFailedCommitIsAnErrorAndLeavesNothing) {
  restart();
  add_vhost("/");
  must(queue("kept"));
  commit();
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{1 << 16, before.rlim_max};
  for (int at = 0; at < 2000; ++at) must(queue("lost" + std::to_string(at)));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const std::string error = catalog_->commit();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_NE(error.find("catalog " + path_ + ": "), std::string::npos) << error;
  EXPECT_NE(error.find("; its disk or file system fails, see the kernel's log"), std::string::npos)
      << error;
  EXPECT_EQ(catalog_->commit(), error);
  must(queue("more"));
  EXPECT_EQ(catalog_->commit(), error);
  restart();
  EXPECT_NE(find_queue("kept"), nullptr);
  EXPECT_EQ(master_->queue_count(), 1U);
}

}  // namespace
}  // namespace lepus::persist::test
