// Where to send packets for an address: to where its last packet came from, be that the peer itself
// or the gateway. So an answer needs no question first, and no route. A table with one place for
// each hash: an address that was displaced is asked for by ARP or neighbour discovery.
#pragma once

#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "core/limits/bypass.h"
#include "net/bypass/stack_api.h"
#include "net/dpdk/lwip/ingress.h"

namespace lepus::net::bypass {

class Neighbours {
 public:
  using Mac = std::array<std::uint8_t, 6>;

  void learn(const Address& address, const std::uint8_t* mac) {
    Place& place = places_[index_of(address)];
    place.address = address;
    std::memcpy(place.mac.data(), mac, place.mac.size());
    place.is_used = true;
  }
  /// nullptr: not known.
  const Mac* find(const Address& address) const {
    const Place& place = places_[index_of(address)];
    return place.is_used && is_same(place.address, address) ? &place.mac : nullptr;
  }

 private:
  struct Place {
    Address address;
    Mac mac{};
    bool is_used = false;
  };
  static constexpr std::size_t place_count = core::limits::bypass_neighbours;
  static constexpr int index_bits = std::bit_width(place_count - 1);

  static std::size_t index_of(const Address& address) {
    std::uint64_t words[2];
    std::memcpy(words, address.bytes.data(), sizeof words);
    return ((words[0] ^ words[1] * 31) * 0x9e3779b97f4a7c15U) >> (64 - index_bits);
  }

  std::vector<Place> places_ = std::vector<Place>(place_count);
};

}  // namespace lepus::net::bypass
