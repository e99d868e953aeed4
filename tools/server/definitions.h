// Definitions in RabbitMQ's JSON: what a file says, before anything is compared with what is there.
//
//   file(s) -> read_definitions() -> Definitions -> plan_import() -> changes -> catalog
//   catalog -> write_definitions() -> file
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/topology_request.h"
#include "persist/kept.h"

namespace lepus::server {

/// One virtual host, exchange, queue or binding.
struct DefinedItem {
  std::string path;               ///< "definitions.json: queues[3]", for messages.
  std::string vhost;              ///< Name; the request's id is not known yet.
  core::TopologyRequest request;  ///< To declare it.
};

struct Definitions {
  // In the order of the file; a later file comes behind an earlier one.
  std::vector<DefinedItem> vhosts;
  std::vector<DefinedItem> exchanges;
  std::vector<DefinedItem> queues;
  std::vector<DefinedItem> bindings;
  persist::KeptDefinitions kept;
};

/// Adds what a text in RabbitMQ's format says. `origin` names it in messages. Empty, or the first
/// thing that is wrong: where, what, and what to do.
[[nodiscard]] std::string parse_definitions(const std::string& origin, const std::string& text,
                                            Definitions& out);

/// The same for a file, or for all *.json of a directory in the order of their names.
[[nodiscard]] std::string read_definitions(const std::string& path, Definitions& out);

}  // namespace lepus::server
