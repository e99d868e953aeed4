// A queue that only counts what its parts ask of it, and the parts of a classic queue around it,
// for tests of one of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/queue/classic/forwarding.h"
#include "core/queue/classic/limit_enforcer.h"
#include "core/queue/classic/queue_messages.h"
#include "core/queue/queue.h"
#include "core/queue/queue_timer.h"
#include "core/queue/residency.h"
#include "tests/unit/core/queue/fake_queue_host.h"

namespace lepus::core::test {

class FakeQueue final : public Queue {
 public:
  using Queue::Queue;

  std::optional<Sequence> push(MessageRef) override { return std::nullopt; }
  bool pump() override {
    ++pumps;
    return false;
  }
  void settle(const Settle& settle, Consumer*) override { settles.push_back(settle); }
  void redeliver(const Redeliver&, Consumer&) override {}
  void get(const Get&) override {}
  bool purge(Purge&, std::size_t&) override { return false; }
  void catch_up() override {}
  bool can_deliver_at_once(std::uint64_t) override { return false; }
  bool surely_refuses(std::uint64_t, std::uint64_t) override { return false; }
  void on_policy_changed() override {}
  void note_used() override { ++uses; }
  void on_deadline(Nanos) override {}
  Counts counts() const override { return {}; }
  void describe(QueueStats&) override {}
  QueueConsumers& consumers() override { CHECK(false); }
  QueueStorage& storage() override { CHECK(false); }
  QueueForwards& forwards() override { return no_forwards_; }

  int pumps = 0;
  int uses = 0;
  std::vector<Settle> settles;

 private:
  QueueForwards no_forwards_;
};

/// The parts of a queue with id 6, whose message log is that of `host`.
class QueuePartsTest : public ::testing::Test {
 protected:
  ~QueuePartsTest() override { clear(); }
  struct Parts {
    Parts(const QueueInfo& info, const RecordRule& rule, FakeQueueHost& host)
        : queue(info, {}),
          messages(info, rule, host.message_log()),
          timer(info.id, host),
          context{queue, info, host, messages, timer},
          residency({info, host, messages.backlog(), messages.records()}),
          delivery(info, host),
          forwarding(context, residency),
          limits(context, delivery, forwarding) {
      messages.state().load_limits(host.now());
    }
    FakeQueue queue;
    QueueMessages messages;
    QueueTimer timer;
    QueueContext context;
    Residency residency;
    Delivery delivery;
    Forwarding forwarding;
    LimitEnforcer limits;
  };

  Parts& make(const QueueArguments& arguments, StoreUse store_use = StoreUse::none,
              bool durable = false) {
    clear();
    QueueSpec spec;
    spec.id = QueueId{6};
    spec.durable = durable;
    spec.parsed = arguments;
    spec.store_use = store_use;
    info_ = std::make_unique<QueueInfo>(spec);
    parts_ = std::make_unique<Parts>(*info_, RecordRule{durable, false}, host_);
    return *parts_;
  }
  void clear() {
    while (parts_ && !parts_->delivery.consumers().empty())
      parts_->delivery.remove(parts_->delivery.consumers().back());
    if (host_.is_scheduled()) host_.unschedule();
    parts_.reset();
  }
  /// Into the backlog, past all limits.
  Sequence push(std::string_view body) {
    const MessageRef message = host_.message(body, parts_->messages.records().rule().is_durable);
    QueueRecords& records = parts_->messages.records();
    if (records.rule().covers(*message))
      message->set_place(host_.message_log_port.append(*message, 1));
    if (records.rule().is_durable) records.note_pushed(*message);
    return parts_->messages.backlog().push(message);
  }
  /// In memory no more.
  void evict_all() {
    host_.message_log_port.flush();
    CHECK(parts_->residency.evict(true));
  }
  /// The message log answers the oldest request of the queue with this.
  void bring(std::string_view body) {
    const MessageLog::FetchRequest wanted = host_.message_log_port.fetches.front();
    host_.message_log_port.fetches.erase(host_.message_log_port.fetches.begin());
    CHECK(parts_->residency.on_fetched(wanted.at.sequence, wanted.place, host_.message(body)) ==
          Residency::Fetched::resident);
  }
  Consumer& consume(std::uint32_t prefetch) {
    ConsumerSpec spec{};
    spec.channel = {2, 1, 1};
    spec.prefetch = prefetch;
    Consumer* consumer = parts_->delivery.add(spec, nullptr);
    CHECK(consumer != nullptr);
    parts_->delivery.on_changed(*consumer);
    return *consumer;
  }
  Slot::State state(Sequence sequence) const { return parts_->messages.backlog().state(sequence); }

  FakeQueueHost host_;
  std::unique_ptr<QueueInfo> info_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace lepus::core::test
