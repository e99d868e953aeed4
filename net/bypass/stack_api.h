// What a TCP/IP stack in user space offers to a shard: the interface of the module lepus-lwip.so.
//
//   frames in -> input() -> StackUser::on_connection(), ConnectionUser::on_input() ...
//   Connection::write(), output() -> frames out, by FramePort::send()
//
// The module knows nothing of the broker and the broker nothing of the stack's headers. A module
// that is loaded has one stack: each shard loads a copy of its own (module.h). Only plain data
// crosses the interface; both sides are compiled alike. Callbacks come from input(), advance() and
// lose_device() only, and inside them no function of the stack or of a connection may be called but
// Connection::set_user() and Connection::consume().
#pragma once

#include <array>
#include <cstdint>

#include "core/limits/bypass.h"
#include "net/bypass/frame.h"

namespace lepus::net::bypass {

constexpr std::uint32_t stack_version = 2;
constexpr std::uint32_t write_size_max = 0xffff;

struct Address {
  std::array<std::uint8_t, 16> bytes{};  ///< As on the wire; of IPv4 the first four.
  bool is_v6 = false;
  bool operator==(const Address&) const = default;
};
struct Endpoint {
  Address address;
  std::uint16_t port = 0;
};

enum class Failure : std::uint8_t {
  reset,      ///< By the peer.
  timed_out,  ///< The peer did not answer.
  no_device,  ///< There is nothing any more to reach it by.
};

/// The user of one connection.
class ConnectionUser {
 public:
  /// The next bytes of the peer, which are gone after the call.
  virtual void on_input(const std::uint8_t* bytes, std::uint32_t size) = 0;
  /// The peer sends no more.
  virtual void on_peer_end() = 0;
  /// So many bytes of write(), from the front, are not needed any more.
  virtual void on_acknowledged(std::uint32_t size) = 0;
  /// A connection of connect() is open.
  virtual void on_connected() {}
  /// The last call. The connection still has to be given back with reset().
  virtual void on_failed(Failure why) = 0;

 protected:
  ~ConnectionUser() = default;
};

/// Until close() or reset().
class Connection {
 public:
  virtual void set_user(ConnectionUser* user) = 0;
  virtual Endpoint local() const = 0;
  virtual Endpoint remote() const = 0;
  /// How many bytes write() should get now: more would only wait in the stack.
  virtual std::uint32_t room() const = 0;
  /// At most write_size_max bytes, which stay where they are until on_acknowledged(). False: none
  /// was taken; try again later.
  virtual bool write(const std::uint8_t* bytes, std::uint32_t size) = 0;
  /// Sends what was written, as far as the peer takes it. False: the port took no more frames.
  virtual bool output() = 0;
  /// So many bytes of on_input() are used: the peer may send more.
  virtual void consume(std::uint32_t size) = 0;
  /// FIN behind what was written. False: try again later.
  virtual bool shutdown_write() = 0;
  /// Gives the connection back. What it has to say to the peer still, FIN and acknowledgements, is
  /// said. All that was written is acknowledged.
  virtual void close() = 0;
  /// Gives the connection back, and the peer is told at once. Nothing that was written is needed
  /// any more.
  virtual void reset() = 0;

 protected:
  ~Connection() = default;
};

class StackUser {
 public:
  /// A new connection, whose user is to be set. `listener` is the number of listen().
  virtual void on_connection(Connection& connection, std::uint32_t listener) = 0;

 protected:
  ~StackUser() = default;
};

/// What became of a frame.
enum class FrameFate : std::uint8_t {
  arp,
  icmp,
  tcp,
  short_frame,     ///< Shorter than its headers say.
  other_protocol,  ///< Neither ARP nor TCP nor an echo request or neighbour discovery.
  other_vlan,
  fragment,
  options,       ///< Of IPv4, or extension headers of IPv6.
  other_target,  ///< Not for one of our addresses.
  bad_source,    ///< Our own address, a group, or none.
  bad_checksum,  ///< As the device says. What the stack finds is in StackStats::bad_checksums.
  no_memory,
};
constexpr std::size_t frame_fates = 12;

struct StackStats {
  std::array<std::uint64_t, frame_fates> frames_in{};  ///< By FrameFate.
  std::uint64_t bytes_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t frames_out_dropped = 0;  ///< There was no free frame.
  std::uint64_t copied_in_bytes = 0;     ///< Of frames that came, since few were left.
  std::uint64_t bad_checksums = 0;       ///< Found by the stack and by the device.
  std::uint64_t no_listener = 0;         ///< Asked for a connection to a port where none is.
  std::uint64_t retransmits = 0;
  std::uint64_t resets_kept_back = 0;  ///< Of a stack that is_quiet.
  std::uint64_t half_open_dropped = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t connections_half_open = 0;
};

struct Network {
  Address address;
  std::uint8_t prefix = 0;  ///< Bits.
};

struct StackConfig {
  FramePort* port = nullptr;
  StackUser* user = nullptr;
  std::array<std::uint8_t, 6> mac{};
  std::uint16_t mtu = 1500;
  std::uint16_t vlan = 0;  ///< 0: frames have no tag.
  const Network* networks = nullptr;
  std::uint32_t network_count = 0;
  Address gateway{};                      ///< IPv4; zero: none.
  Address gateway_v6{{}, true};           ///< Zero: none.
  std::array<std::uint64_t, 2> secret{};  ///< For initial sequence numbers.
  /// A device may hand a frame to the wrong one of several stacks that have these addresses: who
  /// does not know its connection is silent, where a lone one answers with a reset.
  bool is_quiet = false;
  /// The oldest makes room for a new one.
  std::uint32_t half_open_max = core::limits::bypass_half_open_max;
  /// Bytes a new connection may send at once, and what that grows to while its bytes are used.
  std::uint32_t window_first = core::limits::bypass_window_first;
  std::uint32_t window_max = core::limits::bypass_window_max;
};

class Stack {
 public:
  /// Address zero: all. Port taken: false.
  virtual bool listen(const Endpoint& local, std::uint32_t listener) = 0;
  virtual void stop_listening(std::uint32_t listener) = 0;
  /// A connection to a peer; nullptr: out of memory. `local` names one of our addresses.
  /// Its user is to be set.
  virtual Connection* connect(const Endpoint& local, const Endpoint& remote) = 0;
  /// Takes the frame over.
  virtual void input(Frame* frame) = 0;
  /// The device is gone: all connections fail, open ones by ConnectionUser::on_failed(). As a
  /// callback it may come from here, too.
  virtual void lose_device() = 0;
  /// Timers up to `now_ms`, which never goes back. Before the input of the same time.
  virtual void advance(std::uint64_t now_ms) = 0;
  virtual const StackStats& stats() = 0;
  /// The last call. Connections are gone, and all frames are given back.
  virtual void destroy() = 0;

 protected:
  ~Stack() = default;
};

/// The module's one entry. Fails with nullptr when `version` is another than the module's.
using MakeStack = Stack* (*)(std::uint32_t version, const StackConfig& config);
constexpr const char* make_stack_name = "lepus_make_stack";
/// Told before: a module that was built with another broker must not be asked for a stack.
using GetStackVersion = std::uint32_t (*)();
constexpr const char* stack_version_name = "lepus_stack_version";

}  // namespace lepus::net::bypass
