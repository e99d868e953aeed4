// Random journals against a model: batches of messages, settles, moves of old messages, truncates,
// files used again, and at random points a crash that leaves the last bytes of the newest segment
// as a disk may leave them. What recovery finds must be what the model held at the last batch that
// is whole; then the journal goes on behind it.
#include <map>
#include <optional>

#include "core/base/random.h"
#include "persist/journal/index/segment_index_file.h"
#include "persist/recovery/record_loader.h"
#include "tests/unit/persist/recovery/recovery_fixture.h"
#include "tests/unit/persist/recovery/same_report.h"

namespace lepus::persist {
namespace {

struct ModelMessage {
  std::string body;
  std::uint64_t segment;
};

struct ModelState {
  /// By queue and position.
  std::map<std::pair<std::uint64_t, std::uint64_t>, ModelMessage> live;
  std::map<std::uint64_t, std::uint64_t> next;  ///< By queue.
  std::map<std::uint64_t, std::uint64_t> seen;  ///< By queue.
  std::uint64_t log_start = 1;
};

class RecoveryModel {
 public:
  explicit RecoveryModel(std::uint64_t seed) : random_(seed) { begin_segment(1, 1); }

  void run() {
    for (int crash = 0; crash < 4; ++crash) {
      const std::uint64_t batch_count = 1 + random_.below(30);
      for (std::uint64_t i = 0; i < batch_count; ++i) write_batch();
      store(*segment_);
      break_tail();
      restart();
      if (::testing::Test::HasFailure()) return;
    }
  }

 private:
  static constexpr const char* directory = "journal";
  static constexpr std::uint64_t queue_count = 3;

  struct BatchEnd {
    std::uint64_t begin;  ///< In the newest segment.
    std::uint64_t end;    ///< Behind its last record.
    ModelState before;
  };

  void begin_segment(std::uint64_t number, std::uint64_t sequence) {
    segment_.emplace(number, sequence);
    segment_->marks_batches = true;
    segment_->header.log_start = state_.log_start;
    slot_ = free_slot();
    before_use_ = disk_.files[segment_file_path(directory, slot_)];
    file_numbers_[slot_] = number;
    batches_.clear();
  }

  std::uint32_t free_slot() {
    for (const auto& [index, number] : file_numbers_)
      if (number < state_.log_start) return index;
    return static_cast<std::uint32_t>(file_numbers_.size());
  }

  void store(const SegmentBuilder& segment) {
    disk_.files[segment_file_path(directory, slot_)] = segment.bytes(before_use_);
  }

  void write_batch() {
    if (segment_->end_offset() > 40'000) roll();
    BatchEnd batch{segment_->end_offset(), 0, state_};
    const bool truncates = moved_before_ > state_.log_start;
    const std::uint64_t count = random_.below(6) + 1;
    for (std::uint64_t i = 0; i < count; ++i) add_message();
    if (random_.chance(20)) move_oldest();
    for (std::uint64_t i = random_.below(8); i > 0; --i) settle_some();
    if (random_.chance(30)) raise_watermark();
    if (truncates) {
      state_.log_start = moved_before_;
      segment_->truncate(moved_before_);
    }
    batch.end = segment_->end_offset();
    segment_->end_batch();
    batches_.push_back(std::move(batch));
  }

  void roll() {
    segment_->seal();
    store(*segment_);
    begin_segment(segment_->header.number + 1, segment_->next_sequence());
  }

  void add_message() {
    const std::uint64_t queue = 1 + random_.below(queue_count);
    const std::uint64_t size = random_.chance(10) ? random_.below(9000) : random_.below(300);
    const std::string body(size, static_cast<char>('a' + random_.below(26)));
    std::vector<QueueRef> refs{{queue, state_.next[queue]}};
    if (random_.chance(20)) refs.push_back({queue + queue_count, state_.next[queue + queue_count]});
    if (random_.chance(10)) refs.push_back({0, 0});
    for (const QueueRef& ref : refs)
      if (ref.queue != 0)
        state_.live[{ref.queue, state_.next[ref.queue]++}] = {body, segment_->header.number};
    segment_->message(refs, body);
  }

  /// What is live in the oldest segment is written again; the next batch may truncate.
  void move_oldest() {
    const std::uint64_t oldest = state_.log_start;
    if (oldest + 1 >= segment_->header.number || segment_->end_offset() > 42'000) return;
    for (auto& [at, message] : state_.live) {
      if (message.segment > oldest) continue;
      if (segment_->end_offset() + message.body.size() > 55'000) return;
      segment_->message({{at.first, at.second}}, message.body);
      message.segment = segment_->header.number;
    }
    moved_before_ = oldest + 1;
  }

  void settle_some() {
    if (state_.live.empty()) return;
    auto at = state_.live.begin();
    if (random_.chance(30))
      std::advance(at, static_cast<std::ptrdiff_t>(random_.below(state_.live.size())));
    const auto [queue, first] = at->first;
    const std::uint64_t last = first + random_.below(3);
    std::uint64_t settled = first;
    for (std::uint64_t position = first; position <= last && position < state_.next[queue];
         ++position) {
      state_.live.erase({queue, position});
      settled = position;
    }
    segment_->settle({{queue, first, settled}});
  }

  void raise_watermark() {
    const std::uint64_t queue = 1 + random_.below(queue_count);
    const std::uint64_t below = state_.next[queue];
    segment_->delivered({{queue, below}});
    state_.seen[queue] = std::max(state_.seen[queue], below);
  }

  /// Zeros from somewhere on, or a lost block, or an older use showing through.
  void break_tail() {
    auto& file = disk_.files[segment_file_path(directory, slot_)];
    if (batches_.empty() || random_.chance(20)) return;
    const std::vector<std::uint8_t> good = file;
    const BatchEnd& last = batches_.back();
    // Only the last batch may be incomplete: one is written at a time.
    const std::uint64_t from = last.begin + random_.below(last.end - last.begin);
    const std::uint64_t block = from / block_size * block_size;
    const auto begin = file.begin() + static_cast<std::ptrdiff_t>(block);
    switch (random_.below(3)) {
      case 0:
        std::fill(file.begin() + static_cast<std::ptrdiff_t>(from), file.end(), 0);
        break;
      case 1:
        std::fill_n(begin, block_size, 0);
        break;
      default:
        if (before_use_.size() == file.size())
          std::copy_n(before_use_.begin() + static_cast<std::ptrdiff_t>(block), block_size, begin);
        break;
    }
    const auto at = static_cast<std::ptrdiff_t>(last.begin);
    if (!std::equal(file.begin() + at, file.begin() + static_cast<std::ptrdiff_t>(last.end),
                    good.begin() + at))
      state_ = last.before;
  }

  void restart() {
    RecoveryReport report = recover(disk_, directory, {.shard = 0, .writes_indexes = true});
    EXPECT_LE(report.worst(), Severity::note);
    compare(report);
    // All but the newest segment is read by its index now.
    expect_same_report(report, recover(disk_, directory, {.shard = 0}));
    ASSERT_EQ(finish_recovery(disk_, report.tail), "");
    ASSERT_FALSE(report.tail_index.empty());
    disk_.files[segment_index_path(directory, report.tail.file)] = report.tail_index;
    const RecoveryReport all = recover(disk_, directory, {.shard = 0, .reads_all = true});
    RecoveryReport again = recover(disk_, directory, {.shard = 0});
    expect_same_report(all, again);
    EXPECT_EQ(again.worst(), Severity::normal);
    compare(again);
    EXPECT_EQ(again.next_sequence, report.next_sequence);
    moved_before_ = 0;
    for (auto& [queue, next] : state_.next) next = next_of(again, queue);
    begin_segment(again.next_segment, again.next_sequence);
  }

  static std::uint64_t next_of(const RecoveryReport& report, std::uint64_t queue) {
    const auto levels = report.queues.levels(queue);
    return levels.empty() ? 0 : levels[0].next_sequence;
  }

  void compare(const RecoveryReport& report) {
    RecordLoader loader(disk_, directory, report.files);
    std::uint64_t bytes = 0;
    auto expected = state_.live.begin();
    report.queues.for_each_queue([&](std::uint64_t queue) {
      report.queues.for_each(queue, [&](const LiveEntry& entry) {
        ASSERT_NE(expected, state_.live.end());
        EXPECT_EQ(expected->first, std::pair(queue, entry.sequence));
        EXPECT_EQ(expected->second.segment, entry.message.place.segment);
        const auto loaded = loader.load(entry.message.place);
        ASSERT_EQ(loaded.error, "");
        EXPECT_EQ(core::as_text(loaded.record.body()), expected->second.body);
        EXPECT_EQ(entry.redelivered, entry.sequence < state_.seen[queue]);
        bytes += entry.message.place.size;
        ++expected;
      });
    });
    EXPECT_EQ(expected, state_.live.end());
    EXPECT_EQ(report.queues.count(), state_.live.size());
    for (const auto& [at, message] : state_.live) EXPECT_GT(next_of(report, at.first), at.second);
    for (const SegmentFile& file : report.files) bytes -= file.live_bytes;
    EXPECT_EQ(bytes, 0u);
  }

  core::Random random_;
  MemoryDisk disk_;
  ModelState state_;
  std::optional<SegmentBuilder> segment_;
  std::uint32_t slot_ = 0;
  std::vector<std::uint8_t> before_use_;
  std::map<std::uint32_t, std::uint64_t> file_numbers_;
  std::vector<BatchEnd> batches_;
  std::uint64_t moved_before_ = 0;
};

class RecoveryModelTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RecoveryModelTest, StateIsThatOfTheLastWholeBatch) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << GetParam() * 50 + seed);
    RecoveryModel(GetParam() * 50 + seed).run();
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RecoveryModelTest, ::testing::Range<std::uint64_t>(0, 10));

}  // namespace
}  // namespace lepus::persist
