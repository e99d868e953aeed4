// The overview; see node_json.h.
#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "tools/server/admin/node_facts.h"
#include "tools/server/config/config.h"
#include "tools/server/http_api/objects/overview_parts.h"

namespace lepus::server {

namespace {

struct Churn {
  std::string_view name;
  Series series;
};
constexpr std::array churns{Churn{"connection_created", Series::connection_created},
                            Churn{"connection_closed", Series::connection_closed},
                            Churn{"channel_created", Series::channel_created},
                            Churn{"channel_closed", Series::channel_closed},
                            Churn{"queue_declared", Series::queue_declared},
                            Churn{"queue_created", Series::queue_created},
                            Churn{"queue_deleted", Series::queue_deleted}};

/// What the virtual hosts of a scope have altogether.
struct Totals {
  ObjectRates::Values values{};
  std::array<double, object_series_count> rates{};
  const History* history = nullptr;  ///< There is one of the whole node only.
};

Totals totals_of(const ObjectContext& objects, const std::vector<const core::VhostInfo*>& vhosts) {
  Totals totals;
  for (const core::VhostInfo* vhost : vhosts) {
    const VhostSample* sample = objects.samples.find_vhost(vhost->id);
    if (sample == nullptr) continue;
    for (std::size_t i = 0; i < object_series_count; ++i) {
      totals.values[i] += sample->rates.values()[i];
      totals.rates[i] += sample->rates.rate(i);
    }
  }
  return totals;
}

struct TotalLine {
  std::string_view name;
  std::initializer_list<std::size_t> series;
};
void write_total(const TotalLine& line, const Totals& totals, const ChartRange& range,
                 JsonWriter& json) {
  std::uint64_t sum = 0;
  double rate = 0;
  for (const std::size_t one : line.series) {
    sum += totals.values[one];
    rate += totals.rates[one];
  }
  json.field(line.name, sum);
  write_details(line.name, {rate, totals.history, line.series}, range, json);
}

class OverviewWriter {
 public:
  OverviewWriter(const NodeContext& context, const OverviewScope& scope, JsonWriter& json)
      : context_(context), objects_(context.objects), scope_(scope), json_(json) {
    vhosts_ = scope.vhosts != nullptr ? *scope.vhosts : objects_.topology.vhosts();
    totals_ = totals_of(objects_, vhosts_);
    if (scope.vhosts == nullptr) totals_.history = &objects_.samples.node_history();
  }

  void write() {
    json_.begin_object();
    write_product();
    json_.key("message_stats");
    json_.begin_object();
    if (objects_.has_stats) write_message_stats();
    json_.end_object();
    json_.key("churn_rates");
    json_.begin_object();
    if (objects_.has_stats) write_churn(objects_, json_);
    json_.end_object();
    write_queue_totals();
    write_object_totals();
    // Nothing waits to be counted: rows come when they are asked for.
    json_.field("statistics_db_event_queue", 0);
    json_.field("node", objects_.node);
    if (scope_.has_listeners) {
      write_listener_list();
      write_contexts(context_, json_);
    }
    json_.end_object();
  }

 private:
  void write_product() {
    const ServerConfig& config = context_.host.config();
    json_.field("management_version", config.product_version);
    json_.field("rates_mode", "basic");
    write_retention();
    write_exchange_types(json_);
    json_.field("product_name", "Lepus");
    json_.field("product_version", LEPUS_VERSION);
    json_.field("rabbitmq_version", config.product_version);
    json_.field("cluster_name", config.cluster_name.empty() ? objects_.node : config.cluster_name);
    json_.key("cluster_tags");
    json_.raw("{}");
    json_.key("node_tags");
    json_.raw("{}");
    json_.field("default_queue_type",
                config.default_queue_type.empty() ? "classic" : config.default_queue_type);
    json_.field("erlang_version", "none");
    json_.field("erlang_full_version", "Lepus is no Erlang program");
    json_.field("disable_stats", !objects_.has_stats);
    json_.field("enable_queue_totals", objects_.has_queue_totals);
    json_.field("is_op_policy_updating_enabled", true);
  }
  /// How long values are kept, in seconds, by RabbitMQ's names.
  void write_retention() {
    json_.key("sample_retention_policies");
    json_.begin_object();
    for (const auto& [name, levels] :
         {std::pair{"global", node_history_levels()}, std::pair{"basic", object_history_levels()},
          std::pair{"detailed", object_history_levels()}}) {
      json_.key(name);
      json_.begin_array();
      for (const HistoryLevel& level : levels) json_.number(level.span_s);
      json_.end_array();
    }
    json_.end_object();
  }
  void write_message_stats() {
    using core::MessageEvent;
    for (const MessageEvent event : vhost_events())
      write_line(core::message_event_names[series_of(event)], {series_of(event)});
    write_line("deliver_get",
               {series_of(MessageEvent::deliver), series_of(MessageEvent::deliver_no_ack),
                series_of(MessageEvent::get), series_of(MessageEvent::get_no_ack)});
    write_line("disk_reads", {series_of(Series::disk_reads)});
    write_line("disk_writes", {series_of(Series::disk_writes)});
  }
  void write_line(std::string_view name, std::initializer_list<std::size_t> series) {
    write_total({name, series}, totals_, objects_.ranges.message_rates, json_);
  }
  void write_queue_totals() {
    constexpr std::size_t ready = series_of(Series::messages_ready);
    constexpr std::size_t unacked = series_of(Series::messages_unacknowledged);
    json_.key("queue_totals");
    json_.begin_object();
    const ChartRange& range = objects_.ranges.lengths;
    write_total({"messages", {ready, unacked}}, totals_, range, json_);
    write_total({"messages_ready", {ready}}, totals_, range, json_);
    write_total({"messages_unacknowledged", {unacked}}, totals_, range, json_);
    json_.end_object();
  }
  void write_object_totals() {
    std::size_t exchanges = 0, queues = 0;
    for (const core::VhostInfo* vhost : vhosts_) {
      exchanges += vhost->exchanges.size();
      queues += vhost->queues.size();
    }
    json_.key("object_totals");
    json_.begin_object();
    json_.field("consumers", consumer_count());
    json_.field("queues", queues);
    json_.field("exchanges", exchanges);
    json_.field("connections", count_of(objects_.samples.connections()));
    json_.field("channels", count_of(objects_.samples.channels()));
    json_.end_object();
  }
  template <class Table>
  std::size_t count_of(const Table& table) const {
    if (scope_.user.empty()) return table.size();
    return static_cast<std::size_t>(std::count_if(table.begin(), table.end(), [&](const auto& one) {
      return one.second->stats.user == scope_.user;
    }));
  }
  std::size_t consumer_count() const {
    if (scope_.vhosts == nullptr) return objects_.samples.consumer_count();
    std::size_t count = 0;
    for (const auto& shard : objects_.samples.consumers())
      for (const core::ConsumerStats& consumer : shard)
        if (const core::QueueInfo* queue = objects_.topology.find_queue(consumer.queue))
          count += std::any_of(vhosts_.begin(), vhosts_.end(), [&](const core::VhostInfo* vhost) {
            return vhost->id == queue->vhost;
          });
    return count;
  }
  void write_listener_list() {
    json_.key("listeners");
    json_.begin_array();
    for (const ListenAddress& address : context_.host.config().all_listeners()) {
      json_.begin_object();
      json_.field("node", objects_.node);
      json_.field("protocol", shown_protocol(address));
      json_.field("ip_address", address.host.empty() ? std::string("::") : address.host);
      json_.field("port", address.port);
      json_.key("socket_opts");
      json_.raw("{}");
      json_.end_object();
    }
    json_.end_array();
  }

  const NodeContext& context_;
  const ObjectContext& objects_;
  const OverviewScope& scope_;
  JsonWriter& json_;
  std::vector<const core::VhostInfo*> vhosts_;
  Totals totals_;
};

}  // namespace

void write_overview(const NodeContext& context, const OverviewScope& scope, JsonWriter& json) {
  OverviewWriter{context, scope, json}.write();
}

void write_churn(const ObjectContext& objects, JsonWriter& json) {
  const NodeRates& node = objects.samples.node();
  for (const Churn& churn : churns) {
    const std::size_t series = series_of(churn.series);
    json.field(churn.name, node.values()[series]);
    write_details(churn.name, {node.rate(series), &objects.samples.node_history(), {series}},
                  objects.ranges.node_stats, json);
  }
}

void write_exchange_types(JsonWriter& json) {
  json.key("exchange_types");
  json.begin_array();
  for (const core::ExchangeType type : core::all_exchange_types) {
    json.begin_object();
    json.field("name", core::exchange_type_name(type));
    json.field("description", fmt::format("exchange of type {}", core::exchange_type_name(type)));
    json.field("enabled", true);
    json.end_object();
  }
  json.end_array();
}

void write_auth_mechanisms(const ServerConfig& config, JsonWriter& json) {
  json.key("auth_mechanisms");
  json.begin_array();
  for (const std::string& name : config.auth.mechanisms) {
    json.begin_object();
    json.field("name", name);
    json.field("description", fmt::format("SASL {}", name));
    json.field("enabled", true);
    json.end_object();
  }
  json.end_array();
}

void write_contexts(const NodeContext& context, JsonWriter& json) {
  json.key("contexts");
  json.begin_array();
  for (const ListenAddress& address : context.host.config().http_listeners()) {
    json.begin_object();
    json.field("node", context.objects.node);
    json.field("description", shown_purpose(address));
    json.field("path", "/");
    json.field("ip", address.host.empty() ? std::string("::") : address.host);
    json.field("port", fmt::format("{}", address.port));
    json.field("protocol", shown_protocol(address));
    json.key("ssl_opts");
    json.raw("[]");
    json.end_object();
  }
  json.end_array();
}

}  // namespace lepus::server
