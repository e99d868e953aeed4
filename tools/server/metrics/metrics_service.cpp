// See metrics_service.h.
#include "tools/server/metrics/metrics_service.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/limits/metrics.h"

namespace lepus::server {

namespace {

void answer(net::HttpExchange& exchange, unsigned status, std::string text) {
  exchange.answer(status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(text) + "\n");
}

}  // namespace

void MetricsService::on_request(net::HttpExchange& exchange) {
  const net::HttpRequest& request = exchange.request();
  std::string error;
  auto scrape = read_scrape_request({request.path, request.query}, settings_, error);
  if (!scrape)
    return answer(exchange, 404, fmt::format("not found; metrics are under {}", settings_.path));
  if (request.method != "GET") return exchange.answer(405, {{"allow", "GET, HEAD"}}, {});
  if (!error.empty()) return answer(exchange, 400, std::move(error));
  if (scrapes_.size() >= core::limits::metrics_scrapes_max)
    return answer(exchange, 503, "too many scrapes at a time");
  scrapes_.emplace_back(exchange, std::move(*scrape), source_, counters_);
}

bool MetricsService::work() {
  bool worked = false;
  for (Scrape& scrape : scrapes_) {
    if (!scrape.has_work()) continue;
    scrape.work();
    worked = true;
  }
  std::erase_if(scrapes_, [](const Scrape& scrape) { return scrape.is_over(); });
  return worked;
}

bool MetricsService::has_work() const {
  return std::any_of(scrapes_.begin(), scrapes_.end(),
                     [](const Scrape& scrape) { return scrape.has_work() || scrape.is_over(); });
}

}  // namespace lepus::server
