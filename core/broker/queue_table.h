// The queues that are homed on this shard, from the change that adds one to the change that takes
// it away. For the message log it is the owner of their records.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/id_walk.h"
#include "core/broker/discards.h"
#include "core/broker/ports.h"
#include "core/queue/queue.h"
#include "core/queue/queue_host.h"

namespace lepus::core {

class QueueTable final : public RecordOwner {
 public:
  /// `host` is what queues are given; `discards` gets what is left of them. `restorer` may be null:
  /// nothing survived a restart. All three outlive this object.
  QueueTable(QueueHost& host, Discards& discards, Restorer* restorer)
      : host_(host), discards_(discards), restorer_(restorer) {}
  ~QueueTable() override { CHECK(queues_.empty()); }

  /// Null: it is not homed here, or is gone.
  Queue* find(QueueId id);
  std::size_t size() const { return queues_.size(); }
  /// Makes the queue, which outlives its `info`; it gets what it held before a restart.
  void add(QueueInfo& info);
  /// The queue is going to be removed: what it gave up until now goes on, and its consumers are
  /// told, as long as the budget lasts; each takes one. Returns true when that is done, or it is
  /// not here.
  [[nodiscard]] bool prepare_removal(QueueId id, std::size_t& budget);
  /// The queue goes, if it is here, and with it the consumers that came since: its messages are
  /// dropped, now or piece by piece. Of what it gave up since, so much goes on as one turn may
  /// drop. What is still unacked somewhere finds no queue when it is settled.
  void remove(QueueId id);
  /// The shard ends: consumers leave their queues without being told. Before the host goes.
  void clear();
  /// Goes over all queues, a piece at a time; see IdWalk.
  void begin_walk() { walk_.begin(); }
  /// visit(Queue&)
  template <class Visit>
  [[nodiscard]] bool walk_piece(std::size_t count, Visit&& visit) {
    return walk_.piece(count, [&](QueueId id) {
      Queue* queue = find(id);
      if (queue != nullptr) visit(*queue);
      return queue != nullptr;
    });
  }
  /// The message log may have given up older delivery watermarks: they are told again.
  void repeat_watermarks();

 private:
  // RecordOwner
  std::optional<LocatedRecord> locate(const QueuePosition& position) override;
  void on_moved(const QueuePosition& position, const RecordLocation& place) override;
  bool on_fetched(const QueuePosition& position, const RecordLocation& place,
                  MessageRef message) override;
  void on_lost(const QueuePosition& position) override;
  MemoryAccount& memory_of_fetched() override { return host_.memory(); }

  /// What prepare_removal() is still to do; what comes meanwhile does not add to it.
  struct Removal {
    std::size_t forwards_left;
    std::size_t consumers_left;
  };
  void cancel_oldest(QueueConsumers& consumers);

  QueueHost& host_;
  Discards& discards_;
  Restorer* restorer_;
  boost::unordered_flat_map<QueueId, std::unique_ptr<Queue>> queues_;
  IdWalk<QueueId> walk_;
  boost::unordered_flat_map<QueueId, Removal> removals_;
  std::uint64_t watermarks_lost_ = 0;  ///< Of the message log, as last seen.
};

}  // namespace lepus::core
