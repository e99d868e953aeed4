// How long does a restart take, and how much memory, by the number of messages left in one queue?
// The journal is written into the current directory first: 128-byte bodies, 64 MiB segments,
// batches of 1000. The time is that of recover() alone, and real: reading counts.
//
// Arguments: messages; queues that they go to in turn; how many sizes they have; whether the sealed
// segments have indexes. `memory` is what recovery holds at its end, `index` what the indexes take
// a message, bytes.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "io/kernel_disk.h"
#include "persist/journal/segment_header.h"
#include "persist/recovery/recovery.h"

namespace lepus::persist {
namespace {

constexpr std::uint64_t segment_size = std::uint64_t{64} << 20;
constexpr std::uint64_t records_per_batch = 1000;

class JournalFiles {
 public:
  JournalFiles(std::uint64_t message_count, std::uint64_t queue_count, std::uint64_t size_count)
      : queue_count_(queue_count), size_count_(size_count) {
    std::filesystem::create_directory(path);
    buffer_.reserve(segment_size);
    begin_segment();
    for (std::uint64_t i = 0; i < message_count; ++i) {
      if (i % records_per_batch == 0) end_batch();
      add_message(i);
    }
    end_batch();
    write_segment();
  }
  ~JournalFiles() { std::filesystem::remove_all(path); }

  static constexpr const char* path = "recovery_bench.journal";

 private:
  void begin_segment() {
    buffer_.assign(block_size, 0);
    encode_segment_header({.number = ++number_,
                           .first_sequence = next_sequence_,
                           .log_start = 1,
                           .size = segment_size},
                          {buffer_.data(), block_size});
  }

  std::uint8_t* add(RecordType type, std::uint32_t count, std::size_t size) {
    last_ = buffer_.size();
    buffer_.resize(last_ + size);
    const RecordHeader header{.length = static_cast<std::uint32_t>(size),
                              .sequence = next_sequence_++,
                              .type = type,
                              .flags = begins_ ? flag_batch_first : std::uint8_t{0},
                              .count = count};
    begins_ = false;
    std::memcpy(buffer_.data() + last_, &header, sizeof header);
    return buffer_.data() + last_ + sizeof header;
  }

  void finish(std::uint8_t flags) {
    buffer_[last_ + offsetof(RecordHeader, flags)] |= flags;
    set_record_crc({buffer_.data() + last_, buffer_.size() - last_}, RecordSeed::of(0));
  }

  void add_message(std::uint64_t number) {
    const MessageHead head{.enqueued_ms = 1 + number / 100,
                           .ttl_ms = core::Message::no_ttl,
                           .body_size = 128 + number % size_count_,
                           .properties_size = 3,
                           .key_size = 10};
    const QueueRef at{1 + number % queue_count_, number / queue_count_};
    std::uint8_t* contents = add(RecordType::message, 1, message_record_size(head, 1));
    std::memcpy(contents, &head, sizeof head);
    std::memcpy(contents + sizeof head, &at, sizeof at);
    finish((number + 1) % records_per_batch == 0 ? flag_batch_last : std::uint8_t{0});
  }

  void end_batch() {
    buffer_.resize(round_up(buffer_.size(), block_size));
    begins_ = true;
    if (buffer_.size() + records_per_batch * 300 < segment_size) return;
    add(RecordType::seal, 0, sizeof(RecordHeader));
    finish(flag_batch_last);
    begins_ = true;
    write_segment();
    begin_segment();
  }

  void write_segment() {
    buffer_.resize(segment_size);
    io::KernelDisk disk;
    const int fd =
        disk.open(fmt::format("{}/{:06}.seg", path, number_), {.write = true, .create = true});
    CHECK(fd >= 0);
    CHECK(disk.write(fd, 0, buffer_) == 0);
    CHECK(disk.sync(fd) == 0);
    disk.close(fd);
  }

  const std::uint64_t queue_count_;
  const std::uint64_t size_count_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t number_ = 0;
  std::uint64_t next_sequence_ = 1;
  std::size_t last_ = 0;
  bool begins_ = true;
};

std::uint64_t index_bytes() {
  std::uint64_t sum = 0;
  for (const auto& entry : std::filesystem::directory_iterator(JournalFiles::path))
    if (entry.path().extension() == ".idx") sum += entry.file_size();
  return sum;
}

void recover_queue(benchmark::State& state) {
  const auto message_count = static_cast<std::uint64_t>(state.range(0));
  const JournalFiles files(message_count, static_cast<std::uint64_t>(state.range(1)),
                           static_cast<std::uint64_t>(state.range(2)));
  io::KernelDisk disk;
  const TimedQueues timed_queues;
  if (state.range(3) != 0) {
    (void)recover(disk, JournalFiles::path, {.writes_indexes = true});
    state.counters["index"] =
        static_cast<double>(index_bytes()) / static_cast<double>(state.range(0));
  }
  for (auto _ : state) {
    const RecoveryReport report =
        recover(disk, JournalFiles::path, {.timed_queues = &timed_queues});
    CHECK(report.worst() <= Severity::note);
    CHECK(report.queues.count() == message_count);
    state.counters["memory"] = static_cast<double>(report.queues.memory_bytes());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(recover_queue)
    ->Args({100'000, 1, 1, 0})
    ->Args({1'000'000, 1, 1, 0})
    ->Args({1'000'000, 10, 1, 0})
    ->Args({1'000'000, 1, 100, 0})
    ->Args({10'000'000, 1, 1, 0})
    ->Args({1'000'000, 1, 1, 1})
    ->Args({1'000'000, 10, 1, 1})
    ->Args({1'000'000, 1, 100, 1})
    ->Args({10'000'000, 1, 1, 1})
    ->Args({10'000'000, 10, 1, 1})
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lepus::persist
