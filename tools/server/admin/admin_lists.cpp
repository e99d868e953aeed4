// The listings. Each collects what its rows are about (ids, or rows themselves where those are
// small), asks the shards for what only they know, and writes so many rows a turn. What is gone
// when its row is due is left out.
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "tools/server/admin/admin_listing.h"

namespace lepus::server {

namespace {

using core::StatsRequest;

class QueueListing final : public Listing<QueueRow> {
 public:
  using Listing::Listing;
  void on_part(std::unique_ptr<core::StatsPage> part) override {
    rows_.insert(rows_.end(), part->queues.begin(), part->queues.end());
    note_part(*part);
  }

 private:
  void collect() override {
    const core::VhostInfo* vhost = find_vhost();
    if (vhost == nullptr) return;
    std::vector<StatsRequest> asked(broker().shard_count());
    for (const core::QueueInfo* queue : broker().topology().queues(vhost->id))
      asked[queue->home].queues.push_back(queue->id);
    for (core::ShardId shard = 0; shard < broker().shard_count(); ++shard) {
      if (asked[shard].queues.empty()) continue;
      expect_parts(1);
      inquire(shard, std::move(asked[shard]));
    }
    end_if_complete();
  }
  bool has_rows() const override { return !rows_.empty(); }
  void write_next(JsonWriter& json) override {
    const core::QueueStats stats = rows_.front();
    rows_.pop_front();
    if (const core::QueueInfo* info = broker().topology().find_queue(stats.id))
      write({*info, *broker().topology().find_vhost(info->vhost), stats, node()}, json);
  }

  std::deque<core::QueueStats> rows_;
};

/// A listing that every shard knows a part of.
template <class Row, class Stats, StatsRequest::Kind kind,
          std::vector<Stats> core::StatsPage::*member>
class ShardListing : public Listing<Row> {
 public:
  using Listing<Row>::Listing;
  void on_part(std::unique_ptr<core::StatsPage> part) override {
    for (Stats& stats : (*part).*member) rows_.push_back(std::move(stats));
    this->note_part(*part);
  }

 protected:
  void collect() override {
    for (core::ShardId shard = 0; shard < this->broker().shard_count(); ++shard) {
      StatsRequest inquiry;
      inquiry.kind = kind;
      this->inquire(shard, std::move(inquiry));
      this->expect_parts(1);
    }
  }
  bool has_rows() const override { return !rows_.empty(); }
  void write_next(JsonWriter& json) override {
    const Stats stats = std::move(rows_.front());
    rows_.pop_front();
    write_stats(stats, json);
  }
  virtual void write_stats(const Stats& stats, JsonWriter& json) {
    if constexpr (requires { Row{stats, this->node()}; })
      this->write(Row{stats, this->node()}, json);
  }

 private:
  std::deque<Stats> rows_;
};

using ConnectionListing =
    ShardListing<ConnectionRow, core::ConnectionStats, StatsRequest::Kind::connections,
                 &core::StatsPage::connections>;
using ChannelListing = ShardListing<ChannelRow, core::ChannelStats, StatsRequest::Kind::channels,
                                    &core::StatsPage::channels>;

/// The shards, the control thread, and this one.
class ThreadListing final
    : public ShardListing<ThreadRow, core::ThreadStats, StatsRequest::Kind::threads,
                          &core::StatsPage::threads> {
 public:
  using ShardListing::ShardListing;

 private:
  void collect() override {
    ShardListing::collect();
    expect_parts(2);
    broker().tell_control(AskTurns{number()});
    auto own = std::make_unique<core::StatsPage>();
    own->last = true;
    own->threads.push_back(
        {static_cast<core::ShardId>(broker().shard_count() + 1), broker().turns()});
    on_part(std::move(own));
  }
  void write_stats(const core::ThreadStats& stats, JsonWriter& json) override {
    write({stats, broker().shard_count()}, json);
  }
};

class ConsumerListing final
    : public ShardListing<ConsumerRow, core::ConsumerStats, StatsRequest::Kind::consumers,
                          &core::StatsPage::consumers> {
 public:
  using ShardListing::ShardListing;

 private:
  void collect() override {
    const core::VhostInfo* vhost = find_vhost();
    if (vhost == nullptr) return;
    vhost_ = vhost->id;
    ShardListing::collect();
  }
  void write_stats(const core::ConsumerStats& stats, JsonWriter& json) override {
    const core::QueueInfo* queue = broker().topology().find_queue(stats.queue);
    if (queue != nullptr && queue->vhost == vhost_) write({stats, *queue, node()}, json);
  }

  core::VhostId vhost_;
};

class ExchangeListing final : public Listing<ExchangeRow> {
 public:
  using Listing::Listing;

 private:
  void collect() override {
    const core::VhostInfo* vhost = find_vhost();
    if (vhost == nullptr) return;
    std::vector<StatsRequest> asked(broker().shard_count());
    for (const core::ExchangeInfo* exchange : broker().topology().exchanges(vhost->id)) {
      ids_.push_back(exchange->id);
      if (exchange->store != nullptr)
        asked[exchange->store->home].queues.push_back(exchange->store->id);
    }
    for (core::ShardId shard = 0; shard < broker().shard_count(); ++shard) {
      if (asked[shard].queues.empty()) continue;
      expect_parts(1);
      inquire(shard, std::move(asked[shard]));
      ++stores_due_;
    }
    end_if_complete();
  }
  /// The stores come first: few exchanges have one.
  void on_part(std::unique_ptr<core::StatsPage> part) override {
    for (const core::QueueStats& stats : part->queues)
      delayed_counts_[stats.id] = stats.messages_ready;
    if (part->last) --stores_due_;
    note_part(*part);
  }
  bool has_rows() const override { return stores_due_ == 0 && !ids_.empty(); }
  void write_next(JsonWriter& json) override {
    const core::ExchangeInfo* info = broker().topology().find_exchange(ids_.front());
    ids_.pop_front();
    if (info == nullptr) return;
    const auto delayed =
        info->store == nullptr ? delayed_counts_.end() : delayed_counts_.find(info->store->id);
    write({*info, delayed == delayed_counts_.end() ? 0 : delayed->second}, json);
  }

  std::deque<core::ExchangeId> ids_;
  std::map<core::QueueId, std::uint64_t> delayed_counts_;  ///< By store.
  std::size_t stores_due_ = 0;
};

class BindingListing final : public SnapshotListing<BindingRow> {
 public:
  using SnapshotListing::SnapshotListing;

 private:
  void collect() override {
    const core::VhostInfo* vhost = find_vhost();
    if (vhost == nullptr) return;
    const core::Topology& topology = broker().topology();
    for (const core::QueueInfo* queue : topology.queues(vhost->id))
      add({"", queue->name, true, queue->name, ""});
    for (const core::ExchangeInfo* exchange : topology.exchanges(vhost->id)) {
      exchange->bindings_out.for_each([&](const core::Binding& binding) {
        const bool to_queue = binding.queue != nullptr;
        add({exchange->name, to_queue ? binding.queue->name : binding.exchange->name, to_queue,
             binding.key, binding.arguments});
      });
    }
    end_if_complete();
  }
};

class VhostListing final : public SnapshotListing<VhostRow> {
 public:
  using SnapshotListing::SnapshotListing;

 private:
  void collect() override {
    for (const core::VhostInfo* vhost : broker().topology().vhosts())
      add({vhost->name, vhost->settings, vhost->is_traced});
    end_if_complete();
  }
};

}  // namespace

OperationMaker find_list_operation(std::string_view verb) {
  if (verb == "list_queues") return make_operation<QueueListing>;
  if (verb == "list_exchanges") return make_operation<ExchangeListing>;
  if (verb == "list_bindings") return make_operation<BindingListing>;
  if (verb == "list_consumers") return make_operation<ConsumerListing>;
  if (verb == "list_connections") return make_operation<ConnectionListing>;
  if (verb == "list_channels") return make_operation<ChannelListing>;
  if (verb == "list_vhosts") return make_operation<VhostListing>;
  if (verb == "runtime_thread_stats") return make_operation<ThreadListing>;
  return find_access_list_operation(verb);
}

}  // namespace lepus::server
