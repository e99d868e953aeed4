// What does a message cost inside of one shard? The backlog alone, then a queue with a consumer
// through the broker: publish, deliver, acknowledge, without frames and sockets. Bodies of 128
// bytes.
//
// Depth matters: a queue that is kept nearly empty stays in the cache, one that holds a million
// messages does not.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <vector>

#include "core/broker/broker.h"
#include "core/queue/backlog/backlog.h"
#include "core/topology/topology_rules.h"

namespace lepus::core {
namespace {

constexpr std::array<std::uint8_t, 128> body{};
constexpr std::array<std::uint8_t, 2> no_properties{};

MessageRef make_message(MemoryAccount& account) {
  MessageRef message = Message::create({"", "queue", no_properties, body.size(), false}, account);
  message->append_body(body);
  return message;
}

void message_create(benchmark::State& state) {
  MemoryAccount account;
  for (auto _ : state) benchmark::DoNotOptimize(make_message(account).get());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(message_create);

/// Argument: messages that stay in the backlog all the time.
void backlog_push_deliver_take(benchmark::State& state) {
  MemoryAccount account;
  Backlog backlog;
  const MessageRef message = make_message(account);
  for (std::int64_t i = 0; i < state.range(0); ++i) (void)backlog.push(message);
  for (auto _ : state) {
    (void)backlog.push(message);
    const Sequence sequence = backlog.peek().sequence;
    backlog.deliver(sequence);
    benchmark::DoNotOptimize(backlog.take(sequence).message.get());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(backlog_push_deliver_take)->Arg(0)->Arg(1'000)->Arg(1'000'000);

/// Argument: messages that are unacked and come back at once.
void backlog_requeue(benchmark::State& state) {
  MemoryAccount account;
  Backlog backlog;
  const MessageRef message = make_message(account);
  const std::int64_t count = state.range(0);
  for (std::int64_t i = 0; i < count; ++i) (void)backlog.push(message);
  std::vector<Sequence> held;
  for (auto _ : state) {
    held.clear();
    for (std::int64_t i = 0; i < count; ++i) {
      held.push_back(backlog.peek().sequence);
      backlog.deliver(held.back());
    }
    for (const Sequence sequence : held) backlog.requeue(sequence);
  }
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(backlog_requeue)->Arg(1)->Arg(1'000)->Arg(100'000);

struct NoOutbox final : Outbox {
  void send(ShardId, PeerCommand&&) override { CHECK(false); }
  void send_to_control(ControlCommand&& command) override {
    CHECK(std::holds_alternative<TopologyApplied>(command));
  }
  bool congested(ShardId) const override { return false; }
};

/// A channel that acknowledges all it got when it is told.
class Channel final : public AnswerPort, public DeliveryPort, public ConfirmPort {
 public:
  explicit Channel(Broker& broker) : broker_(broker), ref(broker.attach({this, this, this})) {}

  bool on_deliver(const Deliver& delivery, MessageRef) override {
    if (first_ == none) first_ = delivery.sequence;
    last_ = delivery.sequence;
    queue_ = delivery.queue;
    return true;
  }
  void on_reply(const Reply& reply) override { consumer = reply.consumer; }
  void on_confirm(const Confirm& confirm) override {
    confirmed += confirm.last - confirm.first + 1;
  }
  void on_consumer_cancelled(std::uint32_t) override {}

  void settle_all(Outcome outcome) {
    if (first_ == none) return;
    broker_.apply(Settle{queue_, first_, last_, consumer, outcome});
    first_ = none;
  }

 private:
  static constexpr Sequence none = UINT64_MAX;
  Broker& broker_;
  QueueId queue_;
  Sequence first_ = none;
  Sequence last_ = 0;

 public:
  ChannelRef ref;
  ConsumerHandle consumer;
  std::uint64_t confirmed = 0;
};

/// A broker with the queue "queue" and a consumer on it.
class World {
 public:
  World() : broker({0, 1, &outbox_, &message_log_}, 1), channel(broker) {
    TopologyRequest request;
    request.kind = TopologyRequest::Kind::add_vhost;
    request.name = "/";
    change(request);
    request.kind = TopologyRequest::Kind::declare_queue;
    request.vhost = broker.topology().find_vhost("/")->id;
    request.name = "queue";
    change(request);
    const QueueInfo* queue = broker.topology().find_queue(request.vhost, "queue");
    broker.topology().route(*broker.topology().find_exchange(request.vhost, ""), {"queue", {}, {}},
                            route_);
    queue_ = queue->id;
  }
  ~World() { broker.detach(channel.ref); }
  void subscribe(bool no_ack) {
    ConsumerSpec request{};
    request.queue = queue_;
    request.channel = channel.ref;
    request.no_ack = no_ack;
    broker.apply(Subscribe{request});
  }
  void publish(std::uint64_t number) {
    (void)broker.publish({&route_, channel.ref, number}, make_message(broker.memory()));
  }

 private:
  void change(const TopologyRequest& request) {
    Decision decision = decide(broker.topology(), request, &ids_);
    auto changes = std::make_unique<TopologyChanges>();
    changes->list = std::move(decision.changes);
    broker.apply(TopologyApply{++version_, std::move(changes)});
  }

  NoOutbox outbox_;
  RamMessageLog message_log_;
  IdSource ids_;
  std::uint64_t version_ = 0;
  QueueId queue_;
  RouteResult route_;

 public:
  Broker broker;
  Channel channel;
};

/// Argument: messages per turn, as they come with one read of a socket.
void publish_deliver_ack(benchmark::State& state) {
  World world;
  world.subscribe(false);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) world.publish(0);
    world.broker.pump();
    world.channel.settle_all(Outcome::acknowledged);
    world.broker.flush();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(publish_deliver_ack)->Arg(1)->Arg(32)->Arg(500);

void publish_deliver_no_ack(benchmark::State& state) {
  World world;
  world.subscribe(true);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) world.publish(0);
    world.broker.pump();
    world.broker.flush();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(publish_deliver_no_ack)->Arg(1)->Arg(32)->Arg(500);

void publish_confirm_ack(benchmark::State& state) {
  World world;
  world.subscribe(false);
  std::uint64_t number = 0;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) world.publish(++number);
    world.broker.pump();
    world.channel.settle_all(Outcome::acknowledged);
    world.broker.flush();
  }
  CHECK(world.channel.confirmed == number);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(publish_confirm_ack)->Arg(32)->Arg(500);

/// The consumer gives everything back, and gets it again.
void requeue_redeliver(benchmark::State& state) {
  World world;
  world.subscribe(false);
  for (std::int64_t i = 0; i < state.range(0); ++i) world.publish(0);
  world.broker.pump();
  for (auto _ : state) {
    world.channel.settle_all(Outcome::requeued);
    world.broker.pump();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(requeue_redeliver)->Arg(1)->Arg(500);

}  // namespace
}  // namespace lepus::core
