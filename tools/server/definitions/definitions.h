// Definitions in RabbitMQ's JSON: what a file says, before anything is compared with what is there.
//
//   file(s) -> read_definitions() -> Definitions -> plan_import() -> changes -> catalog
//                  \--> Findings <-----------------------/
//   catalog -> write_definitions() -> file
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/credential_rule.h"
#include "core/base/random.h"
#include "core/topology/topology_request.h"
#include "persist/catalog/definition_rows.h"
#include "tools/server/definitions/definitions_findings.h"

namespace lepus::server {

/// The argument that says which type a queue has.
inline constexpr std::string_view queue_type_key = "x-queue-type";

/// One virtual host, exchange, queue or binding.
struct DefinedItem {
  std::string path;               ///< "definitions.json: queues[3]", for messages.
  std::string vhost;              ///< Name; the request's id is not known yet.
  core::TopologyRequest request;  ///< To declare it.
  bool is_classic = false;        ///< Of a queue: `type` says so, its arguments say nothing.
};

/// One user, permission, policy, parameter or set of properties.
struct DefinedRow {
  std::string path;
  persist::DefinitionKind kind;
  persist::DefinitionRow row;
  std::string password;  ///< Of a user without a hash: in plain text.
};

struct Definitions {
  // In the order of the file; a later file comes behind an earlier one.
  std::vector<DefinedItem> vhosts;
  std::vector<DefinedItem> exchanges;
  std::vector<DefinedItem> queues;
  std::vector<DefinedItem> bindings;
  std::vector<DefinedRow> rows;

  bool has(persist::DefinitionKind kind) const;
  /// No file was read, or there was nothing in it.
  bool is_nothing() const {
    return vhosts.empty() && exchanges.empty() && queues.empty() && bindings.empty() &&
           rows.empty();
  }
};

/// Where elements without a virtual host belong: files of a single one have none.
struct DefinitionsScope {
  std::string vhost;       ///< Empty: they are refused.
  bool is_wanted = false;  ///< By the operator: elements of another one are refused.
};

struct DefinitionsText {
  std::string_view origin;  ///< Names it in messages.
  std::string_view text;
};
/// Adds what a text in RabbitMQ's format says.
void parse_definitions(const DefinitionsText& input, const DefinitionsScope& scope,
                       Definitions& out, Findings& findings);

/// The same for a file, or for all *.json of a directory in the order of their names.
void read_definitions(const std::string& path, const DefinitionsScope& scope, Definitions& out,
                      Findings& findings);

/// SHA-256 of what read_definitions() would read, in hexadecimal digits; empty: it cannot be read.
std::string definitions_hash(const std::string& path);

/// Says so, and how it can be there.
std::string no_such_vhost(std::string_view name);

/// Rows that are about a virtual host of `vhosts` or about none; others are refused.
void check_rows(const std::vector<std::string>& vhosts, Definitions& definitions,
                Findings& findings);

/// Users whose passwords stand there and are as `rule` wants them; others are refused.
void check_passwords(const core::CredentialRule& rule, Definitions& definitions,
                     Findings& findings);

/// What of the rows is new or different, in order; `kept` has all of them afterwards. A password in
/// plain text becomes a hash, the one that is there already if it is right.
std::vector<DefinedRow> merge_rows(const Definitions& definitions, core::Random& random,
                                   persist::StoredDefinitions& stored_rows);

}  // namespace lepus::server
