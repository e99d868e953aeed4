// The table of configuration keys: one row says what a key is called, what it accepts, what it is
// for, how its value gets into ServerConfig and out of it, and what a reload can do about it.
// Parsing, --list-config, docs/operations/configuration.md, docs/lepus.conf.example and the
// comparison for a reload are made from it; a new key is one new row.
//
// A name may contain a part that starts with '$', or two: each stands for any text, which `set` is
// told.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tools/server/config/config.h"

namespace lepus::server {

/// When a changed value takes effect after SIGHUP.
enum class Reload : std::uint8_t {
  at_once,
  new_connections,
  restart,
  new_data_dir,  ///< Counts only where nothing was stored yet.
};

/// What `set` works on. Both are trimmed.
struct KeyText {
  std::string_view variable;  ///< What the part with '$' stands for; "" when there is none.
  std::string_view value;
  std::string_view second = {};  ///< What a second part with '$' stands for.
};

/// Nothing = the value was taken; else why not, may be empty when `accepts` says it all.
using SetOutcome = std::optional<std::string>;

struct KeySpec {
  std::string_view section;  ///< Heading in the documentation.
  std::string_view name;
  std::string_view accepts;  ///< Completes "expected ...".
  std::string_view doc;      ///< One sentence for the operator.
  Reload reload;
  SetOutcome (*set)(ServerConfig&, const KeyText&);
  /// The value as text; of a key with '$' all its values. May hold secrets: of defaults and for
  /// comparison only, never for a log.
  std::string (*show)(const ServerConfig&);
};

std::span<const KeySpec> config_keys();

struct KeyMatch {
  const KeySpec* spec = nullptr;  ///< nullptr = no such key.
  std::string_view variable;      ///< Points into the name looked for.
  std::string_view second = {};   ///< As `variable`.
};
KeyMatch find_key(std::string_view name);

/// The key most like `name`, here or in RabbitMQ, '$' parts filled in from it; "" when none is
/// near.
std::string nearest_key(std::string_view name);

/// A configuration file with every key commented out at its default: docs/lepus.conf.example.
std::string format_config_example();
/// The same as a Markdown table per section, for docs/operations/configuration.md.
std::string format_config_reference();

}  // namespace lepus::server
