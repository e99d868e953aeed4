// One line a record. Texts from clients are escaped, so a line stays a line.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "persist/recovery/recovery.h"
#include "persist/recovery/segment_scan.h"
#include "tools/journal/commands.h"

namespace lepus::journal {

using persist::RecordType;
using persist::RecordView;
using persist::ScanStep;
using persist::SegmentFile;

namespace {

std::string escaped(std::string_view text) {
  std::string out = "\"";
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\')
      out += {'\\', character};
    else if (byte < 0x20 || byte >= 0x7f)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += character;
  }
  return out + "\"";
}

/// Positions as people count them: level and position, if there is a level.
std::string position_text(std::uint64_t sequence) {
  const std::uint64_t level = sequence >> 56;
  const std::uint64_t position = sequence & ((std::uint64_t{1} << 56) - 1);
  return level == 0 ? fmt::format("{}", position) : fmt::format("{}/{}", level, position);
}

std::string queues_text(const RecordView& record) {
  std::string text;
  for (const persist::QueueRef& ref : record.queues())
    text += ref.queue == 0 ? std::string(" refused")
                           : fmt::format(" {}:{}", ref.queue, position_text(ref.sequence));
  return text;
}

std::string message_text(const RecordView& record, bool with_body) {
  const persist::MessageHead& head = record.head();
  std::string text = fmt::format(" exchange {} key {} to{} enqueued_ms {} priority {}",
                                 escaped(record.exchange()), escaped(record.routing_key()),
                                 queues_text(record), head.enqueued_ms, head.priority);
  if (head.ttl_ms != core::Message::no_ttl) text += fmt::format(" ttl_ms {}", head.ttl_ms);
  if ((head.flags & persist::head_flag_paged) != 0) text += " paged";
  text += fmt::format(" properties {} body {}", head.properties_size, head.body_size);
  if (with_body) text += " " + escaped(core::as_text(record.body()));
  return text;
}

std::string contents_text(const RecordView& record, bool with_body) {
  switch (record.header().type) {
    case RecordType::message:
      return message_text(record, with_body);
    case RecordType::settle: {
      std::string text;
      for (const persist::SequenceRange& range : record.ranges())
        text += fmt::format(" {}:{}-{}", range.queue, position_text(range.first),
                            position_text(range.last));
      return text;
    }
    case RecordType::delivered:
      return " below" + queues_text(record);
    case RecordType::truncate:
      return fmt::format(" before segment {}", record.log_start());
    case RecordType::seal:
      return {};
  }
  return {};
}

std::string_view batch_text(std::uint8_t flags) {
  constexpr std::uint8_t both = persist::flag_batch_first | persist::flag_batch_last;
  if ((flags & both) == both) return " batch";
  if ((flags & persist::flag_batch_first) != 0) return " batch{";
  return (flags & persist::flag_batch_last) != 0 ? " }batch" : "";
}

class Printer {
 public:
  Printer(const Context& context, const std::string& directory)
      : context_(context), directory_(directory), reader_(context.disk) {}

  int print(const SegmentFile& file, std::uint64_t sequence_end) {
    const std::string path = persist::segment_file_path(directory_, file.index);
    const int opened = reader_.open(path);
    if (opened < 0) {
      fmt::print(context_.errors, "lepus-journal: {}: {}\n", path, std::strerror(-opened));
      return 1;
    }
    int result = 0;
    reader_.limit_size(file.header.size);
    const std::uint64_t first = file.header.first_sequence;
    // The next header may be wrong.
    const std::uint64_t end = sequence_end == 0 ? 0 : std::max(sequence_end, first);
    persist::SegmentScan scan(reader_, {first, end, persist::RecordSeed::of(file.header.store)});
    for (ScanStep step = scan.next(); step != ScanStep::end; step = scan.next()) {
      if (step == ScanStep::record) {
        print_record(scan, file.number);
        continue;
      }
      result = 1;
      fmt::print(context_.out, "- segment {} offset {}: {} damaged bytes, {} records lost\n",
                 file.number, scan.damage().offset, scan.damage().size, scan.damage().records_lost);
    }
    return result;
  }

 private:
  void print_record(const persist::SegmentScan& scan, std::uint64_t segment) {
    const persist::RecordHeader& header = scan.record().header();
    if (header.sequence < context_.options.from) return;
    fmt::print(context_.out, "{} segment {} offset {} size {}{} {}{}\n", header.sequence, segment,
               scan.offset(), header.length, batch_text(header.flags),
               persist::text_of(header.type),
               contents_text(scan.record(), context_.options.bodies));
  }

  const Context& context_;
  const std::string& directory_;
  persist::SegmentReader reader_;
};

}  // namespace

int print_records(const Context& context, std::uint32_t shard) {
  const std::string directory = persist::shard_directory(context.options.data_directory, shard);
  const persist::SegmentFileList list =
      persist::list_segment_files(context.disk, directory, {.shard = shard});
  int result = 0;
  for (const persist::Finding& finding : list.findings) {
    if (finding.severity() < persist::Severity::warning) continue;
    fmt::print(context.errors, "lepus-journal: {}\n", finding.text());
    result = 1;
  }
  fmt::print(context.out, "# shard {}\n", shard);
  Printer printer(context, directory);
  for (std::size_t i = 0; i < list.live.size(); ++i) {
    const bool is_newest = i + 1 == list.live.size();
    const std::uint64_t sequence_end =
        is_newest ? 0 : list.files[list.live[i + 1]].header.first_sequence;
    if (!is_newest && sequence_end <= context.options.from) continue;
    result = std::max(result, printer.print(list.files[list.live[i]], sequence_end));
  }
  return result;
}

}  // namespace lepus::journal
