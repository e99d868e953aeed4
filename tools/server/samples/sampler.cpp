// See sampler.h.
#include "tools/server/samples/sampler.h"

#include <algorithm>
#include <array>

#include "core/limits/samples.h"

namespace lepus::server {

namespace {

using Kind = core::StatsRequest::Kind;

constexpr std::array sampled_kinds{Kind::vhosts,   Kind::exchanges, Kind::all_queues,
                                   Kind::channels, Kind::consumers, Kind::connections,
                                   Kind::threads};

/// A page's number says which round, thread and kind it belongs to. Those of operators' requests
/// are below 2^32. The control thread's number is behind those of the shards.
std::uint64_t page_number(std::uint32_t round, core::ShardId thread, Kind kind) {
  return std::uint64_t{round} << 32 | std::uint64_t{thread} << 8 | static_cast<std::uint64_t>(kind);
}

}  // namespace

Sampler::Sampler(BrokerView& broker, const NodeSource& node, core::Nanos interval)
    : broker_(broker),
      node_(node),
      interval_(interval),
      store_(broker.shard_count()),
      due_at_(interval == core::never ? core::never : 0) {}

bool Sampler::is_fresh() const {
  return sampled_at_ != 0 && broker_.now() - sampled_at_ <= core::limits::sample_fresh;
}

bool Sampler::refresh() {
  if (is_fresh() || interval_ == core::never || !broker_.state().is_running) return false;
  if (sampled_at_ != 0 && store_.row_count() > core::limits::sample_refresh_rows_max) return false;
  wait_ends_at_ = broker_.now() + core::limits::sample_wait_max;
  if (pages_due_ == 0) due_at_ = std::min(due_at_, broker_.now());
  return true;
}

void Sampler::reset() {
  store_ = SampleStore{broker_.shard_count(), store_.queue_version() + 1};
  measured_at_ = sampled_at_ = 0;
  if (pages_due_ == 0 && interval_ != core::never) due_at_ = broker_.now();
}

bool Sampler::work() {
  if (pages_due_ > 0 || broker_.now() < due_at_ || !broker_.state().is_running) return false;
  begin_round();
  return true;
}

void Sampler::begin_round() {
  const core::Nanos now = broker_.now();
  ++round_.number;
  round_.is_measured = measured_at_ == 0 || now - measured_at_ >= interval_;
  round_.now = now;
  round_.before = measured_at_;
  round_.wall_s = static_cast<std::uint64_t>(broker_.wall_now() / core::nanos_per_s);
  if (round_.is_measured) measured_at_ = now;
  for (core::ShardId shard = 0; shard < broker_.shard_count(); ++shard) {
    for (const Kind kind : sampled_kinds) {
      auto asked = std::make_unique<core::StatsRequest>();
      asked->number = page_number(round_.number, shard, kind);
      asked->kind = kind;
      broker_.send(shard, AskStats{std::move(asked)});
      ++pages_due_;
    }
  }
  broker_.tell_control(AskTurns{page_number(round_.number, broker_.shard_count(), Kind::threads)});
  ++pages_due_;
}

void Sampler::take(core::StatsPage& page) {
  const auto shard = static_cast<core::ShardId>(page.number >> 8 & 0xFFFF);
  store_.take(shard, page, round_);
  if (!page.last) return;
  if (static_cast<Kind>(page.number & 0xFF) == Kind::consumers) store_.end_consumers(shard);
  if (--pages_due_ == 0) end_round();
}

void Sampler::end_round() {
  if (round_.is_measured) gauges_ = node_.gauges();
  store_.end_round(round_, broker_.topology(), gauges_);
  sampled_at_ = round_.now;
  due_at_ = interval_ == core::never ? core::never : measured_at_ + interval_;
}

}  // namespace lepus::server
