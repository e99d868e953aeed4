// A connection of lwIP for its user, and the table in which the stack finds it.
//
//   listed: in lwIP's list of active connections   <--- link(), park() --->   parked: in the table
//
// lwIP looks for a segment's connection by walking a list, which takes long with thousands. So a
// connection is parked outside the list and put in front of it for its own segments and for timers
// only. What is in the list beside are connections not yet open and those given back that are still
// closing.
//
// The bytes of write() stay where their owner has them. lwIP keeps a segment until all of it is
// acknowledged, so what the user gets back ends where the first segment kept begins.
#pragma once

#include <memory>
#include <vector>

#include "net/dpdk/lwip/ingress.h"
#include "net/dpdk/lwip/lwip.h"

namespace lepus::net::bypass {

class ConnectionTable;

class LwipConnection final : public Connection {
 public:
  /// `pcb` is open or connecting; its callbacks are this object's from now on. Ends by itself in
  /// close() and reset().
  LwipConnection(ConnectionTable& table, tcp_pcb& pcb, const StackConfig& config);
  LwipConnection(const LwipConnection&) = delete;
  LwipConnection& operator=(const LwipConnection&) = delete;

  void set_user(ConnectionUser* user) override { user_ = user; }
  Endpoint local() const override { return {tuple_.local, tuple_.local_port}; }
  Endpoint remote() const override { return {tuple_.remote, tuple_.remote_port}; }
  std::uint32_t room() const override;
  bool write(const std::uint8_t* bytes, std::uint32_t size) override;
  bool output() override;
  void consume(std::uint32_t size) override;
  bool shutdown_write() override;
  void close() override;
  void reset() override;

  /// It is open: enters the table, still listed.
  void open();
  /// Into lwIP's list, in front. Before a segment of its own, or timers.
  void link();
  /// Out of the list again, unless it has ended.
  void park();
  bool is_parked() const { return is_parked_; }
  /// Sends the SYN.
  void connect(const ip_addr_t& address, std::uint16_t port);

 private:
  friend class ConnectionTable;
  friend struct std::default_delete<LwipConnection>;
  ~LwipConnection() = default;

  static err_t on_received(void* self, tcp_pcb* pcb, pbuf* bytes, err_t error);
  static err_t on_sent(void* self, tcp_pcb* pcb, std::uint16_t size);
  static err_t on_connected(void* self, tcp_pcb* pcb, err_t error);
  static void on_error(void* self, err_t error);
  void release_acknowledged();
  /// lwIP has or had the last word: this object has no callbacks any more.
  tcp_pcb* detach();
  void end();

  ConnectionTable& table_;
  ConnectionUser* user_ = nullptr;
  tcp_pcb* pcb_;  ///< Null: lwIP freed it.
  Tuple tuple_;
  LwipConnection* next_in_bucket_ = nullptr;
  bool is_in_table_ = false;
  bool is_parked_ = false;
  std::uint32_t released_ = 0;  ///< Sequence number behind what the user got back.
  std::uint32_t written_ = 0;   ///< Sequence number behind what was written.
  std::uint32_t window_;        ///< What the peer may send beyond what is used.
  std::uint32_t window_max_;
  std::uint32_t used_ = 0;  ///< Bytes since the window last grew.
};

/// Open connections by their addresses and ports.
class ConnectionTable {
 public:
  explicit ConnectionTable(std::uint64_t secret) : secret_(secret), buckets_(64) {}
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  LwipConnection* find(const Tuple& tuple) const;
  void add(LwipConnection& connection);
  void remove(LwipConnection& connection);
  std::size_t size() const { return size_; }
  /// All connections fail, those to come at once.
  void lose_device();
  bool has_device() const { return has_device_; }
  /// All into lwIP's list, for its timers; and out of it again.
  void link_all();
  void park_all();

 private:
  std::size_t bucket_of(const Tuple& tuple) const;
  void grow();

  std::uint64_t secret_;  ///< So that nobody can aim at one bucket.
  std::vector<LwipConnection*> buckets_;
  std::size_t size_ = 0;
  bool has_device_ = true;
};

}  // namespace lepus::net::bypass
