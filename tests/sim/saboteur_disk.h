// Planted mistakes about the disk and the driver, made around the broker's code: a driver that
// tells the loop something else than the kernel said or forgets what was submitted, and a message
// log that promises too early.
#pragma once

#include "core/broker/ports.h"
#include "io/sim/sim_driver.h"
#include "tests/sim/saboteur.h"

namespace lepus::sim {

class SabotagedDriver final : public io::Driver {
 public:
  SabotagedDriver(io::Driver& driver, Saboteur& saboteur) : driver_(driver), saboteur_(saboteur) {}

  core::Nanos turn(io::OpList& submitted, std::vector<io::Completion>& completed,
                   core::Nanos wait_until) override;
  core::Nanos now() override { return driver_.now(); }
  core::Nanos wall_now() override { return driver_.wall_now(); }
  io::PeerName peer_name(int fd) override { return driver_.peer_name(fd); }
  void reset_on_close(int fd) override { driver_.reset_on_close(fd); }
  int next_descriptor() override { return driver_.next_descriptor(); }
  std::size_t receive_buffers() const override { return driver_.receive_buffers(); }
  int wake_target() const override { return driver_.wake_target(); }

 private:
  void leave_submitted(io::OpList& submitted);
  void lose_completion(std::vector<io::Completion>& completed, std::size_t first);
  void pass_over(std::vector<io::Completion>& completed);
  void leak_descriptor(io::OpList& submitted, std::vector<io::Completion>& completed);

  io::Driver& driver_;
  Saboteur& saboteur_;
  io::OpList left_;                      ///< Submitted, and not told to the driver yet.
  const io::Op* passed_over_ = nullptr;  ///< Of the socket whose input comes last; not followed.
};

/// Says that a batch is durable as soon as it is recorded.
class EarlyMessageLog final : public core::MessageLog {
 public:
  EarlyMessageLog(core::MessageLog& message_log, Saboteur& saboteur)
      : message_log_(message_log), saboteur_(saboteur) {}

  core::RecordLocation append(const core::Message& message, std::uint32_t queue_count) override {
    return message_log_.append(message, queue_count);
  }
  void enqueued(const core::RecordLocation& place, std::uint32_t index,
                const core::QueuePosition& at) override {
    message_log_.enqueued(place, index, at);
  }
  core::RecordLocation append_paged(const core::Message& message,
                                    const core::QueuePosition& at) override {
    return message_log_.append_paged(message, at);
  }
  core::RecordLocation written_end() const override { return message_log_.written_end(); }
  void fetch(std::span<const FetchRequest> wanted) override { message_log_.fetch(wanted); }
  void set_record_owner(core::RecordOwner* holder) override {
    message_log_.set_record_owner(holder);
  }
  void stop_moving() override { message_log_.stop_moving(); }
  void refused(const core::RecordLocation& place) override { message_log_.refused(place); }
  void settled(const core::RecordLocation& place, const core::QueuePosition& at) override {
    message_log_.settled(place, at);
  }
  void dropped(const core::RecordLocation& place) override { message_log_.dropped(place); }
  void delivery_watermark(const core::QueuePosition& below) override {
    message_log_.delivery_watermark(below);
  }
  std::uint64_t open_batch() const override { return message_log_.open_batch(); }
  void flush() override { message_log_.flush(); }
  void keep_batch_open(bool keep_open) override { message_log_.keep_batch_open(keep_open); }
  std::uint64_t durable() const override;
  bool is_behind() const override { return message_log_.is_behind(); }
  bool has_work() const override { return message_log_.has_work(); }
  std::uint64_t memory_bytes() const override { return message_log_.memory_bytes(); }
  std::uint64_t watermarks_lost() const override { return message_log_.watermarks_lost(); }

 private:
  core::MessageLog& message_log_;
  Saboteur& saboteur_;
};

}  // namespace lepus::sim
