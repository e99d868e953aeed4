// Looks at the broker's network device and at what its shards count, now and then, and says in the
// log what an operator should know: the link goes down or up, the device is gone, frames are lost
// for want of memory or room. Of the last, one line for each kind in limits::log_pause.
//
// On the control thread; facts() is for any thread.
#pragma once

#include <array>
#include <mutex>

#include "core/base/log.h"
#include "io/loop.h"
#include "tools/server/bypass/bypass_facts.h"

namespace lepus::server {

class BypassWatch {
 public:
  /// All outlive this.
  struct Parts {
    io::Loop* loop;
    core::Log* log;
    net::bypass::Devices* devices;
    std::vector<const net::bypass::CounterBoard*> boards;  ///< By shard.
  };
  explicit BypassWatch(Parts parts);
  ~BypassWatch() { stop(); }
  BypassWatch(const BypassWatch&) = delete;
  BypassWatch& operator=(const BypassWatch&) = delete;

  /// The first look is at once.
  void start();
  /// The device is not asked any more.
  void stop();
  BypassFacts facts() const;

 private:
  /// Of frames that are lost, by what an operator can do about it.
  static constexpr std::size_t losses = 4;
  struct Loss {
    std::uint64_t seen = 0;    ///< As of the last look.
    std::uint64_t untold = 0;  ///< Since the last line.
    core::Nanos told_at = -core::never;
  };

  void on_timer(io::Timer& timer);
  void judge_link(const net::bypass::DeviceStats& stats);
  void judge_losses(const net::bypass::DeviceStats& stats);

  Parts parts_;
  io::Timer timer_;
  std::string_view link_;  ///< As it was told last; empty: not yet.
  std::array<Loss, losses> losses_;
  mutable std::mutex mutex_;
  net::bypass::DeviceStats stats_;  ///< Under the mutex.
};

}  // namespace lepus::server
