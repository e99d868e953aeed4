// What the process occupies, and giving back what its allocator holds without need. mimalloc keeps
// pages per thread, and a thread's unused pages go back only when that thread says so.
#pragma once

#include <cstdint>

namespace lepus::io {

/// The calling thread's unused memory goes back to the kernel. Without mimalloc (builds with
/// sanitizers, option mimalloc=disabled) nothing happens.
void trim_heap();

/// While one of them is on, what any thread frees goes back to the kernel at once, not with the
/// next trim_heap(), which then finds little: for a thread that frees much and needs it no more.
/// Costs a system call for each page of the allocator that becomes free. Of any thread.
class PromptRelease {
 public:
  PromptRelease() = default;
  PromptRelease(const PromptRelease&) = delete;
  PromptRelease& operator=(const PromptRelease&) = delete;
  ~PromptRelease() { set(false); }

  void set(bool on);
  bool is_on() const { return is_on_; }

 private:
  bool is_on_ = false;
};

/// Resident memory of this process, bytes; 0: not known. Reads /proc: a few microseconds.
std::uint64_t resident_size();

}  // namespace lepus::io
