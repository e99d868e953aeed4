// The alarms of memory and disk: measured on timers, or set by the operator, and told when they
// change.
//
//   memory   what is accounted for is above the watermark, or what the process occupies is, or the
//            control group it is in is nearly full (occupied_memory.h)
//   disk     less is free than there has to be; stays as it is while that cannot be found out
//
// The same timer finds out when memory is to go back to the system (heap_trimmer.h). Control thread
// only; nothing here blocks but what the functions of Parts do.
#pragma once

#include <cstdint>
#include <functional>

#include "core/base/log.h"
#include "core/broker/command.h"
#include "io/loop.h"
#include "tools/server/heap_trimmer.h"
#include "tools/server/occupied_memory.h"

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
    /// Of the disk that holds the data, or -errno; called each limits::disk_check_interval. Null:
    /// there is no disk.
    std::function<std::int64_t()> disk_free_bytes;
    std::uint64_t disk_free_min_bytes;
    /// Of the process; called once a second. Null: nothing is ever given back.
    std::function<std::uint64_t()> resident_bytes;
    /// What the control group occupies too much; called after resident_bytes. Null: there is none.
    std::function<std::uint64_t()> cgroup_excess = nullptr;
  };
  explicit ResourceAlarms(Parts parts);
  ~ResourceAlarms() { stop(); }
  ResourceAlarms(const ResourceAlarms&) = delete;
  ResourceAlarms& operator=(const ResourceAlarms&) = delete;

  /// The first look is in the loop's next turn.
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

 private:
  void on_memory_timer(io::Timer& timer);
  void on_disk_timer(io::Timer& timer);
  void check_memory();
  void check_disk();
  void look_at_process(std::uint64_t used);
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
};

}  // namespace lepus::server
