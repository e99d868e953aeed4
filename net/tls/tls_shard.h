// What the TLS connections of one shard share: the queue of their handshakes, memory that is used
// within one call, and the source of session tickets.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "io/loop.h"
#include "net/stream/flush_list.h"
#include "net/stream/send_chain.h"
#include "net/tls/handshake_queue.h"
#include "net/tls/session_tickets.h"

namespace lepus::net {

class TlsShard {
 public:
  /// Both outlive it. `touched` is flushed at the end of each turn, before the transport is.
  TlsShard(io::Loop& loop, FlushList& touched, const TicketSecret& secret)
      : loop_(loop), touched_(touched), tickets_{TicketKeys(secret), &loop} {}
  TlsShard(const TlsShard&) = delete;
  TlsShard& operator=(const TlsShard&) = delete;

  io::Loop& loop() { return loop_; }
  FlushList& touched() { return touched_; }
  HandshakeQueue& handshakes() { return handshakes_; }
  bool has_work() const { return handshakes_.has_work(); }
  TicketSource& tickets() { return tickets_; }

  /// Room for plain bytes that a handler is about to get.
  std::span<std::uint8_t> input_room();
  /// The front of `chain`, which is not empty, in one piece of at most a record. Valid until the
  /// next call and as long as the chain is not changed.
  core::Bytes gather(const SendChain& chain);

 private:
  struct Scratch;
  struct FreeScratch {
    void operator()(Scratch* scratch) const;
  };
  Scratch& scratch();

  io::Loop& loop_;
  FlushList& touched_;
  HandshakeQueue handshakes_;
  TicketSource tickets_;
  std::unique_ptr<Scratch, FreeScratch> scratch_;  ///< Made when first used.
};

}  // namespace lepus::net
