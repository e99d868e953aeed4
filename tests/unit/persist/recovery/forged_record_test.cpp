// A body that looks like records, in a segment that is damaged right before it: the scan looks for
// the next record at each block, and must not take what a client made up.
#include "tests/unit/persist/recovery/recovery_fixture.h"

namespace lepus::persist {
namespace {

class ForgedRecordTest : public RecoveryTest {
 protected:
  static constexpr std::uint64_t forged_position = 99;

  /// A record of a message at forged_position, as a client could make it.
  static std::string forge(std::uint64_t sequence, RecordSeed seed) {
    SegmentBuilder builder(1, sequence);
    builder.message({{7, forged_position}}, "forged").seal();
    std::vector<std::uint8_t> file = builder.bytes();
    std::uint8_t* record = file.data() + block_size;
    RecordHeader header;
    std::memcpy(&header, record, sizeof header);
    set_record_crc({record, header.length}, seed);
    return {reinterpret_cast<const char*>(record), header.length};
  }

  /// Segment 1 begins with a message whose body has the record at a block; it is damaged.
  RecoveryReport run_with(RecordSeed seed) {
    constexpr std::size_t before =
        sizeof(RecordHeader) + sizeof(MessageHead) + sizeof(QueueRef) + 8;
    SegmentBuilder first(1, 1);
    const std::string forged = forge(2, seed);
    std::string body(block_size - before, 'x');
    body += forged + std::string(2 * block_size - forged.size(), 'x');
    first.message({{7, 0}}, body).end_batch();
    first.message({{7, 1}}).message({{7, 2}}).end_batch().seal();
    SegmentBuilder second(2, first.next_sequence());
    second.message({{7, 3}}).end_batch();
    put(0, first);
    put(1, second);
    EXPECT_EQ(std::memcmp(file(0).data() + 2 * block_size, forged.data(), forged.size()), 0);
    file(0)[block_size + 30] ^= 1;
    return run();
  }
};

TEST_F(ForgedRecordTest, IsNotTaken) {
  RecoveryReport report = run_with({});
  EXPECT_EQ(live(report, 7), (Sequences{1, 2, 3}));
  EXPECT_EQ(only(report, RecoveryCase::damaged_sealed).records_lost, 1u);
}

TEST_F(ForgedRecordTest, WouldBeTakenWithTheNumberOfTheStore) {
  RecoveryReport report = run_with(RecordSeed::of(SegmentBuilder::store));
  const Sequences found = live(report, 7);
  EXPECT_EQ(std::count(found.begin(), found.end(), forged_position), 1) << "what this is about";
}

}  // namespace
}  // namespace lepus::persist
