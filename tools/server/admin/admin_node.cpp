// What concerns the node as a whole: its state, its limits, its definitions, its end. Most of it is
// answered at once.
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "io/os.h"
#include "tools/server/admin/admin_operation.h"
#include "tools/server/config/config.h"
#include "tools/server/config/config_keys.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

class Ping final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    JsonWriter json;
    json.begin_object();
    json.field("node", node());
    json.field("pid", getpid());
    json.end_object();
    done(json.take());
  }
};

/// Answered when clients can connect.
class AwaitStartup final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    if (host().facts().is_serving) done("{}");
  }
  bool has_work() const override { return host().facts().is_serving; }
  void work() override { done("{}"); }
};

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
    json.field("is_under_maintenance", false);
    json.field("is_serving", facts.is_serving);
    json.field("shards", control().shard_count());
    json.field("data_directory", config.data_dir);
    write_files(config, json);
    write_alarms(json);
    write_memory(config, facts, json);
    json.field("disk_free", facts.disk_free_bytes);
    json.field("disk_free_limit", facts.disk_free_min_bytes);
    write_totals(facts, json);
    write_listeners(config, json);
    json.end_object();
    done(json.take());
  }

 private:
  static void write_files(const ServerConfig& config, JsonWriter& json) {
    json.key("config_files");
    json.begin_array();
    for (const std::string& file : find_config_files(config.sources)) json.text(file);
    json.end_array();
    json.key("log_files");
    json.begin_array();
    const std::string& log = config.log.file;
    if (!log.empty()) json.text(log.starts_with('/') ? log : config.log.dir + "/" + log);
    if (config.log.console) json.text(config.log.console_to_stdout ? "<stdout>" : "<stderr>");
    json.end_array();
  }
  void write_alarms(JsonWriter& json) const {
    json.key("alarms");
    json.begin_array();
    if (control().alarm().memory) json.text("memory");
    if (control().alarm().disk) json.text("disk");
    json.end_array();
  }
  static void write_memory(const ServerConfig& config, const AdminHost::Facts& facts,
                           JsonWriter& json) {
    json.key("memory");
    json.begin_object();
    json.field("total", facts.memory_bytes);
    json.field("rss", facts.resident_bytes);
    json.field("strategy", "messages and output");
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
    json.field("queue_count", control().topology().queue_count());
    json.field("virtual_host_count", control().topology().vhosts().size());
    json.end_object();
  }
  void write_listeners(const ServerConfig& config, JsonWriter& json) const {
    json.key("listeners");
    json.begin_array();
    for (const ListenAddress& address : config.listeners) {
      json.begin_object();
      json.field("node", node());
      json.field("interface", address.host.empty() ? std::string("[::]") : address.host);
      json.field("port", address.port);
      json.field("protocol", "amqp");
      json.field("purpose", "AMQP 0-9-1");
      json.end_object();
    }
    json.end_array();
  }
};

/// Every key with its value; passwords are not shown.
class Environment final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    JsonWriter json;
    json.begin_object();
    for (const KeySpec& spec : config_keys()) {
      const std::string value = spec.show(host().config());
      const bool is_secret = spec.name.find("pass") != std::string_view::npos;
      if (!value.empty()) json.field(spec.name, is_secret ? std::string_view("********") : value);
    }
    json.end_object();
    done(json.take());
  }
};

/// Done when the alarm, should there be another one now, is known to every shard.
class SetLimit : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void on_part(std::unique_ptr<core::InquiryPart>) override {
    if (--answers_due_ == 0) done(result_);
  }

 protected:
  /// What a shard is asked comes behind what it was sent before.
  void done_when_told(std::string result) {
    result_ = std::move(result);
    answers_due_ = control().shard_count();
    for (core::ShardId shard = 0; shard < control().shard_count(); ++shard) inquire(shard, {});
  }

 private:
  std::string result_;
  std::size_t answers_due_ = 0;
};

/// set_vm_memory_high_watermark FRACTION | absolute SIZE
class SetMemoryWatermark final : public SetLimit {
 public:
  using SetLimit::SetLimit;
  void start() override {
    const auto& arguments = request().arguments;
    MemoryWatermark mark;
    if (arguments.size() == 2 && arguments[0] == "absolute") {
      const auto size = parse_size(arguments[1]);
      if (!size || *size == 0)
        return fail(AdminFault::invalid,
                    fmt::format("'{}' is not a size like 2GB or 2GiB above 0", arguments[1]));
      mark.is_relative = false;
      mark.size = *size;
    } else if (arguments.size() == 1) {
      const auto fraction = parse_fraction(arguments[0]);
      if (!fraction || *fraction <= 0 || *fraction > 1)
        return fail(AdminFault::invalid,
                    "The threshold should be a fraction above 0.0 and up to 1.0");
      mark.fraction = *fraction;
    } else {
      return fail(AdminFault::usage, "expected a fraction, or absolute and a size");
    }
    host().set_memory_watermark(mark);
    done_when_told(fmt::format("{{\"limit\":{}}}", host().facts().memory_watermark_bytes));
  }
};

/// set_disk_free_limit SIZE | mem_relative FACTOR
class SetDiskFreeLimit final : public SetLimit {
 public:
  using SetLimit::SetLimit;
  void start() override {
    const auto& arguments = request().arguments;
    DiskFreeLimit limit;
    if (arguments.size() == 2 && arguments[0] == "mem_relative") {
      const auto factor = parse_fraction(arguments[1]);
      if (!factor || *factor <= 0 || *factor > 1000)
        return fail(AdminFault::invalid, "The factor should be above 0.0 and up to 1000.0");
      limit.is_relative = true;
      limit.factor = *factor;
    } else if (arguments.size() == 1) {
      const auto size = parse_size(arguments[0]);
      if (!size)
        return fail(AdminFault::invalid,
                    fmt::format("'{}' is not a size like 1GB or 1GiB", arguments[0]));
      limit.size = *size;
    } else {
      return fail(AdminFault::usage, "expected a size, or mem_relative and a factor");
    }
    host().set_disk_free_limit(limit);
    done_when_told(fmt::format("{{\"limit\":{}}}", host().facts().disk_free_min_bytes));
  }
};

class ExportDefinitions final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    std::string text;
    const std::string error = host().export_definitions(text);
    if (!error.empty()) return fail(AdminFault::invalid, error);
    JsonWriter json;
    json.begin_object();
    json.field("definitions", text);
    json.end_object();
    done(json.take());
  }
};

/// The file's text is the argument. Warnings are in the answer.
class ImportDefinitions final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    if (request().arguments.size() != 1)
      return fail(AdminFault::usage, "expected the text of a definitions file");
    const auto vhost = request().options.find("vhost");
    const AdminHost::Imported imported = host().import_definitions(
        request().arguments[0], vhost == request().options.end() ? "" : vhost->second, self());
    if (!imported.error.empty()) return fail(AdminFault::invalid, imported.error);
    warnings_ = imported.warnings;
    if (imported.is_done) finish();
  }
  void on_topology_done(const core::TopologyDone& answer) override {
    if (answer.error != nullptr) return fail(AdminFault::unavailable, answer.error->detail);
    finish();
  }

 private:
  void finish() {
    JsonWriter json;
    json.begin_object();
    json.key("warnings");
    json.begin_array();
    for (const std::string& warning : warnings_) json.text(warning);
    json.end_array();
    json.end_object();
    done(json.take());
  }

  std::vector<std::string> warnings_;
};

/// The connection that asked stays open until the broker has ended.
class Stop final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    host().stop_node();
    done(fmt::format("{{\"pid\":{}}}", getpid()));
  }
};

}  // namespace

OperationMaker find_node_operation(std::string_view verb) {
  if (verb == "ping") return make_operation<Ping>;
  if (verb == "await_startup") return make_operation<AwaitStartup>;
  if (verb == "status") return make_operation<Status>;
  if (verb == "environment") return make_operation<Environment>;
  if (verb == "set_vm_memory_high_watermark") return make_operation<SetMemoryWatermark>;
  if (verb == "set_disk_free_limit") return make_operation<SetDiskFreeLimit>;
  if (verb == "export_definitions") return make_operation<ExportDefinitions>;
  if (verb == "import_definitions") return make_operation<ImportDefinitions>;
  if (verb == "stop" || verb == "shutdown") return make_operation<Stop>;
  return nullptr;
}

}  // namespace lepus::server
