// lepusctl tune list|check|apply|undo: shows settings of the kernel (tuners.h), sets them until the
// next boot, and sets them back.
//
//   apply:  the old value goes into the undo file, durably, then the new one is written
//   undo:   the old value is written where the new one still is, and the file goes: what somebody
//           else has written since stays
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/ctl/tune/tuners.h"
#include "tools/ctl/verbs.h"

namespace lepus::ctl {

/// What was, and how far it came.
struct TuneOutcome {
  std::vector<std::string> lines;  ///< What was or would be written: "/proc/...: 60 -> 1".
  std::vector<std::string> kept;   ///< What undo leaves to whoever wrote it after apply.
  std::string error;               ///< What could not be written, and why.
  int exit_code = 0;
};

struct TuneRun {
  TunePlace place;
  std::string undo_file = "/run/lepus-tune.undo";
  bool is_dry = false;  ///< Nothing is written.
};

TuneOutcome apply_tuning(const TuneRun& run);
TuneOutcome undo_tuning(const TuneRun& run);

/// The verb. Returns the exit code.
int tune(const Invocation& invocation);

}  // namespace lepus::ctl
