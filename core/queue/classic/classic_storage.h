// Where the messages of a classic or quorum queue are, as the message log and the eviction list see
// it. What comes back from disk goes into the backlog, and to whoever waits for it.
#pragma once

#include <cstdint>
#include <optional>

#include "core/queue/classic/forwarding.h"
#include "core/queue/classic/pending_gets.h"
#include "core/queue/classic/queue_messages.h"
#include "core/queue/queue_description.h"
#include "core/queue/queue_ports.h"
#include "core/queue/residency.h"

namespace lepus::core {

class ClassicStorage final : public QueueStorage {
 public:
  /// The parts of the queue; all of them outlive this object.
  struct Parts {
    Residency& residency;
    Forwarding& forwarding;
    PendingGets& gets;
  };
  ClassicStorage(const QueueContext& context, const Parts& parts)
      : context_(context), parts_(parts) {}

  void restore(const RestoredQueue& restored) override;
  bool drop_records(std::size_t& budget) override;
  std::uint64_t resident_count() const override {
    return context_.messages.backlog().resident_count();
  }
  bool evict(bool memory_pressure) override {
    return !parts_.forwarding.is_replaying() && parts_.residency.evict(memory_pressure);
  }
  void on_eviction_done() override { parts_.residency.on_eviction_done(); }
  bool on_written() override { return parts_.residency.on_written(); }
  std::optional<LocatedRecord> locate(Sequence sequence) const override {
    return context_.messages.records().find(sequence);
  }
  void on_moved(Sequence sequence, const RecordLocation& place) override {
    context_.messages.backlog().move(sequence, place);
  }
  bool on_fetched(Sequence sequence, const RecordLocation& place, MessageRef message) override;
  void lose(Sequence sequence) override;
  std::size_t resolve_unreadable(const UnreadableOrder& order, std::size_t count) override;
  void describe_unreadable(std::size_t count, std::vector<UnreadableStats>& out) const override {
    append_unreadable(context_.info.id, context_.messages.backlog(), count, out);
  }
  void repeat_watermarks() override { context_.messages.records().repeat_watermarks(); }

 private:
  void park(Sequence sequence);

  const QueueContext& context_;
  Parts parts_;
};

}  // namespace lepus::core
