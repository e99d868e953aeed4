// What is worth a line, and what the operator can do about it.
#include "tools/server/bypass/bypass_watch.h"

#include <utility>

#include "core/limits.h"
#include "core/limits/bypass.h"

namespace lepus::server {

using core::LogCategory;
using core::LogLevel;
using net::bypass::Counter;

namespace {

struct LossKind {
  std::string_view what;
  std::string_view advice;
};
constexpr std::array loss_kinds = {
    LossKind{"no free frame to receive into", "set net.dpdk.frames higher"},
    LossKind{"no free frame to send", "set net.dpdk.frames higher"},
    LossKind{"the receive ring was full",
             "set net.dpdk.receive_ring higher, or use more shards; see docs/BYPASS.md"},
    LossKind{"the device takes no more frames", "set net.dpdk.send_ring higher; is its link up?"},
};

}  // namespace

BypassWatch::BypassWatch(Parts parts) : parts_(std::move(parts)) {
  static_assert(loss_kinds.size() == losses);
  timer_.bind<&BypassWatch::on_timer>(this);
}

void BypassWatch::start() { on_timer(timer_); }

void BypassWatch::stop() { parts_.loop->timers().cancel(timer_); }

BypassFacts BypassWatch::facts() const {
  BypassFacts facts;
  facts.is_on = true;
  facts.device = parts_.devices->facts();
  for (const net::bypass::CounterBoard* board : parts_.boards)
    facts.shards.push_back(board->read());
  const std::lock_guard lock(mutex_);
  facts.stats = stats_;
  return facts;
}

void BypassWatch::on_timer(io::Timer&) {
  io::Loop& loop = *parts_.loop;
  loop.timers().arm(timer_, loop.now() + core::limits::bypass_look_interval);
  net::bypass::DeviceStats stats;
  parts_.devices->read_stats(stats);
  judge_link(stats);
  judge_losses(stats);
  const std::lock_guard lock(mutex_);
  stats_ = stats;
}

/// At the start it is in another line (node_bypass.cpp).
void BypassWatch::judge_link(const net::bypass::DeviceStats& stats) {
  const std::string_view link = link_name(stats);
  if (link == link_) return;
  const bool is_first = std::exchange(link_, link).empty();
  const std::string_view device = parts_.devices->facts().name.data();
  if (stats.is_gone)
    return parts_.log->write(LogLevel::error, LogCategory::general, "network device is gone",
                             {{"device", device},
                              {"text",
                               "its connections are closed; bring it back and start the broker "
                               "again: other listeners go on"}});
  if (is_first && stats.is_link_up) return;
  parts_.log->write(stats.is_link_up ? LogLevel::info : LogLevel::warning, LogCategory::general,
                    stats.is_link_up ? "link is up" : "link is down",
                    {{"device", device}, {"speed_mbps", stats.speed_mbps}});
}

void BypassWatch::judge_losses(const net::bypass::DeviceStats& stats) {
  std::array<std::uint64_t, losses> now = {stats.no_frame, 0, stats.missed, 0};
  for (const net::bypass::CounterBoard* board : parts_.boards) {
    const net::bypass::CounterValues values = board->read();
    now[1] += values[static_cast<std::size_t>(Counter::dropped_no_frame)];
    now[3] += values[static_cast<std::size_t>(Counter::dropped_ring_full)];
  }
  const core::Nanos time = parts_.loop->now();
  for (std::size_t i = 0; i < losses; ++i) {
    Loss& loss = losses_[i];
    // A device that is gone counts nothing.
    if (now[i] > loss.seen) loss.untold += now[i] - std::exchange(loss.seen, now[i]);
    if (loss.untold == 0 || time < loss.told_at + core::limits::log_pause) continue;
    parts_.log->write(LogLevel::warning, LogCategory::general, "frames are lost",
                      {{"count", std::exchange(loss.untold, 0)},
                       {"why", loss_kinds[i].what},
                       {"advice", loss_kinds[i].advice}});
    loss.told_at = time;
  }
}

}  // namespace lepus::server
