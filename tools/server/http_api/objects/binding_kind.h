// What is shown of a binding, and bindings as rows of a listing (api_listing.h).
#pragma once

#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/topology/topology.h"
#include "tools/server/admin/json_writer.h"
#include "tools/server/admin/message_json.h"
#include "tools/server/http_api/api_paging.h"
#include "tools/server/http_api/binding_key.h"

namespace lepus::server {

struct BindingFacts {
  std::string_view vhost;
  std::string_view source;
  std::string_view destination;
  bool to_queue = true;
  std::string_view key;
  std::string_view arguments;  ///< Inside of a field table.
};

inline BindingFacts facts_of(const core::Binding& binding, std::string_view vhost) {
  const bool to_queue = binding.queue != nullptr;
  return {vhost,    binding.source->name, to_queue ? binding.queue->name : binding.exchange->name,
          to_queue, binding.key,          binding.arguments};
}
/// What leads from the default exchange to each queue.
inline BindingFacts implicit_of(const core::QueueInfo& queue, std::string_view vhost) {
  return {vhost, "", queue.name, true, queue.name, ""};
}

inline void write_binding(const BindingFacts& facts, JsonWriter& json) {
  json.begin_object();
  json.field("source", facts.source);
  json.field("vhost", facts.vhost);
  json.field("destination", facts.destination);
  json.field("destination_type", facts.to_queue ? "queue" : "exchange");
  json.field("routing_key", facts.key);
  json.key("arguments");
  write_plain_table(core::FieldTable{core::as_bytes(facts.arguments)}, json);
  json.field("properties_key", binding_properties_key(facts.key, facts.arguments));
  json.end_object();
}

/// Bindings are copied when the listing begins: they may go while it is written.
class BindingKind {
 public:
  using Id = std::uint32_t;
  struct Row {
    std::string vhost, source, destination;
    bool to_queue;
    std::string key, arguments;
  };

  void add(const BindingFacts& facts) {
    rows_.push_back({std::string{facts.vhost}, std::string{facts.source},
                     std::string{facts.destination}, facts.to_queue, std::string{facts.key},
                     std::string{facts.arguments}});
  }
  std::vector<Id> ids() const {
    std::vector<Id> ids(rows_.size());
    std::iota(ids.begin(), ids.end(), Id{0});
    return ids;
  }

  const Row* find(Id id) const { return &rows_[id]; }
  std::string_view vhost(const Row& row) const { return row.vhost; }
  std::string_view name(const Row& row) const { return row.source; }
  std::optional<SortKey> key(const Row&, std::string_view) const { return std::nullopt; }
  void write(const Row& row, JsonWriter& json) const {
    write_binding({row.vhost, row.source, row.destination, row.to_queue, row.key, row.arguments},
                  json);
  }

 private:
  std::vector<Row> rows_;
};

}  // namespace lepus::server
