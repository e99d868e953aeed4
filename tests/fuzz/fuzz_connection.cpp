// Whole connections fed arbitrary bytes, before, after and instead of a good handshake: several
// connections of one broker, on one shard or two, with alarms, half-closes, resets and clients that
// do not read in between. Nothing may stop the process or leak, and whatever happened, a client
// that behaves is served as ever afterwards.
//
// The input is a small program, so that mutations reach deep states:
//
//   [setup] ([kind | connection << 3] operands ...)*
//   kinds: 0 raw bytes      [size][bytes]                     4 some turns      [count]
//          1 any method     [channel][method][size][bytes]    5 an event        [which]
//          2 any frame      [channel][type][size][bytes]      6 a good command
//          [channel][which][a][b] 3 a content      [channel][size][bytes]            7 turns until
//          nothing happens
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/amqp/codec/frame.h"
#include "net/amqp/methods.gen.h"
#include "tests/unit/net/amqp/broker_world.h"

namespace lepus::amqp {
namespace {

using test::BrokerWorld;
using test::Link;
using namespace std::string_view_literals;

constexpr std::array methods{
    MethodId::connection_start_ok, MethodId::connection_tune_ok,
    MethodId::connection_open,     MethodId::connection_close,
    MethodId::connection_close_ok, MethodId::connection_update_secret,
    MethodId::channel_open,        MethodId::channel_flow,
    MethodId::channel_close,       MethodId::channel_close_ok,
    MethodId::exchange_declare,    MethodId::exchange_delete,
    MethodId::exchange_bind,       MethodId::exchange_unbind,
    MethodId::queue_declare,       MethodId::queue_bind,
    MethodId::queue_unbind,        MethodId::queue_purge,
    MethodId::queue_delete,        MethodId::basic_qos,
    MethodId::basic_consume,       MethodId::basic_cancel,
    MethodId::basic_publish,       MethodId::basic_get,
    MethodId::basic_ack,           MethodId::basic_reject,
    MethodId::basic_recover_async, MethodId::basic_recover,
    MethodId::basic_nack,          MethodId::confirm_select,
    MethodId::tx_select,           MethodId::tx_commit,
    MethodId::tx_rollback,         MethodId::basic_deliver,
    MethodId::queue_declare_ok,
};
constexpr std::array queues{"a"sv, "b"sv, ""sv, "amq.rabbitmq.reply-to"sv};
constexpr std::array exchanges{""sv, "amq.fanout"sv, "amq.topic"sv, "x"sv};
constexpr std::array frame_types{FrameType::method, FrameType::header, FrameType::body,
                                 FrameType::heartbeat};

/// Takes operands from the input; zeros when it is used up.
class Program {
 public:
  explicit Program(core::Bytes input) : left_(input) {}
  bool at_end() const { return left_.empty(); }
  std::uint8_t number() {
    if (left_.empty()) return 0;
    const std::uint8_t value = left_[0];
    left_ = left_.subspan(1);
    return value;
  }
  core::Bytes bytes() {
    const std::size_t size = std::min<std::size_t>(number(), left_.size());
    const core::Bytes taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
  }

 private:
  core::Bytes left_;
};

/// The writing half of a client.
class Peer {
 public:
  explicit Peer(std::shared_ptr<Link> link) : link_(std::move(link)) {}
  Link& link() { return *link_; }

  void raw(core::Bytes bytes) {
    link_->to_server.insert(link_->to_server.end(), bytes.begin(), bytes.end());
  }
  template <class Method>
  void send(std::uint16_t channel, const Method& method) {
    std::vector<std::uint8_t> bytes(method_frame_size(method));
    store_method_frame(bytes.data(), channel, method);
    raw(bytes);
  }
  void frame(FrameType type, std::uint16_t channel, core::Bytes payload) {
    std::vector<std::uint8_t> bytes(payload.size() + frame_overhead);
    std::uint8_t* at = store_frame_header(bytes.data(), {type, channel, payload});
    store_frame_end(core::store_bytes(at, payload));
    raw(bytes);
  }
  void content(std::uint16_t channel, core::Bytes body) {
    constexpr std::uint8_t no_properties[2] = {0, 0};
    const ContentHeaderFields header{class_basic, body.size(), no_properties};
    std::vector<std::uint8_t> bytes(content_header_frame_size(header));
    store_content_header_frame(bytes.data(), channel, header);
    raw(bytes);
    if (!body.empty()) frame(FrameType::body, channel, body);
  }
  void log_in() {
    raw(core::as_bytes("AMQP\0\0\x09\x01"sv));
    send(0, ConnectionStartOk{{}, "PLAIN", "\0guest\0guest"sv, "en_US"});
    send(0, ConnectionTuneOk{10, frame_min_size, 1});
    send(0, ConnectionOpen{"/"});
    send(1, ChannelOpen{});
  }

 private:
  std::shared_ptr<Link> link_;
};

class Run {
 public:
  Run(const BrokerWorld::Options& options, std::uint8_t setup)
      : world_(options), shard_count_(options.shard_count), setup_(setup) {
    for (int i = 0; i <= (setup >> 1 & 3) % 3; ++i) peers_.push_back(connect());
  }

  void step(Program& program) {
    const std::uint8_t op = program.number();
    Peer& peer = peers_[(op >> 3) % peers_.size()];
    switch (op & 7) {
      case 0:
        return peer.raw(program.bytes());
      case 1:
        return any_method(peer, program);
      case 2: {
        const std::uint16_t channel = program.number() & 3;
        const FrameType type = frame_types[program.number() % frame_types.size()];
        return peer.frame(type, channel, program.bytes());
      }
      case 3: {
        const std::uint16_t channel = program.number() & 3;
        return peer.content(channel, program.bytes());
      }
      case 4:
        for (int count = program.number() & 15; count >= 0; --count) (void)world_.run_round();
        return;
      case 5:
        return event(peer, program.number());
      case 6:
        return good_command(peer, program);
      default:
        return world_.settle();
    }
  }

  /// A client that does everything right is served.
  void probe() {
    world_.control_sleeps = false;
    world_.broadcast(core::Alarm{false});
    for (Peer& peer : peers_) peer.link().reset = true;
    world_.settle();
    if (stopped_) return;
    Peer peer{world_.connect()};
    peer.log_in();
    QueueDeclare mine;
    mine.exclusive = true;
    peer.send(1, mine);
    peer.send(1, QueueBind{"", "amq.fanout", "", false, {}});
    peer.send(1, ConfirmSelect{false});
    peer.send(1, BasicPublish{"amq.fanout", "", true, false});
    peer.content(1, core::as_bytes("the body of the probe"));
    world_.settle();
    peer.send(1, BasicGet{"", true});
    peer.send(0, ConnectionClose{200, "", 0, 0});
    world_.settle();
    peer.link().half_closed = true;  // Behind close-ok the socket is the client's to close.
    world_.settle();
    CHECK(peer.link().closed);
    const std::string_view received = core::as_text(peer.link().from_server);
    CHECK(received.find("the body of the probe") != std::string_view::npos);
  }

 private:
  Peer connect() {
    Peer peer{world_.connect(static_cast<core::ShardId>(peers_.size() % shard_count_))};
    constexpr std::array<std::size_t, 4> piece_sizes{SIZE_MAX, 1, 7, 100};
    peer.link().piece_max = piece_sizes[setup_ >> 4 & 3];
    if ((setup_ & 8) != 0) peer.log_in();
    return peer;
  }

  static void any_method(Peer& peer, Program& program) {
    const std::uint16_t channel = program.number() & 3;
    const auto method = static_cast<std::uint32_t>(methods[program.number() % methods.size()]);
    const core::Bytes arguments = program.bytes();
    std::vector<std::uint8_t> payload(method_header_size);
    core::store_u32(payload.data(), method);
    payload.insert(payload.end(), arguments.begin(), arguments.end());
    peer.frame(FrameType::method, channel, payload);
  }

  void event(Peer& peer, std::uint8_t which) {
    Link& link = peer.link();
    switch (which & 7) {
      case 0:
        return world_.broadcast(core::Alarm{true});
      case 1:
        return world_.broadcast(core::Alarm{false});
      case 2:
        link.half_closed = true;
        return;
      case 3:
        link.reset = true;
        peer = connect();
        return;
      case 4:
        link.window_closed = !link.window_closed;
        return;
      case 5:
        world_.control_sleeps = !world_.control_sleeps;
        return;
      case 6:
        return world_.advance((which >> 3) * core::nanos_per_s / 4);
      default:
        if (which != 0xff) return;
        stopped_ = true;
        world_.control_sleeps = false;
        return world_.stop();
    }
  }

  /// Up to 63 KiB, but not byte by byte: that takes seconds.
  static std::size_t body_size(Peer& peer, std::uint8_t a, std::uint8_t b) {
    const std::size_t size = std::size_t{b} * a;
    return peer.link().piece_max == SIZE_MAX ? size : size % 2'000;
  }
  static void declare_exchange(Peer& peer, std::uint16_t channel, std::uint8_t a, std::uint8_t b) {
    ExchangeDeclare declare;
    declare.exchange = "x";
    declare.type = (a & 1) != 0 ? "fanout" : "headers";
    declare.durable = (b & 4) != 0;
    declare.auto_delete = (b & 8) != 0;
    declare.internal = (b & 16) != 0;
    declare.no_wait = (b & 32) != 0;
    peer.send(channel, declare);
  }

  void good_command(Peer& peer, Program& program) {
    const std::uint16_t channel = program.number() & 3;
    const std::uint8_t which = program.number();
    const std::uint8_t a = program.number();
    const std::uint8_t b = program.number();
    const std::string_view queue = queues[a & 3];
    const std::string_view exchange = exchanges[b & 3];
    const bool flag = (b & 4) != 0;
    switch (which % 24) {
      case 0:
        return peer.send(channel, ChannelOpen{});
      case 1:
        return peer.send(
            channel,
            QueueDeclare{queue, false, flag, (b & 8) != 0, (b & 16) != 0, (b & 32) != 0, {}});
      case 2:
        return peer.send(channel, BasicConsume{queue,
                                               flag ? "tag"sv : ""sv,
                                               false,
                                               (b & 8) != 0,
                                               (b & 16) != 0,
                                               (b & 32) != 0,
                                               {}});
      case 3:
      case 4:
        peer.send(channel, BasicPublish{exchange, queue, flag, false});
        return peer.content(channel, std::vector<std::uint8_t>(body_size(peer, a, b), b));
      case 5:
        return peer.send(channel, BasicAck{a, flag});
      case 6:
        return peer.send(channel, BasicNack{a, flag, (b & 8) != 0});
      case 7:
        return peer.send(channel, BasicReject{a, flag});
      case 8:
        return peer.send(channel, BasicGet{queue, flag});
      case 9:
        return peer.send(channel, BasicQos{0, static_cast<std::uint16_t>(a & 7), flag});
      case 10:
        return peer.send(channel, BasicCancel{flag ? "tag"sv : "other"sv, (b & 8) != 0});
      case 11:
        return peer.send(channel, ConfirmSelect{flag});
      case 12:
        return peer.send(channel, TxSelect{});
      case 13:
        return peer.send(channel, TxCommit{});
      case 14:
        return peer.send(channel, TxRollback{});
      case 15:
        return peer.send(channel, QueueDelete{queue, flag, (b & 8) != 0, (b & 16) != 0});
      case 16:
        return peer.send(channel, QueuePurge{queue, flag});
      case 17:
        return peer.send(channel, QueueBind{queue, exchange, queue, flag, {}});
      case 18:
        return peer.send(channel, ChannelClose{200, "", 0, 0});
      case 19:
        return peer.send(channel, ChannelCloseOk{});
      case 20:
        return peer.send(channel, BasicRecover{true});
      case 21:
        return declare_exchange(peer, channel, a, b);
      case 22:
        return peer.send(0, ConnectionClose{200, "", 0, 0});
      default:
        return peer.send(0, ConnectionCloseOk{});
    }
  }

  BrokerWorld world_;
  core::ShardId shard_count_;
  std::uint8_t setup_;
  std::vector<Peer> peers_;
  bool stopped_ = false;
};

void run(core::Bytes input) {
  Program program{input};
  const std::uint8_t setup = program.number();
  BrokerWorld::Options options;
  options.shard_count = (setup & 1) != 0 ? 2 : 1;
  options.seed = input.size();
  if ((setup & 64) != 0) options.ring_size = 2;
  Run one{options, setup};
  while (!program.at_end()) one.step(program);
  one.probe();
}

}  // namespace
}  // namespace lepus::amqp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lepus::amqp::run({data, size});
  return 0;
}
