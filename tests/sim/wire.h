// A client's end of a connection: frames out through a buffer that empties as the network takes
// bytes, frames in, put together into methods with their contents. Checks what can be said about a
// single frame; what it means is the business of Client and Channel.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/sim/sim_network.h"
#include "net/amqp/codec/frame.h"
#include "net/amqp/methods.gen.h"
#include "tests/sim/judge.h"

namespace lepus::sim {

/// A whole method with its content, if it has one. Views into Wire's buffers: good during the call.
struct Incoming {
  std::uint16_t channel = 0;
  amqp::MethodId method{};
  core::Bytes arguments;
  std::string properties;
  std::string body;
};

class WireHandler {
 public:
  virtual ~WireHandler() = default;
  virtual void on_method(const Incoming& incoming) = 0;
};

/// Changes what clients read, to see that the oracle notices (tests/sim/saboteur.h).
class FrameFilter {
 public:
  virtual ~FrameFilter() = default;
  /// How often `incoming` is to be handed on: 1 usually.
  virtual int on_incoming(Incoming& incoming) = 0;
};

class Wire {
 public:
  Wire(Judge& judge, std::unique_ptr<io::SimClient> client)
      : judge_(judge), client_(std::move(client)) {}

  void raw(std::string_view bytes) { out_ += bytes; }
  template <class Method>
  void method(std::uint16_t channel, const Method& method) {
    const std::size_t before = out_.size();
    out_.resize(before + amqp::method_frame_size(method));
    amqp::store_method_frame(reinterpret_cast<std::uint8_t*>(out_.data() + before), channel,
                             method);
  }
  struct Content {
    std::string_view properties;
    std::string_view body;
    std::uint64_t announced_size;
  };
  /// Header and body; an empty body has no body frame.
  void content(std::uint16_t channel, const Content& content);
  void frame(const amqp::Frame& frame);
  void heartbeat();

  void flush();
  bool has_unsent() const { return !out_.empty(); }
  std::size_t unsent_size() const { return out_.size(); }
  /// Reads at most `size_max` bytes and hands on whole methods.
  void read(std::size_t size_max, WireHandler& handler);
  /// Nothing more will come.
  bool is_over() const { return client_->is_reset() || (at_end_ && !client_->is_reset()); }
  io::SimClient& client() { return *client_; }

  void set_frame_max(std::uint32_t frame_max) { frame_max_ = frame_max; }
  void set_filter(FrameFilter* filter) { filter_ = filter; }
  /// Pieces of bodies are cut smaller than needed.
  void set_body_piece_max(std::size_t size) { body_piece_max_ = size; }

 private:
  struct Partial {
    bool active = false;
    Incoming incoming;
    std::string arguments;
    std::uint64_t body_size = 0;
    bool has_header = false;
  };
  void on_frame(const amqp::Frame& frame, WireHandler& handler);
  void on_content(const amqp::Frame& frame, WireHandler& handler);
  void hand_on(Incoming incoming, WireHandler& handler);

  Judge& judge_;
  std::unique_ptr<io::SimClient> client_;
  FrameFilter* filter_ = nullptr;
  std::uint32_t frame_max_ = amqp::frame_min_size;
  std::size_t body_piece_max_ = SIZE_MAX;
  bool broken_ = false;
  bool at_end_ = false;
  std::string in_;
  std::string out_;
  std::vector<Partial> partials_;  ///< By channel.
};

}  // namespace lepus::sim
