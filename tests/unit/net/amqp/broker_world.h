// A whole broker without threads and sockets: some shards, each with a real core::Broker and
// amqp::Server over fake streams, a control thread played by a few lines, and rings between them
// that are plain lists. Time stands still unless a test moves it; everything else follows from the
// seed.
//
//   settle(): turns of all shards, in the order the real shard has, until nothing happens any more
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/access/access_request.h"
#include "core/access/password_hash.h"
#include "core/broker/broker.h"
#include "core/topology/topology_rules.h"
#include "io/loop.h"
#include "net/amqp/server.h"
#include "tests/unit/net/amqp/fake_stream.h"

namespace lepus::amqp::test {

/// Completes nothing; time is what the world says.
class StillDriver final : public io::Driver {
 public:
  core::Nanos turn(io::OpList&, std::vector<io::Completion>&, core::Nanos) override { return time; }
  core::Nanos now() override { return time; }
  io::PeerName peer_name(int) override { return {}; }
  void reset_on_close(int) override {}
  int next_descriptor() override { return 0; }
  std::size_t receive_buffers() const override { return 0; }
  int wake_target() const override { return 0; }

  core::Nanos time = core::nanos_per_s;
};

class BrokerWorld {
 public:
  struct Options {
    core::ShardId shard_count = 1;
    std::uint64_t seed = 1;
    std::size_t ring_size = SIZE_MAX;  ///< More waiting commands than this: congested.
    core::AuthPort* auth = nullptr;    ///< With one shard only. Outlives the world.
  };

  explicit BrokerWorld(const Options& options)
      : options_(options), random_(options.seed), master_(options.shard_count) {
    settings.loopback_users = {"guest"};
    rings_.resize(std::size_t{options.shard_count} * options.shard_count);
    to_control_.resize(options.shard_count);
    from_control_.resize(options.shard_count);
    for (core::ShardId id = 0; id < options.shard_count; ++id)
      shards_.push_back(std::make_unique<Shard>(*this, id));
    applied_.resize(options.shard_count, 0);
    core::TopologyRequest request;
    request.kind = core::TopologyRequest::Kind::add_vhost;
    request.name = "/";
    decide_and_publish(request);
    add_user("guest", "guest");
    grant({"guest", "/", ".*", ".*", ".*"});
    settle();
  }
  BrokerWorld(const BrokerWorld&) = delete;
  BrokerWorld& operator=(const BrokerWorld&) = delete;
  /// Every client goes first; then nothing of a connection is left.
  ~BrokerWorld() {
    for (const auto& link : links_) link->reset = true;
    settle();
    for (const auto& shard : shards_) {
      CHECK(shard->server.connection_count() == 0);
      CHECK(shard->pool.blocks_in_use() == 0);
    }
  }

  std::shared_ptr<Link> connect(core::ShardId shard = 0) {
    auto link = std::make_shared<Link>();
    auto stream = std::make_unique<FakeStream>(shards_[shard]->pool, link, random_.split());
    shards_[shard]->streams.push_back(stream.get());
    links_.push_back(link);
    shards_[shard]->server.accept({std::move(stream)});
    return link;
  }

  void settle() {
    int idle_rounds = 0;
    for (int round = 0; idle_rounds < 2; ++round) {
      CHECK(round < 2'000'000);
      idle_rounds = run_round() ? 0 : idle_rounds + 1;
    }
  }
  /// One turn of every shard and the control thread; true: something happened.
  bool run_round() {
    bool any = run_control();
    for (const auto& shard : shards_) any |= run_turn(*shard);
    return any;
  }
  void advance(core::Nanos duration) {
    for (const auto& shard : shards_) shard->driver.time += duration;
    settle();
  }
  void add_user(const std::string& name, const std::string& password,
                std::vector<std::string> tags = {}, core::UserLimits limits = {}) {
    publish({core::UserPut{{name, core::hash_password(password, 1), std::string{core::sha256_name},
                            std::move(tags), limits}}});
  }
  void grant(core::PermissionSpec permission) {
    publish({core::PermissionPut{std::move(permission)}});
  }
  /// What the control thread decided, on its way to every shard.
  void publish(const std::vector<core::TopologyChange>& changes) {
    for (const core::TopologyChange& change : changes) master_.apply(change);
    ++version_;
    for (core::ShardId to = 0; to < options_.shard_count; ++to) {
      auto copy = std::make_unique<core::TopologyChanges>(core::TopologyChanges{changes});
      from_control_[to].push_back(core::TopologyApply{version_, std::move(copy)});
    }
  }
  /// An operator's request, which must be in order.
  void change(const core::AccessRequest& request) {
    const core::AccessDecision decision = core::decide(master_, request, ids_);
    CHECK(!decision.refusal);
    publish(decision.changes);
    settle();
  }
  /// From the control thread to every shard.
  template <class Command>
  void broadcast(const Command& command) {
    for (std::deque<core::BrokerCommand>& commands : from_control_) commands.push_back(command);
  }
  void stop() {
    broadcast(core::StopServing{});
    settle();
    for (const auto& shard : shards_)
      shard->server.close_all("broker forced connection closure with reason 'shutdown'");
  }
  /// The control thread answers nothing until it is released.
  bool control_sleeps = false;

  core::Broker& broker(core::ShardId shard = 0) { return shards_[shard]->broker; }
  Server& server(core::ShardId shard = 0) { return shards_[shard]->server; }
  const core::Topology& topology() const { return master_; }
  core::Random& random() { return random_; }

  Settings settings;

 private:
  struct Outbox final : core::Outbox {
    Outbox(BrokerWorld& owner, core::ShardId own) : world(owner), self(own) {}
    void send(core::ShardId to, core::PeerCommand&& command) override {
      CHECK(to != self);
      world.ring(self, to).push_back(std::move(command));
    }
    void send_to_control(core::ControlCommand&& command) override {
      world.to_control_[self].push_back(std::move(command));
    }
    bool congested(core::ShardId to) const override {
      return world.ring(self, to).size() > world.options_.ring_size;
    }
    BrokerWorld& world;
    core::ShardId self;
  };
  struct Shard {
    Shard(BrokerWorld& world, core::ShardId id)
        : loop(driver, {}),
          outbox(world, id),
          broker({id, world.options_.shard_count, &outbox, &message_log},
                 world.options_.shard_count),
          server({&broker,
                  &loop,
                  &world.settings,
                  &log,
                  world.random_.next(),
                  &Shard::destroy_later,
                  this,
                  nullptr,
                  {},
                  world.options_.auth}) {}
    static void destroy_later(void* self, std::unique_ptr<net::Stream> stream) {
      static_cast<Shard*>(self)->buried.push_back(std::move(stream));
    }

    StillDriver driver;
    io::Loop loop;
    core::NullLog log;
    net::BlockPool pool;
    core::RamMessageLog message_log;
    Outbox outbox;
    core::Broker broker;
    Server server;
    std::vector<FakeStream*> streams;
    std::vector<std::unique_ptr<net::Stream>> buried;
  };
  struct Waiting {
    std::uint64_t version;
    core::TopologyDone done;
  };

  core::ShardId control() const { return options_.shard_count; }
  std::deque<core::PeerCommand>& ring(core::ShardId from, core::ShardId to) {
    return rings_[std::size_t{from} * options_.shard_count + to];
  }

  // --- A shard's turn
  bool run_turn(Shard& shard) {
    shard.broker.advance(shard.loop.now());
    bool any = drain(shard);
    any |= shard.server.has_work() || shard.broker.has_work();
    shard.server.resume_inputs();
    shard.broker.pump();
    for (std::size_t i = 0; i < shard.streams.size(); ++i) any |= shard.streams[i]->step_input();
    shard.loop.run_turn();
    shard.broker.flush();
    shard.server.write_acks();
    shard.broker.pump();
    for (std::size_t i = 0; i < shard.streams.size(); ++i) any |= shard.streams[i]->step_output();
    std::erase_if(shard.streams, [](const FakeStream* stream) { return stream->is_closed(); });
    shard.server.end_turn();
    shard.buried.clear();
    return any || shard.server.has_work() || shard.broker.has_work();
  }
  /// A random number of commands from each ring: threads run at their own pace.
  bool drain(Shard& shard) {
    bool any = false;
    for (core::ShardId from = 0; from < options_.shard_count; ++from)
      any |= drain(shard, ring(from, shard.broker.shard()));
    return any | drain(shard, from_control_[shard.broker.shard()]);
  }
  template <class Command>
  bool drain(Shard& shard, std::deque<Command>& commands) {
    if (commands.empty()) return false;
    for (std::size_t left = random_.below(commands.size() + 1); left > 0; --left) {
      Command command = std::move(commands.front());
      commands.pop_front();
      const auto apply = [&]<class Kind>(Kind& one) {
        if constexpr (!std::is_same_v<Kind, core::TopologyKnown>)
          shard.broker.apply(std::move(one));
      };
      std::visit(apply, command);
    }
    return true;
  }

  // --- The control thread
  bool run_control() {
    bool any = false;
    if (control_sleeps) return false;
    for (core::ShardId from = 0; from < options_.shard_count; ++from) {
      std::deque<core::ControlCommand>& commands = to_control_[from];
      for (; !commands.empty(); any = true) {
        core::ControlCommand command = std::move(commands.front());
        commands.pop_front();
        std::visit([&](auto& one) { on_control(from, one); }, command);
      }
    }
    const std::uint64_t everywhere = *std::min_element(applied_.begin(), applied_.end());
    for (; !waiting_.empty() && waiting_.front().version <= everywhere; any = true) {
      core::TopologyDone done = std::move(waiting_.front().done);
      waiting_.pop_front();
      from_control_[done.channel.shard].push_back(std::move(done));
    }
    return any;
  }
  void on_control(core::ShardId from, const core::TopologyApplied& applied) {
    CHECK(applied_[from] < applied.version);
    applied_[from] = applied.version;
  }
  void on_control(core::ShardId, const core::TopologyAsk& ask) {
    core::TopologyDone done{ask.channel, ask.message_count, decide_and_publish(*ask.request)};
    done.done_count = done.error == nullptr;
    for (std::size_t i = 0; ask.more && done.error == nullptr && i < ask.more->size(); ++i) {
      done.error = decide_and_publish((*ask.more)[i]);
      done.done_count += done.error == nullptr;
    }
    if (ask.channel) {
      waiting_.push_back({version_, std::move(done)});
    } else {
      CHECK(done.error == nullptr);
    }
  }
  /// It asks no queue for anything.
  void on_control(core::ShardId, const core::Reply&) { CHECK(false); }
  std::unique_ptr<core::AmqpError> decide_and_publish(const core::TopologyRequest& request) {
    core::Decision decision = core::decide(master_, request, &ids_);
    if (decision.kind == core::Decision::Kind::error)
      return std::make_unique<core::AmqpError>(std::move(decision.error));
    if (decision.kind == core::Decision::Kind::satisfied) return nullptr;
    publish(decision.changes);
    return nullptr;
  }

  Options options_;
  core::Random random_;
  core::Topology master_;
  core::IdSource ids_;
  std::uint64_t version_ = 0;
  std::vector<std::deque<core::PeerCommand>> rings_;           ///< From shard to shard.
  std::vector<std::deque<core::ControlCommand>> to_control_;   ///< By shard.
  std::vector<std::deque<core::BrokerCommand>> from_control_;  ///< By shard.
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::uint64_t> applied_;
  std::deque<Waiting> waiting_;
  std::vector<std::shared_ptr<Link>> links_;
};

}  // namespace lepus::amqp::test
