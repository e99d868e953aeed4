// One shard's part of the broker: it puts the parts together and gives the turn its rhythm.
//
//   sessions here  -> publish() -> MessagePublisher -> queues here, other shards
//   QueueCommand   -> QueueCommands   -> queues homed here      (QueueTable)
//   SessionCommand -> SessionCommands -> sessions of this shard (SessionTable)
//   BrokerCommand  -> TopologyReplica, alarm, stop
//   queues that grow beside able consumers -> PublisherFlow -> publishers wait
//   end of a step -> pump(): what the broker sends on (ForwardRouter), then scheduled queues
//   end of a turn -> flush(): EvictionList, the message log's batch, PendingConfirms
//
// Queues see it as their QueueHost. Pure: no kernel, no clock, no thread. One thread uses it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/slab.h"
#include "core/base/turn_profile.h"
#include "core/broker/command.h"
#include "core/broker/description/broker_description.h"
#include "core/broker/discards.h"
#include "core/broker/event_emitter.h"
#include "core/broker/eviction_list.h"
#include "core/broker/forward_router.h"
#include "core/broker/message_publisher.h"
#include "core/broker/pending_confirms.h"
#include "core/broker/ports.h"
#include "core/broker/queue_commands.h"
#include "core/broker/queue_deadlines.h"
#include "core/broker/queue_table.h"
#include "core/broker/session_commands.h"
#include "core/broker/session_table.h"
#include "core/broker/topology_replica.h"
#include "core/topology/topology.h"

namespace lepus::core {

class Broker final : public QueueHost, private QueueSender {
 public:
  struct Wiring {
    ShardId shard = 0;
    ShardId control = 0;  ///< Where topology requests go.
    Outbox* outbox = nullptr;
    MessageLog* message_log = nullptr;
    Restorer* restorer = nullptr;    ///< Null: nothing was kept.
    TurnProfile* profile = nullptr;  ///< Of the shard's loop; null: nothing is measured.
  };
  Broker(const Wiring& wiring, ShardId shard_count);
  ~Broker() override;

  ShardId control() const { return wiring_.control; }
  const Topology& topology() const { return topology_; }
  const std::string& node_name() const { return events_.node_name(); }
  /// With either, publishers are to be blocked.
  const Alarm& alarm() const { return state_.alarm; }
  bool stopping() const { return state_.is_stopping; }

  // --- For sessions of this shard

  /// The ports get answers, deliveries and confirms until the session detaches; late ones are
  /// dropped.
  ChannelRef attach(const SessionPorts& ports) { return sessions_.attach(ports); }
  void detach(const ChannelRef& channel) { sessions_.detach(channel); }
  bool is_attached(const ChannelRef& channel) override { return sessions_.is_attached(channel); }
  /// Pieces of it are done once a turn, within flush().
  SessionWorkList& session_works() { return sessions_.works(); }

  using Publish = MessagePublisher::Publish;
  using AtOnce = MessagePublisher::AtOnce;
  /// See MessagePublisher.
  std::uint32_t publish(const Publish& publish, MessageRef message) {
    return publisher_.publish(publish, std::move(message));
  }
  AtOnce publish_at_once(const Publish& publish, MessageRef message) {
    return publisher_.publish_at_once(publish, std::move(message));
  }

  /// What publishers of this shard have to wait for.
  const PublisherFlow& flow() const { return publisher_.flow(); }
  /// Applies the command here when `home`, the shard of the queue or session it is for, is this
  /// one, else sends it there. A Reply may go to the control thread.
  template <class Command>
  requires OneOf<Command, PeerCommand>
  void send(ShardId home, Command command) {
    if (home == shard()) return apply(std::move(command));
    if constexpr (std::is_same_v<Command, Reply>)
      if (home == wiring_.control) return outbox().send_to_control(std::move(command));
    outbox().send(home, std::move(command));
  }
  /// A delivery that met no open channel returns to its place in the queue.
  void send_back(ShardId home, QueueId queue, Sequence sequence) {
    session_commands_.send_back(home, queue, sequence);
  }
  /// Asks the control thread; a TopologyDone goes to `channel` unless that is null. `more`: as
  /// TopologyAsk has it.
  void ask(const TopologyRequest& request, const ChannelRef& channel,
           std::unique_ptr<std::vector<TopologyRequest>> more = nullptr);

  // See EventEmitter.
  bool wants_events() const { return events_.is_wanted(); }
  void emit(Event event) { events_.emit(std::move(event)); }
  std::optional<RouteResult> trace(const Trace& trace, const Message& message) {
    return events_.trace(trace, message);
  }

  // --- For the shard

  /// Before anything is applied: "lepus@host", as events name it, and Topology::event_vhost().
  void set_names(std::string node, std::string event_vhost);
  /// One command of another thread.
  template <class Command>
  requires OneOf<Command, PeerCommand> || OneOf<Command, BrokerCommand>
  void apply(Command command) {
    if constexpr (OneOf<Command, QueueCommand>) {
      queue_commands_.on(std::move(command));
    } else if constexpr (OneOf<Command, SessionCommand>) {
      session_commands_.on(std::move(command));
    } else {
      on(command);
    }
  }
  /// Publishes what waits for it, then lets scheduled queues deliver; at the end of each step (one
  /// connection's bytes, one batch of commands).
  void pump();
  /// Once a turn: closes the message log's batch, sends the confirms whose batch is durable.
  void flush();
  /// The time of this turn; runs what is due at it (TTL, idle expiry).
  void advance(Nanos now);
  /// When advance() should be called next; core::never when nothing waits for time.
  Nanos next_deadline() const { return std::min(deadlines_.next(), flow().next_deadline()); }
  /// Nanoseconds since 1970 are now + offset, from the next advance() on. The system's clock may be
  /// set, so it may go back.
  void set_wall_clock_offset(Nanos offset) { turn_.wall_clock_offset = offset; }
  /// Messages of this shard above `bytes` altogether: memory is short, all that can be on disk
  /// alone goes there. Below that, limits::resident_max holds for what is recorded anyway.
  void set_memory_pressure_threshold(std::uint64_t bytes) {
    eviction_.set_pressure_threshold(bytes);
  }
  /// Something is left that only needs another turn.
  bool has_work() const {
    return !runnable_.empty() || forwards_.has_work() || !discards_.empty() ||
           eviction_.has_work() || replica_.has_work() || !sessions_.works().empty();
  }
  /// What is there, for tests and the simulation.
  struct Census {
    std::size_t queues;
    std::size_t transfers;         ///< As of ForwardRouter::transfer_count().
    std::size_t pending_confirms;  ///< That wait for the message log.
  };
  Census census() const { return {queues_.size(), forwards_.transfer_count(), confirms_.size()}; }
  /// For the operator; see BrokerDescription.
  BrokerDescription& description() { return description_; }

  // --- For queues: QueueHost

  void add_deadline(Nanos time, QueueId queue) override;
  void await_written(QueueId queue) override { eviction_.await_written(queue); }
  void add_eviction_candidate(QueueId queue, bool has_own_limit) override {
    eviction_.add(queue, has_own_limit);
  }
  Forward make_forward(const QueueInfo& from, const Message& message, DeathReason reason) override {
    return forwards_.make_forward(from, message, reason);
  }
  void add_forwarding(QueueId queue) override { forwards_.add_forwarding(queue); }
  void publish(const Forward& forward) override { forwards_.publish(forward); }
  void publish_later(const Forward& forward) override { forwards_.publish_later(forward); }
  [[nodiscard]] bool transfer(const QueuePosition& from, const Forward& forward) override {
    return forwards_.transfer(from, forward);
  }
  void forward_history(const BindingSpec& to, const Message& message) override {
    forwards_.forward_history(to, message);
  }
  Consumer& create_consumer(const ConsumerSpec& spec, DeliveryPort* local) override;
  void destroy_consumer(Consumer& consumer) override;
  void send_to_session(ShardId home, SessionCommand&& command) override;
  void answer_get(GetReply&& reply, MessageRef message) override;
  void delete_expired(QueueId queue) override { queue_commands_.delete_expired(queue); }

 private:
  void send_to_queue(ShardId home, QueueCommand&& command) override;

  void on(TopologyApply& command) { replica_.apply(std::move(command)); }
  void on(TopologyDone& command) { replica_.apply(std::move(command)); }
  void on(const Alarm& command);
  void on(const StopServing&) { state_.is_stopping = true; }

  const Wiring wiring_;
  Topology topology_;
  SessionTable sessions_;
  Slab<Consumer> consumers_;
  PendingConfirms confirms_;
  QueueDeadlines deadlines_;
  Discards discards_;
  QueueTable queues_;
  EvictionList eviction_;
  MessagePublisher publisher_;
  ForwardRouter forwards_;
  EventEmitter events_;
  TopologyReplica replica_;
  QueueCommands queue_commands_;
  SessionCommands session_commands_;
  BrokerDescription description_;
  /// What the control thread said.
  struct State {
    Alarm alarm;
    bool is_stopping = false;
  };
  State state_;
};

}  // namespace lepus::core
