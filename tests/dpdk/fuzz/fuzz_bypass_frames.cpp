// Frames of anybody to a stack that listens: whole ones as they are, and segments with right
// checksums near the numbers of a real connection, which get further; time that passes, and what a
// user does with connections meanwhile.
//
// One stack for all inputs, as in a broker: each input ends its connections. Frames that do not
// come back end the program.
#include <array>
#include <memory>

#include "core/base/bytes.h"
#include "tests/dpdk/raw_frames.h"

extern "C" lepus::net::bypass::Stack* lepus_make_stack(
    std::uint32_t version, const lepus::net::bypass::StackConfig& config);

namespace lepus::net::bypass {
namespace {

/// The bytes of the input, from the front; zeros behind its end.
class Source {
 public:
  explicit Source(core::Bytes bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  unsigned number(unsigned size) {
    unsigned value = 0;
    for (unsigned i = 0; i < size; ++i) value = value << 8 | byte();
    return value;
  }
  Raw raw(std::size_t size_max) {
    const std::size_t size = std::min({std::size_t{number(2)}, size_max, bytes_.size()});
    Raw raw(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size));
    bytes_ = bytes_.subspan(size);
    return raw;
  }

 private:
  unsigned byte() {
    if (bytes_.empty()) return 0;
    const unsigned value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  core::Bytes bytes_;
};

/// What the peer would have to know: the last numbers of the stack's segments.
struct Peer {
  std::uint32_t own = 1000;
  std::uint32_t theirs = 0;
};

class Attack {
 public:
  Attack(RawStack& stack, core::Bytes bytes) : stack_(stack), source_(bytes) {}
  void run() {
    while (!source_.empty()) {
      step();
      learn();
    }
    end();
  }

 private:
  static constexpr std::size_t frame_max = 9000;
  static constexpr unsigned fin = 0x01;
  static constexpr unsigned syn = 0x02;
  static constexpr unsigned ack = 0x10;

  void step() {
    switch (source_.number(1) % 6) {
      case 0:
        return stack_.input(source_.raw(frame_max), static_cast<SumState>(source_.number(1) % 3));
      case 1: {
        // The next one of a peer that knows what it does.
        Segment next = segment();
        next.sequence = peer_.own;
        next.acknowledged = peer_.theirs;
        next.flags =
            peer_.theirs == 0 ? std::uint8_t{syn} : static_cast<std::uint8_t>(next.flags | ack);
        return stack_.input(tcp_frame(next));
      }
      case 2:
        return stack_.input(tcp_frame(segment()));
      case 3: {
        Raw frame = tcp_frame(segment());
        frame[source_.number(2) % frame.size()] ^= static_cast<std::uint8_t>(source_.number(1));
        return stack_.input(frame, SumState::good);
      }
      case 4:
        return stack_.advance(source_.number(1) * 20);
      default:
        return use();
    }
  }
  Segment segment() {
    Segment segment;
    segment.source_port = static_cast<std::uint16_t>(2000 + source_.number(1) / 64);
    segment.flags = static_cast<std::uint8_t>(source_.number(1));
    segment.sequence = peer_.own + source_.number(2) - 0x100;
    segment.acknowledged = peer_.theirs + source_.number(2) - 0x100;
    segment.window = static_cast<std::uint16_t>(source_.number(2));
    const Raw bytes = source_.raw(1460);
    segment.bytes.assign(bytes.begin(), bytes.end());
    return segment;
  }
  /// As a stream does, between two frames.
  void use() {
    if (stack_.connections.empty()) return;
    const std::size_t at = source_.number(1) % stack_.connections.size();
    Connection& connection = *stack_.connections[at];
    switch (source_.number(1) % 4) {
      case 0:
        if (connection.room() > 0) (void)connection.write(output_.data(), output_.size());
        return (void)connection.output();
      case 1:
        return (void)connection.shutdown_write();
      case 2:
        stack_.connections.erase(stack_.connections.begin() + static_cast<std::ptrdiff_t>(at));
        return connection.close();
      default:
        stack_.connections.erase(stack_.connections.begin() + static_cast<std::ptrdiff_t>(at));
        return connection.reset();
    }
  }
  void learn() {
    for (const Raw& answer : stack_.answers()) {
      if (answer.size() < 54 || answer[23] != 6) continue;
      const std::size_t header = 34 + static_cast<std::size_t>(answer[46] >> 4) * 4;
      const unsigned counted = answer[47] & (syn | fin);
      peer_.theirs = core::load_u32(&answer[38]) + (counted != 0 ? 1 : 0) +
                     static_cast<std::uint32_t>(answer.size() - std::min(header, answer.size()));
      if ((answer[47] & ack) != 0) peer_.own = core::load_u32(&answer[42]);
    }
    // All input was of the only one there is.
    if (stack_.connections.size() == 1 && stack_.failures == 0)
      stack_.connections.front()->consume(static_cast<std::uint32_t>(stack_.received.size()));
    stack_.received.clear();
  }
  void end() {
    for (Connection* one : stack_.connections) one->reset();
    stack_.connections.clear();
    stack_.failures = 0;
    stack_.advance(1000);
    (void)stack_.answers();
    CHECK(stack_.stats().connections_open == 0);
  }

  RawStack& stack_;
  Source source_;
  Peer peer_;
  static inline const std::array<std::uint8_t, 5000> output_{};
};

}  // namespace
}  // namespace lepus::net::bypass

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lepus::net::bypass;
  static const auto stack = std::make_unique<RawStack>(16, std::uint16_t{0}, &lepus_make_stack);
  Attack(*stack, {data, size}).run();
  return 0;
}
