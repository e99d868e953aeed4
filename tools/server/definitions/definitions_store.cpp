// Between catalog, file and log. The order of the work makes it all or nothing: the file is read
// and judged in full before the first row is written, and all rows are one transaction.
#include "tools/server/definitions/definitions_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>
#include <variant>

#include "core/base/random.h"
#include "tools/server/data_dir.h"
#include "tools/server/default_users.h"
#include "tools/server/definitions/cluster_name.h"
#include "tools/server/definitions/definitions_access.h"
#include "tools/server/definitions/definitions_import.h"
#include "tools/server/definitions/definitions_warnings.h"
#include "tools/server/definitions/definitions_write.h"

namespace lepus::server {

using core::LogCategory;
using core::LogLevel;

namespace {

std::vector<std::string> vhost_names(const core::StoredDefinitions& stored) {
  std::vector<std::string> names;
  for (const core::TopologyChange& change : stored.changes)
    if (const auto* added = std::get_if<core::VhostAdded>(&change)) names.push_back(added->name);
  return names;
}

/// With nobody here or in the file: the default users.
persist::StoredDefinitions default_users(const DefinitionsPlace& place,
                                         const core::StoredDefinitions& stored,
                                         const persist::StoredDefinitions& stored_rows) {
  persist::StoredDefinitions definitions;
  const bool has_users =
      place.catalog.had_users() || !stored_rows.of(persist::DefinitionKind::users).empty();
  core::Random random{place.seed};
  if (!has_users) add_default_users(place.config, vhost_names(stored), random, definitions);
  return definitions;
}

/// Into the catalog's transaction. How many rows are new or different.
std::size_t store_defaults(const DefinitionsPlace& place,
                           const persist::StoredDefinitions& defaults,
                           persist::StoredDefinitions& stored_rows) {
  std::size_t count = 0;
  for (std::size_t index = 0; index < persist::definition_kind_count; ++index) {
    const auto kind = static_cast<persist::DefinitionKind>(index);
    for (const persist::DefinitionRow& row : defaults.of(kind)) {
      if (!stored_rows.put(kind, row)) continue;
      place.catalog.upsert(kind, row);
      ++count;
    }
  }
  return count;
}

/// Those of the configuration, when they are about to be made.
void check_default_users(const ServerConfig& config, const persist::StoredDefinitions& defaults,
                         Findings& findings) {
  if (defaults.of(persist::DefinitionKind::users).empty()) return;
  for (const UserConfig& user : config.users) {
    const std::string why = core::check_password(config.auth.passwords, user.password);
    if (!why.empty())
      findings.fail(
          fmt::format("the password of user '{}' in the configuration: {}", user.name, why));
  }
}

void bring_in(const DefinitionsPlace& place, Definitions& definitions, StartDefinitions& out,
              Findings& findings) {
  const std::vector<std::string>& vhosts = place.config.vhosts;
  check_rows(vhosts_with(out.stored, definitions, vhosts), definitions, findings);
  check_passwords(place.config.auth.passwords, definitions, findings);
  core::Random random{place.seed};
  const std::vector<DefinedRow> rows = merge_rows(definitions, random, out.stored_rows);
  ImportPlan plan = plan_import(
      out.stored,
      {definitions, vhosts, out.stored_rows, place.config.default_queue_type, place.shard_count},
      findings);
  if (!findings.ok()) return;
  for (const core::TopologyChange& change : plan.changes) place.catalog.record(change);
  out.stored.last_id = plan.last_id;
  const std::size_t change_count = plan.changes.size();
  for (core::TopologyChange& change : plan.changes) out.stored.changes.push_back(std::move(change));
  for (const DefinedRow& row : rows) place.catalog.upsert(row.kind, row.row);
  const persist::StoredDefinitions defaults = default_users(place, out.stored, out.stored_rows);
  check_default_users(place.config, defaults, findings);
  if (!findings.ok()) return;
  const std::size_t row_count = rows.size() + store_defaults(place, defaults, out.stored_rows);
  AccessLoad access = load_access(out.stored_rows, out.stored.changes);
  if (!access.error.empty()) return findings.fail(access.error);
  for (const core::TopologyChange& change : access.removals) place.catalog.record(change);
  for (core::TopologyChange& change : access.changes)
    out.stored.changes.push_back(std::move(change));
  order_for_start(out.stored.changes);
  if (place.catalog.has_changes())
    if (const std::string error = place.catalog.commit(); !error.empty())
      return findings.fail(error);
  if (!definitions.is_nothing())
    place.log.write(LogLevel::info, LogCategory::general, "definitions imported",
                    {{"file", place.config.load_definitions},
                     {"changes", change_count},
                     {"users_and_others", row_count}});
  for (const std::string& text : access.warnings) findings.warn(text);
}

/// What the file of the configuration says; nothing when it is to be left alone. The hash of what
/// is brought in is kept with it.
void read_configured(const DefinitionsPlace& place, const persist::StoredDefinitions& stored_rows,
                     Definitions& definitions, Findings& findings) {
  using persist::DefinitionKind;
  const ServerConfig& config = place.config;
  if (config.load_definitions.empty()) return;
  persist::DefinitionRow kept;
  if (config.import_rules.skips_unchanged) {
    const std::string hash = definitions_hash(config.load_definitions);
    kept.values = {std::string{core::definitions_hash_parameter}, fmt::format("\"{}\"", hash)};
    const auto& rows = stored_rows.of(DefinitionKind::global_parameters);
    if (!hash.empty() && std::find(rows.begin(), rows.end(), kept) != rows.end())
      return place.log.write(LogLevel::info, LogCategory::general, "definitions unchanged",
                             {{"file", config.load_definitions}, {"sha256", hash}});
  }
  read_definitions(config.load_definitions, start_scope(config), definitions, findings);
  if (kept.values.empty()) return;
  definitions.rows.push_back(
      {config.load_definitions, DefinitionKind::global_parameters, std::move(kept), {}});
}

std::string write_file(const std::string& target, const std::string& text) {
  const bool to_output = target == "-";
  // Password hashes are in it.
  const int fd = to_output ? STDOUT_FILENO
                           : ::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::size_t done = 0;
  bool good = fd >= 0;
  while (good && done < text.size()) {
    const ssize_t size = ::write(fd, text.data() + done, text.size() - done);
    good = size > 0 || (size < 0 && errno == EINTR);
    if (size > 0) done += static_cast<std::size_t>(size);
  }
  const int code = errno;
  if (fd >= 0 && !to_output && ::close(fd) != 0) good = false;
  if (good) return {};
  return fmt::format("cannot write {}: {}", to_output ? "to standard output" : target,
                     std::strerror(code));
}

}  // namespace

std::string catalog_path(const ServerConfig& config) { return config.data_dir + "/catalog.sqlite"; }

void order_for_start(std::vector<core::TopologyChange>& changes) {
  const auto rank = [](const core::TopologyChange& change) {
    if (std::holds_alternative<core::VhostAdded>(change)) return 0;
    return std::holds_alternative<core::PolicyPut>(change) ? 1 : 2;
  };
  std::stable_sort(changes.begin(), changes.end(),
                   [rank](const core::TopologyChange& left, const core::TopologyChange& right) {
                     return rank(left) < rank(right);
                   });
}

std::string load_start_definitions(const DefinitionsPlace& place, StartDefinitions& out) {
  std::string error = place.catalog.load(out.stored);
  if (error.empty()) error = place.catalog.load_rows(out.stored_rows);
  if (!error.empty()) return error;
  place.log.write(LogLevel::info, LogCategory::general, "definitions loaded",
                  {{"catalog", catalog_path(place.config)}, {"count", out.stored.changes.size()}});
  Definitions definitions;
  Findings findings{place.config.import_rules.on_unsupported};
  read_configured(place, out.stored_rows, definitions, findings);
  bring_in(place, definitions, out, findings);
  if (!findings.ok()) return findings.error();
  std::vector<std::string> warnings = findings.warnings();
  for (std::string& text : definition_warnings(out.stored_rows))
    warnings.push_back(std::move(text));
  for (std::string& text : default_user_warnings(place.config, out.stored_rows))
    warnings.push_back(std::move(text));
  log_warnings(warnings, place.log);
  return {};
}

DefinitionsScope start_scope(const ServerConfig& config) { return {config.vhosts.front(), false}; }

std::string export_definitions(const ServerConfig& config, const std::string& target) {
  if (::access(catalog_path(config).c_str(), F_OK) != 0)
    return fmt::format(
        "there is no catalog {}: {}; name the data_dir of the broker with --set or "
        "--config",
        catalog_path(config), std::strerror(errno));
  DataDir data_dir;
  if (std::string error = data_dir.open(config.data_dir); !error.empty()) return error;
  persist::Catalog catalog;
  StartDefinitions all;
  std::string text;
  std::string error = catalog.open({catalog_path(config), 1});
  if (error.empty()) error = catalog.load(all.stored);
  if (error.empty()) error = catalog.load_rows(all.stored_rows);
  if (error.empty())
    error = write_definitions({all.stored, all.stored_rows, config.product_name,
                               config.product_version, cluster_name_with(config, all.stored_rows)},
                              text);
  return error.empty() ? write_file(target, text) : error;
}

}  // namespace lepus::server
