// The shovels that run on one shard, and what their connections to other brokers share.
//
//   StartShovel -> take() -> work() before the broker's flush of each turn
//                            collect() after it -> ShovelReport ... the last one: it is gone
#pragma once

#include <memory>
#include <vector>

#include "core/base/log.h"
#include "core/broker/broker.h"
#include "io/loop.h"
#include "net/stream/flush_list.h"
#include "net/stream/stream_set.h"
#include "net/tls/tls_shard.h"
#include "tools/server/shovel/shovel.h"

namespace lepus::server {

class ShardShovels final : private net::TlsStream::Watcher {
 public:
  using Report = std::unique_ptr<ShovelReportRow>;

  /// All outlive it.
  ShardShovels(core::Broker& broker, io::Loop& loop, core::Log& log);
  ~ShardShovels();

  /// Returns null, or the report of a run that is refused: the shard takes none now. `settings`
  /// are copied.
  [[nodiscard]] Report take(std::unique_ptr<ShovelOrder> order,
                            const core::PublishSettings& settings, bool may_start);
  /// Nothing happens when it has ended.
  void stop(std::uint32_t number);
  void stop_all();
  bool is_empty() const { return shovels_.empty(); }

  /// At the begin of a turn: TLS handshakes go on. Returns true if it did something.
  bool poll();
  void work();
  [[nodiscard]] std::vector<Report> collect();
  /// At the end of a turn: output leaves, and timers are set.
  void flush();
  bool has_work() const;
  /// Memory of output that is not sent.
  std::size_t output_bytes() const { return streams_.blocks().bytes_in_use(); }

 private:
  void on_handshake_failed(const io::PeerName& peer, const net::ListenerIdentity& listener,
                           std::string_view why) override;
  void on_timer(io::Timer& timer) { (void)timer; }
  Shovel::Now now() const;

  core::Broker& broker_;
  io::Loop& loop_;
  core::Log& log_;
  net::StreamSet streams_;
  net::FlushList touched_;  ///< Of TLS.
  net::TlsShard tls_;
  PeerPlace place_;
  std::vector<std::unique_ptr<Shovel>> shovels_;
  io::Timer timer_;  ///< It only makes a turn.
};

}  // namespace lepus::server
