// Exchanges that give each message to one of their bindings:
//
//   x-consistent-hash   by a hash of the message's key, header or property; the binding key is the
//                       weight, a positive integer
//   x-modulus-hash      by a hash of the routing key, modulo the number of bindings
//   x-random            by chance; x-local-random the same
//
// Consistent hashing is weighted rendezvous: each binding draws a number from the message's hash
// and its own name, and the best draw wins. So each gets its share by weight, a binding that comes
// or goes moves only what it gets or had, and nothing depends on the order of bindings or on what
// was before: all shards agree, also after a restart. The price is a draw a binding and route.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/amqp_error.h"
#include "core/base/bytes.h"
#include "core/topology/binding.h"

namespace lepus::core {

struct PropertiesView;

/// What of a message is hashed.
struct HashSource {
  enum class Kind : std::uint8_t { routing_key, header, correlation_id, message_id, timestamp };
  Kind kind = Kind::routing_key;
  std::string header;  ///< Its name, of that kind.
};

/// hash-header and hash-property of an x-consistent-hash exchange. `arguments`: inside of a valid
/// field table. 406 in RabbitMQ's words when they are bad.
Result<HashSource> parse_hash_source(Bytes arguments);
/// 406 in RabbitMQ's words unless the binding key is a weight.
std::optional<AmqpError> check_hash_weight(std::string_view key);

/// The part of a message that is hashed: what is not there is the same for all that lack it.
struct HashInput {
  std::string_view key;
  Bytes headers;                               ///< Inside of a valid field table, may be empty.
  const PropertiesView* properties = nullptr;  ///< Null: none are known.
};
std::uint64_t hash_message(const HashSource& source, const HashInput& input);

class HashRouter {
 public:
  /// `by_weight`: x-consistent-hash, else the number modulo the count of bindings decides.
  explicit HashRouter(bool by_weight) : by_weight_(by_weight) {}

  void add(Binding& binding);
  void remove(Binding& binding);

  /// Calls visit(const Binding&) once, or not at all without bindings. `number`: a hash, or chance.
  template <class Visit>
  void match(std::uint64_t number, Visit&& visit) const {
    if (hole_count_ > 0) squeeze();
    if (entries_.empty()) return;
    visit(*(by_weight_ ? best(number) : entries_[number % entries_.size()]).binding);
  }

 private:
  struct Entry {
    Binding* binding;
    std::uint64_t name_hash;  ///< Of its destination and key.
    double weight;
  };
  const Entry& best(std::uint64_t number) const;
  void squeeze() const;

  /// In order of arrival. Without a binding: a hole, until the next match or many of them.
  mutable std::vector<Entry> entries_;
  mutable std::size_t hole_count_ = 0;
  bool by_weight_;
};

}  // namespace lepus::core
