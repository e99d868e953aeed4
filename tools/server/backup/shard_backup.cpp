// See shard_backup.h. At most one report a turn.
#include "tools/server/backup/shard_backup.h"

#include <memory>
#include <utility>

namespace lepus::server {

void ShardBackup::take(const BackupOrder& order) {
  if (order.step == BackupOrder::Step::freeze) return begin(order.number);
  if (number_ == 0 || order.number != number_) return;
  if (order.step == BackupOrder::Step::thaw) return hold_->thaw();
  hold_->end(order.linked != nullptr ? *order.linked : std::vector<std::uint32_t>{});
  number_ = 0;
  due_ = Due::nothing;
}

void ShardBackup::begin(std::uint32_t number) {
  if (hold_ == nullptr || !hold_->begin()) {
    refused_ = number;
    return;
  }
  number_ = number;
  due_ = Due::rest;
}

std::optional<BackupReport> ShardBackup::collect() {
  using State = BackupReport::State;
  if (refused_ != 0) {
    const char* reason = hold_ == nullptr ? "messages live in memory only: there is no journal"
                                          : "another backup is under way";
    return BackupReport{std::exchange(refused_, 0), shard_, State::refused, nullptr,
                        std::make_unique<std::string>(reason)};
  }
  if (number_ == 0 || due_ == Due::nothing) return std::nullopt;
  if (!hold_->lost_reason().empty()) {
    due_ = Due::nothing;
    return BackupReport{number_, shard_, State::lost, nullptr,
                        std::make_unique<std::string>(hold_->lost_reason())};
  }
  if (due_ != Due::rest || !hold_->is_at_rest()) return std::nullopt;
  due_ = Due::loss;
  return BackupReport{number_, shard_, State::ready,
                      std::make_unique<persist::JournalSnapshot>(hold_->snapshot()), nullptr};
}

}  // namespace lepus::server
