// A shard with the shovels that run on it, between queues of its own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/message/field_table_writer.h"
#include "core/message/properties.h"
#include "tests/unit/core/broker/fake_ports.h"
#include "tests/unit/tools/server/fake_driver.h"
#include "tools/server/shovel/shard_shovels.h"

namespace lepus::server::test {

class NoLog final : public core::Log {
  void write_enabled(core::LogLevel, core::LogCategory, std::string_view,
                     std::span<const core::LogField>) override {}
};

class ShovelWorld : public ::testing::Test {
 protected:
  using Ended = ShovelReportRow::Ended;

  static std::unique_ptr<ShovelOrder> order(std::string_view from, std::string_view to) {
    auto made = std::make_unique<ShovelOrder>();
    made->number = 1;
    made->vhost = "/";
    made->name = "s";
    made->source.vhost = made->target.vhost = "/";
    made->source.uri = made->target.uri = "amqp://";
    made->source.queue = from;
    made->source.is_predeclared = true;
    if (!to.empty()) made->target.queue = to;
    made->target.is_predeclared = true;
    made->ends_after_queue_length = true;
    return made;
  }
  void start(std::unique_ptr<ShovelOrder> order) {
    if (auto refused = shovels_.take(std::move(order), {1'000, interceptors_, "n"}, true))
      reports_.push_back(std::move(refused));
  }
  void turn() {
    shard_.broker.advance(driver_.time);
    shard_.pump();
    shovels_.work();
    shard_.broker.flush();
    shard_.broker.flush();
    for (auto& one : shovels_.collect()) reports_.push_back(std::move(one));
    shard_.pump();
    shovels_.flush();
    loop_.run_turn();
  }
  /// Until it has ended, or nothing more happens for so many turns.
  void run(int turns = 60) {
    for (int i = 0; i < turns && !shovels_.is_empty(); ++i) turn();
  }
  void run_with_time(int turns = 60) {
    for (int i = 0; i < turns && !shovels_.is_empty(); ++i) {
      driver_.time += 100 * core::nanos_per_ms;
      turn();
    }
  }
  const ShovelReportRow& last() const { return *reports_.back(); }

  /// `headers`: inside of a table; empty: none.
  void publish(std::string_view queue, std::string_view body, std::string_view headers = {}) {
    core::PropertiesView view;
    view.headers = core::as_bytes(headers);
    if (!headers.empty()) view.set(core::Property::headers);
    view.message_id = body;
    view.set(core::Property::message_id);
    const std::vector<std::uint8_t> properties = core::encode_properties(view);
    core::MessageRef message =
        core::Message::create({"", queue, properties, body.size()}, shard_.broker.memory());
    message->append_body(core::as_bytes(body));
    core::RouteResult route;
    const core::Topology& topology = shard_.broker.topology();
    topology.route(*topology.find_exchange(shard_.vhost, ""), {queue, {}, {}}, route);
    (void)shard_.broker.publish({&route, {}, 0}, std::move(message));
  }
  static std::string death(std::string_view queue, std::string_view reason) {
    core::FieldTableWriter table;
    table.begin_array("x-death");
    table.begin_table({});
    table.text("queue", queue);
    table.text("reason", reason);
    table.end();
    table.end();
    table.text("x-first-death-queue", queue);
    table.text("x-first-death-reason", reason);
    return table.take();
  }
  /// The bodies that a queue has, in order; they are taken out.
  std::string drain(core::QueueId queue) {
    core::test::FakeChannel reader{shard_.broker};
    core::ConsumerSpec spec{};
    spec.queue = queue;
    spec.no_ack = true;
    (void)shard_.subscribe(reader, spec);
    shard_.pump();
    return reader.bodies();
  }
  std::uint32_t count(core::QueueId queue) { return shard_.inspect(queue).message_count; }

  core::test::FakeShard shard_;
  FakeDriver driver_{1};
  io::Loop loop_{driver_, {}};
  NoLog log_;
  core::Interceptors interceptors_;
  ShardShovels shovels_{shard_.broker, loop_, log_};
  std::vector<ShardShovels::Report> reports_;
};

}  // namespace lepus::server::test
