// The verbs status and cluster_status, laid out as rabbitmqctl does: titles, then lines of "name:
// value".
#include <fmt/format.h>
#include <simdjson.h>

#include "tools/ctl/run.h"
#include "tools/ctl/table.h"

namespace lepus::ctl {

namespace dom = simdjson::dom;

namespace {

/// Lines from places in an answer.
class AnswerText {
 protected:
  AnswerText(dom::object root, std::string_view first_title) : root_(root) {
    out_ = fmt::format("{}\n\n", first_title);
  }
  std::string value(std::string_view pointer) const {
    dom::element found;
    if (root_.at_pointer(pointer).get(found) != simdjson::SUCCESS) return "unknown";
    return escape_controls(cell_text(found));
  }
  void title(std::string_view name) { out_ += fmt::format("\n{}\n\n", name); }
  void line(std::string_view name, std::string_view shown) {
    out_ += fmt::format("{}: {}\n", name, shown);
  }
  /// One line for each element of a list, or "(none)".
  void list(std::string_view pointer, std::string_view bullet);
  void add_listeners(dom::element list, bool with_node);

  dom::object root_;
  std::string out_;
};

class StatusText : private AnswerText {
 public:
  explicit StatusText(dom::object root) : AnswerText(root, "Runtime") {}
  std::string text();

 private:
  std::string gigabytes(std::string_view pointer) const {
    std::int64_t bytes = -1;
    if (root_.at_pointer(pointer).get(bytes) != simdjson::SUCCESS || bytes < 0) return "unknown";
    return fmt::format("{:.4f} gb", static_cast<double>(bytes) / 1e9);
  }
  std::string watermark() const;
};

class ClusterText : private AnswerText {
 public:
  explicit ClusterText(dom::object root) : AnswerText(root, "Basics") {}
  std::string text();

 private:
  /// Calls visit(node, value) for each member of an object that has one for each node.
  template <class F>
  void each_node(std::string_view member, F&& visit) const {
    dom::object nodes;
    if (root_[member].get(nodes) != simdjson::SUCCESS) return;
    for (const dom::key_value_pair pair : nodes)
      visit(escape_controls(std::string{pair.key}), pair.value);
  }
};

void AnswerText::list(std::string_view pointer, std::string_view bullet) {
  dom::array items;
  bool any = false;
  if (root_.at_pointer(pointer).get(items) == simdjson::SUCCESS) {
    for (const dom::element item : items) {
      out_ += fmt::format("{}{}\n", bullet, escape_controls(cell_text(item)));
      any = true;
    }
  }
  if (!any) out_ += "(none)\n";
}

std::string StatusText::watermark() const {
  const std::string relative = value("/vm_memory_high_watermark_setting/relative");
  const std::string limit = gigabytes("/vm_memory_high_watermark_limit");
  if (relative == "unknown") return limit;
  return fmt::format("{} of available memory, computed to: {}", relative, limit);
}

void AnswerText::add_listeners(dom::element list, bool with_node) {
  dom::array listeners;
  if (list.get(listeners) != simdjson::SUCCESS) return;
  for (const dom::element listener : listeners) {
    const auto part = [&](std::string_view name) {
      dom::element found;
      return listener[name].get(found) == simdjson::SUCCESS ? cell_text(found) : std::string();
    };
    if (with_node) out_ += fmt::format("Node: {}, ", part("node"));
    out_ += fmt::format("{}: {}, port: {}, protocol: {}, purpose: {}\n",
                        with_node ? "interface" : "Interface", part("interface"), part("port"),
                        part("protocol"), part("purpose"));
  }
}

std::string StatusText::text() {
  line("OS PID", value("/pid"));
  line("OS", value("/os"));
  line("Uptime (seconds)", value("/uptime"));
  line("Is under maintenance?", value("/is_under_maintenance"));
  line("Lepus version", value("/lepus_version"));
  line("RabbitMQ version", value("/rabbitmq_version"));
  line("Node name", value("/node"));
  line("Shards", value("/shards"));
  line("Serves clients", value("/is_serving"));
  title("Data directory");
  line("Node data directory", value("/data_directory"));
  title("Config files");
  list("/config_files", " * ");
  title("Log file(s)");
  list("/log_files", " * ");
  title("Alarms");
  list("/alarms", " * ");
  title("Memory");
  line("Total memory used", gigabytes("/memory/total"));
  line("Resident memory", gigabytes("/memory/rss"));
  line("Calculation strategy", value("/memory/strategy"));
  line("Memory high watermark setting", watermark());
  title("File Descriptors");
  out_ += fmt::format("Total: {}, limit: {}\n", value("/file_descriptors/total_used"),
                      value("/file_descriptors/total_limit"));
  title("Free Disk Space");
  line("Low free disk space watermark", gigabytes("/disk_free_limit"));
  line("Free disk space", gigabytes("/disk_free"));
  title("Totals");
  line("Connection count", value("/totals/connection_count"));
  line("Queue count", value("/totals/queue_count"));
  line("Virtual host count", value("/totals/virtual_host_count"));
  line("Logins", value("/auth_attempts/0/auth_attempts_succeeded"));
  line("Failed logins", value("/auth_attempts/0/auth_attempts_failed"));
  line("Failed logins without a look at the password",
       value("/auth_attempts/0/auth_attempts_blocked"));
  title("Listeners");
  dom::element listeners;
  if (root_["listeners"].get(listeners) == simdjson::SUCCESS) add_listeners(listeners, false);
  return std::move(out_);
}

std::string ClusterText::text() {
  line("Cluster name", value("/cluster_name"));
  title("Disk Nodes");
  list("/disk_nodes", "");
  title("Running Nodes");
  list("/running_nodes", "");
  title("Versions");
  each_node("versions", [this](const std::string& node, dom::element versions) {
    const auto part = [&](std::string_view name) {
      dom::element found;
      return versions[name].get(found) == simdjson::SUCCESS ? cell_text(found) : std::string();
    };
    line(node, fmt::format("{} {}, Lepus {}", part("rabbitmq_name"), part("rabbitmq_version"),
                           part("lepus_version")));
  });
  title("CPU Cores");
  each_node("cpu_cores", [this](const std::string& node, dom::element count) {
    out_ += fmt::format("Node: {}, available CPU cores: {}\n", node, cell_text(count));
  });
  title("Maintenance status");
  each_node("maintenance_status", [this](const std::string& node, dom::element state) {
    out_ += fmt::format("Node: {}, status: {}\n", node, cell_text(state));
  });
  title("Alarms");
  list("/alarms", "");
  title("Network Partitions");
  out_ += "(none)\n";
  title("Listeners");
  each_node("listeners",
            [this](const std::string&, dom::element listeners) { add_listeners(listeners, true); });
  return std::move(out_);
}

}  // namespace

namespace {

template <class Text>
std::string text_of_answer(std::string_view json) {
  dom::parser parser;
  dom::object root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return {};
  return Text{root}.text();
}

}  // namespace

std::string status_text(std::string_view json) { return text_of_answer<StatusText>(json); }

std::string cluster_status_text(std::string_view json) { return text_of_answer<ClusterText>(json); }

}  // namespace lepus::ctl
