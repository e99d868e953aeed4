// What a shovel reads out of headers, and what it writes into them.
#include "tools/server/shovel/message_edit.h"

#include <gtest/gtest.h>

#include "core/message/field_table_writer.h"
#include "core/message/message_rewrite.h"

namespace lepus::server {
namespace {

class MessageEditTest : public ::testing::Test {
 protected:
  core::MessageRef message(std::string_view headers) {
    core::PropertiesView view;
    view.headers = core::as_bytes(headers);
    view.set(core::Property::headers);
    view.app_id = "app";
    view.set(core::Property::app_id);
    const auto properties = core::encode_properties(view);
    return core::Message::create({"e", "k", properties, 0}, memory_);
  }
  static std::string deaths(std::initializer_list<const char*> queues) {
    core::FieldTableWriter table;
    table.begin_array("x-death");
    for (const char* queue : queues) {
      table.begin_table({});
      table.text("queue", queue);
      table.text("reason", "rejected");
      table.end();
    }
    table.end();
    return table.take();
  }

  core::MemoryAccount memory_;
};

TEST_F(MessageEditTest, DeathsNewestFirst) {
  const auto letter = message(deaths({"last", "middle", "first"}));
  EXPECT_EQ(last_death(*letter), (DeathSeen{"last", "rejected"}));
  EXPECT_EQ(first_death(*letter), (DeathSeen{"first", "rejected"}));
  EXPECT_EQ(origin_of(*letter, ShovelOrigin::last_death), "last");
  EXPECT_EQ(origin_of(*letter, ShovelOrigin::first_death), "first");
  EXPECT_EQ(origin_of(*message({}), ShovelOrigin::last_death), "");
}

TEST_F(MessageEditTest, WhatIsNoDeathSaysNothing) {
  core::FieldTableWriter odd;
  odd.text("x-death", "no list");
  EXPECT_EQ(last_death(*message(odd.take())), DeathSeen{});
  core::FieldTableWriter numbers;
  numbers.begin_array("x-death");
  numbers.int32({}, 7);
  numbers.end();
  EXPECT_EQ(first_death(*message(numbers.take())), DeathSeen{});
}

TEST_F(MessageEditTest, ForwardHeadersAreRabbitMqs) {
  ShovelOrder order;
  order.vhost = "v";
  order.name = "s";
  order.source.uri = "amqp://a";
  order.source.queue = "q";
  order.target.uri = "amqp://b";
  order.target.exchange = "x";
  order.changes.adds_forward_headers = true;
  order.changes.adds_timestamp = true;
  order.changes.cluster_name = "c";
  EXPECT_TRUE(changes_messages(order));
  const auto once = edit_properties(*message({}), order, 77);
  const core::MessageRef again = core::Message::create({"e", "k", once, 0}, memory_);
  const auto twice = edit_properties(*again, order, 78);
  core::PropertiesView view;
  ASSERT_TRUE(core::decode_properties(twice, view));
  EXPECT_EQ(view.app_id, "app");
  EXPECT_EQ(view.header_table().find("x-shovelled-timestamp")->as_int64(), 78);
  const auto list = view.header_table().find("x-shovelled");
  ASSERT_TRUE(list && list->is_array());
  int entries = 0;
  for (const core::FieldValue& entry : list->array()) {
    ++entries;
    EXPECT_EQ(entry.table().find("shovelled-by")->text(), "c");
    EXPECT_EQ(entry.table().find("shovel-name")->text(), "s");
    EXPECT_EQ(entry.table().find("shovel-vhost")->text(), "v");
    EXPECT_EQ(entry.table().find("src-uri")->text(), "amqp://a");
    EXPECT_EQ(entry.table().find("src-queue")->text(), "q");
    EXPECT_EQ(entry.table().find("dest-exchange")->text(), "x");
    EXPECT_FALSE(entry.table().find("dest-queue"));
  }
  EXPECT_EQ(entries, 2) << "the newest in front of the older ones";
}

TEST_F(MessageEditTest, PropertiesThatAreSetReplaceOthers) {
  core::PropertiesView set;
  set.app_id = "other";
  set.set(core::Property::app_id);
  set.delivery_mode = 2;
  set.set(core::Property::delivery_mode);
  ShovelOrder order;
  order.changes.publish_properties = core::as_text(core::encode_properties(set));
  const auto edited = edit_properties(*message(deaths({"q"})), order, 0);
  core::PropertiesView view;
  ASSERT_TRUE(core::decode_properties(edited, view));
  EXPECT_EQ(view.app_id, "other");
  EXPECT_TRUE(view.is_persistent());
  EXPECT_TRUE(view.header_table().find("x-death"));
}

}  // namespace
}  // namespace lepus::server
