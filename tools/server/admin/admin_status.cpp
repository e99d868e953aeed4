// What there is to see of the node as a whole: status, and cluster_status of a cluster of one node.
#include <unistd.h>

#include <string>
#include <vector>

#include "io/os.h"
#include "tools/server/admin/admin_operation.h"
#include "tools/server/admin/feature_flags.h"
#include "tools/server/admin/node_facts.h"
#include "tools/server/config/config.h"
#include "tools/server/config/config_file.h"
#include "tools/server/definitions/cluster_name.h"
#include "tools/server/listeners/listening.h"

namespace lepus::server {

namespace {

void write_texts(const std::vector<std::string>& texts, JsonWriter& json) {
  json.begin_array();
  for (const std::string& text : texts) json.text(text);
  json.end_array();
}

void write_alarms(const core::Alarm& alarm, JsonWriter& json) {
  json.key("alarms");
  json.begin_array();
  if (alarm.memory) json.text("memory");
  if (alarm.disk) json.text("disk");
  json.end_array();
}

void write_listeners(const ServerConfig& config, const std::string& node, JsonWriter& json) {
  json.begin_array();
  for (const ListenAddress& address : config.all_listeners()) {
    json.begin_object();
    json.field("node", node);
    json.field("interface", shown_interface(address));
    json.field("port", address.port);
    json.field("protocol", shown_protocol(address));
    json.field("purpose", shown_purpose(address));
    json.end_object();
  }
  json.end_array();
}

/// Clients are kept out, by drain or stop_app.
bool is_under_maintenance(const BrokerView& broker) {
  return broker.state().is_suspending || broker.state().is_suspended;
}

class Status final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    const ServerConfig& config = host().config();
    const AdminHost::Facts facts = host().facts();
    JsonWriter json;
    json.begin_object();
    json.field("os", "Linux");
    json.field("pid", getpid());
    json.field("uptime", facts.uptime_s);
    json.field("node", node());
    json.field("lepus_version", LEPUS_VERSION);
    json.field("rabbitmq_version", config.product_version);
    json.field("product_name", "Lepus");
    json.field("product_version", LEPUS_VERSION);
    json.field("is_under_maintenance", is_under_maintenance(broker()));
    json.field("is_serving", broker().state().is_serving);
    json.field("shards", broker().shard_count());
    json.field("data_directory", config.data_dir);
    write_files(config, json);
    write_alarms(broker().state().alarm, json);
    write_memory(config, facts, json);
    json.field("disk_free", facts.disk_free_bytes);
    json.field("disk_free_limit", facts.disk_free_min_bytes);
    write_totals(facts, json);
    write_logins(facts.logins, json);
    json.key("listeners");
    write_listeners(config, node(), json);
    json.end_object();
    done(json.take());
  }

 private:
  static void write_files(const ServerConfig& config, JsonWriter& json) {
    json.key("config_files");
    write_texts(find_config_files(config.sources), json);
    json.key("log_files");
    write_texts(log_locations(config), json);
  }
  static void write_memory(const ServerConfig& config, const AdminHost::Facts& facts,
                           JsonWriter& json) {
    json.key("memory");
    json.begin_object();
    json.field("total", facts.memory_bytes);
    json.field("rss", facts.resident_bytes);
    json.field("strategy", "accounts and resident memory");
    json.end_object();
    json.field("vm_memory_high_watermark_limit", facts.memory_watermark_bytes);
    json.key("vm_memory_high_watermark_setting");
    json.begin_object();
    const MemoryWatermark& mark = config.memory_watermark;
    if (mark.is_relative) {
      json.key("relative");
      json.number(mark.fraction);
    } else {
      json.field("absolute", mark.size);
    }
    json.end_object();
  }
  /// By protocol, as RabbitMQ's HTTP API counts them.
  static void write_logins(const core::LoginCounts& counts, JsonWriter& json) {
    json.key("auth_attempts");
    json.begin_array();
    json.begin_object();
    json.field("protocol", "amqp091");
    json.field("auth_attempts", counts.attempts);
    json.field("auth_attempts_succeeded", counts.succeeded);
    json.field("auth_attempts_failed", counts.failed);
    json.field("auth_attempts_blocked", counts.blocked);
    json.end_object();
    json.end_array();
  }
  void write_totals(const AdminHost::Facts& facts, JsonWriter& json) const {
    const io::FileUse files = io::file_use();
    json.key("file_descriptors");
    json.begin_object();
    json.field("total_used", files.used);
    json.field("total_limit", files.limit);
    json.end_object();
    json.key("totals");
    json.begin_object();
    json.field("connection_count", facts.connection_count);
    json.field("queue_count", broker().topology().queue_count());
    json.field("virtual_host_count", broker().topology().vhosts().size());
    json.end_object();
  }
};

/// The cluster is this node; RabbitMQ's names, so that scripts find what they look for.
class ClusterStatus final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    const ServerConfig& config = host().config();
    JsonWriter json;
    json.begin_object();
    const std::string name = cluster_name_with(config, broker().topology());
    json.field("cluster_name", name.empty() ? node() : name);
    json.key("disk_nodes");
    write_texts({node()}, json);
    json.key("running_nodes");
    write_texts(broker().state().is_serving ? std::vector{node()} : std::vector<std::string>{},
                json);
    json.key("ram_nodes");
    write_texts({}, json);
    write_versions(config, json);
    write_of_node("cpu_cores", sysconf(_SC_NPROCESSORS_ONLN), json);
    write_of_node("maintenance_status",
                  is_under_maintenance(broker()) ? "under maintenance" : "not under maintenance",
                  json);
    write_alarms(broker().state().alarm, json);
    json.key("partitions");
    json.begin_object();
    json.end_object();
    json.key("listeners");
    json.begin_object();
    json.key(node());
    write_listeners(config, node(), json);
    json.end_object();
    json.key("feature_flags");
    write_flags(json);
    json.end_object();
    done(json.take());
  }

 private:
  template <class Value>
  void write_of_node(std::string_view name, const Value& value, JsonWriter& json) const {
    json.key(name);
    json.begin_object();
    json.field(node(), value);
    json.end_object();
  }
  static void write_flags(JsonWriter& json) {
    json.begin_array();
    for (const FeatureFlag& flag : feature_flags()) {
      json.begin_object();
      json.field("name", flag.name);
      json.field("state", "enabled");
      json.end_object();
    }
    json.end_array();
  }
  void write_versions(const ServerConfig& config, JsonWriter& json) const {
    json.key("versions");
    json.begin_object();
    json.key(node());
    json.begin_object();
    json.field("rabbitmq_name", config.product_name);
    json.field("rabbitmq_version", config.product_version);
    json.field("lepus_version", LEPUS_VERSION);
    json.end_object();
    json.end_object();
  }
};

}  // namespace

std::vector<std::string> log_locations(const ServerConfig& config) {
  std::vector<std::string> locations;
  const std::string& log = config.log.file;
  if (!log.empty()) locations.push_back(log.starts_with('/') ? log : config.log.dir + "/" + log);
  if (config.log.console)
    locations.emplace_back(config.log.console_to_stdout ? "<stdout>" : "<stderr>");
  return locations;
}

std::string shown_interface(const ListenAddress& address) {
  if (address.kind == ListenerKind::unix_socket) return address.path;
  return address.host.empty() ? std::string("[::]") : address.host;
}

std::string_view shown_protocol(const ListenAddress& address) {
  return net::protocol_name(listener_protocol(address.kind));
}

std::string_view shown_purpose(const ListenAddress& address) {
  switch (address.kind) {
    case ListenerKind::tcp:
    case ListenerKind::unix_socket:
      return "AMQP 0-9-1";
    case ListenerKind::ssl:
      return "AMQP 0-9-1 over TLS";
    case ListenerKind::management:
      return "HTTP API";
    case ListenerKind::management_ssl:
      return "HTTP API over TLS (HTTPS)";
    case ListenerKind::prometheus:
      return "Prometheus exporter API over HTTP";
    case ListenerKind::prometheus_ssl:
      return "Prometheus exporter API over TLS (HTTPS)";
  }
  CHECK(false);
  return {};
}

OperationMaker find_status_operation(std::string_view verb) {
  if (verb == "status") return make_operation<Status>;
  // The tool connects to what is listed there.
  if (verb == "check_port_connectivity") return make_operation<Status>;
  if (verb == "cluster_status") return make_operation<ClusterStatus>;
  return nullptr;
}

}  // namespace lepus::server
