// One scrape: an answer in pieces, made while the client reads it.
//
//   summing: ObjectSums, so many rows a turn -> writing: the node's metrics, then those of single
//   objects, so many samples a turn and while there is room -> done
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "net/http/http_service.h"
#include "tools/server/metrics/global_counters.h"
#include "tools/server/metrics/metrics_source.h"
#include "tools/server/metrics/metrics_text.h"
#include "tools/server/metrics/object_metrics.h"
#include "tools/server/metrics/object_sums.h"
#include "tools/server/metrics/scrape_request.h"

namespace lepus::server {

class Scrape final : private net::HttpAnswerer {
 public:
  /// Begins the answer; source and counters outlive this.
  Scrape(net::HttpExchange& exchange, ScrapeRequest request, const MetricsSource& source,
         GlobalCounters& counters);
  /// After it is over; or the exchange must end in another way.
  ~Scrape();
  Scrape(const Scrape&) = delete;
  Scrape& operator=(const Scrape&) = delete;

  /// A piece of the work.
  void work();
  bool has_work() const { return exchange_ != nullptr && has_room_; }
  /// All is written, or nobody waits for it any more.
  bool is_over() const { return exchange_ == nullptr; }

 private:
  enum class State : std::uint8_t { summing, writing };

  void on_room() override { has_room_ = true; }
  void on_abandoned() override { exchange_ = nullptr; }
  void end_sums();
  void write_node();
  void write_aggregated(const MetricsNode& node);
  void write_detailed(const MetricsNode& node);
  void write_objects();
  void pass_on();

  net::HttpExchange* exchange_;
  const ScrapeRequest request_;
  const MetricsSource& source_;
  GlobalCounters& counters_;
  State state_ = State::summing;
  bool has_room_ = true;
  ObjectSums sums_;
  ObjectParts parts_;
  std::size_t part_ = 0;
  MetricsText text_;
};

}  // namespace lepus::server
