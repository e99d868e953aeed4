// Matching and merging. See policy_matching.h.
#include "core/topology/policy_matching.h"

#include "core/base/assert.h"

namespace lepus::core {

namespace {

/// Merges arguments and policies, and remembers the last outcome: many queues are alike, and
/// merging takes longer than comparing what is merged.
class MergeCache {
 public:
  const SparseArguments& merge(const QueueInfo& queue) {
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

 private:
  const QueueInfo* last_ = nullptr;  ///< The last one that was merged.
  const Policy* policy_ = nullptr;
  const Policy* operator_policy_ = nullptr;
  SparseArguments merged_;
};

/// Returns true if the policy `current` was removed, or the added one outranks it.
bool is_to_be_matched(const Policy* current, const PolicyUpdate& update) {
  if (current == update.removed) return current != nullptr || update.added != nullptr;
  if (update.added == nullptr) return false;
  return current == nullptr || outranks(update.added->spec, current->spec);
}

/// Returns true if the queue follows another policy now.
bool rematch(const VhostInfo& vhost, const PolicyUpdate& update, QueueInfo& queue) {
  const Policy*& current = update.is_operator ? queue.operator_policy : queue.policy;
  if (!is_to_be_matched(current, update)) return false;
  const QueueType type = queue.parsed->queue_type;
  if (current != nullptr && current == update.removed) {
    const PolicyList& list = update.is_operator ? vhost.operator_policies : vhost.policies;
    current = list.match_queue(queue.name, type);
    return true;
  }
  CHECK(update.added != nullptr);
  if (!update.added->applies_to_queue(queue.name, type)) return false;
  current = update.added;
  return true;
}

/// An operator policy has nothing for exchanges.
void rematch(const VhostInfo& vhost, const PolicyUpdate& update, ExchangeInfo& exchange) {
  if (exchange.is_default() || !is_to_be_matched(exchange.policy, update)) return;
  if (exchange.policy != nullptr && exchange.policy == update.removed) {
    exchange.policy = vhost.policies.match_exchange(exchange.name);
  } else {
    CHECK(update.added != nullptr);
    if (!update.added->applies_to_exchange(exchange.name)) return;
    exchange.policy = update.added;
  }
  if (!exchange.has_alternate) exchange.effective_alternate = alternate_of(exchange.policy);
}

}  // namespace

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

void rematch_policies(VhostInfo& vhost, const PolicyUpdate& update) {
  MergeCache cache;
  for (const auto& [name, queue] : vhost.queues) {
    if (!rematch(vhost, update, *queue)) continue;
    const SparseArguments& effective = cache.merge(*queue);
    if (queue->effective == effective) continue;
    queue->effective = effective;
    queue->effective_since = update.version;
  }
  if (update.is_operator) return;
  for (const auto& [name, exchange] : vhost.exchanges) rematch(vhost, update, *exchange);
}

}  // namespace lepus::core
