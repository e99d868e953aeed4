// A world of its own for tests: virtual time, one source of chance, TCP connections in memory,
// faults drawn from a seed.
//
//   SimWorld(seed): time, chance, faults
//      SimDisk: files, see io/sim/sim_disk.h
//      SimNetwork: listeners and connections. Client end: SimClient, used by the test;
//                  broker end: a descriptor, used by a SimDriver's ops
//      SimDriver per loop (io/sim/sim_driver.h); next_runnable() says whose turn it is
//
//   SimClient::write -> [inbound: bytes and when they arrive] -> recv op
//   SimClient::read  <- [outbound: the same] <- send op (waits when outbound_max is reached)
//
// Everything is one thread and depends on the seed alone, so a failing run can be repeated. A
// connection lives until both of its ends are gone. As with real sockets, closing with unread input
// resets the connection, and a reset loses what was under way.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/random.h"
#include "core/base/time.h"
#include "io/driver.h"
#include "io/sim/sim_disk.h"

namespace lepus::io {

class SimDriver;
class SimNetwork;

/// Of drivers; chances in percent.
struct SimDriverFaults {
  unsigned partial_submit = 0;   ///< The kernel takes the ops of a turn in several parts.
  unsigned few_completions = 0;  ///< Only some ops complete in a turn, as with a full queue.
  unsigned no_descriptor = 0;    ///< open_file ends with -EMFILE.
  unsigned stall = 0;            ///< The thread stands still, in 1 of 10000 turns times this,
  core::Nanos stall_ns_max = 0;  ///< for up to so long.

  static SimDriverFaults draw(core::Random& random);
};

/// Chances in percent, per event they concern. Each seed draws its own mix, so that some runs
/// hammer one fault.
struct SimFaults {
  unsigned short_read = 0;            ///< recv brings less than what arrived.
  unsigned short_send = 0;            ///< send ends with less than asked for.
  unsigned multishot_end = 0;         ///< recv or accept comes back although nothing is wrong.
  unsigned no_buffers = 0;            ///< recv ends with -ENOBUFS.
  unsigned accept_error = 0;          ///< accept ends with -EMFILE.
  unsigned reset = 0;                 ///< A connection breaks, in 1 of 1000 operations times this.
  core::Nanos delay_ns_max = 0;       ///< Of an op and of bytes under way.
  std::size_t buffer_size = 32768;    ///< Of a receive buffer.
  std::size_t buffer_count = 64;      ///< Receive buffers of a driver.
  std::size_t outbound_max = 262144;  ///< Bytes sent and not read before a send waits.
  std::size_t inbound_max = 262144;   ///< Bytes a client can write before the broker reads.

  SimDriverFaults driver = {};

  static SimFaults draw(core::Random& random);
};

/// One direction of a connection.
class SimPipe {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  void write(core::Bytes bytes, core::Nanos arrives);
  void write_end(core::Nanos arrives);
  /// Bytes that have arrived.
  std::size_t readable(core::Nanos now) const;
  /// When the next bytes or the end can be read; core::never: nothing is under way.
  core::Nanos next_arrival() const;
  std::size_t read(std::uint8_t* cursor, std::size_t size_max, core::Nanos now);
  /// core::never: it was not written.
  core::Nanos end_arrival() const { return end_arrives_; }
  bool end_written() const { return end_arrives_ != core::never; }
  /// Bytes that were read so far.
  std::uint64_t read_count() const { return read_count_; }
  /// All was read and the end has arrived.
  bool at_end(core::Nanos now) const { return empty() && end_arrives_ <= now; }

 private:
  struct Chunk {
    core::Nanos arrives;
    std::string bytes;
    std::size_t used = 0;
  };
  std::deque<Chunk> chunks_;
  std::size_t size_ = 0;
  std::uint64_t read_count_ = 0;
  core::Nanos last_arrival_ = 0;
  core::Nanos end_arrives_ = core::never;
};

struct SimConnection {
  PeerName name;  ///< As the broker sees it.
  SimPipe inbound;
  SimPipe outbound;
  bool reset = false;
  bool reset_on_close = false;  ///< By the broker.
  bool client_open = true;
  bool broker_open = true;
};

/// The client's end. Destroying it closes it.
class SimClient {
 public:
  SimClient(SimNetwork& network, std::shared_ptr<SimConnection> connection);
  SimClient(const SimClient&) = delete;
  SimClient& operator=(const SimClient&) = delete;
  ~SimClient() { close(); }

  /// How many bytes were taken: fewer when the broker does not read, 0 after a reset.
  std::size_t write(core::Bytes bytes);
  /// What has arrived, at most `size_max`; empty: nothing now.
  std::string read(std::size_t size_max);
  /// The broker closed its half and all was read.
  bool at_end() const;
  bool is_reset() const { return connection_->reset; }
  /// Bytes written that the broker has not read, and those that it has.
  std::size_t unread_size() const { return connection_->inbound.size(); }
  std::uint64_t read_count() const { return connection_->inbound.read_count(); }
  void shutdown_write();
  void reset();
  void close();
  const PeerName& name() const { return connection_->name; }

 private:
  SimNetwork& network_;
  std::shared_ptr<SimConnection> connection_;
};

class SimWorld;

class SimNetwork {
 public:
  explicit SimNetwork(SimWorld& world) : world_(world) {}
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  /// A listening descriptor. Several may share a port; chance gives each connection to one of them.
  int listen(std::uint16_t port);
  /// nullptr: nobody listens there.
  std::unique_ptr<SimClient> connect(std::uint16_t port);

  /// The broker's process died: what it had open is closed, as the kernel does then.
  void kill();

  /// Descriptors of the broker's side that are open: leaks show here.
  std::size_t open_count() const { return listeners_.size() + connections_.size(); }

  SimWorld& world() { return world_; }

 private:
  friend class SimDriver;
  struct Waiting {
    core::Nanos arrives;
    std::shared_ptr<SimConnection> connection;
  };
  struct Listener {
    std::uint16_t port;
    std::deque<Waiting> waiting;
  };
  Listener* find_listener(int fd);
  SimConnection* find_connection(int fd);
  int add_connection(std::shared_ptr<SimConnection> connection);
  void close(int fd);

  SimWorld& world_;
  int next_fd_ = 100;
  std::uint16_t next_client_port_ = 40000;
  std::map<int, Listener> listeners_;
  std::map<int, std::shared_ptr<SimConnection>> connections_;
};

class SimWorld {
 public:
  /// Faults drawn from the seed.
  explicit SimWorld(std::uint64_t seed);
  SimWorld(std::uint64_t seed, const SimFaults& faults);
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  core::Nanos now() const { return now_; }
  /// The clock on the wall: goes with now() but for steps, in both directions.
  core::Nanos wall_now() const { return now_ + wall_offset_; }
  void step_wall_clock(core::Nanos by) { wall_offset_ += by; }
  core::Random& random() { return random_; }
  const SimFaults& faults() const { return faults_; }
  /// For faults of drivers: what they draw changes nothing elsewhere.
  core::Random& driver_random() { return driver_random_; }
  /// From now on nothing goes wrong any more (sizes stay, also the disk's): for "does it settle?".
  void end_faults();
  /// From now on these hold; the disk's stay. Receive buffers get neither smaller nor fewer.
  void set_faults(const SimFaults& faults);
  SimNetwork& network() { return network_; }
  /// Without faults until a test sets them.
  SimDisk& disk() { return disk_; }
  /// When something that starts now is done.
  core::Nanos later();

  /// The driver whose loop should run a turn now: chosen by chance among those that have something
  /// to do; time moves on when none has. nullptr: nothing happens before `horizon`, and now() is
  /// `horizon`.
  SimDriver* next_runnable(core::Nanos horizon);

 private:
  friend class SimDriver;
  core::Random random_;
  core::Random driver_random_;
  SimFaults faults_;
  core::Nanos now_ = core::nanos_per_s;
  core::Nanos wall_offset_ = 0;
  SimNetwork network_{*this};
  SimDisk disk_;  ///< With a seed of its own: what it draws changes nothing elsewhere.
  std::vector<SimDriver*> drivers_;  ///< Index + 1 is the wake target.
};

}  // namespace lepus::io
