// Messages whose records the disk did not give back: which there are, and what the operator wants
// to become of them.
#include <map>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "core/limits.h"
#include "tools/server/admin/admin_listing.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

using core::StatsRequest;

StatsRequest unreadable_inquiry() {
  StatsRequest inquiry;
  inquiry.kind = StatsRequest::Kind::unreadable;
  return inquiry;
}

/// list_unreadable: of the queues of a virtual host, limits::unreadable_listed_max of each.
class UnreadableListing final : public Listing<UnreadableRow> {
 public:
  using Listing::Listing;
  void on_part(std::unique_ptr<core::StatsPage> part) override {
    rows_.insert(rows_.end(), part->unreadable.begin(), part->unreadable.end());
    note_part(*part);
  }

 private:
  void collect() override {
    const core::VhostInfo* vhost = find_vhost();
    if (vhost == nullptr) return;
    vhost_ = vhost->id;
    for (core::ShardId shard = 0; shard < broker().shard_count(); ++shard)
      inquire(shard, unreadable_inquiry());
    expect_parts(broker().shard_count());
  }
  bool has_rows() const override { return !rows_.empty(); }
  void write_next(JsonWriter& json) override {
    const core::UnreadableStats stats = rows_.front();
    rows_.pop_front();
    const core::QueueInfo* queue = broker().topology().find_queue(stats.queue);
    if (queue != nullptr && queue->vhost == vhost_) write({stats, *queue}, json);
  }

  std::deque<core::UnreadableStats> rows_;
  core::VhostId vhost_;
};

/// Sends orders to queues, again to those that had as many as one order takes.
class UnreadableOrders : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void on_reply(const core::Reply& reply) override {
    CHECK(due_count_ > 0);
    --due_count_;
    message_count_ += reply.message_count;
    if (reply.message_count >= core::limits::discards_per_turn_max) is_any_full_ = true;
    if (due_count_ > 0) return;
    if (std::exchange(is_any_full_, false)) return send_all();
    done(fmt::format("{{\"messages\":{}}}", message_count_));
  }

 protected:
  void send_all() {
    for (const core::QueueId id : queues_) {
      const core::QueueInfo* queue = broker().topology().find_queue(id);
      if (queue == nullptr) continue;
      broker().send(queue->home, core::ResolveUnreadable{id, broker().channel(number()), order_});
      ++due_count_;
    }
    if (due_count_ == 0) done(fmt::format("{{\"messages\":{}}}", message_count_));
  }

  std::vector<core::QueueId> queues_;
  core::UnreadableOrder order_;

 private:
  std::size_t due_count_ = 0;
  std::uint64_t message_count_ = 0;
  bool is_any_full_ = false;
};

/// retry_unreadable [QUEUE]: without a queue of all of the virtual host.
class RetryUnreadable final : public UnreadableOrders {
 public:
  using UnreadableOrders::UnreadableOrders;
  void start() override {
    if (request().arguments.size() > 1)
      return fail(AdminFault::usage, "expected at most a queue's name");
    const core::VhostInfo* vhost = find_vhost();
    if (vhost == nullptr) return;
    vhost_ = vhost->id;
    if (!request().arguments.empty()) {
      const core::QueueInfo* queue = find_queue(request().arguments[0]);
      if (queue == nullptr) return;
      queues_.push_back(queue->id);
      return send_all();
    }
    for (core::ShardId shard = 0; shard < broker().shard_count(); ++shard)
      inquire(shard, unreadable_inquiry());
    parts_due_ = broker().shard_count();
  }
  void on_part(std::unique_ptr<core::StatsPage> part) override {
    for (const core::UnreadableStats& row : part->unreadable) {
      const core::QueueInfo* queue = broker().topology().find_queue(row.queue);
      const bool is_known = !queues_.empty() && queues_.back() == row.queue;
      if (queue != nullptr && queue->vhost == vhost_ && !is_known) queues_.push_back(row.queue);
    }
    if (part->last && --parts_due_ == 0) send_all();
  }

 private:
  core::VhostId vhost_;
  std::size_t parts_due_ = 0;
};

/// drop_unreadable QUEUE [POSITION]
class DropUnreadable final : public UnreadableOrders {
 public:
  using UnreadableOrders::UnreadableOrders;
  void start() override {
    const std::vector<std::string>& arguments = request().arguments;
    if (arguments.empty() || arguments.size() > 2)
      return fail(AdminFault::usage,
                  "expected a queue's name, and a position if only one is meant");
    order_.drops = true;
    if (arguments.size() == 2) {
      const auto position = parse_number(arguments[1]);
      if (!position)
        return fail(
            AdminFault::usage,
            fmt::format("'{}' is not a position; list_unreadable shows them", arguments[1]));
      order_.position = *position;
    }
    const core::QueueInfo* queue = find_queue(arguments[0]);
    if (queue == nullptr) return;
    queues_.push_back(queue->id);
    send_all();
  }
};

using R = UnreadableRow;
using J = JsonWriter;
constexpr std::array unreadable_columns{
    Column<R>{"queue", true, [](const R& r, J& json) { json.text(r.queue.name); }},
    Column<R>{"position", true, [](const R& r, J& json) { json.number(r.stats.position); }},
    Column<R>{"state", true,
              [](const R& r, J& json) { json.text(r.stats.is_given_up ? "dead_letter" : "held"); }},
    Column<R>{"shard", true, [](const R& r, J& json) { json.number(r.queue.home); }},
    Column<R>{"segment", true, [](const R& r, J& json) { json.number(r.stats.place.segment); }},
    Column<R>{"offset", true, [](const R& r, J& json) { json.number(r.stats.place.offset); }},
    Column<R>{"size", true, [](const R& r, J& json) { json.number(r.stats.place.size); }},
};

}  // namespace

template <>
std::span<const Column<UnreadableRow>> columns_of() {
  return unreadable_columns;
}

OperationMaker find_unreadable_operation(std::string_view verb) {
  if (verb == "list_unreadable") return make_operation<UnreadableListing>;
  if (verb == "retry_unreadable") return make_operation<RetryUnreadable>;
  if (verb == "drop_unreadable") return make_operation<DropUnreadable>;
  return nullptr;
}

}  // namespace lepus::server
