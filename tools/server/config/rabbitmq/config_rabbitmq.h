// Keys of RabbitMQ (rabbit.schema and the schemas of its plugins, 3.7 to 4.3) that are no keys
// here, and what a start does with each: config_rabbitmq_keys.cpp is the table. A key that changes
// nothing a user relies on gives a warning; one whose neglect would be unsafe or surprising stops
// the start and says what to do. docs/RABBITMQ_CONF.md is written from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/server/config/config_file.h"

namespace lepus::server {

enum class RabbitmqDecision : std::uint8_t {
  no_effect,  ///< The broker starts; a warning says that the key does nothing.
  refused,    ///< The broker does not start.
};

/// What several keys have in common. Keys of one subject share one line of warning or error.
struct RabbitmqSubject {
  std::string_view title;  ///< Heading in the documentation.
  RabbitmqDecision decision;
  std::string_view text;  ///< What is not there and what to do instead; one or two sentences.
};

struct RabbitmqKey {
  /// A part that starts with '$' stands for any one part, "*" at the end for one part or more.
  std::string_view pattern;
  const RabbitmqSubject* subject;
  /// Values, separated by commas, with which the key asks for nothing: nothing is said then.
  std::string_view harmless = {};
};

/// The first that matches a name is the one that counts.
std::span<const RabbitmqKey> rabbitmq_keys();

/// nullptr = RabbitMQ has no such key, or it is a key here.
const RabbitmqKey* find_rabbitmq_key(std::string_view name);

bool is_harmless(const RabbitmqKey& key, std::string_view value);

/// What a wrong `name` would be called if it were meant to match `pattern`.
std::string rabbitmq_key_like(std::string_view pattern, std::string_view name);

/// Collects the keys of a configuration that are RabbitMQ's only. Of a key that is set more than
/// once the last value counts. Holds on to the settings it is given.
class RabbitmqReport {
 public:
  void add(const Setting& setting, const RabbitmqKey& key);
  /// Appends one complete line for each subject, in the order of the table.
  void write(std::vector<std::string>& errors, std::vector<std::string>& warnings) const;

 private:
  struct Found {
    const Setting* setting;
    const RabbitmqKey* key;
  };
  std::vector<Found> found_;
  std::map<std::string_view, std::size_t> index_;  ///< In found_, by key.
};

/// docs/RABBITMQ_CONF.md: every key of RabbitMQ with the decision about it.
std::string format_rabbitmq_reference();

}  // namespace lepus::server
