// Connections in memory. Bytes carry the time they arrive; the order of bytes is never changed,
// only their pace.
#include "io/sim/sim_network.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "io/sim/fault_chance.h"
#include "io/sim/sim_driver.h"

namespace lepus::io {
namespace {

// Apart from that of the world.
constexpr std::uint64_t disk_seed = 0x5D15C;
constexpr std::uint64_t driver_seed = 0xD21E5;

}  // namespace

SimFaults SimFaults::draw(core::Random& random) {
  FaultChance percent{random, 40};
  const auto size = [&random](std::size_t usual) {
    if (random.chance(50)) return usual;
    return std::size_t{1} << random.below(static_cast<std::uint64_t>(std::bit_width(usual)));
  };
  SimFaults faults;
  faults.short_read = percent.draw(90);
  faults.short_send = percent.draw(90);
  faults.multishot_end = percent.draw(50);
  faults.no_buffers = percent.draw(30);
  faults.accept_error = percent.draw(20);
  faults.reset = percent.draw(5);
  faults.delay_ns_max = random.chance(30) ? 0 : static_cast<core::Nanos>(random.below(5'000'000));
  faults.buffer_size = size(32768);
  faults.buffer_count = size(64);
  faults.outbound_max = size(262144);
  faults.inbound_max = size(262144);
  return faults;
}

SimDriverFaults SimDriverFaults::draw(core::Random& random) {
  FaultChance percent{random, 60};
  SimDriverFaults faults;
  faults.partial_submit = percent.draw(90);
  faults.few_completions = percent.draw(90);
  faults.no_descriptor = percent.draw(30);
  faults.stall = percent.draw(10);
  faults.stall_ns_max = core::nanos_per_ms << random.below(9);
  return faults;
}

// ---- pipe ----

void SimPipe::write(core::Bytes bytes, core::Nanos arrives) {
  CHECK(!end_written());
  if (bytes.empty()) return;
  last_arrival_ = std::max(last_arrival_, arrives);
  chunks_.push_back({last_arrival_, std::string(core::as_text(bytes))});
  size_ += bytes.size();
}

void SimPipe::write_end(core::Nanos arrives) {
  if (end_written()) return;
  last_arrival_ = std::max(last_arrival_, arrives);
  end_arrives_ = last_arrival_;
}

std::size_t SimPipe::readable(core::Nanos now) const {
  std::size_t size = 0;
  for (const Chunk& chunk : chunks_) {
    if (chunk.arrives > now) break;
    size += chunk.bytes.size() - chunk.used;
  }
  return size;
}

core::Nanos SimPipe::next_arrival() const {
  return chunks_.empty() ? end_arrives_ : chunks_.front().arrives;
}

std::size_t SimPipe::read(std::uint8_t* cursor, std::size_t size_max, core::Nanos now) {
  std::size_t done = 0;
  while (done < size_max && !chunks_.empty() && chunks_.front().arrives <= now) {
    Chunk& chunk = chunks_.front();
    const std::size_t part = std::min(size_max - done, chunk.bytes.size() - chunk.used);
    std::memcpy(cursor + done, chunk.bytes.data() + chunk.used, part);
    chunk.used += part;
    done += part;
    if (chunk.used == chunk.bytes.size()) chunks_.pop_front();
  }
  size_ -= done;
  read_count_ += done;
  return done;
}

// ---- client ----

SimClient::SimClient(SimNetwork& network, std::shared_ptr<SimConnection> connection)
    : network_(network), connection_(std::move(connection)) {}

std::size_t SimClient::write(core::Bytes bytes) {
  SimConnection& connection = *connection_;
  if (connection.reset || connection.inbound.end_written()) return 0;
  if (!connection.broker_open) {
    connection.reset = true;
    return 0;
  }
  const std::size_t max = network_.world().faults().inbound_max;
  const std::size_t room = max - std::min(max, connection.inbound.size());
  const std::size_t part = std::min(room, bytes.size());
  connection.inbound.write(bytes.first(part), network_.world().later());
  return part;
}

std::string SimClient::read(std::size_t size_max) {
  SimConnection& connection = *connection_;
  const core::Nanos now = network_.world().now();
  std::string bytes(std::min(size_max, connection.outbound.readable(now)), '\0');
  const std::size_t size =
      connection.outbound.read(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size(), now);
  CHECK(size == bytes.size());
  return bytes;
}

bool SimClient::at_end() const { return connection_->outbound.at_end(network_.world().now()); }

void SimClient::shutdown_write() {
  if (!connection_->reset) connection_->inbound.write_end(network_.world().later());
}

void SimClient::reset() { connection_->reset = true; }

void SimClient::close() {
  if (!connection_->client_open) return;
  connection_->client_open = false;
  if (!connection_->outbound.empty()) connection_->reset = true;
  shutdown_write();
}

// ---- network ----

int SimNetwork::listen(std::uint16_t port) {
  const int fd = next_fd_++;
  listeners_.emplace(fd, Listener{port, {}});
  return fd;
}

std::unique_ptr<SimClient> SimNetwork::connect(std::uint16_t port) {
  std::vector<Listener*> candidates;
  for (auto& [fd, listener] : listeners_) {
    if (listener.port == port) candidates.push_back(&listener);
  }
  if (candidates.empty()) return nullptr;
  auto connection = std::make_shared<SimConnection>();
  connection->name = {{"10.0.0.1", next_client_port_++}, {"10.0.0.2", port}};
  Listener& chosen = *candidates[world_.random().below(candidates.size())];
  const core::Nanos previous = chosen.waiting.empty() ? 0 : chosen.waiting.back().arrives;
  chosen.waiting.push_back({std::max(previous, world_.later()), connection});
  return std::make_unique<SimClient>(*this, connection);
}

SimNetwork::Listener* SimNetwork::find_listener(int fd) {
  const auto found = listeners_.find(fd);
  return found == listeners_.end() ? nullptr : &found->second;
}

SimConnection* SimNetwork::find_connection(int fd) {
  const auto found = connections_.find(fd);
  return found == connections_.end() ? nullptr : found->second.get();
}

int SimNetwork::add_connection(std::shared_ptr<SimConnection> connection) {
  const int fd = next_fd_++;
  connections_.emplace(fd, std::move(connection));
  return fd;
}

void SimNetwork::close(int fd) {
  if (Listener* listener = find_listener(fd)) {
    for (Waiting& waiting : listener->waiting) {
      waiting.connection->reset = true;
      waiting.connection->broker_open = false;
    }
    listeners_.erase(fd);
    return;
  }
  SimConnection* connection = find_connection(fd);
  CHECK(connection != nullptr);
  connection->broker_open = false;
  if (!connection->inbound.empty() || connection->reset_on_close) connection->reset = true;
  connection->outbound.write_end(world_.later());
  connections_.erase(fd);
}

void SimNetwork::kill() {
  while (!listeners_.empty()) close(listeners_.begin()->first);
  while (!connections_.empty()) close(connections_.begin()->first);
}

// ---- world ----

SimWorld::SimWorld(std::uint64_t seed)
    : random_(seed),
      driver_random_(seed + driver_seed),
      faults_(SimFaults::draw(random_)),
      disk_(seed + disk_seed) {}

SimWorld::SimWorld(std::uint64_t seed, const SimFaults& faults)
    : random_(seed), driver_random_(seed + driver_seed), faults_(faults), disk_(seed + disk_seed) {}

void SimWorld::end_faults() {
  faults_.short_read = faults_.short_send = faults_.multishot_end = 0;
  faults_.no_buffers = faults_.accept_error = faults_.reset = 0;
  faults_.driver = {};
  disk_.set_faults({});
}

void SimWorld::set_faults(const SimFaults& faults) {
  CHECK(faults.buffer_size >= faults_.buffer_size);
  CHECK(faults.buffer_count >= faults_.buffer_count);
  faults_ = faults;
}

core::Nanos SimWorld::later() {
  if (faults_.delay_ns_max == 0) return now_;
  return now_ +
         static_cast<core::Nanos>(random_.below(static_cast<std::uint64_t>(faults_.delay_ns_max)));
}

SimDriver* SimWorld::next_runnable(core::Nanos horizon) {
  core::Nanos earliest = core::never;
  std::vector<SimDriver*> ready;
  for (SimDriver* driver : drivers_) {
    if (driver == nullptr) continue;
    const core::Nanos time = driver->next_event();
    earliest = std::min(earliest, time);
  }
  if (earliest > horizon) {
    now_ = std::max(now_, horizon);
    return nullptr;
  }
  now_ = std::max(now_, earliest);
  for (SimDriver* driver : drivers_) {
    if (driver != nullptr && driver->next_event() <= now_) ready.push_back(driver);
  }
  CHECK(!ready.empty());
  return ready[random_.below(ready.size())];
}

}  // namespace lepus::io
