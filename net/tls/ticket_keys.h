// Keys of session tickets. They follow from a secret of the process and the time alone, so that
// every shard opens what another sealed, with nothing shared but the secret.
//
//   epoch = now / limits::tls_ticket_period
//   a ticket is sealed with the key of its epoch, and opened in that epoch and the next
//
// After two periods a ticket is worth nothing: that bounds how long a session may be resumed, and
// what a secret that is known later opens.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/time.h"

namespace lepus::net {

/// Of a process, from the system's generator but in tests.
using TicketSecret = std::array<std::uint8_t, 32>;

struct TicketKey {
  std::array<std::uint8_t, 16> name;  ///< In the clear at the front of each ticket.
  std::array<std::uint8_t, 32> cipher;
  std::array<std::uint8_t, 32> mac;
};

/// The keys of one shard: those in use, made when first asked for.
class TicketKeys {
 public:
  explicit TicketKeys(const TicketSecret& secret) : secret_(secret) {}

  const TicketKey& newest(core::Nanos now);
  struct Found {
    const TicketKey* key;  ///< nullptr = too old, or not ours.
    bool is_newest;
  };
  Found find(core::Bytes name, core::Nanos now);

 private:
  void move_to(core::Nanos now);

  TicketSecret secret_;
  std::int64_t epoch_ = -1;  ///< Of keys_[0]; keys_[1] is of the one before.
  std::array<TicketKey, 2> keys_ = {};
};

}  // namespace lepus::net
