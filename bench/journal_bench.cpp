// What a confirm costs: how long until a batch of so many messages is on the disk, beside the raw
// write of the same size to a file prepared in the same way.
//
//   raw_write/4096, raw_write/1048576     one direct O_DSYNC write through the ring
//   journal/messages                      append, flush, turns until durable; 128 byte bodies
//
// Files go to the working directory (set TMPDIR to choose the disk).
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/message/message.h"
#include "io/kernel_disk.h"
#include "io/uring/uring_driver.h"
#include "persist/journal/journal.h"

namespace lepus {
namespace {

class Folder {
 public:
  Folder() {
    const char* base = std::getenv("TMPDIR");
    path = std::string{base != nullptr ? base : "."} + "/lepus-bench-XXXXXX";
    CHECK(mkdtemp(path.data()) != nullptr);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

struct World {
  World() {
    std::string error;
    driver = io::UringDriver::create({}, &error);
    CHECK(driver != nullptr);
    loop = std::make_unique<io::Loop>(*driver, io::IdlePolicy{io::IdleMode::poll, 0});
    loop->run_turn();
  }
  Folder folder;
  io::KernelDisk disk;
  core::NullLog log;
  std::unique_ptr<io::UringDriver> driver;
  std::unique_ptr<io::Loop> loop;
};

void raw_write(benchmark::State& state) {
  World world;
  const auto size = static_cast<std::size_t>(state.range(0));
  constexpr std::uint64_t file_size = std::uint64_t{64} << 20;
  const int fd = world.disk.open(world.folder.path + "/raw", {true, true, true, true});
  CHECK(fd >= 0);
  CHECK(world.disk.fill(fd, file_size) == 0);
  struct Writer {
    void on_write(io::Op&, const io::Completion& completion) { result = completion.result; }
    std::int32_t result = 0;
  } writer;
  io::Op op;
  op.kind = io::OpKind::write;
  op.fd = fd;
  op.bind<&Writer::on_write>(&writer);
  std::unique_ptr<void, void (*)(void*)> memory{std::aligned_alloc(4096, size), &std::free};
  iovec iov{memory.get(), size};
  op.iov = &iov;
  op.iov_count = 1;
  for (auto _ : state) {
    if (op.offset + size > file_size) op.offset = 0;
    world.loop->submit(op);
    while (op.in_flight) world.loop->run_turn();
    CHECK(writer.result == static_cast<std::int32_t>(size));
    op.offset += size;
  }
  world.disk.close(fd);
}
BENCHMARK(raw_write)->Arg(4096)->Arg(256 << 10)->Arg(1 << 20)->UseRealTime();

struct Written {
  explicit Written(World& world)
      : journal({.loop = world.loop.get(),
                 .disk = &world.disk,
                 .log = &world.log,
                 .directory = world.folder.path,
                 .store = 1,
                 .fail = [](void*, const std::string& why) {
                   std::fputs(why.c_str(), stderr);
                   std::abort();
                 }}) {
    const std::string error = journal.start({}, 1);
    CHECK(error.empty());
    message = core::Message::create({"", "queue", {}, 128, true}, account);
    const std::vector<std::uint8_t> body(128, 'x');
    message->append_body(body);
  }
  void publish() {
    const core::RecordLocation place = journal.append(*message, 1);
    journal.enqueued(place, 0, {core::QueueId{1}, sequence});
    journal.settled(place, {core::QueueId{1}, sequence++});
  }
  core::MemoryAccount account;
  core::MessageRef message;
  persist::Journal journal;
  core::Sequence sequence = 0;
};

void journal(benchmark::State& state) {
  World world;
  {
    Written written{world};
    for (auto _ : state) {
      for (std::int64_t i = 0; i < state.range(0); ++i) written.publish();
      const std::uint64_t batch = written.journal.open_batch();
      do {
        written.journal.flush();
        world.loop->run_turn();
      } while (written.journal.durable() < batch);
    }
    while (world.loop->ops_in_flight() > 0) world.loop->run_turn();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(journal)->Arg(1)->Arg(100)->Arg(1'000)->Arg(10'000)->UseRealTime();

}  // namespace
}  // namespace lepus
