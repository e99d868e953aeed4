// What a start would find on this machine just now.
#include "tools/server/service/machine_check.h"

#include <fmt/format.h>

#include <cerrno>

#include "io/kernel_disk.h"
#include "io/os.h"
#include "io/uring/uring_probe.h"
#include "tools/server/config/config_memory.h"
#include "tools/server/data_dir.h"
#include "tools/server/descriptors.h"
#include "tools/server/listeners/listen_claim.h"
#include "tools/server/node_limits.h"

namespace lepus::server {

namespace {

void check_addresses(const ServerConfig& config, ConfigCheck& check) {
  const auto running = data_dir_owner(config.data_dir);
  const std::string own = running ? fmt::format("(pid {},", *running) : std::string();
  for (const ListenAddress& address : config.all_listeners()) {
    io::ListenOutcome outcome = try_listening(address);
    if (outcome.error.empty()) continue;
    if (!own.empty() && outcome.error.find(own) != std::string::npos) continue;
    const bool is_of_user = outcome.error_code == EACCES || outcome.error_code == EPERM;
    (is_of_user ? check.warnings : check.errors).push_back(std::move(outcome.error));
  }
}

void check_driver(const ServerConfig& config, ConfigCheck& check) {
  if (config.io_driver == DriverChoice::epoll) return;
  const io::UringProbe probe = io::probe_uring();
  if (probe.missing.empty()) return;
  if (probe.is_refused && config.io_driver == DriverChoice::automatic) {
    check.warnings.push_back(epoll_warning(probe.missing));
  } else {
    check.errors.push_back(probe.missing);
  }
}

void check_limits(const ServerConfig& config, ConfigCheck& check) {
  if (std::string text = descriptor_warning(io::raise_file_limit(), config.connections_max);
      !text.empty())
    check.warnings.push_back(std::move(text));
  const std::uint64_t available = read_available_memory();
  const MemoryWatermark& watermark = config.memory_watermark;
  if (!watermark.is_relative && watermark.size > available)
    check.warnings.push_back(fmt::format(
        "vm_memory_high_watermark.absolute is {} bytes, and this machine or group has {}: that is "
        "what counts; the kernel may end the broker before publishers are blocked",
        watermark.size, available));
}

void check_space(const ServerConfig& config, ConfigCheck& check) {
  const std::int64_t free = io::KernelDisk{}.free_bytes(config.data_dir);
  if (free < 0) return;  // Not made yet.
  constexpr std::uint64_t one_shard = 1;
  const std::uint64_t wanted =
      node_limits(config, read_available_memory(), one_shard).disk_free_min;
  if (static_cast<std::uint64_t>(free) < wanted)
    check.warnings.push_back(
        fmt::format("data_dir {}: {} bytes are free, {} must be (disk_free_limit and one file of "
                    "the journal for each shard): publishers would be blocked",
                    config.data_dir, free, wanted));
}

}  // namespace

void check_machine(const ServerConfig& config, ConfigCheck& check) {
  check_addresses(config, check);
  check_driver(config, check);
  check_limits(config, check);
  check_space(config, check);
}

std::string epoll_warning(std::string_view why) {
  return fmt::format(
      "{}. Meanwhile epoll is used: everything works, with less throughput and more latency. Set "
      "io.driver = epoll to be content with it, io.driver = io_uring to be refused instead",
      why);
}

}  // namespace lepus::server
