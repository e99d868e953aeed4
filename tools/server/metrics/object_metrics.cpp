// See object_metrics.h.
#include "tools/server/metrics/object_metrics.h"

#include <utility>

#include <fmt/format.h>

namespace lepus::server {

namespace {

struct PartName {
  std::string_view prefix;
  MetricName name;
};

/// One name for all ids of a kind. `sample` writes what there is of an id.
template <class Id, class Sample>
class PartOf final : public ObjectPart {
 public:
  PartOf(const PartName& name, const std::vector<Id>& ids, Sample sample)
      : name_(name), ids_(ids), sample_(std::move(sample)) {}

  std::size_t write(std::size_t samples, MetricsText& out) override {
    if (!std::exchange(has_begun_, true)) out.begin(name_.prefix, name_.name);
    for (; samples > 0 && next_ < ids_.size(); --samples) sample_(ids_[next_++], out);
    return next_ < ids_.size() ? 0 : samples;
  }

 private:
  PartName name_;
  const std::vector<Id>& ids_;
  Sample sample_;
  std::size_t next_ = 0;
  bool has_begun_ = false;
};

template <class Id, class Sample>
void add_part(ObjectParts& parts, const PartName& name, const std::vector<Id>& ids, Sample sample) {
  parts.push_back(std::make_unique<PartOf<Id, Sample>>(name, ids, std::move(sample)));
}

MetricLabels labels_of(const MetricsQueue& queue) {
  return {{"vhost", queue.vhost}, {"queue", queue.name}};
}
MetricLabels labels_of(const MetricsExchange& exchange) {
  return {{"vhost", exchange.vhost}, {"exchange", exchange.name}};
}

/// Of a queue that nothing happened to, all is zero.
const core::QueueStats& stats_of(const MetricsQueue& queue) {
  static const core::QueueStats nothing;
  return queue.stats == nullptr ? nothing : *queue.stats;
}

class PartMaker {
 public:
  PartMaker(const MetricsSource& source, const ObjectSums& objects, const ScrapeRequest& request)
      : source_(source), objects_(objects), request_(request) {}

  ObjectParts make() {
    for (const QueueFamily& family : queue_families()) add_queues(prefix(), family);
    add_queues(prefix_own, own_queue_family());
    add_queue_info();
    for (const ExchangeFamily& family : exchange_families()) add_exchanges(family);
    for (const ChannelFamily& family : channel_families()) add_channels(family);
    for (const ConnectionFamily& family : connection_families()) add_connections(family);
    if (is_detailed()) add_cluster();
    return std::move(parts_);
  }

 private:
  bool is_detailed() const { return request_.endpoint == MetricsEndpoint::detailed; }
  std::string_view prefix() const { return is_detailed() ? prefix_detailed : prefix_rabbitmq; }
  /// One family is a part of another: each name comes once.
  bool is_wanted(std::string_view family) const {
    if (!is_detailed()) return family != "queue_consumer_count";
    if (family == "queue_consumer_count" && request_.has_family("queue_metrics")) return false;
    return request_.has_family(family);
  }

  void add_queues(std::string_view prefix, const QueueFamily& family) {
    if (!is_wanted(family.name)) return;
    for (const auto& metric : family.metrics)
      add_part(parts_, {prefix, metric.name}, objects_.queues(),
               [this_source = &source_, value = metric.value](core::QueueId id, MetricsText& out) {
                 if (const auto queue = this_source->find(id))
                   out.sample(labels_of(*queue), value(stats_of(*queue)));
               });
  }
  void add_queue_info() {
    if (is_detailed() && !request_.has_family("queue_coarse_metrics") &&
        !request_.has_family("queue_consumer_count") && !request_.has_family("queue_metrics"))
      return;
    add_part(parts_,
             {prefix(), {"queue_info", metric_gauge, "A constant 1 with details of a queue"}},
             objects_.queues(), [source = &source_](core::QueueId id, MetricsText& out) {
               const auto queue = source->find(id);
               if (!queue) return;
               out.sample(labels_of(*queue)
                              .add("queue_type", metric_queue_type(queue->type))
                              .add("membership", "leader"),
                          std::uint64_t{1});
             });
  }
  void add_exchanges(const ExchangeFamily& family) {
    if (!is_wanted(family.name)) return;
    for (const auto& metric : family.metrics)
      add_part(parts_, {prefix(), metric.name}, objects_.exchanges(),
               [source = &source_, value = metric.value](core::ExchangeId id, MetricsText& out) {
                 if (const auto exchange = source->find(id))
                   out.sample(labels_of(*exchange), value(exchange->counts));
               });
  }
  void add_channels(const ChannelFamily& family) {
    if (!is_wanted(family.name)) return;
    for (const auto& metric : family.metrics)
      add_part(parts_, {prefix(), metric.name}, objects_.channels(),
               [source = &source_, value = metric.value](const ChannelKey& key, MetricsText& out) {
                 const core::ChannelStats* row = source->find(key);
                 if (row == nullptr) return;
                 const std::string name = fmt::format("{} ({})", row->connection_name, row->number);
                 out.sample(MetricLabels{{"channel", name}}, value(*row));
               });
  }
  void add_connections(const ConnectionFamily& family) {
    if (!is_wanted(family.name)) return;
    for (const auto& metric : family.metrics)
      add_part(parts_, {prefix(), metric.name}, objects_.connections(),
               [source = &source_, value = metric.value](core::ConnectionId id, MetricsText& out) {
                 const core::ConnectionStats* row = source->find(id);
                 if (row != nullptr)
                   out.sample(MetricLabels{{"connection", row->name}}, value(*row));
               });
  }
  /// What a cluster has as a whole.
  void add_cluster() {
    const auto exchanges = [&](const MetricName& name, auto value) {
      add_part(parts_, {prefix_cluster, name}, objects_.exchanges(),
               [source = &source_, value](core::ExchangeId id, MetricsText& out) {
                 if (const auto exchange = source->find(id))
                   out.sample(labels_of(*exchange).add("type", exchange->type), value(*exchange));
               });
    };
    if (request_.has_family("exchange_bindings"))
      exchanges({"exchange_bindings", metric_gauge, "Number of bindings for an exchange"},
                [](const MetricsExchange& exchange) { return exchange.bindings; });
    if (request_.has_family("exchange_names"))
      exchanges({"exchange_name", metric_gauge, "A constant 1 for each exchange"},
                [](const MetricsExchange&) { return std::uint64_t{1}; });
  }

  const MetricsSource& source_;
  const ObjectSums& objects_;
  const ScrapeRequest& request_;
  ObjectParts parts_;
};

}  // namespace

ObjectParts make_object_parts(const MetricsSource& source, const ObjectSums& objects,
                              const ScrapeRequest& request) {
  return PartMaker(source, objects, request).make();
}

}  // namespace lepus::server
