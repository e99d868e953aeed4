// lepus-journal over journals in memory: what it prints and its exit codes.
#include "tools/journal/commands.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "core/message/properties.h"
#include "persist/journal/index/segment_index_builder.h"
#include "persist/journal/message_record.h"
#include "persist/recovery/recovery.h"
#include "tests/unit/persist/memory_disk.h"
#include "tests/unit/persist/recovery/journal_builder.h"
#include "tools/journal/export.h"

namespace lepus::journal {
namespace {

using persist::block_size;
using persist::SegmentBuilder;

class JournalToolTest : public ::testing::Test {
 protected:
  JournalToolTest() : segment(1, 1) {
    segment.marks_batches = true;
    segment.head.ttl_ms = 99;
    segment.message({{7, 0}, {0, 0}}, "a \"body\"\n").settle({{7, 0, 3}}).end_batch();
    segment.message({{8, 5}}).delivered({{8, 6}}).truncate(1).end_batch();
    put(0);
  }

  void put(std::uint32_t shard) {
    segment.header.shard = shard;
    files(shard) = segment.bytes();
  }
  std::vector<std::uint8_t>& files(std::uint32_t shard) {
    return disk.files["unit-data/journal/shard-" + std::to_string(shard) + "/000000.seg"];
  }

  int run(const std::vector<std::string>& arguments) {
    std::vector<const char*> words{"lepus-journal"};
    for (const std::string& argument : arguments) words.push_back(argument.c_str());
    const ParsedOptions parsed = parse_options(static_cast<int>(words.size()), words.data());
    out = parsed.text;
    if (!parsed.options) return parsed.exit_code;
    char* text = nullptr;
    char* error_text = nullptr;
    std::size_t size = 0;
    std::size_t error_size = 0;
    std::FILE* file = open_memstream(&text, &size);
    std::FILE* error_file = open_memstream(&error_text, &error_size);
    const int result = run_command({disk, *parsed.options, file, error_file, backup});
    std::fclose(file);
    std::fclose(error_file);
    out.assign(text, size);
    errors.assign(error_text, error_size);
    std::free(text);
    std::free(error_text);
    return result;
  }
  bool says(const std::string& text) const { return out.find(text) != std::string::npos; }

  persist::MemoryDisk disk;
  SegmentBuilder segment;
  const persist::BackupList* backup = nullptr;
  std::string out;
  std::string errors;
};

TEST_F(JournalToolTest, PrintsOneLineARecord) {
  EXPECT_EQ(run({"unit-data", "print", "--bodies"}), 0);
  EXPECT_TRUE(
      says("1 segment 1 offset 4096 size 112 batch{ message exchange \"ex\" key \"key\" to "
           "7:0 refused enqueued_ms 0 priority 0 ttl_ms 99 properties 3 body 9 "
           "\"a \\\"body\\\"\\x0a\"\n"))
      << out;
  EXPECT_TRUE(says(" }batch settle 7:0-3\n")) << out;
  EXPECT_TRUE(says("delivered below 8:6\n")) << out;
  EXPECT_TRUE(says(" }batch truncate before segment 1\n")) << out;
}

TEST_F(JournalToolTest, PrintBeginsWhereItIsTold) {
  EXPECT_EQ(run({"unit-data", "print", "--from", "3"}), 0);
  EXPECT_FALSE(says("settle"));
  EXPECT_TRUE(says("\n3 segment 1"));
  EXPECT_FALSE(says("\"body\""));
}

TEST_F(JournalToolTest, SummaryCounts) {
  EXPECT_EQ(run({"unit-data", "summary"}), 0);
  EXPECT_TRUE(says("records: 2 message 1 settle 1 delivered 1 truncate 0 seal")) << out;
  EXPECT_TRUE(says("queue 7: 0 messages, 0 body bytes")) << out;
  EXPECT_TRUE(says("queue 8: 1 messages, 4 body bytes, 1 delivered before")) << out;
  EXPECT_TRUE(says("queue names are not known")) << out;
}

TEST_F(JournalToolTest, VerifyNamesFileAndOffset) {
  EXPECT_EQ(run({"unit-data", "verify"}), 0);
  EXPECT_TRUE(says("shard 0: 5 records")) << out;
  EXPECT_TRUE(says("no problem"));
  files(0)[block_size + 50] ^= 1;
  EXPECT_EQ(run({"unit-data", "verify"}), 1);
  EXPECT_TRUE(says("loss: damaged_newest")) << out;
  EXPECT_TRUE(says("000000.seg at 4096, 4096 bytes, 2 records lost")) << out;
  EXPECT_TRUE(disk.writes.empty());
}

/// The journal by itself looks like one that ends there.
TEST_F(JournalToolTest, VerifyComparesWithWhatWasBackedUp) {
  persist::BackupList list;
  const std::uint64_t size = 3 * block_size;  // Its last batch ends in the third block.
  list.journals.push_back({0, 1, {}, {{1, 0, size, size}}});
  backup = &list;
  EXPECT_EQ(run({"unit-data", "verify"}), 0) << out;
  list.journals[0].segments[0].bytes += block_size;
  EXPECT_EQ(run({"unit-data", "verify"}), 1);
  EXPECT_TRUE(says("shard 0: 5 records")) << out;
  EXPECT_TRUE(says("loss: shard 0: the backup had segment 1 up to byte")) << out;
  list.journals[0] = {3, 1, {}, {{1, 0, size, size}}};
  EXPECT_EQ(run({"unit-data", "verify"}), 1);
  EXPECT_TRUE(says("loss: shard 3: the backup had segment 1")) << "it has no directory: " << out;
  backup = nullptr;
  EXPECT_EQ(run({"unit-data", "verify"}), 0) << "no backup, and no copy of one: " << out;
}

TEST_F(JournalToolTest, IndexesAreShownAndCompared) {
  SegmentBuilder first(1, 1);
  first.marks_batches = true;
  first.message({{7, 0}}).end_batch().seal();
  SegmentBuilder second(2, first.next_sequence());
  second.marks_batches = true;
  second.message({{7, 1}}).end_batch();
  disk.files["unit-data/journal/shard-0/000000.seg"] = first.bytes();
  disk.files["unit-data/journal/shard-0/000001.seg"] = second.bytes();
  (void)persist::recover(disk, "unit-data/journal/shard-0", {.writes_indexes = true});
  disk.writes.clear();
  EXPECT_EQ(run({"unit-data", "summary"}), 0);
  EXPECT_TRUE(says("0.0 MiB  valid       ?\n")) << out;
  EXPECT_TRUE(says("0.0 MiB  none        ?\n")) << out;
  EXPECT_EQ(run({"unit-data", "verify"}), 0) << out;
  // One that says something else, with a right CRC.
  std::vector<std::uint8_t>& index = disk.files.at("unit-data/journal/shard-0/000000.idx");
  persist::SegmentIndexBuilder builder;
  builder.begin({1, SegmentBuilder::store, 1, 0});
  builder.add({.place = {1, block_size, sizeof(persist::RecordHeader)}});
  index = builder.finish(SegmentBuilder::default_size);
  EXPECT_EQ(run({"unit-data", "verify"}), 1);
  EXPECT_TRUE(says("warning: wrong_index")) << out;
  index.back() ^= 1;
  EXPECT_EQ(run({"unit-data", "verify"}), 0) << "what does not count does no harm";
  EXPECT_EQ(run({"unit-data", "summary"}), 0);
  EXPECT_TRUE(says("0.0 MiB  unusable    ?\n")) << out;
  EXPECT_TRUE(disk.writes.empty());
}

TEST_F(JournalToolTest, PrintTakesHeadersInAnyOrder) {
  SegmentBuilder second(2, 9);
  second.header.first_sequence = 1;
  SegmentBuilder first(1, 50);
  first.message({{7, 0}}).end_batch().seal();
  disk.files["unit-data/journal/shard-0/000000.seg"] = first.bytes();
  disk.files["unit-data/journal/shard-0/000001.seg"] = second.bytes();
  EXPECT_EQ(run({"unit-data", "print"}), 0);
  EXPECT_TRUE(says("50 segment 1 offset 4096")) << out;
}

TEST_F(JournalToolTest, ShardsAreChosen) {
  put(2);
  EXPECT_EQ(run({"unit-data", "verify"}), 0);
  EXPECT_TRUE(says("shard 0") && says("shard 2")) << out;
  EXPECT_EQ(run({"unit-data", "verify", "--shard", "2"}), 0);
  EXPECT_FALSE(says("shard 0"));
  EXPECT_EQ(run({"unit-data", "verify", "--shard", "3"}), 2);
  EXPECT_NE(errors.find("no shard 3"), std::string::npos);
}

TEST_F(JournalToolTest, ExportPrintsOneObjectAMessage) {
  SegmentBuilder other(1, 1);
  other.marks_batches = true;
  other.message({{5, 3}}, "text").end_batch().message({{6, 0}}, "\xff\x01").end_batch();
  segment = other;
  put(0);
  EXPECT_EQ(run({"unit-data", "export"}), 0);
  EXPECT_EQ(out,
            "{\"queue_id\":5,\"position\":3,\"level\":0,\"redelivered\":false,\"enqueued_ms\":0,"
            "\"exchange\":\"ex\",\"routing_key\":\"key\",\"properties\":{},"
            "\"properties_base64\":\"AABw\",\"payload_bytes\":4,\"payload_encoding\":\"string\","
            "\"payload\":\"text\"}\n"
            "{\"queue_id\":6,\"position\":0,\"level\":0,\"redelivered\":false,\"enqueued_ms\":0,"
            "\"exchange\":\"ex\",\"routing_key\":\"key\",\"properties\":{},"
            "\"properties_base64\":\"AABw\",\"payload_bytes\":2,\"payload_encoding\":\"base64\","
            "\"payload\":\"/wE=\"}\n");
  EXPECT_EQ(run({"unit-data", "export", "--queue", "6"}), 0);
  EXPECT_FALSE(says("\"queue_id\":5"));
  EXPECT_TRUE(says("\"queue_id\":6"));
  files(0)[block_size + 50] ^= 1;
  EXPECT_EQ(run({"unit-data", "export"}), 1);
  EXPECT_NE(errors.find("damaged"), std::string::npos) << errors;
}

TEST_F(JournalToolTest, ListsWhatWasKeptAside) {
  EXPECT_EQ(run({"unit-data", "kept-aside"}), 0);
  EXPECT_EQ(out, "nothing was kept aside\n");
  put(3);
  const std::string path = "unit-data/journal/kept-aside-20261129T032019Z";
  disk.files[path + "/journal/shard-3/000000.seg"] = files(3);
  EXPECT_EQ(run({"unit-data", "kept-aside"}), 0);
  EXPECT_EQ(out, path +
                     "\n  queue 7 of shard 3: 0 messages, 0 body bytes\n"
                     "  queue 8 of shard 3: 1 messages, 4 body bytes\n");
  EXPECT_EQ(run({path, "export"}), 0);
  EXPECT_TRUE(says("\"queue_id\":8,\"position\":5")) << out;
}

TEST(MessageJson, HasThePropertiesByName) {
  core::PropertiesView view;
  view.content_type = "text/plain";
  view.set(core::Property::content_type);
  view.delivery_mode = 2;
  view.set(core::Property::delivery_mode);
  const std::string_view header{"\1nI\0\0\0\7", 7};
  view.headers = core::as_bytes(header);
  view.set(core::Property::headers);
  const std::vector<std::uint8_t> properties = core::encode_properties(view);
  core::MemoryAccount account;
  const core::MessageRef message =
      core::Message::create({"", "key", properties, 0, true, 0}, account);
  const persist::MessageHead head = persist::make_head(*message, 9, 0);
  const std::uint64_t size = persist::message_record_size(head, 1);
  std::vector<std::uint64_t> memory(size / 8, 0);
  auto* bytes = reinterpret_cast<std::uint8_t*>(memory.data());
  const persist::RecordHeader record{.length = static_cast<std::uint32_t>(size), .count = 1};
  std::memcpy(bytes, &record, sizeof record);
  std::memcpy(bytes + sizeof record, &head, sizeof head);
  std::uint8_t* at = bytes + sizeof record + sizeof head + sizeof(persist::QueueRef);
  at = core::store_bytes(at, core::as_bytes(std::string_view{"key"}));
  core::store_bytes(at, properties);
  const persist::RecordSeed seed = persist::RecordSeed::of(1);
  persist::set_record_crc({bytes, size}, seed);
  const persist::RecordRead read = persist::read_record({bytes, size}, seed);
  ASSERT_EQ(read.fault, persist::RecordFault::none);
  persist::LiveEntry entry;
  entry.sequence = (std::uint64_t{2} << 56) + 4;
  entry.redelivered = true;
  const std::string line = message_json(7, entry, read.record);
  EXPECT_NE(line.find("\"position\":4,\"level\":2,\"redelivered\":true,\"enqueued_ms\":9"),
            std::string::npos)
      << line;
  EXPECT_NE(line.find("\"properties\":{\"content_type\":\"text/plain\",\"delivery_mode\":2,"
                      "\"headers\":{\"table\":[[\"n\",\"signedint\",7]]}}"),
            std::string::npos)
      << line;
}

TEST_F(JournalToolTest, WrongInputIsSaidClearly) {
  EXPECT_EQ(run({"elsewhere", "summary"}), 2);
  EXPECT_NE(errors.find("elsewhere: there is no journal"), std::string::npos);
  EXPECT_EQ(run({"unit-data", "repair"}), 2);
  EXPECT_TRUE(says("see lepus-journal --help")) << out;
  EXPECT_EQ(run({"--help"}), 0);
  EXPECT_TRUE(says("DATA_DIR"));
}

}  // namespace
}  // namespace lepus::journal
