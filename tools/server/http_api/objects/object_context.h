// What the objects of an answer are made of, beside themselves.
#pragma once

#include <string>
#include <string_view>

#include "core/topology/topology.h"
#include "tools/server/http_api/objects/chart.h"
#include "tools/server/samples/sample_store.h"

namespace lepus::server {

struct ObjectContext {
  const core::Topology& topology;
  const SampleStore& samples;
  std::string node;                       ///< Name of the node.
  std::uint64_t consumer_timeout_ms = 0;  ///< Of consumers without one of their own; 0: none.
  ChartRanges ranges = {};
  bool has_stats = true;         ///< False: ?disable_stats=true.
  bool has_queue_totals = true;  ///< Lengths of queues, although there are no other statistics.
};

/// A field with an object of plain values; `inside` of a field table.
void write_arguments(std::string_view name, const std::string& inside, JsonWriter& json);
/// The policy that counts, or null.
void write_policy(std::string_view name, const core::Policy* policy, JsonWriter& json);
void write_null(std::string_view name, JsonWriter& json);

}  // namespace lepus::server
