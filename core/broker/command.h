// Commands between threads: values that own what they carry, one type for each direction, carried
// by the rings and applied in order. The same structs reach a queue or a session of the sender's
// own shard by direct call.
//
//   session -> queue      QueueCommand     core/broker/queue_command.h
//   queue -> session      SessionCommand   core/broker/session_command.h
//   shard -> control      ControlCommand   core/broker/control_command.h
//   control -> shard      BrokerCommand    core/broker/control_command.h
//
// A visitor of a direction has exactly the handlers of that direction, or it does not compile.
#pragma once

#include <cstdint>
#include <type_traits>
#include <variant>

#include "core/broker/control_command.h"
#include "core/broker/queue_command.h"
#include "core/broker/session_command.h"

namespace lepus::core {

/// The variant of all alternatives of two variants.
template <class First, class Second>
struct JoinVariants;
template <class... First, class... Second>
struct JoinVariants<std::variant<First...>, std::variant<Second...>> {
  using type = std::variant<First..., Second...>;
};

template <class Command, class Variant>
struct IsAlternative;
template <class Command, class... Kinds>
struct IsAlternative<Command, std::variant<Kinds...>>
    : std::bool_constant<(std::is_same_v<Command, Kinds> || ...)> {};
/// Returns true if the type is one of the variant's alternatives.
template <class Command, class Variant>
concept OneOf = IsAlternative<std::remove_cvref_t<Command>, Variant>::value;

/// What comes behind it may name what this version of the topology brought. It ends in the mesh,
/// which holds back the rest until the receiver has applied as much.
struct TopologyKnown {
  std::uint64_t version;
};

/// From shard to shard: one ring carries both directions. Flat, for a variant of two variants is
/// larger than a slot.
using PeerCommand = JoinVariants<JoinVariants<QueueCommand, SessionCommand>::type,
                                 std::variant<TopologyKnown>>::type;

/// Of a slot of the rings between threads: one cache line.
inline constexpr std::size_t command_size_max = 64;
static_assert(sizeof(PeerCommand) <= command_size_max);
static_assert(sizeof(ControlCommand) <= command_size_max);
static_assert(sizeof(BrokerCommand) <= command_size_max);
static_assert(std::is_nothrow_move_constructible_v<PeerCommand>);

}  // namespace lepus::core
