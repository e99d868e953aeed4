// A message a second.
#include "tools/server/service/start_progress.h"

#include <chrono>

#include "core/limits/service.h"

namespace lepus::server {

std::string StartProgress::wait_for(std::future<std::string>& outcome) const {
  const std::chrono::nanoseconds interval{core::limits::start_status_interval};
  std::uint64_t before = 0;
  while (manager_.is_open() && outcome.wait_for(interval) != std::future_status::ready) {
    const std::uint64_t done = disk_.bytes_read();
    const std::string text = recovery_text(done, total_);
    if (done > before) {
      manager_.extend_start(text);
    } else {
      manager_.status(text);
    }
    before = done;
  }
  return outcome.get();
}

}  // namespace lepus::server
