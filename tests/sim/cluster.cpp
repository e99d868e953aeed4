// Starting, turning and dying, as tools/server/node.cpp does it, with simulated drivers in place of
// threads.
#include "tests/sim/cluster.h"

#include <algorithm>
#include <iterator>

#include "core/access/password_hash.h"
#include "persist/recovery/shard_import.h"

namespace lepus::sim {

namespace {
constexpr const char* data_directory = "/data";
constexpr std::uint64_t store_number = 7;
constexpr core::Nanos start_step = 10 * core::nanos_per_ms;
/// Without room on the disk it would wait forever.
constexpr std::size_t start_turns_max = 20'000;
}  // namespace

/// The loop that turns while start() blocks; time passes while it waits. When the process dies in
/// it, what is under way is forgotten first: its owners are destroyed on the way out.
struct Cluster::Start final : public io::Driver {
  explicit Start(io::SimWorld& a_world)
      : world(a_world), driver(a_world), loop(*this, {io::IdleMode::poll, 0}) {}

  core::Nanos turn(io::OpList& submitted, std::vector<io::Completion>& completed,
                   core::Nanos) override {
    driver.turn(submitted, completed, core::never);
    if (completed.empty()) (void)world.next_runnable(world.now() + start_step);
    if (++turn_count > start_turns_max) {
      forget();
      throw ProcessDied{};
    }
    return world.now();
  }
  core::Nanos now() override { return driver.now(); }
  core::Nanos wall_now() override { return driver.wall_now(); }
  io::PeerName peer_name(int fd) override { return driver.peer_name(fd); }
  void reset_on_close(int fd) override { driver.reset_on_close(fd); }
  int next_descriptor() override { return driver.next_descriptor(); }
  std::size_t receive_buffers() const override { return driver.receive_buffers(); }
  int wake_target() const override { return driver.wake_target(); }
  void forget() {
    driver.abandon();
    loop.abandon();
  }

  io::SimWorld& world;
  io::SimDriver driver;
  io::Loop loop;
  std::size_t turn_count = 0;
};

Cluster::Cluster(const Parts& parts)
    : parts_(parts),
      disk_(parts.world->disk(), *parts.random),
      mesh_(parts.shard_count + 1),
      operator_(parts.seed) {
  settings_.channel_flow = true;
  disk_.set_on_death([this] {
    if (start_ != nullptr) start_->forget();
  });
}

std::string Cluster::start() {
  core::StoredDefinitions stored;
  if (parts_.definitions != nullptr) {
    stored = parts_.definitions->stored();
    if (std::string error = import_journals(stored); !error.empty()) return error;
  }
  for (std::size_t i = 0; i <= parts_.shard_count; ++i) {
    threads_.push_back(std::make_unique<Thread>(*parts_.world, *parts_.saboteur));
    mesh_.set_loop(static_cast<core::ShardId>(i), threads_.back()->loop);
  }
  if (parts_.definitions != nullptr)
    if (std::string error = open_journals(stored); !error.empty()) return error;
  make_shards();
  disk_.live_on();
  server::Control::Parts control{&mesh_,
                                 &threads_.back()->loop,
                                 &log_,
                                 UINT64_MAX,
                                 [this] { return memory_bytes(); },
                                 parts_.definitions};
  control.event_vhost = "/";
  control_ = std::make_unique<server::Control>(std::move(control));
  // Not kept: told anew at each start, before what the operator made of it.
  const core::TopologyChange guest[] = {
      core::UserPut{
          {"guest", core::hash_password("guest", 1), std::string{core::sha256_name}, {}, {}}},
      core::PermissionPut{{"guest", "/", ".*", ".*", ".*"}}};
  stored.changes.insert(stored.changes.begin(), std::begin(guest), std::end(guest));
  return control_->start(std::move(stored), {"/"});
}

persist::Journal::Parts Cluster::journal_parts(io::Loop& loop) {
  persist::Journal::Parts parts{};
  parts.loop = &loop;
  parts.disk = &disk_;
  parts.log = &log_;
  parts.store = store_number;
  parts.segment_size = parts_.segment_size;
  parts.fail = [](void* self, const std::string&) { static_cast<Cluster*>(self)->on_failure(); };
  parts.fail_owner = this;
  return parts;
}

void Cluster::on_failure() {
  has_failed_ = true;
  if (start_ == nullptr) return;
  start_->forget();
  throw ProcessDied{};
}

std::string Cluster::import_journals(core::StoredDefinitions& stored) {
  Start start{*parts_.world};
  start_ = &start;
  struct Reset {
    Start*& at;
    ~Reset() { at = nullptr; }
  } reset{start_};
  return persist::import_gone_shards(
      {data_directory, static_cast<std::uint32_t>(parts_.shard_count), &stored, parts_.definitions,
       parts_.definitions->newest_queue(), parts_.accepts_loss},
      journal_parts(start.loop));
}

std::string Cluster::open_journals(const core::StoredDefinitions& stored) {
  persist::KnownQueues known{stored};
  known.set_newest(parts_.definitions->newest_queue());
  for (std::size_t i = 0; i < parts_.shard_count; ++i) {
    persist::Journal::Parts parts = journal_parts(threads_[i]->loop);
    parts.shard = static_cast<core::ShardId>(i);
    parts.directory = persist::shard_directory(data_directory, parts.shard);
    stores_.push_back(std::make_unique<persist::ShardRecovery>(parts));
    if (std::string error = stores_.back()->open(known, {0, parts_.accepts_loss, {}});
        !error.empty())
      return error;
  }
  return {};
}

void Cluster::make_shards() {
  for (std::size_t i = 0; i < parts_.shard_count; ++i) {
    server::Shard::Parts parts{static_cast<core::ShardId>(i),
                               &mesh_,
                               &threads_[i]->loop,
                               std::make_unique<amqp::Settings>(settings_),
                               &log_,
                               parts_.seed + i};
    parts.secret_key = {parts_.seed + i, parts_.seed};
    parts.event_vhost = "/";
    if (!stores_.empty()) {
      persist::Journal& journal = stores_[i]->journal();
      parts.storage = {&journal, stores_[i].get(), &journal.backup()};
      if (parts_.saboteur->mistake() == Mistake::confirm_early) {
        early_message_logs_.push_back(std::make_unique<EarlyMessageLog>(journal, *parts_.saboteur));
        parts.storage.message_log = early_message_logs_.back().get();
      }
    }
    shards_.push_back(std::make_unique<server::Shard>(std::move(parts)));
    shards_.back()->add_listener(
        {{"listeners.tcp.default", "sim"}, parts_.world->network().listen(port)});
  }
}

void Cluster::run_turn(const io::SimDriver& driver) {
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    if (threads_[i]->driver.get() != &driver) continue;
    parts_.saboteur->tamper(mesh_, static_cast<core::ShardId>(i));
    if (i == parts_.shard_count && control_ != nullptr) operator_.work(*control_);
    io::Loop& loop = threads_[i]->loop;
    const std::uint64_t sleeps = loop.profile().totals().sleeps;
    loop.catch_up();
    loop.run_turn();
    if (i < parts_.shard_count) parts_.saboteur->tamper(shards_[i]->broker());
    // A simulated turn returns where a real one would block: the flag stays up for the time until
    // the next turn, so that the others' wake operations are needed and tested.
    const bool blocks =
        loop.profile().totals().sleeps > sleeps && driver.next_event() > parts_.world->now();
    if (blocks) loop.sleep_flag().announce();
    if (parts_.saboteur->mistake() == Mistake::stop_shard && i < parts_.shard_count &&
        loop.turn_count() % 100 == 0 && parts_.saboteur->strikes())
      threads_[i]->driver->stall(core::never);
    return;
  }
}

void Cluster::die(std::unique_ptr<Cluster> cluster) {
  for (auto& thread : cluster->threads_) {
    thread->driver->abandon();
    thread->loop.abandon();
    thread->driver.reset();
  }
  cluster->parts_.world->network().kill();
  (void)cluster.release();
}

std::size_t Cluster::connection_count() const {
  std::size_t count = 0;
  for (const auto& shard : shards_) count += shard->connection_count();
  return count;
}

std::uint64_t Cluster::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& shard : shards_) bytes += server::total_of(shard->memory_parts());
  return bytes;
}

bool Cluster::rings_empty() {
  const core::ShardId count = mesh_.shard_count();
  for (core::ShardId from = 0; from < count; ++from) {
    if (!mesh_.ring_to_control(from).empty() || !mesh_.ring_from_control(from).empty())
      return false;
    for (core::ShardId to = 0; to < count; ++to)
      if (!mesh_.peer_ring(from, to).empty()) return false;
  }
  return true;
}

bool Cluster::is_finished() const {
  return control_ != nullptr && control_->is_finished() && ops_in_flight() == 0 &&
         std::all_of(shards_.begin(), shards_.end(),
                     [](const auto& shard) { return shard->is_finished(); });
}

std::size_t Cluster::ops_in_flight() const {
  std::size_t count = 0;
  for (const auto& thread : threads_) count += thread->loop.ops_in_flight();
  return count;
}

}  // namespace lepus::sim
