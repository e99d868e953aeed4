// Writes the samples of single objects, a bounded number at a time: one part for each family name,
// because all samples of a name stand together.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/server/metrics/metric_tables.h"
#include "tools/server/metrics/metrics_source.h"
#include "tools/server/metrics/metrics_text.h"
#include "tools/server/metrics/object_sums.h"
#include "tools/server/metrics/scrape_request.h"

namespace lepus::server {

class ObjectPart {
 public:
  virtual ~ObjectPart() = default;
  /// Writes up to `samples` more. Returns how many were left of that; 0: it may not be done.
  virtual std::size_t write(std::size_t samples, MetricsText& out) = 0;
};
using ObjectParts = std::vector<std::unique_ptr<ObjectPart>>;

/// What a request for single objects gets, in order. Source and objects outlive the parts.
ObjectParts make_object_parts(const MetricsSource& source, const ObjectSums& objects,
                              const ScrapeRequest& request);

}  // namespace lepus::server
