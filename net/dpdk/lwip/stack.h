// One shard's TCP/IP stack: lwIP behind the interface of net/bypass/stack_api.h.
//
//   input(): ingress -> the connection's own turn in lwIP's list -> lwIP -> callbacks
//
// lwIP keeps its state in globals, so there is one stack in each loaded copy of the module.
#pragma once

#include <memory>
#include <vector>

#include "net/dpdk/lwip/connection.h"
#include "net/dpdk/lwip/ingress.h"
#include "net/dpdk/lwip/lwip.h"
#include "net/dpdk/lwip/neighbours.h"

namespace lepus::net::bypass {

class LwipStack final : public Stack {
 public:
  explicit LwipStack(const StackConfig& config);
  LwipStack(const LwipStack&) = delete;
  LwipStack& operator=(const LwipStack&) = delete;

  bool listen(const Endpoint& local, std::uint32_t listener) override;
  void stop_listening(std::uint32_t listener) override;
  Connection* connect(const Endpoint& local, const Endpoint& remote) override;
  void input(Frame* frame) override;
  void lose_device() override;
  void advance(std::uint64_t now_ms) override;
  const StackStats& stats() override;
  void destroy() override;

  std::uint32_t now_ms() const { return static_cast<std::uint32_t>(now_ms_); }
  std::uint32_t initial_sequence(const Tuple& tuple) const;
  const ip6_addr_t* gateway_v6() const;

 private:
  struct Listener {
    LwipStack* stack;
    std::uint32_t number;
    tcp_pcb* pcb;
  };
  friend struct std::default_delete<LwipStack>;
  ~LwipStack() = default;

  static err_t begin_interface(netif* interface);
  static err_t send_frame(netif* interface, pbuf* packet);
  static err_t send_v4(netif* interface, pbuf* packet, const ip4_addr_t* target);
  static err_t send_v6(netif* interface, pbuf* packet, const ip6_addr_t* target);
  static err_t on_accept(void* listener, tcp_pcb* pcb, err_t error);
  void add_interfaces();
  void add_v6_addresses();
  err_t copy_out(const pbuf& packet);
  pbuf* make_packet(Frame& frame);
  void find_connection(const Judgement& judgement);
  void limit_half_open();

  StackConfig config_;
  Offloads offloads_;
  ip_addr_t gateway_v6_;
  Ingress ingress_;
  ConnectionTable table_;
  Neighbours neighbours_;
  std::vector<std::unique_ptr<netif>> interfaces_;  ///< One for each IPv4 address, at least one.
  std::vector<netif*> interface_of_network_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  LwipConnection* current_ = nullptr;  ///< Whose segment is being handled.
  bool is_stray_ = false;              ///< Perhaps it is another stack's.
  std::uint64_t now_ms_ = 0;
  StackStats stats_;
};

}  // namespace lepus::net::bypass
