// Planted mistakes about the disk, made around the broker's code: a driver that tells the loop
// something else than the disk said, and a ledger that promises too early.
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
  io::Driver& driver_;
  Saboteur& saboteur_;
};

/// Says that a batch is durable as soon as it is recorded.
class EarlyLedger final : public core::Ledger {
 public:
  EarlyLedger(core::Ledger& ledger, Saboteur& saboteur) : ledger_(ledger), saboteur_(saboteur) {}

  core::RecordLocation append(const core::Message& message, std::uint32_t queue_count) override {
    return ledger_.append(message, queue_count);
  }
  void enqueued(const core::RecordLocation& place, std::uint32_t index,
                const core::QueuePosition& at) override {
    ledger_.enqueued(place, index, at);
  }
  core::RecordLocation append_paged(const core::Message& message,
                                    const core::QueuePosition& at) override {
    return ledger_.append_paged(message, at);
  }
  core::RecordLocation written_end() const override { return ledger_.written_end(); }
  void fetch(std::span<const FetchRequest> wanted) override { ledger_.fetch(wanted); }
  void set_holder(core::RecordOwner* holder) override { ledger_.set_holder(holder); }
  void stop_moving() override { ledger_.stop_moving(); }
  void refused(const core::RecordLocation& place) override { ledger_.refused(place); }
  void settled(const core::RecordLocation& place, const core::QueuePosition& at) override {
    ledger_.settled(place, at);
  }
  void dropped(const core::RecordLocation& place) override { ledger_.dropped(place); }
  void seen(const core::QueuePosition& below) override { ledger_.seen(below); }
  std::uint64_t open_batch() const override { return ledger_.open_batch(); }
  void flush() override { ledger_.flush(); }
  void hold(bool held) override { ledger_.hold(held); }
  std::uint64_t durable() const override;
  bool is_behind() const override { return ledger_.is_behind(); }
  bool has_work() const override { return ledger_.has_work(); }
  std::uint64_t memory_bytes() const override { return ledger_.memory_bytes(); }
  std::uint64_t marks_lost() const override { return ledger_.marks_lost(); }

 private:
  core::Ledger& ledger_;
  Saboteur& saboteur_;
};

}  // namespace lepus::sim
