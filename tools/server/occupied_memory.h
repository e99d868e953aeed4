// Whether the process, or the control group it is in, occupies more than it should, whatever the
// accounts say: the kernel ends a process that goes on. Looked at once a second.
//
//   is above the watermark  in limits::resident_looks looks in a row; at the first of them, and
//                           now and then later, unneeded memory is to go back
//   is over                 below limits::resident_clear_sixteenths of the watermark
//
// What the process occupied when it started (program, libraries, stacks) does not count.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lepus::server {

/// What the kernel says of this process.
struct ProcessMemory {
  std::uint64_t resident = 0;       ///< Bytes; 0: not known.
  std::uint64_t cgroup_excess = 0;  ///< As cgroup_excess() returns it.
};

class OccupiedMemory {
 public:
  /// At the start.
  void set_base(std::uint64_t resident);
  /// A look. Returns true if it is time that each thread gives back what it does not need.
  bool look(std::uint64_t resident, std::uint64_t watermark);
  /// The watermark is another one: what the last look found is compared again.
  void compare(std::uint64_t watermark);
  bool is_above() const { return is_above_; }
  /// As of the last look, without the base.
  std::uint64_t occupied() const { return occupied_; }

 private:
  std::uint64_t base_ = 0;
  std::uint64_t occupied_ = 0;
  unsigned looks_above_ = 0;  ///< In a row.
  bool is_above_ = false;
};

/// Bytes of a control group that cannot be reclaimed (processes, buffers of sockets; not its page
/// cache), from its memory.current and memory.stat. Nothing: they cannot be read.
std::optional<std::uint64_t> unreclaimable_size(std::string_view current, std::string_view stat);

/// Reads the control groups of this process (version 2). Returns what the fullest of those with a
/// limit occupies beyond limits::cgroup_share_max of it, bytes; 0: none does.
std::uint64_t cgroup_excess();

/// Reads /proc and the control groups.
ProcessMemory read_process_memory();

}  // namespace lepus::server
