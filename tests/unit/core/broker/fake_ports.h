// The outside of one broker, as tests see it: an outbox that writes down what was sent, a message
// log that is durable when told, and channels that keep what they got. FakeShard puts them together
// with a broker and plays the control thread for it.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/broker/broker.h"
#include "core/topology/topology_rules.h"

namespace lepus::core::test {

/// Commands of one kind among those that an outbox holds.
template <class Kind>
class Found {
 public:
  class Iterator {
   public:
    explicit Iterator(const Kind* const* at) : at_(at) {}
    const Kind& operator*() const { return **at_; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Kind* const* at_;
  };

  void add(const Kind& one) { all_.push_back(&one); }
  std::size_t size() const { return all_.size(); }
  bool empty() const { return all_.empty(); }
  const Kind& operator[](std::size_t index) const { return *all_.at(index); }
  const Kind& back() const { return *all_.back(); }
  Iterator begin() const { return Iterator{all_.data()}; }
  Iterator end() const { return Iterator{all_.data() + all_.size()}; }

 private:
  std::vector<const Kind*> all_;
};

class FakeOutbox final : public Outbox {
 public:
  using Command = JoinVariants<PeerCommand, std::variant<TopologyAsk, TopologyApplied>>::type;
  struct Sent {
    ShardId to;
    Command command;
  };
  static constexpr ShardId control = 3;

  void send(ShardId to, PeerCommand&& command) override { add(to, command); }
  void send_to_control(ControlCommand&& command) override { add(control, command); }
  bool congested(ShardId to) const override {
    return congested_shards.contains(to) || sent.size() > room;
  }

  void clear() { sent.clear(); }
  /// The commands of one kind, in order, as long as nothing is taken out or sent.
  template <class Kind>
  Found<Kind> all() const {
    Found<Kind> found;
    for (const Sent& one : sent)
      if (const auto* kind = std::get_if<Kind>(&one.command)) found.add(*kind);
    return found;
  }
  /// Takes the oldest command of one kind out.
  template <class Kind>
  Kind take() {
    for (auto at = sent.begin(); at != sent.end(); ++at) {
      auto* kind = std::get_if<Kind>(&at->command);
      if (kind == nullptr) continue;
      Kind found = std::move(*kind);
      sent.erase(at);
      return found;
    }
    ADD_FAILURE() << "no such command was sent";
    return {};
  }

  std::deque<Sent> sent;
  std::set<ShardId> congested_shards;
  std::size_t room = SIZE_MAX;  ///< With more commands than this, all are congested.

 private:
  template <class Variant>
  void add(ShardId to, Variant& command) {
    std::visit([&](auto& one) { sent.push_back({to, std::move(one)}); }, command);
  }
};

/// Writes down what it is told. One batch per flush, as long as something is recorded.
class FakeMessageLog final : public MessageLog {
 public:
  struct Entry {
    RecordLocation place;
    QueuePosition at;
  };
  static constexpr std::uint32_t record_size = 8;
  static std::uint32_t record_of(const RecordLocation& place) { return place.offset / record_size; }
  static RecordLocation place_of(std::uint32_t record) {
    return {1, record * record_size, record_size};
  }

  RecordLocation append(const Message& message, std::uint32_t queue_count) override {
    is_open = true;
    live[++records] = queue_count;
    std::string& body = bodies[records];
    message.for_each_piece([&body](Bytes piece) { body += as_text(piece); });
    keys[records] = message.routing_key();
    batches[records] = submitted + 1;
    return place_of(records);
  }
  RecordLocation append_paged(const Message& message, const QueuePosition&) override {
    ++paged;
    return append(message, 1);
  }
  /// The first record whose batch is not durable.
  RecordLocation written_end() const override {
    for (const auto& [record, batch] : batches)
      if (batch > durable()) return place_of(record);
    return place_of(records + 1);
  }
  void fetch(std::span<const FetchRequest> wanted) override {
    fetches.insert(fetches.end(), wanted.begin(), wanted.end());
  }
  /// Answers what was asked for until now.
  void bring() {
    for (const FetchRequest& one : std::exchange(fetches, {})) {
      const std::string& body = bodies.at(record_of(one.place));
      MessageRef message;
      if (body != "damaged") {
        static constexpr std::array<std::uint8_t, 2> no_properties{};
        message =
            Message::create({"", keys[record_of(one.place)], no_properties, body.size(), true},
                            holder->memory_of_fetched());
        message->append_body(as_bytes(body));
      }
      lost_count += holder->on_fetched(one.at, one.place, std::move(message)) ? 1 : 0;
    }
  }
  void enqueued(const RecordLocation& place, std::uint32_t, const QueuePosition& at) override {
    entries.push_back({place, at});
  }
  void refused(const RecordLocation& place) override { --live.at(record_of(place)); }
  void settled(const RecordLocation& place, const QueuePosition& at) override {
    is_open = true;
    --live.at(record_of(place));
    settles.push_back({place, at});
  }
  void dropped(const RecordLocation& place) override { --live.at(record_of(place)); }
  void delivery_watermark(const QueuePosition& below) override { marks.push_back(below); }
  std::uint64_t open_batch() const override { return is_open ? submitted + 1 : submitted; }
  void flush() override {
    if (std::exchange(is_open, false)) ++submitted;
  }
  std::uint64_t durable() const override { return slow ? durable_up_to : submitted; }
  void keep_batch_open(bool keep_open) override { is_batch_kept_open = keep_open; }
  bool is_behind() const override { return behind; }
  void set_record_owner(RecordOwner* who) override { holder = who; }
  std::uint64_t watermarks_lost() const override { return lost; }

  bool slow = false;  ///< Durable only when told.
  bool behind = false;
  bool is_batch_kept_open = false;
  bool is_open = false;
  std::uint64_t lost = 0;  ///< watermarks_lost()
  std::uint64_t submitted = 0;
  std::uint64_t durable_up_to = 0;
  std::uint32_t records = 0;
  std::map<std::uint32_t, std::uint32_t> live;  ///< Queues that hold it, by record.
  std::map<std::uint32_t, std::string> bodies;
  std::map<std::uint32_t, std::string> keys;
  std::vector<Entry> entries;
  std::vector<Entry> settles;
  std::vector<QueuePosition> marks;
  std::map<std::uint32_t, std::uint64_t> batches;  ///< By record.
  std::vector<FetchRequest> fetches;
  std::uint32_t paged = 0;       ///< Records of append_paged().
  std::uint32_t lost_count = 0;  ///< Of fetched messages.
  RecordOwner* holder = nullptr;
};

/// Keeps what it gets. Wants everything unless told otherwise.
class FakeChannel : public AnswerPort, public DeliveryPort, public ConfirmPort {
 public:
  struct Delivery {
    Deliver deliver;
    MessageRef message;
    std::string body() const { return std::string{as_text(message->inline_body())}; }
  };

  explicit FakeChannel(Broker& broker) : broker_(broker), ref_(broker.attach({this, this, this})) {}
  ~FakeChannel() override { detach(); }
  FakeChannel(const FakeChannel&) = delete;
  FakeChannel& operator=(const FakeChannel&) = delete;

  void detach() {
    if (ref_) broker_.detach(std::exchange(ref_, {}));
  }
  const ChannelRef& ref() const { return ref_; }

  bool on_deliver(const Deliver& delivery, MessageRef message) override {
    deliveries.push_back({delivery, std::move(message)});
    return deliveries.size() < deliveries_max;
  }
  void on_get_reply(const GetReply& reply, MessageRef message) override {
    gets.push_back({reply, std::move(message)});
  }
  void on_reply(const Reply& reply) override {
    replies.push_back({reply.channel, reply.message_count, reply.consumer_count, reply.consumer,
                       reply.home, reply.queue, nullptr});
    errors.push_back(reply.error == nullptr ? "" : reply.error->text());
  }
  void on_topology_done(const TopologyDone& done) override {
    dones.push_back({done.channel, done.message_count, nullptr});
    errors.push_back(done.error == nullptr ? "" : done.error->text());
  }
  void on_confirm(const Confirm& confirm) override { confirms.push_back(confirm); }
  void on_immediate_reply(const ImmediateReply& reply) override { immediates.push_back(reply); }
  void on_consumer_cancelled(std::uint32_t number) override { cancelled.push_back(number); }
  void on_consumer_active(std::uint32_t number, bool is_active) override {
    if (is_active) active = number;
  }
  Credit on_credit_request(const CreditRequest& request) override {
    requests.push_back(request);
    const std::uint32_t granted = std::min(credit, request.wanted);
    credit -= granted;
    return {granted};
  }
  void on_credit_return(std::uint32_t count) override { credit += count; }

  std::string bodies() const {
    std::string all;
    for (const Delivery& one : deliveries) all += one.body();
    return all;
  }

  std::vector<Delivery> deliveries;
  std::vector<std::pair<GetReply, MessageRef>> gets;
  std::vector<Reply> replies;
  std::vector<TopologyDone> dones;
  std::vector<std::string> errors;  ///< One per reply and done; empty when it went well.
  std::vector<Confirm> confirms;
  std::vector<ImmediateReply> immediates;
  std::vector<std::uint32_t> cancelled;
  std::vector<CreditRequest> requests;
  std::uint32_t active = UINT32_MAX;  ///< The consumer that was last said to be.
  std::uint32_t credit = 0;
  std::size_t deliveries_max = SIZE_MAX;

 private:
  Broker& broker_;
  ChannelRef ref_;
};

/// One of `shard_count` shards; the others exist only as places to send to.
class FakeShard {
 public:
  static constexpr ShardId shard_count = 3;
  static constexpr ShardId control = FakeOutbox::control;
  static_assert(control == shard_count);
  using Kind = TopologyRequest::Kind;

  explicit FakeShard(ShardId self = 0, Restorer* restorer = nullptr)
      : master(shard_count), broker({self, control, &outbox, &message_log, restorer}, shard_count) {
    TopologyRequest request;
    request.kind = Kind::add_vhost;
    request.name = "/";
    change(request);
    vhost = master.find_vhost("/")->id;
  }

  /// Decides and applies, as the control thread does.
  void change(const TopologyRequest& request) {
    Decision decision = decide(master, request, &ids);
    ASSERT_EQ(decision.kind, Decision::Kind::changes) << decision.error.detail;
    for (const TopologyChange& one : decision.changes) master.apply(one);
    auto changes = std::make_unique<TopologyChanges>();
    changes->list = std::move(decision.changes);
    changes->by = request.user;
    broker.apply(TopologyApply{++version, std::move(changes)});
  }
  TopologyRequest request(Kind kind, std::string_view name) const {
    TopologyRequest made;
    made.kind = kind;
    made.vhost = vhost;
    made.from = broker.shard();
    made.connection = ConnectionId{1};
    made.name = name;
    return made;
  }
  QueueId declare(std::string_view name, ShardId home = 0, bool auto_delete = false) {
    TopologyRequest made = request(Kind::declare_queue, name);
    made.from = home;
    made.auto_delete = auto_delete;
    made.durable = durable;
    change(made);
    outbox.clear();
    return master.find_queue(vhost, name)->id;
  }
  void bind(std::string_view exchange, std::string_view queue, std::string_view key) {
    TopologyRequest made = request(Kind::bind_queue, queue);
    made.source = exchange;
    made.key = key;
    change(made);
    outbox.clear();
  }
  void delete_queue(QueueId id) {
    TopologyRequest made = request(Kind::delete_queue, {});
    made.queue = id;
    change(made);
  }

  MessageRef message(std::string_view body) {
    MessageRef made = Message::create({"", "", {}, body.size(), durable}, broker.memory());
    made->append_body(as_bytes(body));
    return made;
  }
  /// What a channel does with a complete message; returns how many confirms will come.
  std::uint32_t publish(std::string_view exchange, std::string_view key, std::string_view body,
                        const Broker::Publish& meta = {}) {
    RouteResult route;
    broker.topology().route(*broker.topology().find_exchange(vhost, exchange), {key, {}, {}},
                            route);
    Broker::Publish publish = meta;
    publish.route = &route;
    return broker.publish(publish, message(body));
  }
  void publish_each(std::string_view queue, std::string_view bodies) {
    for (const char body : bodies) publish("", queue, std::string_view{&body, 1});
  }

  ConsumerHandle subscribe(FakeChannel& channel, ConsumerSpec request,
                           std::unique_ptr<StreamSpec> stream = nullptr) {
    request.channel = channel.ref();
    broker.apply(Subscribe{request, std::move(stream)});
    return channel.replies.back().consumer;
  }
  void settle(const FakeChannel::Delivery& delivery, ConsumerHandle consumer, Outcome outcome) {
    const Deliver& one = delivery.deliver;
    broker.apply(Settle{one.queue, one.sequence, one.sequence, consumer, outcome});
  }
  /// Until nothing moves any more.
  void pump() {
    broker.pump();
    while (broker.has_work()) broker.pump();
  }
  Reply inspect(QueueId queue) {
    FakeChannel asker{broker};
    broker.apply(Inspect{queue, asker.ref()});
    return std::move(asker.replies.back());
  }

  bool durable = false;  ///< Queues declared and messages published from now on.
  FakeOutbox outbox;
  FakeMessageLog message_log;
  Topology master;
  IdSource ids;
  std::uint64_t version = 0;
  Broker broker;
  VhostId vhost;
};

}  // namespace lepus::core::test
