// Whether a connection's input is read now. It is held for one or more reasons; what comes then is
// kept, and above a limit the socket is not read. When the last reason is gone, input goes on in
// the next turn, not at once: whoever allows it may be in the middle of something.
//
//   open --stop(why)--> held --allow(why), the last--> resume due --on_resume()--> open
//
// Independently of that, all input may be dropped for good, and the client may have ended it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/assert.h"
#include "core/limits.h"
#include "net/amqp/connection/input_stops.h"
#include "net/amqp/connection/resume_list.h"
#include "net/stream/stream.h"

namespace lepus::amqp {

class InputGate {
 public:
  /// The stream outlives the last call, the list this object.
  InputGate(net::Stream& stream, ResumeList& resume_list)
      : stream_(stream), resume_list_(resume_list), stops_(resume_list) {}
  InputGate(const InputGate&) = delete;

  /// Of its connection. Before anything is stopped.
  void set_handle(ConnectionHandle handle) { handle_ = handle; }
  ConnectionHandle handle() const { return handle_; }

  bool is_stopped() const { return stops_.any(); }
  bool is_stopped_for(InputStop why) const { return stops_.has(why); }
  bool is_stopped_only_for(InputStop why) const { return stops_.has_only(why); }
  /// Returns true if what comes is to be kept behind what was kept before.
  bool is_held() const { return is_stopped() || is_resume_due_; }

  void stop(InputStop why) { stops_.add(why); }
  void stop_until_unblocked(const core::PublishTarget& target) {
    if (is_stopped_for(InputStop::target)) return;
    stop(InputStop::target);
    resume_list_.resume_when_unblocked(handle_, target);
  }
  void allow(InputStop why) {
    if (!is_stopped_for(why)) return;
    stops_.remove(why);
    if (!is_stopped()) resume_soon();
  }
  /// `has_kept`: there is input that was kept.
  void allow_all(bool has_kept) {
    stops_.clear();
    if (has_kept || is_paused_) resume_soon();
  }
  void resume_soon() {
    if (is_reading_ || is_resume_due_) return;
    is_resume_due_ = true;
    resume_list_.resume_later(handle_);
  }
  void on_resume() { is_resume_due_ = false; }

  /// Around the reading of input, which does not nest; what is allowed meanwhile goes on at once.
  void begin_reading() {
    CHECK(!is_reading_);
    is_reading_ = true;
  }
  void end_reading() { is_reading_ = false; }

  /// The socket.
  bool is_paused() const { return is_paused_; }
  /// So many bytes are kept: too many of them pause the socket while input is held.
  void limit_kept(std::size_t size) {
    if (!is_stopped() || size <= core::limits::held_input_max) return;
    if (!std::exchange(is_paused_, true)) stream_.pause_reading();
  }
  void resume_socket() {
    if (std::exchange(is_paused_, false)) stream_.resume_reading();
  }

  /// Nothing that comes is read any more, until `drop` is false again.
  void set_dropped(bool drop) { is_dropped_ = drop; }
  bool is_dropped() const { return is_dropped_; }

  /// The client sends no more, but what it sent is not all read.
  void note_client_gone() { is_client_gone_ = true; }
  bool is_client_gone() const { return is_client_gone_; }
  /// All that the client sent has arrived; some of it may be kept.
  void note_end() { has_ended_ = true; }
  bool has_ended() const { return has_ended_; }

 private:
  net::Stream& stream_;
  ResumeList& resume_list_;
  ConnectionHandle handle_;
  InputStops stops_;
  bool is_resume_due_ = false;
  bool is_reading_ = false;
  bool is_paused_ = false;
  bool is_dropped_ = false;
  bool is_client_gone_ = false;
  bool has_ended_ = false;
};

}  // namespace lepus::amqp
