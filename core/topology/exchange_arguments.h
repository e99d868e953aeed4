// The arguments of an exchange: what the client's table says, checked and turned into plain fields.
// What its own type does not use is kept and has no effect, as RabbitMQ does it.
//
//   any type            alternate-exchange; x-message-deduplication and its companions
//   x-consistent-hash   hash-header, hash-property
//   x-delayed-message   x-delayed-type: how it routes when the delay is over
//   x-recent-history    x-recent-history-length
#pragma once

#include <cstdint>

#include "core/amqp_error.h"
#include "core/base/bytes.h"
#include "core/exchange/deduplicator.h"
#include "core/exchange/hash.h"
#include "core/topology/topology_change.h"

namespace lepus::core {

struct ExchangeArguments {
  ExchangeType routes_as = ExchangeType::direct;  ///< How bindings are chosen.
  HashSource hash_source;                         ///< Of x-consistent-hash; else the routing key.
  Deduplication deduplication;
  std::uint64_t history_length = 20;  ///< Of x-recent-history; RabbitMQ's default.
};

/// `table`: inside of a valid field table. 406 in RabbitMQ's words when something is bad.
Result<ExchangeArguments> parse_exchange_arguments(ExchangeType type, Bytes table);

}  // namespace lepus::core
