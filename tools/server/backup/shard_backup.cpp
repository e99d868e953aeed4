// See shard_backup.h. At most one report a turn.
#include "tools/server/backup/shard_backup.h"

#include <memory>
#include <utility>

namespace lepus::server {

using State = BackupReport::State;

void ShardBackup::take(const BackupOrder& order) {
  if (order.step == BackupOrder::Step::freeze) return begin(order.number);
  if (order.step == BackupOrder::Step::end) return end(order);
  if (number_ != 0 && order.number == number_) hold_->thaw();
}

void ShardBackup::begin(std::uint32_t number) {
  if (hold_ == nullptr || !hold_->begin()) {
    const char* reason = hold_ == nullptr ? "messages live in memory only: there is no journal"
                                          : "another backup is under way";
    answers_.push_back(
        {number, shard_, State::refused, nullptr, std::make_unique<std::string>(reason)});
    return;
  }
  number_ = number;
  due_ = Due::rest;
}

/// A loss of this turn is told with the answer.
void ShardBackup::end(const BackupOrder& order) {
  BackupReport& answer = answers_.emplace_back(BackupReport{order.number, shard_, State::ended});
  if (number_ == 0 || order.number != number_) return;
  if (due_ != Due::nothing && !hold_->lost_reason().empty()) answer.reason = lost_reason();
  hold_->end(order.linked != nullptr ? *order.linked : std::vector<std::uint32_t>{});
  number_ = 0;
  due_ = Due::nothing;
}

std::optional<BackupReport> ShardBackup::collect() {
  if (!answers_.empty()) {
    BackupReport answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }
  if (number_ == 0 || due_ == Due::nothing) return std::nullopt;
  if (!hold_->lost_reason().empty()) {
    due_ = Due::nothing;
    return BackupReport{number_, shard_, State::lost, nullptr, lost_reason()};
  }
  if (due_ != Due::rest || !hold_->is_at_rest()) return std::nullopt;
  due_ = Due::loss;
  return BackupReport{number_, shard_, State::ready,
                      std::make_unique<persist::JournalSnapshot>(hold_->snapshot()), nullptr};
}

}  // namespace lepus::server
