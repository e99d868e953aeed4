// The verb status, laid out as rabbitmqctl does: titles, then lines of "name: value".
#include <fmt/format.h>
#include <simdjson.h>

#include "tools/ctl/run.h"
#include "tools/ctl/table.h"

namespace lepus::ctl {

namespace dom = simdjson::dom;

namespace {

class StatusText {
 public:
  explicit StatusText(dom::object root) : root_(root) {}

  std::string text();

 private:
  std::string value(std::string_view pointer) const {
    dom::element found;
    if (root_.at_pointer(pointer).get(found) != simdjson::SUCCESS) return "unknown";
    return escape_controls(cell_text(found));
  }
  std::string gigabytes(std::string_view pointer) const {
    std::int64_t bytes = -1;
    if (root_.at_pointer(pointer).get(bytes) != simdjson::SUCCESS || bytes < 0) return "unknown";
    return fmt::format("{:.4f} gb", static_cast<double>(bytes) / 1e9);
  }
  void title(std::string_view name) { out_ += fmt::format("\n{}\n\n", name); }
  void line(std::string_view name, std::string_view shown) {
    out_ += fmt::format("{}: {}\n", name, shown);
  }
  void list(std::string_view pointer);
  void add_listeners();
  std::string watermark() const;

  dom::object root_;
  std::string out_ = "Runtime\n\n";
};

void StatusText::list(std::string_view pointer) {
  dom::array items;
  bool any = false;
  if (root_.at_pointer(pointer).get(items) == simdjson::SUCCESS) {
    for (const dom::element item : items) {
      out_ += fmt::format(" * {}\n", escape_controls(cell_text(item)));
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

void StatusText::add_listeners() {
  dom::array listeners;
  if (root_.at_pointer("/listeners").get(listeners) != simdjson::SUCCESS) return;
  for (const dom::element one : listeners) {
    const auto part = [&](std::string_view name) {
      dom::element found;
      return one[name].get(found) == simdjson::SUCCESS ? cell_text(found) : std::string();
    };
    out_ += fmt::format("Interface: {}, port: {}, protocol: {}, purpose: {}\n", part("interface"),
                        part("port"), part("protocol"), part("purpose"));
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
  list("/config_files");
  title("Log file(s)");
  list("/log_files");
  title("Alarms");
  list("/alarms");
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
  title("Listeners");
  add_listeners();
  return std::move(out_);
}

}  // namespace

std::string status_text(std::string_view json) {
  dom::parser parser;
  dom::object root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return {};
  return StatusText{root}.text();
}

}  // namespace lepus::ctl
