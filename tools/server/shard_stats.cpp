// See shard_stats.h.
#include "tools/server/shard_stats.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/limits.h"

namespace lepus::server {

std::unique_ptr<core::StatsPage> ShardStats::work() {
  if (waiting_.empty()) return nullptr;
  using Kind = core::StatsRequest::Kind;
  Waiting& waiting = waiting_.front();
  auto part = std::make_unique<core::StatsPage>();
  part->number = waiting.inquiry->number;
  switch (waiting.inquiry->kind) {
    case Kind::queues:
      part->last = describe_queues(waiting, *part);
      break;
    case Kind::all_queues:
    case Kind::exchanges:
    case Kind::vhosts:
    case Kind::unreadable:
      if (waiting.next++ == 0) broker_.description().begin(waiting.inquiry->kind);
      part->last = !broker_.description().page(waiting.inquiry->kind, *part);
      break;
    case Kind::connections:
    case Kind::channels:
    case Kind::consumers:
      waiting.next =
          server_.describe(waiting.inquiry->kind, static_cast<std::uint32_t>(waiting.next), *part);
      part->last = waiting.next == 0;
      break;
    case Kind::threads:
      part->threads.push_back(describe_thread());
      part->last = true;
      break;
    case Kind::close_connections:
      part->closed_count =
          server_.close(std::move(waiting.inquiry->connections), waiting.inquiry->reason);
      part->last = true;
      break;
  }
  if (part->last) waiting_.pop_front();
  return part;
}

core::ThreadStats ShardStats::describe_thread() const {
  core::ThreadStats row{broker_.shard(), server_.services().loop().profile().totals(), {}};
  broker_.description().describe(row.counts);
  row.counts.publishers_waiting = server_.resume_list().waiting_count();
  if (transport_ != nullptr) row.counts.memory_output = transport_->output_bytes();
  return row;
}

/// True: these were the last.
bool ShardStats::describe_queues(Waiting& waiting, core::StatsPage& part) {
  const std::span<const core::QueueId> all = waiting.inquiry->queues;
  CHECK(waiting.next <= all.size());
  const std::size_t count = std::min(all.size() - waiting.next, core::limits::stats_rows_max);
  broker_.description().describe(all.subspan(waiting.next, count), part.queues);
  waiting.next += count;
  return waiting.next == all.size();
}

}  // namespace lepus::server
