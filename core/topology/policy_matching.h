// Which policies queues and exchanges follow. A change of one policy asks its pattern once for each
// name: the others are asked only for what followed the policy that is gone. So a file with
// hundreds of policies and a hundred thousand queues is applied in the time that it takes to match
// each of them with each once.
//
//   queue added                match_policies()   all policies, the highest first
//   policy added or replaced   PolicyRematch      who followed the old one: as if it were new
//   policy removed                                others: the new one, if it outranks theirs
//
// A rematch is done in slices, with clients' work between them; the topology must not be changed
// until it is complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/topology/topology.h"

namespace lepus::core {

/// Sets what a queue or exchange that is new in `vhost` follows.
void match_policies(const VhostInfo& vhost, QueueInfo& queue);
void match_policies(const VhostInfo& vhost, ExchangeInfo& exchange);

/// Merges arguments and policies, and remembers the last outcome: many queues are alike, and
/// merging takes longer than comparing what is merged.
class MergeCache {
 public:
  const SparseArguments& merge(const QueueInfo& queue);

 private:
  const QueueInfo* last_ = nullptr;  ///< The last one that was merged.
  const Policy* policy_ = nullptr;
  const Policy* operator_policy_ = nullptr;
  SparseArguments merged_;
};

/// One change of a list of policies, which has been changed already: what queues and exchanges of
/// the virtual host follow after it.
class PolicyRematch {
 public:
  struct Update {
    VhostInfo& vhost;
    bool is_operator;
    std::unique_ptr<Policy> removed;  ///< Not in the list any more; null: none.
    const Policy* added;              ///< In the list; null: none.
    std::uint64_t& version;           ///< Of the topology; grows when the rematch is complete.
  };
  explicit PolicyRematch(Update update)
      : update_(std::move(update)), next_(update_.vhost.queues.begin()) {}

  /// Looks at as many queues as the budget allows, which goes down by that, and calls
  /// changed(QueueInfo&) for each whose arguments in force are others now. Returns true if it is
  /// complete: then it is over.
  template <class F>
  bool work(std::size_t& budget, F&& changed) {
    for (; budget > 0 && next_ != update_.vhost.queues.end(); ++next_, --budget)
      if (rematch(**next_)) changed(**next_);
    if (next_ != update_.vhost.queues.end()) return false;
    finish();
    return true;
  }

 private:
  bool rematch(QueueInfo& queue);
  bool follow(QueueInfo& queue) const;
  void rematch(ExchangeInfo& exchange) const;
  void finish();
  bool is_to_be_matched(const Policy* current) const;

  Update update_;
  decltype(VhostInfo::queues)::const_iterator next_;
  MergeCache cache_;
};

}  // namespace lepus::core
