// The broker's own network device: from the configuration to a transport for each shard.
//
//   start(): modules -> DPDK -> device with a queue for each shard
//   make_transport(i), Thread in the shard's thread ... stop() when the transports are gone
//
// Nothing of it is touched unless net.dpdk.enabled.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "io/loop.h"
#include "net/bypass/device_api.h"
#include "net/bypass/stack_api.h"
#include "net/stream/listener_identity.h"
#include "net/stream/transport.h"
#include "tools/server/bypass/bypass_watch.h"
#include "tools/server/config/config.h"

namespace lepus::server {

/// What DPDK is started with.
std::vector<std::string> dpdk_arguments(const DpdkConfig& config);

class NodeBypass {
 public:
  NodeBypass() = default;
  NodeBypass(const NodeBypass&) = delete;
  NodeBypass& operator=(const NodeBypass&) = delete;
  ~NodeBypass() { stop(); }

  /// Empty, or what failed and what to do. Nothing happens when it is not enabled.
  std::string start(const ServerConfig& config, std::size_t shards, core::Log& log);
  /// DPDK and the device alone, with so many queues. Empty, or what failed.
  std::string open(const DpdkConfig& config, std::size_t queues);
  /// "0000:03:00.0 (net_ixgbe), 4 queues".
  std::string describe() const;
  bool is_link_up() const;
  bool is_on() const { return devices_ != nullptr; }
  /// Empty, or what failed.
  std::string make_transport(std::size_t shard, io::Loop& loop,
                             std::unique_ptr<net::Transport>& transport);
  /// What each shard listens to.
  std::vector<net::Listening> listeners() const;
  /// Looks at the device from now on, on the thread of `loop`, before that runs. Both outlive it.
  void watch(io::Loop& loop, core::Log& log);
  /// Before the loop of watch() ends, and when nobody asks for facts() any more.
  void stop_watching();
  /// Any thread.
  BypassFacts facts() const { return watch_ ? watch_->facts() : BypassFacts{}; }
  /// When transports are gone.
  void stop();

  /// The time a thread uses its queue.
  class Thread {
   public:
    Thread(NodeBypass& bypass, core::Log& log);
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;
    ~Thread();

   private:
    NodeBypass& bypass_;
  };

 private:
  DpdkConfig config_;
  DpdkLimits limits_;
  std::vector<net::bypass::Network> networks_;
  net::bypass::Address gateway_;
  net::bypass::Address gateway_v6_{{}, true};
  net::bypass::Devices* devices_ = nullptr;
  std::deque<net::bypass::CounterBoard> boards_;  ///< By shard.
  std::optional<BypassWatch> watch_;
};

}  // namespace lepus::server
