// Looking, comparing, telling. See resource_alarms.h.
#include "tools/server/resource_alarms.h"

#include <cstring>
#include <utility>

#include "core/limits.h"

namespace lepus::server {

using core::LogCategory;
using core::LogLevel;

ResourceAlarms::ResourceAlarms(Parts parts) : parts_(std::move(parts)) {
  memory_timer_.bind<&ResourceAlarms::on_memory_timer>(this);
  disk_timer_.bind<&ResourceAlarms::on_disk_timer>(this);
}

void ResourceAlarms::start() {
  if (parts_.resident_bytes) occupied_.set_base(parts_.resident_bytes());
  if (parts_.memory_bytes) parts_.loop->timers().arm(memory_timer_, parts_.loop->now());
  if (parts_.disk_free_bytes) parts_.loop->timers().arm(disk_timer_, parts_.loop->now());
}

void ResourceAlarms::stop() {
  parts_.loop->timers().cancel(memory_timer_);
  parts_.loop->timers().cancel(disk_timer_);
}

void ResourceAlarms::on_memory_timer(io::Timer&) {
  parts_.loop->timers().arm(memory_timer_,
                            parts_.loop->now() + core::limits::memory_check_interval);
  check_memory();
}

void ResourceAlarms::check_memory() {
  const std::uint64_t used = parts_.memory_bytes();
  look_at_process(used);
  const bool alarm =
      used > parts_.memory_watermark_bytes || occupied_.is_above() || cgroup_excess_ > 0;
  if (alarm == measured_.memory) return;
  measured_.memory = alarm;
  announce();
  parts_.log->write(alarm ? LogLevel::warning : LogLevel::info, LogCategory::general,
                    alarm ? "memory alarm: publishers are blocked until consumers catch up"
                          : "memory alarm cleared",
                    {{"used_bytes", used},
                     {"occupied_bytes", occupied_.occupied()},
                     {"watermark_bytes", parts_.memory_watermark_bytes},
                     {"cgroup_excess_bytes", cgroup_excess_}});
}

/// Once a second.
void ResourceAlarms::look_at_process(std::uint64_t used) {
  if (!parts_.resident_bytes) return;
  const core::Nanos now = parts_.loop->now();
  trimmer_.note_use(used);
  if (!trimmer_.wants_look(now)) return;
  const std::uint64_t resident = parts_.resident_bytes();
  if (parts_.cgroup_excess) cgroup_excess_ = parts_.cgroup_excess();
  const bool is_due = trimmer_.is_due(resident, now);
  const bool is_above = occupied_.look(resident, parts_.memory_watermark_bytes);
  const bool has_unneeded = resident > used && resident - used > core::limits::heap_trim_step;
  if (!is_due && !(is_above && has_unneeded)) return;
  parts_.listener->on_trim();
  parts_.log->write(LogLevel::debug, LogCategory::general, "unused memory is given back",
                    {{"resident_bytes", resident}, {"used_bytes", used}});
}

void ResourceAlarms::on_disk_timer(io::Timer&) {
  parts_.loop->timers().arm(disk_timer_, parts_.loop->now() + core::limits::disk_check_interval);
  check_disk();
}

void ResourceAlarms::check_disk() {
  const std::int64_t free = parts_.disk_free_bytes();
  if (free < 0) {
    if (!std::exchange(is_disk_unknown_, true))
      parts_.log->write(LogLevel::error, LogCategory::general,
                        "cannot find out what is free on the disk: the disk alarm stays as it is",
                        {{"error", std::strerror(static_cast<int>(-free))}});
    return;
  }
  is_disk_unknown_ = false;
  const bool alarm = static_cast<std::uint64_t>(free) < parts_.disk_free_min_bytes;
  if (alarm == measured_.disk) return;
  measured_.disk = alarm;
  announce();
  parts_.log->write(
      alarm ? LogLevel::warning : LogLevel::info, LogCategory::general,
      alarm ? "disk alarm: publishers are blocked until there is room" : "disk alarm cleared",
      {{"free_bytes", free}, {"wanted_bytes", parts_.disk_free_min_bytes}});
}

/// Before the first turn the timers look, once the shards can be told.
void ResourceAlarms::set_memory_watermark(std::uint64_t bytes) {
  parts_.memory_watermark_bytes = bytes;
  occupied_.compare(bytes);
  if (memory_timer_.armed()) check_memory();
}

void ResourceAlarms::set_disk_free_min(std::uint64_t bytes) {
  parts_.disk_free_min_bytes = bytes;
  if (disk_timer_.armed()) check_disk();
}

void ResourceAlarms::set_forced(const core::Alarm& forced) {
  forced_ = forced;
  announce();
}

void ResourceAlarms::announce() {
  const core::Alarm alarm{measured_.memory || forced_.memory, measured_.disk || forced_.disk};
  if (alarm == alarm_) return;
  alarm_ = alarm;
  parts_.listener->on_alarm(alarm);
}

}  // namespace lepus::server
