// CPU time and memory of a process as the kernel reports them in /proc.
#pragma once

#include <cstdint>

namespace lepus::perf {

struct ProcessSample {
  double cpu_us = 0;  // user and system time since the process began; resolution 10 ms
  uint64_t rss_kib = 0;
};

// All zero for pid 0 ("not watched"). PerfError when there is no such process.
ProcessSample sample_process(int pid);
// This process, with microsecond resolution.
double own_cpu_us();
// Raises the limit on open files to what is allowed.
void raise_file_limit();
// PerfError that names the limit when so many descriptors cannot be open at a time.
void require_descriptors(uint64_t count);
// The process that listens on a TCP port of this machine; 0 when there is none that can be seen.
int find_listener(uint16_t port);

// True once the user has pressed Ctrl-C (or SIGTERM came): the run ends early, but with its
// results.
bool interrupted();
void catch_interrupts();

}  // namespace lepus::perf
