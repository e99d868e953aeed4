// What everything in a simulated run shares, and how the run is to be: drawn from the seed so that
// some runs are full of one thing and others have none of it.
#pragma once

#include <cstdint>

#include "core/base/random.h"
#include "io/sim/sim_network.h"
#include "persist/journal/journal_parts.h"
#include "tests/sim/judge.h"
#include "tests/sim/model.h"
#include "tests/sim/oracle.h"
#include "tests/sim/wire.h"

namespace lepus::sim {

/// Chances in percent unless the name says otherwise.
struct Plan {
  std::size_t shards = 1;
  std::size_t clients = 2;
  std::size_t channels_max = 2;  ///< Of one client.
  std::size_t actions = 400;     ///< In all.
  std::size_t messages_max = 300;
  std::size_t queues_max = 12;  ///< At a time.
  std::size_t exchanges_max = 8;
  unsigned illegal_per_mille = 0;  ///< Of actions.
  unsigned abrupt_per_mille = 0;
  unsigned stall_per_mille = 0;
  unsigned topology = 30;  ///< Of actions that are not publishes or settles.
  unsigned settle = 30;
  unsigned wild = 0;
  unsigned no_ack = 15;
  unsigned confirm = 40;  ///< Of channels.
  unsigned tx = 10;
  unsigned large_body = 20;
  unsigned rules = 0;     ///< Of queues: lengths, TTLs, priorities, dead letters.
  unsigned expiring = 0;  ///< Of messages.
  bool memory_alarm = false;
  bool abrupt_stop = false;  ///< The broker is stopped in the middle of it.
  bool network_faults = true;
  unsigned persistent = 25;  ///< Of messages.
  unsigned durable = 50;     ///< Of queues and exchanges.
  std::uint16_t frame_max = 4096;
  // Of runs; see tests/sim/load_stage.h.
  unsigned crowds = 25;
  unsigned floods = 25;

  // What follows is zero in worlds without a disk.
  bool has_disk = false;
  std::uint64_t segment_size = 0;
  unsigned crashes = 0;     ///< In all.
  unsigned power_cuts = 0;  ///< Of crashes; the others are kills.
  core::Nanos disk_delay_ns_max = 0;
  unsigned crashes_in_write = 0;  ///< Of crashes.
  unsigned starts_crashed = 0;    ///< Of starts after a crash.
  unsigned shard_changes = 0;     ///< Of starts.
  bool disk_faults = false;
  bool disk_fills = false;
  bool bits_rot = false;
  bool store_fails = false;  ///< The definitions' store.
  enum class Interlude : std::uint8_t { none, crash, clean_stop };
  Interlude before_drain = Interlude::none;

  persist::SyncMode sync = persist::SyncMode::always;
  unsigned backups = 0;       ///< Of crashes: the journals come from a backup made just before.
  bool files_short = false;   ///< At times no file can be opened for reading.
  unsigned dead_letters = 0;  ///< Of queues: they send what is over their length to another one.
  unsigned late_starts = 0;   ///< Of starts: shards stand still at times in them.

  static Plan draw(core::Random& random);
  /// What was added later, so that older seeds still mean the same worlds.
  void draw_more(core::Random& random);

 private:
  void draw_disk(core::Random& random);
  void draw_dead_letters(core::Random& random);
};

struct Scene {
  Judge* judge = nullptr;
  Model* model = nullptr;
  Oracle* oracle = nullptr;
  io::SimWorld* world = nullptr;
  core::Random* random = nullptr;
  const Plan* plan = nullptr;
  FrameFilter* filter = nullptr;
  std::uint64_t next_client = 1;
  std::uint64_t next_channel = 1;
  std::uint64_t next_name = 1;
  std::size_t actions_done = 0;
  bool stopping = false;  ///< The broker closes all connections.
};

}  // namespace lepus::sim
