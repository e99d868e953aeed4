// Turns and peers by chance, and what begins and ends each stage.
#include "tests/sim/load_stage.h"

#include <algorithm>

namespace lepus::sim {

namespace {
constexpr core::Nanos stage_limit = 20 * core::nanos_per_s;
constexpr core::Nanos asker_pace = 20 * core::nanos_per_us;
}  // namespace

std::unique_ptr<io::SimClient> LoadStage::connect() {
  auto end = scene_.world->network().connect(Cluster::port);
  CHECK(end != nullptr);
  return end;
}

void LoadStage::step() {
  core::Nanos horizon = scene_.world->now() + core::nanos_per_ms;
  for (const auto& peer : peers_) horizon = std::min(horizon, peer->next_step());
  if (const io::SimDriver* driver = scene_.world->next_runnable(horizon)) {
    cluster_.run_turn(*driver);
    if (cluster_.has_failed()) judge().fail(13, "the broker fails without faults");
  }
  note_turn();
  const std::size_t first = random_.below(peers_.size());
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    Peer& peer = *peers_[(first + i) % peers_.size()];
    if (peer.next_step() <= scene_.world->now()) peer.step();
  }
}

void LoadStage::note_turn() {
  for (std::size_t i = 0; i < begun_.size(); ++i)
    if (cluster_.turn_count(i) == begun_[i] && cluster_.is_runnable(i)) return;
  for (std::size_t i = 0; i < begun_.size(); ++i) begun_[i] = cluster_.turn_count(i);
  ++round_;
}

bool LoadStage::run(const char* what, const Condition& done, const After& after) {
  const core::Nanos end = scene_.world->now() + stage_limit;
  while (!judge().failed() && scene_.world->now() < end) {
    if (done()) return true;
    step();
    if (after && !judge().failed()) after();
  }
  if (!judge().failed()) judge().fail(13, "load: {} does not end", what);
  return false;
}

bool LoadStage::open_all() {
  return run("a handshake", [this] {
    return std::all_of(peers_.begin(), peers_.end(),
                       [](const auto& peer) { return peer->is_ready(); });
  });
}

bool LoadStage::declare(Asker& asker, const std::string& queue, bool is_durable) {
  asker.ask(amqp::QueueDeclare{queue, false, is_durable, false, false, false, {}});
  return run("a declaration", [&] { return asker.is_answered(); });
}

core::Queue* LoadStage::find_queue(const std::string& name) {
  for (const auto& shard : cluster_.shards()) {
    const core::Topology& topology = shard->broker().topology();
    const core::VhostInfo* vhost = topology.find_vhost("/");
    const core::QueueInfo* info = vhost != nullptr ? topology.find_queue(vhost->id, name) : nullptr;
    if (info != nullptr && info->local != nullptr) return info->local;
  }
  return nullptr;
}

bool LoadStage::end(const std::vector<std::string>& queues) {
  if (!close_all()) return false;
  Asker& asker = add<Asker>(asker_pace);
  if (!run("the last handshake", [&] { return asker.is_ready(); })) return false;
  for (const std::string& queue : queues) asker.ask(amqp::QueueDelete{queue, false, false, false});
  if (!run("a deletion", [&] { return asker.is_answered(); })) return false;
  return close_all();
}

bool LoadStage::close_all() {
  for (const auto& peer : peers_)
    if (peer->is_ready()) peer->close();
  return run("the end", [this] {
    return cluster_.connection_count() == 0 && cluster_.rings_empty() &&
           std::all_of(peers_.begin(), peers_.end(),
                       [](const auto& peer) { return peer->is_over(); });
  });
}

}  // namespace lepus::sim
