// The planted mistakes, one by one.
#include "tests/sim/saboteur.h"

#include <array>
#include <utility>

#include "core/limits.h"
#include "core/message/message.h"

namespace lepus::sim {

std::string_view name_of(Mistake mistake) {
  static constexpr std::array names{"none",
                                    "drop_deliver",
                                    "duplicate_deliver",
                                    "swap_delivers",
                                    "forget_redelivered",
                                    "invent_redelivered",
                                    "drop_settle",
                                    "requeue_acknowledged",
                                    "acknowledge_requeued",
                                    "drop_confirm",
                                    "drop_enqueue",
                                    "lose_confirmed",
                                    "duplicate_enqueue",
                                    "misroute",
                                    "ignore_prefetch",
                                    "grant_too_much",
                                    "ignore_exclusive",
                                    "no_ack_consumer",
                                    "leak_message",
                                    "skip_definition",
                                    "forget_single_active",
                                    "forget_doubles",
                                    "forget_delay",
                                    "wrong_offset",
                                    "settle_too_far",
                                    "lose_brake",
                                    "keep_brake",
                                    "forget_topology_known",
                                    "damage_body",
                                    "damage_properties",
                                    "wrong_key",
                                    "drop_ack",
                                    "duplicate_ack",
                                    "drop_frame",
                                    "duplicate_frame",
                                    "confirm_early",
                                    "ignore_short_write",
                                    "ignore_write_error",
                                    "ignore_sync",
                                    "skip_tail",
                                    "ignore_checksum",
                                    "forget_index_settle",
                                    "early_index",
                                    "thaw_early",
                                    "leave_submitted",
                                    "lose_completion",
                                    "leak_descriptor",
                                    "reuse_buffers",
                                    "stop_shard",
                                    "pass_over",
                                    "forget_runnable",
                                    "leak_index",
                                    "leak_topology",
                                    "leak_session"};
  static_assert(names.size() == static_cast<std::size_t>(Mistake::count));
  return names[static_cast<std::size_t>(mistake)];
}

bool is_on_rings(Mistake mistake) { return mistake < Mistake::damage_body; }
bool is_about_disk(Mistake mistake) {
  return mistake >= Mistake::confirm_early && mistake < Mistake::leave_submitted;
}
bool is_about_driver(Mistake mistake) {
  return mistake >= Mistake::leave_submitted && !is_in_broker(mistake);
}
bool is_in_broker(Mistake mistake) { return mistake >= Mistake::forget_runnable; }
bool draws_more(Mistake mistake) {
  return mistake == Mistake::none || mistake == Mistake::thaw_early ||
         mistake == Mistake::forget_topology_known;
}

bool Saboteur::strikes() {
  if (!random_.chance(25)) return false;
  ++count_;
  return true;
}

namespace {

template <class Command>
std::vector<Command> take_all(io::SpscRing<Command>& ring) {
  std::vector<Command> commands;
  const auto collect = [&](Command& command) { commands.push_back(std::move(command)); };
  while (ring.consume(ring.capacity(), collect) > 0) {
  }
  return commands;
}

}  // namespace

void Saboteur::tamper(server::Mesh& mesh, core::ShardId to) {
  if (mistake_ == Mistake::none || !is_on_rings(mistake_)) return;
  if (to >= mesh.shard_count()) return;
  for (core::ShardId from = 0; from < mesh.shard_count(); ++from) {
    auto& ring = mesh.peer_ring(from, to);
    Commands commands = take_all(ring);
    const std::size_t before = commands.size();
    tamper_with(commands);
    // What does not fit is not added.
    for (core::PeerCommand& command : commands)
      if (!ring.try_push(std::move(command))) CHECK(commands.size() > before);
  }
  auto& decided = mesh.ring_from_control(to);
  for (server::ControlToShard& command : take_all(decided)) {
    if (auto* apply = std::get_if<core::TopologyApply>(&command))
      change_topology(apply->changes->list);
    CHECK(decided.try_push(std::move(command)));
  }
}

void Saboteur::tamper_with(Commands& commands) {
  if (mistake_ == Mistake::swap_delivers) return swap_delivers(commands);
  Commands out;
  for (core::PeerCommand& command : commands)
    if (change(command, out)) out.push_back(std::move(command));
  commands = std::move(out);
}

/// Two first deliveries of one queue to one consumer, exchanged.
void Saboteur::swap_delivers(Commands& commands) {
  core::Deliver* last = nullptr;
  for (core::PeerCommand& command : commands) {
    auto* deliver = std::get_if<core::Deliver>(&command);
    if (deliver == nullptr) continue;
    const bool alike = last != nullptr && last->queue == deliver->queue &&
                       last->channel == deliver->channel && last->number == deliver->number;
    if (alike && strikes()) {
      std::swap(*last, *deliver);
      return;
    }
    last = deliver;
  }
}

/// False: the command is dropped. What goes to `out` goes before it.
bool Saboteur::change(core::PeerCommand& command, Commands& out) {
  if (auto* deliver = std::get_if<core::Deliver>(&command)) return change_deliver(*deliver, out);
  if (auto* enqueue = std::get_if<core::Enqueue>(&command)) return change_enqueue(*enqueue, out);
  if (auto* settle = std::get_if<core::Settle>(&command)) return change_settle(*settle);
  if (auto* subscribe = std::get_if<core::Subscribe>(&command)) {
    core::ConsumerSpec& spec = subscribe->consumer;
    if (mistake_ == Mistake::ignore_prefetch && spec.prefetch > 0 && strikes()) spec.prefetch += 1;
    if (mistake_ == Mistake::ignore_exclusive && spec.exclusive && strikes())
      spec.exclusive = false;
    if (mistake_ == Mistake::no_ack_consumer && !spec.no_ack && strikes()) spec.prefetch = 0;
  }
  if (auto* grant = std::get_if<core::CreditGrant>(&command)) {
    if (mistake_ == Mistake::grant_too_much && strikes()) grant->credit.count += 2;
  }
  if (auto* brake = std::get_if<core::PublisherBrake>(&command)) return change_brake(*brake);
  if (std::holds_alternative<core::Confirm>(command))
    return mistake_ != Mistake::drop_confirm || !strikes();
  if (std::holds_alternative<core::TopologyKnown>(command)) return !forget_topology_known();
  return true;
}

/// Shards read at once what names changes that they have not applied.
bool Saboteur::forget_topology_known() {
  if (mistake_ != Mistake::forget_topology_known) return false;
  strike();
  return true;
}

/// No other shard is told that publishers are to wait, or not that they need not any more.
bool Saboteur::change_brake(const core::PublisherBrake& brake) {
  if (mistake_ == Mistake::lose_brake && brake.is_on) {
    strike();
    return false;
  }
  return mistake_ != Mistake::keep_brake || brake.is_on || !strikes();
}

void Saboteur::tamper(core::Broker& broker) {
  if (!is_in_broker(mistake_)) return;
  if (mistake_ == Mistake::forget_runnable) return forget_runnable(broker);
  if (random_.below(100) > 0) return;
  strike();
  core::MemoryAccount& memory = broker.memory();
  if (mistake_ == Mistake::leak_index) ++memory.index_bytes;
  if (mistake_ == Mistake::leak_topology) memory.topology_bytes += 100;
  if (mistake_ == Mistake::leak_session) memory.session_bytes += core::limits::consumer_memory;
}

/// A queue that used up its share of the turn is not called again until something happens to it.
void Saboteur::forget_runnable(core::Broker& broker) {
  for (const core::VhostInfo* vhost : broker.topology().vhosts())
    for (const core::QueueInfo* queue : broker.topology().queues(vhost->id))
      if (queue->local != nullptr && queue->local->linked() && strikes())
        broker.unschedule(*queue->local);
}

void Saboteur::change_topology(std::vector<core::TopologyChange>& list) {
  const bool bound = !list.empty() && std::holds_alternative<core::BindingAdded>(list.front());
  if (mistake_ == Mistake::skip_definition && bound && strikes()) list.erase(list.begin());
  for (core::TopologyChange& change : list)
    if (auto* added = std::get_if<core::QueueAdded>(&change)) forget_rule(added->queue);
}

/// Queues with such rules are rare enough: it strikes each of them.
void Saboteur::forget_rule(core::QueueSpec& queue) {
  bool& is_single = queue.parsed.edit().single_active_consumer;
  bool& deduplicates = queue.parsed.edit().deduplication.is_on;
  const bool is_delay = queue.store_use == core::StoreUse::delay;
  const bool strikes = (mistake_ == Mistake::forget_single_active && is_single) ||
                       (mistake_ == Mistake::forget_doubles && deduplicates) ||
                       (mistake_ == Mistake::forget_delay && is_delay);
  if (!strikes) return;
  strike();
  is_single = deduplicates = false;
  if (is_delay) queue.store_use = core::StoreUse::deduplicate;
}

/// Of a message on its way, another one on its way.
core::MessageRef Saboteur::twin_of(core::Message& message) {
  message.enter_account(nowhere_);
  core::MessageRef twin = message.copy();
  twin->leave_account();
  message.leave_account();
  return twin;
}

bool Saboteur::change_deliver(core::Deliver& deliver, Commands& out) {
  if (mistake_ == Mistake::drop_deliver && strikes()) return false;
  if (mistake_ == Mistake::duplicate_deliver && !deliver.no_ack && strikes()) {
    core::Deliver again = deliver;
    again.message = twin_of(*deliver.message);
    out.push_back(std::move(again));
  }
  if (mistake_ == Mistake::forget_redelivered && deliver.redelivered && strikes())
    deliver.redelivered = false;
  if (mistake_ == Mistake::wrong_offset && deliver.is_stream && strikes()) ++deliver.sequence;
  if (mistake_ == Mistake::invent_redelivered && !deliver.redelivered && strikes())
    deliver.redelivered = true;
  return true;
}

bool Saboteur::change_enqueue(core::Enqueue& enqueue, Commands& out) {
  const bool lost = mistake_ == Mistake::lose_confirmed && enqueue.number != 0;
  if (mistake_ == Mistake::drop_enqueue && enqueue.more == nullptr && strikes()) return false;
  if (lost && strikes()) enqueue.queue = {};  // Nobody has this id.
  if (mistake_ == Mistake::duplicate_enqueue && enqueue.more == nullptr && strikes()) {
    out.push_back(core::Enqueue{enqueue.queue, nullptr, twin_of(*enqueue.message),
                                enqueue.publisher, 0, enqueue.immediate});
  }
  if (mistake_ == Mistake::misroute) {
    const core::QueueId other = std::exchange(last_queue_, enqueue.queue);
    if (other && other != enqueue.queue && strikes()) enqueue.queue = other;
  }
  if (mistake_ == Mistake::leak_message && strikes()) {
    leaked_.push_back(enqueue.message);
  }
  return true;
}

bool Saboteur::change_settle(core::Settle& settle) {
  if (mistake_ == Mistake::drop_settle && strikes()) return false;
  if (mistake_ == Mistake::settle_too_far && strikes()) ++settle.last;
  const bool acked = settle.outcome == core::Outcome::acknowledged;
  if (mistake_ == Mistake::requeue_acknowledged && acked && strikes())
    settle.outcome = core::Outcome::requeued;
  if (mistake_ == Mistake::acknowledge_requeued && settle.outcome == core::Outcome::requeued &&
      strikes())
    settle.outcome = core::Outcome::acknowledged;
  return true;
}

int Saboteur::on_incoming(Incoming& incoming) {
  const bool is_message = incoming.method == amqp::MethodId::basic_deliver ||
                          incoming.method == amqp::MethodId::basic_get_ok;
  const bool is_ack = incoming.method == amqp::MethodId::basic_ack;
  if (mistake_ == Mistake::damage_body && is_message && !incoming.body.empty() && strikes())
    incoming.body[random_.below(incoming.body.size())] ^= 1;
  if (mistake_ == Mistake::damage_properties && is_message && strikes())
    incoming.properties.back() = static_cast<char>(incoming.properties.back() ^ 1);
  if (mistake_ == Mistake::wrong_key && incoming.method == amqp::MethodId::basic_deliver) {
    amqp::BasicDeliver deliver;
    if (amqp::decode(incoming.arguments, deliver) && strikes()) {
      const std::string key = std::string(deliver.routing_key.substr(0, 200)) + "x";
      deliver.routing_key = key;
      std::string changed(amqp::encoded_size(deliver), '\0');
      amqp::encode(reinterpret_cast<std::uint8_t*>(changed.data()), deliver);
      changed_ = std::move(changed);
      incoming.arguments = core::as_bytes(changed_);
    }
  }
  if (mistake_ == Mistake::drop_ack && is_ack && strikes()) return 0;
  if (mistake_ == Mistake::duplicate_ack && is_ack && strikes()) return 2;
  const bool any = incoming.channel != 0;
  if (mistake_ == Mistake::drop_frame && any && random_.chance(3) && strikes()) return 0;
  if (mistake_ == Mistake::duplicate_frame && any && random_.chance(3) && strikes()) return 2;
  return 1;
}

}  // namespace lepus::sim
