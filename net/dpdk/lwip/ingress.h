// Which frames may reach the stack: ARP for our addresses, and TCP, echo requests and neighbour
// discovery to them, whole, without options, from a neighbour or a stranger but not from ourselves.
// Everything else ends here, counted by its reason.
//
// For TCP the frame's connection is named, too: the stack finds it without walking a list.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "net/bypass/stack_api.h"

namespace lepus::net::bypass {

/// As ==, by words: it is asked several times for each frame.
inline bool is_same(const Address& one, const Address& other) {
  using Words = std::array<std::uint64_t, 2>;
  return std::bit_cast<Words>(one.bytes) == std::bit_cast<Words>(other.bytes) &&
         one.is_v6 == other.is_v6;
}

/// Of a TCP segment.
struct Tuple {
  Address local;
  Address remote;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  bool operator==(const Tuple& other) const {
    return remote_port == other.remote_port && local_port == other.local_port &&
           is_same(remote, other.remote) && is_same(local, other.local);
  }
};

struct Judgement {
  FrameFate fate = FrameFate::short_frame;
  std::uint32_t network = 0;  ///< Whose address it is for.
  bool begins_connection = false;
  Tuple tuple{};  ///< Of TCP; of ICMP the addresses.
  bool is_accepted() const { return fate <= FrameFate::tcp; }
};

class Ingress {
 public:
  /// Of `config` the addresses, the MAC and the VLAN, which are copied.
  explicit Ingress(const StackConfig& config);

  /// Removes the tag of our VLAN.
  Judgement judge(Frame& frame) const;

 private:
  struct Own {
    Network network;
    Address broadcast;  ///< IPv4: all bits of the host set.
  };
  using View = std::span<const std::uint8_t>;

  bool remove_tag(Frame& frame, Judgement& judgement) const;
  bool is_for_our_mac(View frame, bool may_be_group) const;
  bool find_own(const Address& address, std::uint32_t& index) const;
  bool is_good_source(const Address& source) const;
  FrameFate judge_arp(View frame, Judgement& judgement) const;
  FrameFate judge_v4(View frame, Judgement& judgement) const;
  FrameFate judge_v6(View frame, Judgement& judgement) const;
  bool find_v6_target(View packet, std::uint8_t protocol, Judgement& judgement) const;
  static FrameFate judge_tcp(View segment, Judgement& judgement);

  std::array<std::uint8_t, 6> mac_;
  std::uint16_t vlan_;
  std::vector<Own> own_;
};

}  // namespace lepus::net::bypass
