// A throw-away ring with the flags of the real one, then the opcodes one by one. What the kernel
// answers is turned into advice; the sysctl and the kernel's release are read to tell apart causes
// that share an errno.
#include "io/uring/uring_probe.h"

#include <liburing.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "io/uring/uring_driver.h"

namespace lepus::io {
namespace {

std::string kernel_release() {
  utsname names{};
  return uname(&names) == 0 ? names.release : "unknown";
}

std::string too_old(const std::string& label) {
  return "the kernel (" + kernel_release() + ") is too old: " + label +
         ". Lepus needs Linux 6.1 or newer; upgrade the kernel of the host";
}

/// Value of kernel.io_uring_disabled: -1 when the kernel has no such setting.
int uring_disabled_setting() {
  std::FILE* file = std::fopen("/proc/sys/kernel/io_uring_disabled", "re");
  if (file == nullptr) return -1;
  const int digit = std::fgetc(file);
  std::fclose(file);
  return digit >= '0' && digit <= '9' ? digit - '0' : -1;
}

/// Without parameters a kernel that allows the call finds a bad address.
bool is_refused() {
  const long code = syscall(__NR_io_uring_setup, 1, nullptr);
  return code < 0 && (errno == ENOSYS || errno == EPERM || errno == EACCES);
}

struct NeededOpcode {
  int opcode;
  const char* name;
};
constexpr std::array<NeededOpcode, 16> needed_opcodes{{
    {IORING_OP_ACCEPT, "accept"},
    {IORING_OP_RECV, "recv"},
    {IORING_OP_SEND, "send"},
    {IORING_OP_SENDMSG, "sendmsg"},
    {IORING_OP_CLOSE, "close"},
    {IORING_OP_ASYNC_CANCEL, "cancel"},
    {IORING_OP_MSG_RING, "msg_ring"},
    {IORING_OP_POLL_ADD, "poll"},
    {IORING_OP_WRITE, "write"},
    {IORING_OP_WRITEV, "writev"},
    {IORING_OP_READ, "read"},
    {IORING_OP_READV, "readv"},
    {IORING_OP_FSYNC, "fsync"},
    {IORING_OP_OPENAT, "openat"},
    {IORING_OP_FALLOCATE, "fallocate"},
    {IORING_OP_SEND_ZC, "send_zc (a sign of multishot recv)"},
}};

std::string missing_opcode() {
  io_uring_probe* probe = io_uring_get_probe();
  if (probe == nullptr) return too_old("io_uring cannot be asked for its operations");
  std::string missing;
  for (const NeededOpcode& needed : needed_opcodes) {
    if (io_uring_opcode_supported(probe, needed.opcode) == 0) {
      missing = needed.name;
      break;
    }
  }
  io_uring_free_probe(probe);
  return missing.empty() ? "" : too_old("io_uring has no " + missing);
}

}  // namespace

std::string explain_uring_setup(int error_code) {
  const std::string start = "io_uring cannot be used: ";
  switch (error_code) {
    case ENOSYS:
      return start + "the kernel (" + kernel_release() +
             ") has none, or a container policy hides it. Use Linux 6.1 or newer with "
             "CONFIG_IO_URING, and a "
             "seccomp profile that allows io_uring_setup, io_uring_enter and io_uring_register";
    case EPERM:
    case EACCES: {
      const int setting = uring_disabled_setting();
      if (setting > 0) {
        return start + "kernel.io_uring_disabled is " + std::to_string(setting) +
               ". Set it to 0 (sysctl -w kernel.io_uring_disabled=0)" +
               (setting == 1 ? ", or put the user into the group of kernel.io_uring_group" : "");
      }
      return start +
             "the call was refused, most likely by a seccomp profile of the container. Allow "
             "io_uring_setup, io_uring_enter and io_uring_register (docker: --security-opt "
             "seccomp=FILE)";
    }
    case EINVAL:
      return start + too_old("io_uring lacks SINGLE_ISSUER or DEFER_TASKRUN");
    case ENOMEM:
      return start +
             "no memory for the ring. Raise the limit of locked memory (ulimit -l, systemd: "
             "LimitMEMLOCK=) or free memory";
    case EMFILE:
    case ENFILE:
      return start + "no file descriptor left. Raise the limit (ulimit -n, systemd: LimitNOFILE=)";
    default:
      return start + std::strerror(error_code) + " (errno " + std::to_string(error_code) + ")";
  }
}

std::string explain_uring_buffers(int error_code) {
  if (error_code == EINVAL) return too_old("io_uring has no provided-buffer rings");
  if (error_code == ENOMEM) {
    return "io_uring cannot be used: no memory for the receive buffers. Raise the limit of locked "
           "memory (ulimit "
           "-l, systemd: LimitMEMLOCK=) or lower the number of buffers";
  }
  return std::string("io_uring cannot be used: registering the receive buffers failed: ") +
         std::strerror(error_code);
}

UringProbe probe_uring() {
  UringConfig small;
  small.submission_entries = 8;
  small.completion_entries = 16;
  small.buffer_count = 2;
  small.buffer_size = 4096;
  std::string error;
  if (UringDriver::create(small, &error) == nullptr) return {error, is_refused()};
  return {missing_opcode(), false};
}

}  // namespace lepus::io
