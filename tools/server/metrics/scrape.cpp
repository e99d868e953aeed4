// See scrape.h.
#include "tools/server/metrics/scrape.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/limits/metrics.h"
#include "tools/server/metrics/node_metrics.h"

namespace lepus::server {

namespace limits = core::limits;

namespace {

/// The sums of a family under its names, without labels.
template <class Row>
void write_sums(std::string_view prefix, const MetricFamily<Row>& family,
                const std::vector<double>& sums, MetricsText& out) {
  CHECK(sums.size() == family.metrics.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    out.begin(prefix, family.metrics[i].name);
    out.sample(sums[i]);
  }
}

template <class Row>
void write_all_sums(std::span<const MetricFamily<Row>> families, const MetricSums& sums,
                    MetricsText& out) {
  for (std::size_t i = 0; i < families.size(); ++i)
    if (families[i].name != "queue_consumer_count")
      write_sums(prefix_rabbitmq, families[i], sums[i], out);
}

/// What channels counted, also those that are closed: of all virtual hosts.
void write_channel_sums(const MetricsNode& node, const MetricSums& sums, MetricsText& out) {
  core::ChannelStats all;
  all.counts = node.counts;
  const auto families = channel_families();
  for (std::size_t i = 0; i < families.size(); ++i) {
    std::vector<double> values = sums[i];
    if (families[i].name != "channel_metrics")
      for (std::size_t at = 0; at < values.size(); ++at)
        values[at] = families[i].metrics[at].value(all);
    write_sums(prefix_rabbitmq, families[i], values, out);
  }
}

bool is_of_objects(MetricsEndpoint endpoint) {
  return endpoint == MetricsEndpoint::per_object || endpoint == MetricsEndpoint::detailed;
}

}  // namespace

Scrape::Scrape(net::HttpExchange& exchange, ScrapeRequest request, const MetricsSource& source,
               GlobalCounters& counters)
    : exchange_(&exchange),
      request_(std::move(request)),
      source_(source),
      counters_(counters),
      sums_(source, request_.vhosts) {
  exchange_->set_answerer(this);
  exchange_->begin(200, {{"content-type", std::string{metrics_content_type}}});
}

Scrape::~Scrape() {
  if (exchange_ != nullptr) exchange_->fail();
}

void Scrape::work() {
  if (!has_work()) return;
  if (state_ == State::summing) {
    if (sums_.add(limits::metrics_rows_per_turn, counters_)) return;
    end_sums();
    write_node();
    state_ = State::writing;
  }
  write_objects();
}

/// Counters of the whole node are of all virtual hosts: a scrape of some of them has not seen all.
void Scrape::end_sums() {
  if (request_.vhosts.empty()) {
    const core::ShardCounts shards = sum_of(source_.threads());
    counters_.finish({source_.node().counts,
                      {shards.dead_lettered, shards.dead_letters_dropped},
                      sums_.unconfirmed()},
                     source_);
  }
  if (is_of_objects(request_.endpoint)) parts_ = make_object_parts(source_, sums_, request_);
}

void Scrape::write_node() {
  const MetricsNode node = source_.node();
  write_identity(node, endpoint_name(request_.endpoint), text_);
  switch (request_.endpoint) {
    case MetricsEndpoint::detailed:
      return write_detailed(node);
    case MetricsEndpoint::memory_breakdown:
      return write_memory(node, source_.threads(), text_);
    case MetricsEndpoint::aggregated:
    case MetricsEndpoint::per_object:
      return write_aggregated(node);
  }
}

/// What both have: the node. Of objects, the sums where there are no single ones.
void Scrape::write_aggregated(const MetricsNode& node) {
  const std::vector<MetricsThread> threads = source_.threads();
  for (const NodeFamily& family : node_families())
    family.write(prefix_rabbitmq, node, threads, text_);
  write_open_objects(node, sums_.connections().size(), sums_.channels().size(), text_);
  write_alarms(node, text_);
  write_global(node, counters_, sums_.publisher_count(), text_);
  write_message_sizes(threads, text_);
  write_threads(threads, text_);
  write_bypass(source_.bypass(), text_);
  write_memory(node, threads, text_);
  if (request_.endpoint == MetricsEndpoint::per_object) return;
  write_all_sums(queue_families(), sums_.queue_sums(), text_);
  write_sums("lepus_", own_queue_family(), sums_.own_queue_sums(), text_);
  write_all_sums(exchange_families(), sums_.exchange_sums(), text_);
  write_all_sums(connection_families(), sums_.connection_sums(), text_);
  write_channel_sums(node, sums_.channel_sums(), text_);
}

void Scrape::write_detailed(const MetricsNode& node) {
  const std::vector<MetricsThread> threads = source_.threads();
  for (const NodeFamily& family : node_families())
    if (request_.has_family(family.name)) family.write(prefix_detailed, node, threads, text_);
  if (request_.has_family("lepus_thread_metrics")) write_threads(threads, text_);
  if (request_.has_family("lepus_bypass_metrics")) write_bypass(source_.bypass(), text_);
  if (!request_.has_family("vhost_status")) return;
  text_.begin(prefix_cluster,
              {"vhost_status", MetricType::gauge, "Whether a given vhost is running"});
  for (const std::string_view vhost : source_.vhosts(request_.vhosts))
    text_.sample(MetricLabels{{"vhost", vhost}}, std::uint64_t{1});
}

void Scrape::write_objects() {
  for (std::size_t samples = limits::metrics_samples_per_turn;
       samples > 0 && part_ < parts_.size() && exchange_ != nullptr;) {
    if (text_.size() >= limits::metrics_piece_size) pass_on();
    if (!has_room_) return;
    const std::size_t share = std::min<std::size_t>(samples, 256);
    const std::size_t left = parts_[part_]->write(share, text_);
    if (left > 0) ++part_;
    samples -= share - left;
    if (left == share) --samples;  // A family without samples costs something, too.
  }
  pass_on();
  if (part_ < parts_.size() || exchange_ == nullptr) return;
  std::exchange(exchange_, nullptr)->end();
}

void Scrape::pass_on() {
  if (text_.size() > 0) exchange_->write(text_.take());
  has_room_ = exchange_->has_room();
}

}  // namespace lepus::server
