// GET /metrics, /metrics/per-object, /metrics/detailed, /metrics/memory-breakdown: RabbitMQ's
// names, and our own under lepus_. A scrape of very many objects takes many turns and bounded
// memory.
//
// Admin thread; a transport of Admin, so that scrapes have their share of each turn.
#pragma once

#include <list>
#include <string>

#include "net/http/http_service.h"
#include "tools/server/admin/admin.h"
#include "tools/server/metrics/global_counters.h"
#include "tools/server/metrics/metrics_source.h"
#include "tools/server/metrics/scrape.h"

namespace lepus::server {

class MetricsService final : public net::HttpService, public AdminTransport {
 public:
  /// The source outlives this.
  MetricsService(const MetricsSource& source, MetricsSettings settings)
      : source_(source), settings_(std::move(settings)) {}

  void set_settings(MetricsSettings settings) { settings_ = std::move(settings); }
  void on_request(net::HttpExchange& exchange) override;

  bool work() override;
  bool has_work() const override;
  void flush() override {}
  /// Scrapes under way end with their connections.
  void stop() override {}

  std::size_t scrape_count() const { return scrapes_.size(); }

 private:
  const MetricsSource& source_;
  MetricsSettings settings_;
  GlobalCounters counters_;
  std::list<Scrape> scrapes_;
};

}  // namespace lepus::server
