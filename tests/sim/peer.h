// A client of the load stages (tests/sim/load_stage.h): one connection with one channel, which does
// one thing again and again, and no model behind it.
//
//   handshake -> channel open: ready -> closing (connection.close sent) -> over
//
// It does nothing illegal, so an error or an end that it did not ask for breaks promise 14.
#pragma once

#include <memory>
#include <utility>

#include "tests/sim/handshake.h"
#include "tests/sim/scene.h"

namespace lepus::sim {

class Peer : public WireHandler {
 public:
  static constexpr std::uint16_t channel = 1;

  /// Does something each `pace` nanoseconds.
  Peer(Scene& scene, std::unique_ptr<io::SimClient> end, core::Nanos pace);

  bool is_ready() const { return phase_ == Phase::ready; }
  bool is_over() const { return phase_ == Phase::over; }
  core::Nanos next_step() const { return next_step_; }
  /// Reads what has come, does what its role does, and writes.
  void step();
  /// connection.close.
  void close();

  Wire& wire() { return wire_; }

 protected:
  /// The channel is open, and it is time.
  virtual void act() = 0;
  /// A method on the channel, but channel.open-ok.
  virtual void on_channel_method(const Incoming& incoming) = 0;

  Scene& scene() { return scene_; }
  Judge& judge() { return *scene_.judge; }
  template <class Method>
  void send(const Method& method) {
    wire_.method(channel, method);
  }
  /// A message for the queue of this name, or nowhere if there is none.
  struct Post {
    std::string_view queue;
    std::size_t body_size = 0;
    bool is_persistent = false;
  };
  void publish(const Post& post);

 private:
  enum class Phase : std::uint8_t { handshake, ready, closing, over };

  void on_method(const Incoming& incoming) final;
  void on_tune(const Incoming& incoming);

  Scene& scene_;
  Wire wire_;
  core::Nanos pace_;
  core::Nanos next_step_ = 0;
  Phase phase_ = Phase::handshake;
};

}  // namespace lepus::sim
