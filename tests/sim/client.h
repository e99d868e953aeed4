// A client: one connection with its channels, from the handshake to the end.
//
//   handshake -> open -> closing (connection.close sent) -> over
//                open -> doomed (did something illegal; connection.close must come) -> over
//                any  -> over (reset, cut off)
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tests/sim/channel.h"
#include "tests/sim/scene.h"

namespace lepus::sim {

class Client final : public WireHandler {
 public:
  enum class Phase : std::uint8_t { handshake, open, closing, doomed, over };

  Client(Scene& scene, std::unique_ptr<io::SimClient> end);

  Phase phase() const { return phase_; }
  std::uint64_t id() const { return id_; }
  std::map<std::uint16_t, std::unique_ptr<Channel>>& channels() { return channels_; }
  Wire& wire() { return wire_; }
  Scene& scene() { return scene_; }
  /// The client itself ends, in whatever way, and nothing is owed to it any more.
  bool is_over() const { return phase_ == Phase::over; }
  /// Nothing is awaited: no handshake, no answers, no confirms.
  bool is_settled() const;
  std::string describe() const;

  /// Reads what has come.
  void read();
  void flush();
  /// Did the network or the broker end it?
  void notice_death();
  Channel* open_channel();
  /// connection.close.
  void close();
  /// Something illegal for the whole connection was just sent.
  void doom(const Doom& doom);
  enum class Cut : std::uint8_t { reset, close, half_close, mid_frame };
  /// Leaves without a word.
  void cut(Cut how);

 private:
  void on_method(const Incoming& incoming) override;
  void on_connection_method(const Incoming& incoming);
  void on_tune(const Incoming& incoming);
  void on_close(const Incoming& incoming);
  void finish(bool orderly);
  void release_exclusive_queues(bool orderly);

  Scene& scene_;
  std::uint64_t id_;
  Wire wire_;
  Phase phase_ = Phase::handshake;
  Doom doom_;
  std::uint16_t heartbeat_s_ = 0;
  core::Nanos last_heartbeat_ = 0;
  std::uint16_t next_number_ = 1;
  std::map<std::uint16_t, std::unique_ptr<Channel>> channels_;
};

}  // namespace lepus::sim
