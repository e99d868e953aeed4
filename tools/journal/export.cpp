// Recovery says where the messages are, a loader reads them back; JsonWriter is the broker's own.
#include "tools/journal/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/base/utf8.h"
#include "core/message/properties.h"
#include "persist/recovery/kept_aside.h"
#include "persist/recovery/record_loader.h"
#include "tools/server/admin/json_writer.h"
#include "tools/server/admin/message_json.h"

namespace lepus::journal {

using core::PropertiesView;
using core::Property;
using persist::LiveEntry;
using persist::RecordView;
using persist::RecoveryReport;

namespace {

constexpr unsigned level_shift = 56;
constexpr std::uint64_t position_mask = (std::uint64_t{1} << level_shift) - 1;

void write_record_properties(core::Bytes bytes, server::JsonWriter& json) {
  PropertiesView view;
  core::Bytes rest;
  json.key("properties");
  json.begin_object();
  if (core::decode_leading_properties(bytes, view, rest)) {
    server::write_properties(view, json);
    if (view.has(Property::headers)) {
      json.key("headers");
      server::write_field_table(view.header_table(), json);
    }
  }
  json.end_object();
  json.field("properties_base64", server::encode_base64(bytes));
}

RecoveryReport read_messages(const Context& context, const std::string& data_directory,
                             std::uint32_t shard) {
  return persist::recover(context.disk, persist::shard_directory(data_directory, shard),
                          {.shard = shard});
}

/// Returns false when it cannot be read, which is told.
bool print_messages_aside(const Context& context, const std::string& path) {
  std::string error;
  fmt::print(context.out, "{}\n", path);
  for (const std::uint32_t shard : persist::list_shards(context.disk, path, error)) {
    const RecoveryReport report = read_messages(context, path, shard);
    report.queues.for_each_queue([&](std::uint64_t queue) {
      std::uint64_t bytes = 0;
      report.queues.for_each(
          queue, [&bytes](const LiveEntry& entry) { bytes += entry.message.body_size; });
      fmt::print(context.out, "  queue {} of shard {}: {} messages, {} body bytes\n", queue, shard,
                 report.queues.count(queue), bytes);
    });
  }
  if (!error.empty()) fmt::print(context.errors, "lepus-journal: {}\n", error);
  return error.empty();
}

}  // namespace

std::string message_json(std::uint64_t queue, const LiveEntry& entry, const RecordView& record) {
  server::JsonWriter json;
  json.begin_object();
  json.field("queue_id", queue);
  json.field("position", entry.sequence & position_mask);
  json.field("level", entry.sequence >> level_shift);
  json.field("redelivered", entry.redelivered);
  json.field("enqueued_ms", record.head().enqueued_ms);
  json.field("exchange", record.exchange());
  json.field("routing_key", record.routing_key());
  write_record_properties(record.properties(), json);
  const bool is_text = core::is_utf8(core::as_text(record.body()));
  json.field("payload_bytes", record.body().size());
  json.field("payload_encoding", is_text ? "string" : "base64");
  if (is_text)
    json.field("payload", core::as_text(record.body()));
  else
    json.field("payload", server::encode_base64(record.body()));
  json.end_object();
  return json.take();
}

int export_messages(const Context& context, std::uint32_t shard) {
  const std::string& data_directory = context.options.data_directory;
  const RecoveryReport report = read_messages(context, data_directory, shard);
  persist::RecordLoader loader{context.disk, persist::shard_directory(data_directory, shard),
                               report.files};
  int result = report.worst() >= persist::Severity::loss ? 1 : 0;
  for (const persist::Finding& finding : report.findings)
    if (finding.severity() >= persist::Severity::loss)
      fmt::print(context.errors, "lepus-journal: shard {}: {}\n", shard, finding.text());
  report.queues.for_each_queue([&](std::uint64_t queue) {
    if (context.options.queue && queue != *context.options.queue) return;
    report.queues.for_each(queue, [&](const LiveEntry& entry) {
      const persist::RecordLoader::Loaded loaded = loader.load(entry.message.place);
      if (loaded.error.empty()) {
        fmt::print(context.out, "{}\n", message_json(queue, entry, loaded.record));
        return;
      }
      result = 1;
      fmt::print(context.errors, "lepus-journal: queue {}, position {}: {}\n", queue,
                 entry.sequence & position_mask, loaded.error);
    });
  });
  return result;
}

int print_kept_aside(const Context& context) {
  std::string error;
  const std::vector<std::string> paths =
      persist::list_kept_aside(context.disk, context.options.data_directory, error);
  if (!error.empty()) fmt::print(context.errors, "lepus-journal: {}\n", error);
  bool is_good = error.empty();
  if (is_good && paths.empty()) fmt::print(context.out, "nothing was kept aside\n");
  for (const std::string& path : paths) is_good = print_messages_aside(context, path) && is_good;
  return is_good ? 0 : 2;
}

}  // namespace lepus::journal
