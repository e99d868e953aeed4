// Looking, comparing, telling. See resource_alarms.h.
#include "tools/server/resource_alarms.h"

#include <cerrno>
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
  const core::Nanos now = parts_.loop->now();
  if (parts_.process_memory != nullptr) {
    parts_.process_memory->ask(now);
    const std::optional<ProcessMemory> read = parts_.process_memory->take();
    CHECK(read.has_value());
    occupied_.set_base(read->resident);
  }
  if (parts_.memory_bytes) parts_.loop->timers().arm(memory_timer_, now);
  if (parts_.disk_free != nullptr) parts_.loop->timers().arm(disk_timer_, now);
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

/// Once a second, and until the answer is there.
void ResourceAlarms::look_at_process(std::uint64_t used) {
  SlowReading<ProcessMemory>* const reading = parts_.process_memory;
  if (reading == nullptr) return;
  const core::Nanos now = parts_.loop->now();
  trimmer_.note_use(used);
  if (trimmer_.wants_look(now) && !reading->is_asked()) reading->ask(now);
  if (const std::optional<ProcessMemory> read = reading->take()) return judge_process(*read, used);
  if (!reading->is_late(now) || std::exchange(is_process_unknown_, true)) return;
  resident_.store(0, std::memory_order_relaxed);
  parts_.log->write(LogLevel::error, LogCategory::general,
                    "cannot find out what the process occupies: the memory alarm does not see it",
                    {{"error", std::strerror(ETIMEDOUT)}});
}

void ResourceAlarms::judge_process(const ProcessMemory& read, std::uint64_t used) {
  is_process_unknown_ = false;
  resident_.store(read.resident, std::memory_order_relaxed);
  cgroup_excess_ = read.cgroup_excess;
  const bool is_due = trimmer_.is_due(read.resident, parts_.loop->now());
  const bool is_above = occupied_.look(read.resident, parts_.memory_watermark_bytes);
  const bool has_unneeded =
      read.resident > used && read.resident - used > core::limits::heap_trim_step;
  if (!is_due && !(is_above && has_unneeded)) return;
  parts_.listener->on_trim();
  parts_.log->write(LogLevel::debug, LogCategory::general, "unused memory is given back",
                    {{"resident_bytes", read.resident}, {"used_bytes", used}});
}

/// While an answer is due the timer comes as often as that of memory.
void ResourceAlarms::on_disk_timer(io::Timer&) {
  SlowReading<std::int64_t>& reading = *parts_.disk_free;
  const core::Nanos now = parts_.loop->now();
  if (!reading.is_asked()) reading.ask(now);
  if (const std::optional<std::int64_t> free = reading.take()) {
    note_disk(*free);
  } else if (reading.is_late(now)) {
    note_disk(-ETIMEDOUT);
  }
  const bool is_due = reading.is_asked() && !reading.is_late(now);
  const core::Nanos next = is_due ? now + core::limits::memory_check_interval
                                  : reading.asked_at() + core::limits::disk_check_interval;
  parts_.loop->timers().arm(disk_timer_,
                            next > now ? next : now + core::limits::disk_check_interval);
}

void ResourceAlarms::note_disk(std::int64_t free) {
  disk_free_.store(free, std::memory_order_relaxed);
  if (free >= 0) {
    is_disk_unknown_ = false;
    return judge_disk();
  }
  if (!std::exchange(is_disk_unknown_, true))
    parts_.log->write(LogLevel::error, LogCategory::general,
                      "cannot find out what is free on the disk: the disk alarm stays as it is",
                      {{"error", std::strerror(static_cast<int>(-free))}});
}

void ResourceAlarms::judge_disk() {
  const std::int64_t free = disk_free();
  if (free < 0) return;
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
  if (disk_timer_.armed()) judge_disk();
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
