// A relay: the least that a broker can do on io_uring, for a comparison (bench/compare.sh
// --bounds). It speaks enough AMQP for lepus-perf, and each basic.publish to a queue becomes a
// basic.deliver to one of the queue's consumers, in turn. It keeps nothing: no queue, no
// acknowledgement, no prefetch, no limit of memory; what no consumer is there for is dropped.
//
//   bench-relay PORT
//
//   receive buffers -> Peer::read(): frames -> out of the consumer's peer -> one send at a time
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/bytes.h"

namespace {

using lepus::core::load_u16;
using lepus::core::load_u32;

constexpr unsigned ring_entries = 1024;
constexpr unsigned completion_entries = 4096;
constexpr unsigned buffer_count = 64;
constexpr unsigned buffer_size = 64 << 10;
constexpr std::size_t frame_overhead = 8;
constexpr char frame_end = '\xce';

enum Verb : std::uint64_t { accept_verb = 0, receive_verb = 1, send_verb = 2, verb_mask = 7 };

// --- Encoding

class Text {
 public:
  Text& u8(unsigned value) {
    bytes_ += static_cast<char>(value);
    return *this;
  }
  Text& u16(unsigned value) { return u8(value >> 8 & 255).u8(value & 255); }
  Text& u32(unsigned value) { return u16(value >> 16).u16(value & 0xffff); }
  Text& u64(std::uint64_t value) {
    return u32(static_cast<unsigned>(value >> 32)).u32(static_cast<unsigned>(value));
  }
  Text& short_string(std::string_view text) {
    u8(static_cast<unsigned>(text.size()));
    bytes_ += text;
    return *this;
  }
  Text& long_string(std::string_view text) {
    u32(static_cast<unsigned>(text.size()));
    bytes_ += text;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::string_view take_short_string(const std::uint8_t*& pos) {
  const std::string_view text{reinterpret_cast<const char*>(pos) + 1, pos[0]};
  pos += 1 + text.size();
  return text;
}

// --- Peers

struct Relay;

/// One connection. It stays for as long as the program runs.
struct Peer {
  Peer(Relay& owner, int socket) : relay(owner), fd(socket) {}

  void read(std::string_view bytes);
  std::size_t read_frames(const std::uint8_t* bytes, std::size_t size);
  void on_method(unsigned channel, const std::uint8_t* pos);
  void on_publish(const std::uint8_t* pos);
  void write(unsigned channel, unsigned class_id, unsigned method_id, const Text& arguments);
  void touch();

  Relay& relay;
  int fd;
  bool has_header = false;
  bool confirms = false;
  bool is_sending = false;
  bool is_touched = false;
  bool is_gone = false;
  std::uint64_t published = 0;
  std::uint64_t delivery_tag = 0;
  Peer* target = nullptr;  ///< Of the message that comes.
  std::string carry;       ///< Of an incomplete frame.
  std::string out;
  std::string under_way;
  std::size_t sent = 0;  ///< Of `under_way`.
};

struct Queue {
  std::vector<std::pair<Peer*, std::string>> consumers;  ///< With their tags.
  std::size_t next = 0;
};

struct Relay {
  void start(int listener);
  void run();
  void on_completion(const io_uring_cqe& completion);
  void on_received(Peer& peer, const io_uring_cqe& completion);
  void receive(Peer& peer);
  void send(Peer& peer);
  void drop(Peer& peer);
  io_uring_sqe* next_entry();
  void give_back(unsigned buffer);

  io_uring ring{};
  io_uring_buf_ring* buffers = nullptr;
  std::vector<char> memory = std::vector<char>(std::size_t{buffer_count} * buffer_size);
  int given_back = 0;
  std::map<std::string, Queue, std::less<>> queues;
  std::vector<std::unique_ptr<Peer>> peers;
  std::vector<Peer*> touched;
};

void Peer::touch() {
  if (!std::exchange(is_touched, true)) relay.touched.push_back(this);
}

void Peer::write(unsigned channel, unsigned class_id, unsigned method_id, const Text& arguments) {
  Text frame;
  frame.u8(1).u16(channel).u32(static_cast<unsigned>(4 + arguments.bytes().size()));
  out += frame.u16(class_id).u16(method_id).bytes();
  out += arguments.bytes();
  out += frame_end;
  touch();
}

void Peer::on_publish(const std::uint8_t* pos) {
  pos += 2;
  const std::string_view exchange = take_short_string(pos);
  const std::string_view key = take_short_string(pos);
  ++published;
  target = nullptr;
  const auto found = relay.queues.find(key);
  if (found == relay.queues.end() || found->second.consumers.empty()) return;
  Queue& queue = found->second;
  const auto& [peer, tag] = queue.consumers[queue.next++ % queue.consumers.size()];
  target = peer;
  Text arguments;
  arguments.short_string(tag).u64(++peer->delivery_tag).u8(0);
  peer->write(1, 60, 60, arguments.short_string(exchange).short_string(key));
}

/// What lepus-perf says. Acknowledgements mean nothing.
void Peer::on_method(unsigned channel, const std::uint8_t* pos) {
  const unsigned class_id = load_u16(pos);
  const unsigned method_id = load_u16(pos + 2);
  pos += 4;
  const auto answer = [&](const Text& arguments) {
    write(channel, class_id, method_id + 1, arguments);
  };
  switch (class_id << 8 | method_id) {
    case 60 << 8 | 40:
      return on_publish(pos);
    case 60 << 8 | 80:
      return;
    case 10 << 8 | 11:
      return write(0, 10, 30, Text{}.u16(2047).u32(131'072).u16(0));
    case 10 << 8 | 40:
      return answer(Text{}.u8(0));
    case 20 << 8 | 10:
      return answer(Text{}.u32(0));
    case 50 << 8 | 10: {
      pos += 2;
      const std::string_view name = take_short_string(pos);
      relay.queues.try_emplace(std::string{name});
      return answer(Text{}.short_string(name).u32(0).u32(0));
    }
    case 60 << 8 | 20: {
      pos += 2;
      const std::string name{take_short_string(pos)};
      const std::string tag{take_short_string(pos)};
      relay.queues[name].consumers.emplace_back(this, tag);
      return answer(Text{}.short_string(tag));
    }
    case 85 << 8 | 10:
      confirms = true;
      return answer({});
    case 10 << 8 | 31:
      return;
    default:
      return answer(class_id == 50 && method_id != 20 ? Text{}.u32(0) : Text{});
  }
}

/// Returns how much of it was whole frames.
std::size_t Peer::read_frames(const std::uint8_t* bytes, std::size_t size) {
  std::size_t offset = 0;
  if (!has_header) {
    if (size < 8) return 0;
    offset = 8;
    has_header = true;
    write(0, 10, 10, Text{}.u16(9).u32(0).long_string("PLAIN").long_string("en_US"));
  }
  while (size - offset >= frame_overhead) {
    const std::uint8_t* frame = bytes + offset;
    const std::size_t frame_size = frame_overhead + load_u32(frame + 3);
    if (size - offset < frame_size) break;
    if (frame[0] == 1) {
      on_method(load_u16(frame + 1), frame + 7);
    } else if (target != nullptr && (frame[0] == 2 || frame[0] == 3)) {
      target->out.append(reinterpret_cast<const char*>(frame), frame_size);
      target->touch();
    }
    offset += frame_size;
  }
  if (confirms && published > 0) write(1, 60, 80, Text{}.u64(published).u8(1));
  return offset;
}

void Peer::read(std::string_view bytes) {
  if (!carry.empty()) carry += bytes;
  const std::string_view all = carry.empty() ? bytes : std::string_view{carry};
  const std::size_t done =
      read_frames(reinterpret_cast<const std::uint8_t*>(all.data()), all.size());
  if (carry.empty()) {
    carry = all.substr(done);
  } else {
    carry.erase(0, done);
  }
}

// --- The ring

io_uring_sqe* Relay::next_entry() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring);
  for (; entry == nullptr; entry = io_uring_get_sqe(&ring)) io_uring_submit(&ring);
  return entry;
}

void Relay::give_back(unsigned buffer) {
  io_uring_buf_ring_add(buffers, &memory[std::size_t{buffer} * buffer_size], buffer_size,
                        static_cast<unsigned short>(buffer), io_uring_buf_ring_mask(buffer_count),
                        given_back++);
}

void Relay::receive(Peer& peer) {
  io_uring_sqe* entry = next_entry();
  io_uring_prep_recv_multishot(entry, peer.fd, nullptr, 0, 0);
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = 0;
  io_uring_sqe_set_data64(entry, reinterpret_cast<std::uintptr_t>(&peer) | receive_verb);
}

void Relay::send(Peer& peer) {
  peer.is_touched = false;
  if (peer.is_sending || peer.is_gone) return;
  if (peer.sent == peer.under_way.size()) {
    peer.under_way.clear();
    peer.sent = 0;
    if (peer.out.empty()) return;
    peer.under_way.swap(peer.out);
  }
  io_uring_sqe* entry = next_entry();
  io_uring_prep_send(entry, peer.fd, peer.under_way.data() + peer.sent,
                     peer.under_way.size() - peer.sent, MSG_NOSIGNAL | MSG_WAITALL);
  io_uring_sqe_set_data64(entry, reinterpret_cast<std::uintptr_t>(&peer) | send_verb);
  peer.is_sending = true;
}

void Relay::drop(Peer& peer) {
  if (std::exchange(peer.is_gone, true)) return;
  for (auto& [name, queue] : queues)
    std::erase_if(queue.consumers, [&](const auto& consumer) { return consumer.first == &peer; });
  close(peer.fd);
}

void Relay::on_received(Peer& peer, const io_uring_cqe& completion) {
  if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
    const unsigned buffer = completion.flags >> IORING_CQE_BUFFER_SHIFT;
    if (completion.res > 0 && !peer.is_gone)
      peer.read(
          {&memory[std::size_t{buffer} * buffer_size], static_cast<std::size_t>(completion.res)});
    give_back(buffer);
  }
  if (completion.res == 0 || (completion.res < 0 && completion.res != -ENOBUFS)) return drop(peer);
  if ((completion.flags & IORING_CQE_F_MORE) == 0) receive(peer);
}

void Relay::on_completion(const io_uring_cqe& completion) {
  const std::uint64_t data = io_uring_cqe_get_data64(&completion);
  if (data == accept_verb) {
    if (completion.res < 0) return;
    constexpr int on = 1;
    setsockopt(completion.res, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    peers.push_back(std::make_unique<Peer>(*this, completion.res));
    return receive(*peers.back());
  }
  Peer& peer = *reinterpret_cast<Peer*>(data & ~std::uint64_t{verb_mask});
  if ((data & verb_mask) == receive_verb) return on_received(peer, completion);
  peer.is_sending = false;
  if (completion.res <= 0) return;
  peer.sent += static_cast<std::size_t>(completion.res);
  peer.touch();
}

void Relay::start(int listener) {
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
  parameters.cq_entries = completion_entries;
  const auto check = [](int result, const char* what) {
    if (result >= 0) return;
    std::fprintf(stderr, "bench-relay: %s: %s\n", what, std::strerror(-result));
    std::exit(1);
  };
  check(io_uring_queue_init_params(ring_entries, &ring, &parameters), "io_uring");
  io_uring_register_ring_fd(&ring);
  void* pages = nullptr;
  check(-posix_memalign(&pages, 4096, buffer_count * sizeof(io_uring_buf)), "memory");
  buffers = static_cast<io_uring_buf_ring*>(pages);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(buffers);
  registration.ring_entries = buffer_count;
  check(io_uring_register_buf_ring(&ring, &registration, 0), "receive buffers");
  io_uring_buf_ring_init(buffers);
  for (unsigned buffer = 0; buffer < buffer_count; ++buffer) give_back(buffer);
  io_uring_buf_ring_advance(buffers, std::exchange(given_back, 0));
  io_uring_sqe* entry = next_entry();
  io_uring_prep_multishot_accept(entry, listener, nullptr, nullptr, 0);
  io_uring_sqe_set_data64(entry, accept_verb);
}

void Relay::run() {
  for (;;) {
    io_uring_submit_and_wait(&ring, 1);
    io_uring_cqe* completion = nullptr;
    unsigned head = 0;
    unsigned count = 0;
    io_uring_for_each_cqe(&ring, head, completion) {
      on_completion(*completion);
      ++count;
    }
    io_uring_cq_advance(&ring, count);
    if (given_back > 0) io_uring_buf_ring_advance(buffers, std::exchange(given_back, 0));
    for (Peer* peer : std::exchange(touched, {})) send(*peer);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const long port = count == 2 ? std::strtol(arguments[1], nullptr, 10) : 0;
  if (port < 1 || port > 65'535) {
    std::fprintf(stderr, "usage: bench-relay PORT (1 to 65535)\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  constexpr int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 128) != 0) {
    std::perror("bench-relay: listen");
    return 1;
  }
  Relay relay;
  relay.start(listener);
  relay.run();
}
