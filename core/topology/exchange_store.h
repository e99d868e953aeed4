// Exchanges that hold messages: each has a queue that nobody sees, its store, homed and kept as
// queues are. So what an exchange holds is durable, confirmed, paged and recovered like anything in
// a queue.
//
//   delay         of x-delayed-message: what is to wait goes through it, then on as the exchange
// routes
//   deduplicate   of an exchange with x-message-deduplication: everything goes through it, so that
//                 duplicates are dropped in one place, whatever shard they came to
//   history       of x-recent-history: the last ones, for queues that are bound later
//
//   publish -> Topology::route() -> store -> delay is over -> make_released() -> route() past the
//   store -> queues                 (core/queue/classic/forwarding.h)
#pragma once

#include <cstdint>
#include <optional>

#include "core/message/message.h"
#include "core/topology/exchange_arguments.h"
#include "core/topology/topology_change.h"

namespace lepus::core {

/// The queue of an exchange that has one; its id and home are the caller's.
std::optional<QueueSpec> store_of(const ExchangeSpec& exchange, const ExchangeArguments& arguments);

/// Milliseconds of the x-delay header, converted as the plugin does: a number without its fraction,
/// a text that is an integer. None, or below 1: 0. `headers`: inside of a valid table.
std::uint64_t delay_ms(Bytes headers);
/// x-recent-history-no-store: it is not for the history.
bool is_left_out_of_history(Bytes headers);

/// A message as it leaves a store: without its path, and the time to live begins. When it was
/// delayed x-delay is negated, which is how consumers of the plugin know it.
MessageRef make_released(const Message& message, StoreUse use, MemoryAccount& account);

}  // namespace lepus::core
