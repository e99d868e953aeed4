// Headers exchange: a binding's arguments are conditions on the message's headers table.
//
//   x-match       all (default)             every condition holds
//                 any                       at least one holds
//                 all-with-x, any-with-x    the same; entries named x-* are conditions, too
//   condition     name = value              the message has that entry, equal by value
//                 name = void               the message has an entry of that name
//
// Bindings wait in buckets, one per (name, value) or (name, void): an `any` binding in the bucket
// of each condition, an `all` binding in one bucket only, the least crowded when it was made. A
// message looks up two buckets per header, so bindings on other values cost nothing. `all` without
// conditions always matches, `any` without never.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/amqp_error.h"
#include "core/exchange/slot_list.h"
#include "core/message/field_table.h"
#include "core/topology/binding.h"

namespace lepus::core {

/// 406 when x-match is not one of the four words. `arguments`: inside of a valid table.
std::optional<AmqpError> check_headers_arguments(Bytes arguments);

class HeadersRouter {
 public:
  HeadersRouter();
  ~HeadersRouter();
  HeadersRouter(HeadersRouter&&) noexcept;
  HeadersRouter& operator=(HeadersRouter&&) noexcept;

  /// The arguments must have passed check_headers_arguments and stay where they are until remove().
  void add(Binding& binding);
  void remove(Binding& binding);

  /// Calls visit(const Binding&) for each match; an `any` binding may come more than once.
  /// `headers`: inside of a valid table, may be empty. Not reentrant.
  template <class Visit>
  void match(Bytes headers, Visit&& visit) const {
    always_.for_each(visit);
    if (buckets_.empty() || headers.empty()) return;
    read_fields(headers);
    for (const Field& field : fields_) {
      for (const std::uint64_t hash : {field.value_hash, field.presence_hash}) {
        const auto bucket = buckets_.find(hash);
        if (bucket == buckets_.end()) continue;
        bucket->second.for_each([&](const Condition& condition) {
          if (matches(condition, field) && rest_matches(condition))
            visit(*condition.pattern->binding);
        });
      }
    }
  }

 private:
  struct Pattern;
  struct Condition {
    Pattern* pattern;
    std::string_view name;  ///< View into the binding's arguments, as the value.
    FieldValue value;
    std::uint64_t name_hash;
    std::uint64_t bucket_hash;
    std::uint32_t slot = 0;
    bool in_bucket = false;
  };
  struct Pattern {
    Binding* binding;
    bool needs_all;
    std::vector<Condition> conditions;  ///< Never changes size once they are in buckets.
  };
  struct Field {
    std::string_view name;
    FieldValue value;
    std::uint64_t name_hash;
    std::uint64_t value_hash;
    std::uint64_t presence_hash;
  };
  struct PlainHash {
    using is_avalanching = void;
    std::size_t operator()(std::uint64_t hash) const noexcept { return hash; }
  };

  static Pattern read_pattern(Binding& binding);
  void enter_bucket(Condition& condition);
  std::size_t bucket_size(const Condition& condition) const;
  void read_fields(Bytes headers) const;
  static bool matches(const Condition& condition, const Field& field);
  bool rest_matches(const Condition& condition) const;
  bool holds_somewhere(const Condition& condition) const;

  std::vector<std::unique_ptr<Pattern>> patterns_;  ///< By Binding::router_node.
  std::vector<std::uint32_t> free_;
  boost::unordered_flat_map<std::uint64_t, SlotList<Condition>, PlainHash> buckets_;
  BindingList always_;
  mutable std::vector<Field>
      fields_;  ///< Of the message at hand; sorted by name_hash when there are many.
};

}  // namespace lepus::core
