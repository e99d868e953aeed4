// What the process occupies, and giving back what its allocator holds without need. mimalloc keeps
// pages per thread, and a thread's unused pages go back only when that thread says so.
#pragma once

#include <cstdint>

namespace lepus::io {

/// The calling thread's unused memory goes back to the kernel. Without mimalloc (builds with
/// sanitizers, option mimalloc=disabled) nothing happens.
void trim_heap();

/// Resident memory of this process, bytes; 0: not known. Reads /proc: a few microseconds.
std::uint64_t resident_size();

}  // namespace lepus::io
