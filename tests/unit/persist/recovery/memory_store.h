// A DefinitionStore without a disk, for tests and the simulation: what is durable is a list, a
// restart finds that list. A test may make commits fail and looks at what was recorded when. What a
// commit in doubt left is there after a restart or not, as the test says.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/assert.h"
#include "core/broker/ports.h"
#include "core/topology/durable_filter.h"

namespace lepus::persist::test {

class MemoryStore final : public core::DefinitionStore {
 public:
  void record(const core::TopologyChange& change) override {
    if (const auto* added = std::get_if<core::QueueAdded>(&change))
      given_id_ = std::max(given_id_, added->queue.id.value);
    if (filter_.admit(change)) pending_.push_back(change);
  }
  bool has_changes() const override { return !pending_.empty() || given_id_ > last_id_; }
  [[nodiscard]] std::string commit() override {
    CHECK(has_changes());
    if (chance) failure = chance();
    if (!failure.empty()) {
      if (failure_kind == Fault::in_doubt && !pending_.empty()) {
        doubtful_ = pending_;
        doubtful_id_ = given_id_;
      }
      return failure;
    }
    ++commit_count;
    doubtful_.clear();
    for (core::TopologyChange& change : std::exchange(pending_, {})) keep(std::move(change));
    reserve_ids(given_id_);
    return {};
  }

  Fault fault() const override { return failure_kind; }
  std::uint64_t reserved_id() const override { return last_id_; }
  void touch() override { given_id_ = std::max(given_id_, last_id_ + 1); }
  void roll_back(std::span<const core::TopologyChange> undo) override {
    pending_.clear();
    given_id_ = std::min(given_id_, last_id_);
    for (const core::TopologyChange& change : undo) (void)filter_.admit(change);
  }

  /// What the last commit recorded, if it is in doubt.
  bool is_in_doubt() const { return !doubtful_.empty(); }
  /// The process died: what was not committed is gone, but what is in doubt may be there.
  void restart(bool keeps_doubtful = false) {
    pending_.clear();
    const std::vector<core::TopologyChange> doubtful = std::exchange(doubtful_, {});
    if (keeps_doubtful) {
      for (const core::TopologyChange& change : doubtful) keep(change);
      reserve_ids(doubtful_id_);
    }
    given_id_ = last_id_;
    filter_ = {};
    for (const core::TopologyChange& change : durable_) CHECK(filter_.admit(change));
  }
  core::StoredDefinitions stored() const { return {durable_, last_id_}; }
  /// As Catalog::newest_queue().
  std::uint64_t newest_queue() const { return newest_queue_; }
  /// Recorded, not yet durable.
  const std::vector<core::TopologyChange>& pending() const { return pending_; }

  std::string failure;  ///< What the next commits say.
  Fault failure_kind = Fault::in_doubt;
  std::function<std::string()> chance;  ///< Sets `failure` before each commit.
  std::size_t commit_count = 0;

 private:
  static constexpr std::uint64_t id_reserve = 50;

  void keep(core::TopologyChange change) {
    if (const auto* vhost = std::get_if<core::VhostAdded>(&change)) note(vhost->id.value);
    if (const auto* exchange = std::get_if<core::ExchangeAdded>(&change))
      note(exchange->exchange.id.value);
    if (const auto* queue = std::get_if<core::QueueAdded>(&change)) {
      newest_queue_ = std::max(newest_queue_, queue->queue.id.value);
      for (core::TopologyChange& known : durable_) {
        auto* same = std::get_if<core::QueueAdded>(&known);
        if (same == nullptr || same->queue.id != queue->queue.id) continue;
        same->queue.home = queue->queue.home;
        return;
      }
    }
    durable_.push_back(std::move(change));
  }
  /// In the same commit as what was recorded.
  void reserve_ids(std::uint64_t given) {
    if (std::max(given, kept_id_) > last_id_) last_id_ = std::max(given, kept_id_) + id_reserve;
  }
  void note(std::uint64_t id) { kept_id_ = std::max(kept_id_, id); }

  core::DurableFilter filter_;
  std::vector<core::TopologyChange> pending_;
  std::vector<core::TopologyChange> doubtful_;
  std::uint64_t doubtful_id_ = 0;  ///< given_id_ of that commit.
  std::vector<core::TopologyChange> durable_;
  std::uint64_t newest_queue_ = 0;
  std::uint64_t given_id_ = 0;  ///< Of any queue.
  std::uint64_t kept_id_ = 0;   ///< Of anything kept.
  std::uint64_t last_id_ = 0;   ///< No id up to it is given again.
};

}  // namespace lepus::persist::test
