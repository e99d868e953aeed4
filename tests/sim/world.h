// One simulated run: a broker of several shards (the production code above the driver seam), its
// network, clients that do random things, and the oracle. All in one thread; whose turn it is, is
// drawn from the seed, so a run can be repeated exactly.
//
//   play: random actions, faults, stalls, cuts, calm moments
//   settle: faults end, every answer and confirm must come, consumers must get all
//   close, drain: one client reads every queue to its end; nothing that is owed may be missing
//   clear: queues are deleted; the broker must own no message, queue or connection
//   stop: the broker ends, nothing is left in flight
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/loop.h"
#include "io/sim_driver.h"
#include "tests/sim/actor.h"
#include "tests/sim/saboteur.h"
#include "tests/sim/scene.h"
#include "tools/server/control.h"
#include "tools/server/shard.h"

namespace lepus::sim {

struct Outcome {
  bool passed = false;
  std::string verdict;
  std::uint64_t hash = 0;
  std::size_t messages = 0;
  std::size_t actions = 0;
  std::size_t mistakes = 0;  ///< Planted ones that were made.
};

/// The threads of a broker, without threads.
class Cluster {
 public:
  Cluster(io::SimWorld& world, std::size_t shard_count, std::uint64_t seed);

  /// Runs one turn of the loop that belongs to this driver.
  void run_turn(const io::SimDriver& driver, Saboteur* saboteur);
  std::size_t connection_count() const;
  std::uint64_t memory_bytes() const;
  bool rings_empty();
  bool is_finished() const;
  server::Control& control() { return *control_; }
  std::vector<std::unique_ptr<server::Shard>>& shards() { return shards_; }
  std::size_t ops_in_flight() const;

  static constexpr std::uint16_t port = 5672;

 private:
  struct Thread {
    explicit Thread(io::SimWorld& world) : driver(world), loop(driver, {io::IdleMode::sleep, 0}) {}
    io::SimDriver driver;
    io::Loop loop;
  };
  io::SimWorld& world_;
  amqp::Settings settings_;
  core::NullLog log_;
  std::vector<std::unique_ptr<Thread>> threads_;  ///< Shards, then the control thread.
  server::Mesh mesh_;
  std::vector<std::unique_ptr<server::Shard>> shards_;
  std::unique_ptr<server::Control> control_;
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
  void drain_queue(Client& client, QueueModel& queue);
  void judge_rest(const QueueModel& queue, MessageId id);
  void clear(Client& client);
  void check_given_back();
  void stop();
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
  std::string describe() const;

  Judge judge_;
  Model model_;
  Ledger ledger_;
  core::Random random_;
  Plan plan_;
  Scene scene_;
  io::SimWorld sim_;
  Saboteur saboteur_;
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
