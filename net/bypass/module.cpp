// Finding and opening modules.
#include "net/bypass/module.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/base/assert.h"

namespace lepus::net::bypass {
namespace {

constexpr std::array<const char*, 5> places = {"", "/net/dpdk", "/../net/dpdk", "/../lib/lepus",
                                               "/../lib/x86_64-linux-gnu/lepus"};

std::string program_directory() {
  std::array<char, 4096> path{};
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size() - 1);
  if (size <= 0) return ".";
  const std::string text(path.data(), static_cast<std::size_t>(size));
  return text.substr(0, text.rfind('/'));
}

std::string is_missing(const std::string& name, const std::string& directory) {
  const std::string where = directory.empty() ? "beside the program" : "in " + directory;
  return name + " is not " + where +
         ": build it (meson configure BUILD_DIR -Ddpdk=enabled), or set net.dpdk.modules to its "
         "directory";
}

std::string failure(const std::string& what, const std::string& path) {
  return what + " " + path + ": " + std::strerror(errno);
}

/// Negative: errno says why.
int make_unnamed_file() {
  const int fd = memfd_create("lepus-stack", MFD_CLOEXEC);
  if (fd >= 0) return fd;
  std::string path = "/tmp/lepus-stack-XXXXXX";
  const int file = mkostemp(path.data(), O_CLOEXEC);
  if (file >= 0) unlink(path.c_str());
  return file;
}

bool copy_file(int source, int target) {
  struct stat facts {};
  if (fstat(source, &facts) != 0) return false;
  off_t offset = 0;
  while (offset < facts.st_size) {
    const auto left = static_cast<std::size_t>(facts.st_size - offset);
    if (sendfile(target, source, &offset, left) <= 0) return false;
  }
  return true;
}

}  // namespace

std::string find_module(const std::string& directory, const std::string& name) {
  if (!directory.empty()) {
    const std::string path = directory + "/" + name;
    return access(path.c_str(), R_OK) == 0 ? path : std::string();
  }
  const std::string program = program_directory();
  for (const char* place : places) {
    const std::string path = program + place + "/" + name;
    if (access(path.c_str(), R_OK) == 0) return path;
  }
  return {};
}

std::string Module::open(const std::string& path) {
  CHECK(handle_ == nullptr);
  handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  return handle_ != nullptr ? std::string() : std::string("cannot load ") + dlerror();
}

/// The copy's descriptor stays open: debuggers and profilers read it.
std::string Module::open_copy(const std::string& path) {
  const int source = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) return failure("cannot read", path);
  const int copy = make_unnamed_file();
  const bool is_copied = copy >= 0 && copy_file(source, copy);
  const std::string error = is_copied ? std::string() : failure("cannot copy", path);
  ::close(source);
  if (is_copied) return open("/proc/self/fd/" + std::to_string(copy));
  if (copy >= 0) ::close(copy);
  return error;
}

void* Module::find(const char* name) const {
  CHECK(handle_ != nullptr);
  return dlsym(handle_, name);
}

StackModule load_stack(const std::string& directory) {
  const std::string path = find_module(directory, "lepus-lwip.so");
  if (path.empty()) return {is_missing("lepus-lwip.so", directory)};
  Module module;
  if (std::string error = module.open_copy(path); !error.empty()) return {std::move(error)};
  void* const make = module.find(make_stack_name);
  void* const version = module.find(stack_version_name);
  if (make == nullptr || version == nullptr ||
      reinterpret_cast<GetStackVersion>(version)() != stack_version)
    return {path + " is of another version: build it with this broker"};
  return {{}, reinterpret_cast<MakeStack>(make)};
}

DeviceModule load_devices(const std::string& directory) {
  const std::string path = find_module(directory, "lepus-dpdk.so");
  if (path.empty()) return {is_missing("lepus-dpdk.so", directory)};
  Module module;
  if (std::string error = module.open(path); !error.empty())
    return {error +
            "; install DPDK's libraries: apt-get install dpdk librte-net-ring23 "
            "librte-net-af-packet23"};
  void* const get = module.find(get_devices_name);
  Devices* const devices =
      get == nullptr ? nullptr : reinterpret_cast<GetDevices>(get)(device_version);
  if (devices == nullptr) return {path + " is of another version: build it with this broker"};
  return {{}, devices};
}

}  // namespace lepus::net::bypass
