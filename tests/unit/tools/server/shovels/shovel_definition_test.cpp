// Values of the parameter shovel: all keys, and each way to be wrong.
#include "tools/server/shovels/shovel_definition.h"

#include <gtest/gtest.h>

namespace lepus::server {
namespace {

ShovelDefinition read_definition(std::string_view json) {
  ShovelDefinition definition;
  EXPECT_EQ(read_shovel(json, definition), "");
  return definition;
}
/// Of a shovel that is fine but for what is added.
std::string definition_refusal(std::string_view more) {
  ShovelDefinition definition;
  return read_shovel(
      R"({"src-uri":"amqp://","dest-uri":"amqp://","src-queue":"q",)" + std::string{more} + "}",
      definition);
}

TEST(ShovelDefinition, PresetsAreRabbitMqs) {
  const ShovelDefinition read_in = read_definition(
      R"({"src-uri":"amqp://","src-queue":"a","dest-uri":"amqp://h","dest-queue":"b"})");
  EXPECT_EQ(read_in.order.source.queue, "a");
  EXPECT_EQ(read_in.order.target.queue, "b");
  EXPECT_EQ(read_in.order.prefetch, 1000U);
  EXPECT_EQ(read_in.order.ack_mode, ShovelAckMode::on_confirm);
  EXPECT_EQ(read_in.reconnect_s, 5U);
  EXPECT_FALSE(read_in.order.ends_after_queue_length);
  EXPECT_FALSE(read_in.order.ends_after);
  EXPECT_FALSE(read_in.order.changes.adds_forward_headers);
  EXPECT_TRUE(read_in.source_uris[0].is_local);
  EXPECT_EQ(read_in.target_uris[0].host, "h");
}

TEST(ShovelDefinition, AllKeys) {
  const ShovelDefinition all = read_definition(R"({
    "src-protocol": "amqp091", "src-uri": ["amqp://a", "amqp://b"], "src-exchange": "e",
    "src-exchange-key": "k.#", "src-queue-args": {"x-max-length": 7},
    "src-consumer-args": {"x-priority": 3}, "src-prefetch-count": 10, "src-delete-after": 25,
    "dest-protocol": "amqp091", "dest-uri": "amqp://", "dest-exchange": "f",
    "dest-exchange-key": "l", "dest-queue-args": {}, "dest-add-forward-headers": true,
    "dest-add-timestamp-header": true, "dest-publish-properties": {"delivery_mode": 2},
    "ack-mode": "on-publish", "reconnect-delay": 0, "lepus-rate-limit": 100})");
  EXPECT_EQ(all.source_uris.size(), 2U);
  EXPECT_EQ(all.order.source.exchange, "e");
  EXPECT_EQ(all.order.source.key, "k.#");
  EXPECT_FALSE(all.order.source.queue_arguments.empty());
  EXPECT_FALSE(all.order.consumer_arguments.empty());
  EXPECT_EQ(all.order.prefetch, 10U);
  EXPECT_EQ(all.order.ends_after, 25U);
  EXPECT_EQ(all.order.target.exchange, "f");
  EXPECT_EQ(all.order.target.key, "l");
  EXPECT_TRUE(all.order.changes.adds_forward_headers);
  EXPECT_TRUE(all.order.changes.adds_timestamp);
  EXPECT_NE(all.order.changes.publish_properties, std::string(2, '\0'));
  EXPECT_EQ(all.order.ack_mode, ShovelAckMode::on_publish);
  EXPECT_EQ(all.reconnect_s, 0U);
  EXPECT_EQ(all.order.rate_max, 100U);
}

TEST(ShovelDefinition, DeadLettersGoBack) {
  const ShovelDefinition back =
      read_definition(R"({"src-uri":"amqp://","src-queue":"dlq","dest-uri":"amqp://",
               "src-delete-after":"queue-length","dest-lepus-origin":"last-death",
               "src-lepus-filter":{"died-in":"q","reason":"rejected"}})");
  EXPECT_TRUE(back.order.may_skip());
  EXPECT_EQ(back.order.filter.died_in, "q");
  EXPECT_EQ(back.order.origin, ShovelOrigin::last_death);
  EXPECT_EQ(definition_refusal(R"("dest-lepus-origin":"last-death")").substr(0, 16),
            "src-lepus-filter");
  EXPECT_EQ(definition_refusal(
                R"("dest-lepus-origin":"last-death","src-delete-after":3,"dest-queue":"x")"),
            "dest-lepus-origin needs a dest-uri of this broker, without dest-queue and "
            "dest-exchange");
  EXPECT_EQ(definition_refusal(R"("src-lepus-filter":{"odd":"x"})"),
            "src-lepus-filter: unknown 'odd'; there are died-in, reason, routing-key, message-id");
}

TEST(ShovelDefinition, Refusals) {
  ShovelDefinition unused;
  EXPECT_EQ(read_shovel("[]", unused), "the value of a shovel should be a JSON object");
  EXPECT_EQ(read_shovel("{", unused), "the value of a shovel should be a JSON object");
  EXPECT_EQ(read_shovel("{}", unused), "Key \"src-uri\" not found in a shovel");
  EXPECT_EQ(read_shovel(R"({"src-uri":"amqp://","dest-uri":"amqp://"})", unused),
            "Must specify 'src-exchange' or 'src-queue'");
  EXPECT_EQ(definition_refusal(R"("odd":1)"), "Unrecognised term 'odd' in a shovel");
  EXPECT_EQ(definition_refusal(R"("src-exchange":"e")"),
            "Cannot specify 'src-exchange' and 'src-queue'");
  EXPECT_EQ(definition_refusal(R"("dest-queue":"a","dest-exchange":"b")"),
            "Cannot specify 'dest-exchange' and 'dest-queue'");
  EXPECT_EQ(definition_refusal(R"("src-protocol":"amqp10")"),
            "src-protocol: AMQP 1.0 is not there");
  EXPECT_EQ(definition_refusal(R"("dest-uri":7)"),
            "dest-uri should be a string or a list of strings");
  EXPECT_EQ(definition_refusal(R"("dest-uri":[])"), "dest-uri should be 1 to 32 URIs");
  EXPECT_EQ(definition_refusal(R"("dest-uri":"x")"),
            "dest-uri: expected a URI that begins with amqp:// or amqps://");
  EXPECT_EQ(definition_refusal(R"("ack-mode":"odd")"),
            "ack-mode should be on-confirm, on-publish or no-ack");
  EXPECT_EQ(definition_refusal(R"("src-delete-after":-1)"),
            "src-delete-after should be a number, never or queue-length");
  EXPECT_EQ(definition_refusal(R"("src-prefetch-count":70000)"),
            "src-prefetch-count should be a number from 0 to 65535");
  EXPECT_EQ(definition_refusal(R"("src-queue-args":[])"), "src-queue-args should be an object");
  EXPECT_EQ(definition_refusal(R"("dest-add-forward-headers":"yes")"),
            "dest-add-forward-headers should be true or false");
  EXPECT_EQ(definition_refusal(R"("ack-mode":"no-ack","src-delete-after":5)"),
            "Cannot specify 'no-ack' and numerical 'src-delete-after', a filter or an origin");
}

}  // namespace
}  // namespace lepus::server
