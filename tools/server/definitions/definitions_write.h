// The catalog as a definitions file in RabbitMQ's layout. Left out are the exchanges every virtual
// host has from the start; what is not durable is not in the catalog.
#pragma once

#include <string>

#include "core/broker/ports.h"
#include "persist/catalog/definition_rows.h"

namespace lepus::server {

struct ExportInput {
  const core::StoredDefinitions& stored;
  const persist::StoredDefinitions& stored_rows;
  std::string product;
  std::string version;
  std::string cluster_name = {};
};

/// Empty, or what JSON cannot hold.
[[nodiscard]] std::string write_definitions(const ExportInput& input, std::string& text);

}  // namespace lepus::server
