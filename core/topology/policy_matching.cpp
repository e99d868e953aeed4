// Matching and merging. See policy_matching.h.
#include "core/topology/policy_matching.h"

#include "core/base/assert.h"

namespace lepus::core {

const SparseArguments& MergeCache::merge(const QueueInfo& queue) {
  if (queue.policy == nullptr && queue.operator_policy == nullptr) return queue.parsed;
  const bool is_alike = last_ != nullptr && last_->arguments == queue.arguments &&
                        policy_ == queue.policy && operator_policy_ == queue.operator_policy;
  if (is_alike) return merged_;
  last_ = &queue;
  policy_ = queue.policy;
  operator_policy_ = queue.operator_policy;
  merged_ = merge_policies(as_bytes(queue.arguments), *queue.parsed, policy_, operator_policy_);
  return merged_;
}

void match_policies(const VhostInfo& vhost, QueueInfo& queue) {
  const QueueType type = queue.parsed->queue_type;
  queue.policy = vhost.policies.match_queue(queue.name, type);
  queue.operator_policy = vhost.operator_policies.match_queue(queue.name, type);
  queue.effective = MergeCache{}.merge(queue);
}

void match_policies(const VhostInfo& vhost, ExchangeInfo& exchange) {
  // The default exchange follows none (RabbitMQ).
  if (exchange.is_default()) return;
  exchange.policy = vhost.policies.match_exchange(exchange.name);
  exchange.effective_alternate =
      exchange.has_alternate ? exchange.alternate : alternate_of(exchange.policy);
}

/// Returns true if the policy `current` was removed, or the added one outranks it.
bool PolicyRematch::is_to_be_matched(const Policy* current) const {
  if (current == update_.removed.get()) return current != nullptr || update_.added != nullptr;
  if (update_.added == nullptr) return false;
  return current == nullptr || outranks(update_.added->spec, current->spec);
}

/// Returns true if the queue follows another policy now.
bool PolicyRematch::follow(QueueInfo& queue) const {
  const Policy*& current = update_.is_operator ? queue.operator_policy : queue.policy;
  if (!is_to_be_matched(current)) return false;
  const QueueType type = queue.parsed->queue_type;
  if (current != nullptr && current == update_.removed.get()) {
    const VhostInfo& vhost = update_.vhost;
    const PolicyList& list = update_.is_operator ? vhost.operator_policies : vhost.policies;
    current = list.match_queue(queue.name, type);
    return true;
  }
  CHECK(update_.added != nullptr);
  if (!update_.added->applies_to_queue(queue.name, type)) return false;
  current = update_.added;
  return true;
}

bool PolicyRematch::rematch(QueueInfo& queue) {
  if (!follow(queue)) return false;
  const SparseArguments& effective = cache_.merge(queue);
  if (queue.effective == effective) return false;
  queue.effective = effective;
  return true;
}

void PolicyRematch::rematch(ExchangeInfo& exchange) const {
  if (exchange.is_default() || !is_to_be_matched(exchange.policy)) return;
  if (exchange.policy != nullptr && exchange.policy == update_.removed.get()) {
    exchange.policy = update_.vhost.policies.match_exchange(exchange.name);
  } else {
    CHECK(update_.added != nullptr);
    if (!update_.added->applies_to_exchange(exchange.name)) return;
    exchange.policy = update_.added;
  }
  if (!exchange.has_alternate) exchange.effective_alternate = alternate_of(exchange.policy);
}

/// An operator policy has nothing for exchanges.
void PolicyRematch::finish() {
  if (!update_.is_operator)
    for (const auto& [name, exchange] : update_.vhost.exchanges) rematch(*exchange);
  ++update_.version;
}

}  // namespace lepus::core
