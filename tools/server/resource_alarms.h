// The alarms of memory and disk: measured on timers, or set by the operator, and told when they
// change.
//
//   memory   what is accounted for is above the watermark, or what the process occupies is, or the
//            control group it is in is nearly full (occupied_memory.h)
//   disk     less is free than there has to be; stays as it is while that cannot be found out
//
// The same timer finds out when memory is to go back to the system (heap_trimmer.h). Control thread
// only. What the kernel has to be asked is read by other threads (slow_reading.h): a timer asks for
// it, and the next one that finds an answer judges it, so a disk that hangs stops nothing here.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "core/base/log.h"
#include "core/broker/command.h"
#include "io/loop.h"
#include "tools/server/heap_trimmer.h"
#include "tools/server/occupied_memory.h"
#include "tools/server/slow_reading.h"

namespace lepus::server {

class ResourceAlarms {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    /// The alarms are others now.
    virtual void on_alarm(const core::Alarm& alarm) = 0;
    /// Each thread is to give back the memory that it does not need.
    virtual void on_trim() = 0;
  };
  struct Parts {
    io::Loop* loop;
    core::Log* log;
    Listener* listener;
    std::uint64_t memory_watermark_bytes;
    /// Of all shards; called each limits::memory_check_interval. Null: memory is not watched.
    std::function<std::uint64_t()> memory_bytes;
    /// Bytes that are free on the disk that holds the data, or -errno; asked for each
    /// limits::disk_check_interval. Null: there is no disk.
    SlowReading<std::int64_t>* disk_free;
    std::uint64_t disk_free_min_bytes;
    /// Asked for once a second. Null: nothing is ever given back.
    SlowReading<ProcessMemory>* process_memory;
  };
  explicit ResourceAlarms(Parts parts);
  ~ResourceAlarms() { stop(); }
  ResourceAlarms(const ResourceAlarms&) = delete;
  ResourceAlarms& operator=(const ResourceAlarms&) = delete;

  /// The first look is in the loop's next turn. Waits for what the process occupies.
  void start();
  void stop();

  /// What the shards were told last: measured or forced.
  const core::Alarm& alarm() const { return alarm_; }
  /// After start() the alarm follows within the call.
  void set_memory_watermark(std::uint64_t bytes);
  void set_disk_free_min(std::uint64_t bytes);
  /// An alarm that stays until it is withdrawn, whatever there is of memory and disk.
  void set_forced(const core::Alarm& forced);
  const core::Alarm& forced() const { return forced_; }
  /// As of the last look; negative: not known. Any thread.
  std::int64_t disk_free() const { return disk_free_.load(std::memory_order_relaxed); }
  /// Resident memory of the process as of the last look; 0: not known. Any thread.
  std::uint64_t resident() const { return resident_.load(std::memory_order_relaxed); }

 private:
  void on_memory_timer(io::Timer& timer);
  void on_disk_timer(io::Timer& timer);
  void check_memory();
  void note_disk(std::int64_t free);
  void judge_disk();
  void look_at_process(std::uint64_t used);
  void judge_process(const ProcessMemory& read, std::uint64_t used);
  void announce();

  Parts parts_;
  io::Timer memory_timer_;
  io::Timer disk_timer_;
  core::Alarm alarm_;
  core::Alarm measured_;
  core::Alarm forced_;
  HeapTrimmer trimmer_;
  OccupiedMemory occupied_;
  std::uint64_t cgroup_excess_ = 0;  ///< As of the last look.
  bool is_disk_unknown_ = false;     ///< What is free could not be found out.
  bool is_process_unknown_ = false;  ///< Nor could what the process occupies.
  std::atomic<std::int64_t> disk_free_{-1};
  std::atomic<std::uint64_t> resident_{0};
};

}  // namespace lepus::server
