// One shard's part of the broker: the queues homed here, the registry of this shard's channels, the
// replica of the topology, and the one place where a command (from a channel here or from another
// thread) is applied.
//
//   channel.publish -> publish(): local queues get the message, other shards get one Enqueue each
//   Command -> apply() -> queue or channel           effects on another shard go to the outbox
//   end of a step -> pump(): scheduled queues deliver
//   end of a turn -> flush(): the message log's batch, then confirms
//
// Pure: no kernel, no clock, no thread. One thread uses it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/slab.h"
#include "core/broker/command.h"
#include "core/broker/discards.h"
#include "core/broker/event.h"
#include "core/broker/eviction_candidates.h"
#include "core/broker/firehose.h"
#include "core/broker/forwards.h"
#include "core/broker/ports.h"
#include "core/broker/queue_deadlines.h"
#include "core/broker/stats.h"
#include "core/broker/transfers.h"
#include "core/message/store_path.h"
#include "core/queue/queue.h"
#include "core/topology/topology.h"

namespace lepus::core {

class Broker final : public QueueHost, private RecordOwner, private Forwards::Publisher {
 public:
  struct Wiring {
    ShardId shard = 0;
    ShardId control = 0;  ///< Where topology requests go.
    Outbox* outbox = nullptr;
    MessageLog* message_log = nullptr;
    Restorer* restorer = nullptr;  ///< Null: nothing was kept.
  };
  Broker(const Wiring& wiring, ShardId shard_count);
  ~Broker() override;

  ShardId control() const { return control_; }
  const Topology& topology() const { return topology_; }
  const std::string& node_name() const { return node_name_; }
  /// With either, publishers are to be blocked.
  const Alarm& alarm() const { return alarm_; }
  bool stopping() const { return stopping_; }

  // --- For channels of this shard

  /// The ports get answers, deliveries and confirms until the session detaches; late ones are
  /// dropped.
  ChannelRef attach(const SessionPorts& ports);
  void detach(const ChannelRef& channel);
  bool is_attached(const ChannelRef& channel) override { return find_session(channel) != nullptr; }

  struct Publish {
    const RouteResult* route;
    ChannelRef publisher;
    std::uint64_t number;         ///< 0: nobody waits for a confirm.
    std::uint64_t immediate = 0;  ///< Of publish_at_once(): names it in ImmediateReply.
  };
  /// Returns how many Confirms will follow for this number: one per shard that got the message.
  std::uint32_t publish(const Publish& publish, MessageRef message);
  /// A message with `immediate`: a queue takes it only where a consumer does at once.
  struct AtOnce {
    std::uint32_t confirms = 0;  ///< As publish() returns.
    std::uint32_t replies = 0;   ///< ImmediateReplies that will follow, of other shards.
    bool taken = false;          ///< By a consumer of a queue here.
  };
  AtOnce publish_at_once(const Publish& publish, MessageRef message);

  /// Whoever feeds queues at `home` should stop: its ring is full, or here its journal, or what
  /// queues send on, is behind.
  bool is_congested(ShardId home) {
    if (home != shard()) return outbox().congested(home);
    return message_log().is_behind() || forwards_.is_behind();
  }
  /// Applies the command here when `home`, the shard of the queue or session it is for, is this
  /// one, else sends it there. A Reply may go to the control thread.
  template <class Command>
  requires OneOf<Command, PeerCommand>
  void send(ShardId home, Command command) {
    if (home == shard()) return on(std::move(command));
    if constexpr (std::is_same_v<Command, Reply>)
      if (home == control_) return outbox().send_to_control(std::move(command));
    outbox().send(home, std::move(command));
  }
  /// A delivery that met no open channel returns to its place in the queue.
  void send_back(ShardId home, QueueId queue, Sequence sequence);
  /// Asks the control thread; TopologyDone, with `message_count`, goes to `channel` unless that is
  /// null.
  void ask(const TopologyRequest& request, const ChannelRef& channel,
           std::uint32_t message_count = 0);

  /// Somebody is bound to amq.rabbitmq.event; else no event need be made.
  bool wants_events() const;
  void emit(Event event);
  /// For the firehose, which the virtual host has on. Where the copy went; nothing: nobody wants
  /// it.
  std::optional<RouteResult> trace(const Trace& trace, const Message& message);

  // --- For the shard

  /// Before anything is applied: "lepus@host", as events name it, and Topology::event_vhost().
  void set_names(std::string node, std::string event_vhost) {
    node_name_ = std::move(node);
    topology_.set_event_vhost(std::move(event_vhost));
  }
  /// One command of another thread.
  template <class Command>
  requires OneOf<Command, PeerCommand> || OneOf<Command, BrokerCommand>
  void apply(Command command) { on(std::move(command)); }
  /// Publishes what waits for it, then lets scheduled queues deliver; at the end of each step (one
  /// connection's bytes, one batch of commands).
  void pump();
  /// Once a turn: closes the message log's batch, sends the confirms whose batch is durable.
  void flush();
  /// The time of this turn; runs what is due at it (TTL, idle expiry).
  void advance(Nanos now);
  /// When advance() should be called next; core::never when nothing waits for time.
  Nanos next_deadline() const { return deadlines_.next(); }
  /// Nanoseconds since 1970 are now + offset, from the next advance() on. The system's clock may be
  /// set, so it may go back.
  void set_wall_clock_offset(Nanos offset) { turn_.wall_clock_offset = offset; }
  /// Messages of this shard above `bytes` altogether: memory is short, all that can be on disk
  /// alone goes there. Below that, limits::resident_max holds for what is recorded anyway.
  void set_memory_pressure_threshold(std::uint64_t bytes) { memory_pressure_threshold_ = bytes; }
  /// Something is left that only needs another turn.
  bool has_work() const {
    return !runnable_.empty() || !forwards_.empty() || !discards_.empty() || eviction_.has_more;
  }
  std::size_t queue_count() const { return queues_.size(); }
  Nanos wall_clock_offset() const { return turn_.wall_clock_offset; }
  /// A row for each of these that is homed here.
  void describe(std::span<const QueueId> ids, std::vector<QueueStats>& out);

  // --- For queues: QueueHost

  void add_deadline(Nanos at, QueueId queue) override;
  void await_written(QueueId queue) override { written_awaited_.push_back(queue); }
  void add_eviction_candidate(QueueId queue, bool has_own_limit) override;
  Forward make_forward(const QueueInfo& from, const Message& message, DeathReason reason) override;
  void add_forwarding(QueueId queue) override { forwards_.add(queue); }
  void publish(const Forward& forward) override;
  void publish_later(const Forward& forward) override;
  [[nodiscard]] bool transfer(const QueuePosition& from, const Forward& forward) override;
  void forward_history(const BindingSpec& to, const Message& message) override;
  Consumer& create_consumer(const ConsumerSpec& spec, DeliveryPort* local) override;
  void destroy_consumer(Consumer& consumer) override;
  void send_to_session(ShardId home, SessionCommand&& command) override;
  void answer_get(GetReply&& reply, MessageRef message) override;
  void delete_expired(QueueId queue) override;

 private:
  struct QueueCounts {
    std::uint64_t messages = 0;
    std::uint32_t consumers = 0;
  };
  struct PendingConfirm {
    std::uint64_t batch;
    Confirm confirm;
  };
  /// What became of a message in the queues of this shard.
  struct Accepted {
    bool refused = false;     ///< By one of them at least.
    std::uint64_t batch = 0;  ///< Its record is durable with it; 0: it needs none.
  };

  void on(Enqueue&& command);
  void on(const Settle& command);
  void on(const Redeliver& command);
  void on(const Subscribe& command);
  void on(const Unsubscribe& command);
  void on(const Get& command);
  void on(const Purge& command);
  void on(const Inspect& command);
  void on(const DeleteQueue& command);
  void on(const CheckRoom& command);
  void on(const Barrier& command);
  void on(const Transaction& command);
  void on(const ConsumerFlow& command);
  void on(const CreditGrant& command);
  void on(Deliver&& command);
  void on(GetReply&& command);
  void on(const Reply& command);
  void on(const Confirm& command);
  void on(const ImmediateReply& command);
  void on(const ConsumerCancelled& command);
  void on(const ConsumerActive& command);
  void on(const CreditRequest& command);
  void on(const CreditReturn& command);
  void on(const TopologyApply& command);
  void on(const TopologyDone& command);
  void on(const Alarm& command);
  void on(const StopServing&) { stopping_ = true; }

  // broker_eviction.cpp
  std::optional<LocatedRecord> locate(const QueuePosition& at) override;
  void on_moved(const QueuePosition& at, const RecordLocation& place) override;
  bool on_fetched(const QueuePosition& at, const RecordLocation& place,
                  MessageRef message) override;
  void on_lost(const QueuePosition& at) override;
  MemoryAccount& memory_of_fetched() override { return memory_; }
  void evict();
  bool purge_piece(Discards::Purge& purge, std::size_t& budget);
  void finish_purges(QueueId queue);
  void note_written();

  Accepted publish_transient(const RouteResult& route, const MessageRef& message);
  Accepted publish_kept(const RouteResult& route, const MessageRef& message);
  Accepted enqueue(const MessageRef& message, std::span<Queue* const> queues);
  Accepted enqueue_plain(const MessageRef& message, std::span<Queue* const> queues);
  Accepted enqueue_each(const MessageRef& message, std::span<Queue* const> queues);
  Accepted record(const MessageRef& message, std::span<Queue* const> queues,
                  std::uint32_t record_count);
  Accepted enqueue_at_once(const MessageRef& message, std::span<Queue* const> queues, bool& taken);
  std::string describe_queue(const QueueInfo& info) const;
  std::uint32_t publish_remote(const Publish& publish, MessageRef message);
  Queue* find_queue(QueueId id);
  Consumer* find_consumer(const ConsumerHandle& handle);
  /// Null: it detached.
  const SessionPorts* find_session(const ChannelRef& channel);
  DeliveryPort* find_deliveries(const ChannelRef& channel);
  ConfirmPort* find_confirms(const ChannelRef& channel);
  void reply(const ChannelRef& channel, const QueueCounts& counts);
  void refuse(const ChannelRef& channel, AmqpError error);
  struct DeleteRequest {
    ChannelRef channel = {};  ///< Who is told; nobody.
    std::uint32_t message_count = 0;
    std::string user = {};  ///< Who asked, for events; nobody.
  };
  void ask_delete(Queue& queue, DeleteRequest deletion);
  std::string user_of(const DeleteQueue& command) const;
  void add_confirm(std::uint64_t batch, const Confirm& confirm);
  void send_confirms(std::vector<PendingConfirm>& confirms, std::uint64_t durable);

  // broker_events.cpp
  void note_change(const TopologyChanges& changes, const TopologyChange& change);
  void emit_noted();

  // broker_forward.cpp
  void on_transfer_confirm(const Confirm& confirm);
  Forward release(const QueueInfo& store, const Message& message);
  Forward make_dead_letter(const QueueInfo& from, const Message& message, DeathReason reason);
  void route_forward(const ExchangeInfo& exchange, const ExchangeInfo* skip_store, StorePath& path,
                     Forward& forward);
  template <class F>
  void for_each_part(const Forward& forward, F&& visit);
  void replay_history(const BindingSpec& binding);
  void publish_copy(Forwards::Copy copy) override;
  bool forward_pending(QueueId queue, std::size_t& budget) override;

  void add_queue(QueueId id);
  void follow_policies();
  void drop_queue(QueueId id);

  ShardId control_;
  Restorer* restorer_;
  Topology topology_;
  Slab<Consumer> consumers_;
  Slab<SessionPorts> sessions_;
  Transfers transfers_;
  boost::unordered_flat_map<QueueId, std::unique_ptr<Queue>> queues_;
  Forwards forwards_;
  std::vector<PendingConfirm> confirms_;       ///< Oldest batch first.
  std::vector<PendingConfirm> confirms_free_;  ///< Of what needs no batch: they go with this turn.
  std::vector<PendingConfirm> due_;            ///< Scratch of send_confirms().
  QueueDeadlines deadlines_;
  std::uint64_t watermarks_lost_ = 0;  ///< Of the message log, as last seen.
  std::uint32_t transactions_ = 0;     ///< Of other shards, that have begun.
  std::vector<QueueId> written_awaited_;
  struct Eviction {
    EvictionCandidates all;
    EvictionCandidates limited;  ///< Queues that have a limit of their own.
    bool has_more = false;
  };
  Eviction eviction_;
  Discards discards_;
  std::uint64_t memory_pressure_threshold_ = UINT64_MAX;
  Alarm alarm_;
  std::string node_name_ = "lepus@localhost";
  std::vector<Event> noted_events_;  ///< Of the changes being applied.
  bool stopping_ = false;
  bool has_topology_ = false;  ///< What was there before the start is applied.
};

}  // namespace lepus::core
