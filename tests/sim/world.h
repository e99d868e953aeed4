// One simulated run: a broker of several shards (the production code above the driver seam), its
// network, clients that do random things, and the oracle. All in one thread; whose turn it is, is
// drawn from the seed, so a run can be repeated exactly.
//
//   play: random actions, faults, stalls, cuts, calm moments
//   settle: faults end, every answer and confirm must come, consumers must get all
//   close, drain: one client reads every queue to its end; nothing that is owed may be missing
//   clear: queues are deleted; the broker must own no message, queue or connection
//   load: in some runs many peers come at once (tests/sim/load_stage.h); then as after clear
//   stop: the broker ends, nothing is left in flight
//
// In worlds with a disk the broker may die at any turn of the play, and between close and drain it
// may die or be stopped; then it is started on what its disk holds (world_disk.cpp).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/sim/sim_network.h"
#include "tests/sim/accounts.h"
#include "tests/sim/actor.h"
#include "tests/sim/backup.h"
#include "tests/sim/cluster.h"
#include "tests/sim/saboteur.h"
#include "tests/sim/scene.h"

namespace lepus::sim {

/// So many steps in which nothing happened: what died is forgotten by the broker.
constexpr std::size_t quiet_steps_min = 150;

struct Outcome {
  bool passed = false;
  std::string verdict;
  std::uint64_t hash = 0;
  std::size_t messages = 0;
  std::size_t actions = 0;
  std::size_t mistakes = 0;  ///< Planted ones that were made.
};

class World {
 public:
  World(std::uint64_t seed, Mistake mistake, bool verbose);
  ~World();
  Outcome run();

 private:
  struct Seat {
    std::unique_ptr<Client> client;
    core::Nanos next_step = 0;
    core::Nanos stalled_until = 0;
    unsigned idle_steps = 0;  ///< Since something came: it looks less and less often.
  };

  void play();
  void calm();
  void settle();
  void close_clients();
  void drain();
  void drain_stream(Client& client, QueueModel& queue);
  void drain_queue(Client& client, QueueModel& queue);
  void judge_rest(const QueueModel& queue, MessageId id);
  void clear(Client& client);
  void check_given_back();
  void load();  // world_load.cpp
  void stop();
  void stop_broker();

  // world_disk.cpp
  Cluster::Parts cluster_parts();
  void start();
  bool start_once();
  void delay_shards();
  void delay_shard(std::size_t shard, unsigned percent);
  void end_process(bool is_power_cut);
  void forget_clients();
  void crash();
  bool crash_is_due();
  void plan_crash();
  void disturb_disk();
  void end_disk_faults();
  void disturb_reads();
  void mend_reads();
  void retry_parked();
  void interlude();
  // world_clock.cpp
  void disturb_clock();
  void lock_store();
  void fail_store(core::DefinitionStore::Fault fault, core::Nanos duration);
  void unlock_store();
  void check_recovery();
  void check_places(const persist::RecoveryReport& report);
  void rot();
  void forgive_journals();
  void forgive_unsynced();
  void judge_waiting();

  void step();
  void step_client(Seat& seat);
  bool run_until(core::Nanos limit, const std::function<bool()>& done);
  /// The same, but not to get there breaks promise 13.
  bool expect(const char* what, const std::function<bool()>& done);
  Channel* fresh_channel(Client& client);
  bool idle(Client& client);
  void connect(Seat& seat);
  void notice();
  Present present() const;
  std::string describe() const;

  Judge judge_;
  Model model_;
  Oracle oracle_;
  core::Random random_;
  Plan plan_;
  Scene scene_;
  io::SimWorld sim_;
  Saboteur saboteur_;
  core::Random disk_random_;   ///< For crashes and faults of the disk.
  core::Random clock_random_;  ///< For the clock on the wall, and locks on the store.
  core::Nanos clock_steps_ = 0;
  core::Nanos store_locked_until_ = 0;  ///< 0: it is not.
  core::Nanos store_free_until_ = 0;    ///< Not locked before.
  core::Random backup_random_;
  Backup backup_;
  core::Random read_random_;
  core::Random late_random_;
  std::size_t late_steps_left_ = 0;   ///< In so many shards may stand still after a start.
  bool reads_fail_;                   ///< At times, for some seconds.
  core::Nanos reads_fail_until_ = 0;  ///< 0: they do not now.
  persist::test::MemoryStore definitions_;
  std::uint64_t seed_;
  bool disk_is_sick_ = false;
  bool disk_is_rotten_ = false;  ///< Its journals may lack something from now on.
  unsigned crashes_left_ = 0;
  std::size_t crash_action_ = SIZE_MAX;  ///< The next one comes after so many actions,
  std::size_t crash_step_ = 0;           ///< and not before this step,
  bool crash_in_write_ = false;          ///< and only while something is being written.
  std::unique_ptr<Cluster> cluster_;
  Actor actor_;
  std::vector<Seat> seats_;
  bool acting_ = true;
  std::size_t quiet_steps_ = 0;
  Tick last_tick_ = 0;
  core::Nanos last_progress_ = 0;  ///< When a client last read or did something.
  std::size_t steps_ = 0;
};

}  // namespace lepus::sim
