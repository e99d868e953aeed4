// Verbs that are answered at once: with a text, or with a table so small that it needs no pieces. A
// check that fails is an error, so that its exit code can be used.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/server/admin/admin.h"

namespace lepus::server {

struct QuickPlace {
  const AdminRequest& request;
  const BrokerView& broker;
  AdminHost& host;
  const std::string& node;

  /// "" when it was not given.
  std::string_view option(std::string_view name) const;
};

/// Cells are texts, but for columns that `numbers` names by their index.
struct QuickTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> numbers = {};
};

struct QuickAnswer {
  std::string text;  ///< When it is well and there is no table.
  QuickTable table = {};
  std::string error = {};  ///< Not empty: it is not well.
  AdminFault fault = AdminFault::unavailable;
};
QuickAnswer quick_table(QuickTable table);
QuickAnswer quick_error(AdminFault fault, std::string error);

struct QuickVerb {
  std::string_view name;
  std::size_t arguments_min;
  std::size_t arguments_max;
  QuickAnswer (*answer)(const QuickPlace& place);
};
QuickAnswer bypass_status(const QuickPlace& place);
/// What concerns the process and the machine it runs on.
std::span<const QuickVerb> machine_verbs();
/// What RabbitMQ says of the members of a cluster: this node is the only one.
std::span<const QuickVerb> cluster_verbs();

}  // namespace lepus::server
