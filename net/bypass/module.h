// The modules of the kernel bypass: libraries that the broker opens by itself when it is configured
// so, and runs without when they are not there.
//
// lwIP keeps its state in globals, so each shard needs a copy of its library that shares nothing
// with the others. The loader gives the same file once however often it is opened; a copy in memory
// (memfd) is another file. Where the system forbids those, a temporary file serves.
#pragma once

#include <string>

#include "net/bypass/device_api.h"
#include "net/bypass/stack_api.h"

namespace lepus::net::bypass {

/// Where `name` ("lepus-lwip.so") lies: in `directory`; or when that is empty beside the program,
/// where the build puts it, or where it is installed. Empty: nowhere.
std::string find_module(const std::string& directory, const std::string& name);

/// A library that is open until the end of the process: what was made of it may live as long.
class Module {
 public:
  /// Shared with all who open it. Returns what went wrong, or an empty text.
  std::string open(const std::string& path);
  /// A copy for the caller alone.
  std::string open_copy(const std::string& path);
  /// nullptr: the library has no such function.
  void* find(const char* name) const;

 private:
  void* handle_ = nullptr;
};

/// The stack of a fresh copy of lepus-lwip.so, to be called once.
struct StackModule {
  std::string error;
  MakeStack make = nullptr;
};
StackModule load_stack(const std::string& directory);

/// The devices of lepus-dpdk.so, the same for all callers.
struct DeviceModule {
  std::string error;
  Devices* devices = nullptr;
};
DeviceModule load_devices(const std::string& directory);

}  // namespace lepus::net::bypass
