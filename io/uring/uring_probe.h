// Says in words why this machine cannot run the broker's ring, before anything is started: which of
// kernel, sysctl, container policy or limit is in the way, and what to change. Start-up only.
#pragma once

#include <string>

namespace lepus::io {

struct UringProbe {
  /// Empty: everything UringDriver needs is there. Else one sentence: what is missing and what to
  /// do about it.
  std::string missing;
  bool is_refused = false;  ///< The kernel has no io_uring for this process, whatever it asks.
};
UringProbe probe_uring();

/// The same for a failed io_uring_setup (`error_code` is an errno, > 0).
std::string explain_uring_setup(int error_code);
/// The same for a failed registration of the receive buffers.
std::string explain_uring_buffers(int error_code);

}  // namespace lepus::io
