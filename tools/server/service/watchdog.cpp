// A beat in each quarter of the interval; a thread may be silent for half of it.
#include "tools/server/service/watchdog.h"

#include <utility>

#include "core/limits/service.h"

namespace lepus::server {

namespace limits = core::limits;

Heart::Heart(io::Loop& loop, Pulse* pulse, core::Nanos watchdog)
    : loop_(loop), pulse_(pulse), interval_(watchdog / limits::watchdog_beats) {
  timer_.bind<&Heart::on_timer>(this);
  if (pulse_ != nullptr) on_timer(timer_);
}

Heart::~Heart() {
  loop_.timers().cancel(timer_);
  if (pulse_ != nullptr) pulse_->end();
}

void Heart::on_timer(io::Timer& timer) {
  pulse_->beat(loop_.now());
  loop_.timers().arm(timer, loop_.now() + interval_);
}

Pulse* Watchdog::add(std::string thread) {
  if (manager_.watchdog() == 0) return nullptr;
  return &pulses_.emplace_back(std::move(thread), loop_.now());
}

void Watchdog::start() {
  if (manager_.watchdog() == 0) return;
  on_timer(timer_);
}

/// A loop's time is that of its turn, so a beat may be a little ahead of this thread's.
const Pulse* Watchdog::find_silent() const {
  const core::Nanos oldest = loop_.now() - manager_.watchdog() / limits::watchdog_silence_divisor;
  for (const Pulse& pulse : pulses_)
    if (pulse.beat_at() < oldest) return &pulse;
  return nullptr;
}

void Watchdog::on_timer(io::Timer& timer) {
  loop_.timers().arm(timer, loop_.now() + manager_.watchdog() / limits::watchdog_beats);
  const Pulse* silent = find_silent();
  if (silent == nullptr) {
    manager_.alive();
    is_fed_ = true;
    return;
  }
  if (!std::exchange(is_fed_, false)) return;
  log_.write(core::LogLevel::error, core::LogCategory::general,
             "a thread hangs: the service manager is not told that the broker lives",
             {{"thread", silent->thread()},
              {"silent_ms", (loop_.now() - silent->beat_at()) / core::nanos_per_ms},
              {"watchdog_ms", manager_.watchdog() / core::nanos_per_ms}});
}

}  // namespace lepus::server
