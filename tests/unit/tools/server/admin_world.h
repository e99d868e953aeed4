// A control thread and an admin thread, with two shards played by the test: what the operator asks,
// what the shards are asked, and what he is answered.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/persist/recovery/memory_store.h"
#include "tests/unit/tools/server/fake_driver.h"
#include "tools/server/admin_thread.h"
#include "tools/server/config/config.h"
#include "tools/server/control.h"

namespace lepus::server::test {

struct FakeSink final : AdminSink {
  void on_rows(std::string_view piece) override { rows.emplace_back(piece); }
  void on_done(std::string_view answer) override { done = answer; }
  void on_error(const AdminError& what) override {
    error = std::string(fault_name(what.fault)) + ": " + what.text;
  }
  bool has_room() const override { return room; }

  bool room = true;
  std::vector<std::string> rows;
  std::string done;
  std::string error;
};

/// Adds a virtual host; nothing, or an error, for some names.
struct FakePlanner final : TopologyPlanner {
  FakePlanner(std::string wanted, std::vector<const core::Topology*>& seen)
      : name(std::move(wanted)), planned(seen) {}
  TopologyPlan plan(const core::Topology& topology, std::uint64_t) override {
    planned.push_back(&topology);
    TopologyPlan plan;
    if (name == "refused") plan.outcome.error = "not so";
    if (name == "refused" || name == "same") return plan;
    plan.changes.emplace_back(core::VhostAdded{core::VhostId{100}, name});
    plan.last_id = 100;
    plan.outcome.change_count = 1;
    return plan;
  }
  std::string name;
  std::vector<const core::Topology*>& planned;
};

struct FakeHost final : AdminHost {
  FakeHost() { settings.sources.host_name = "h"; }
  const ServerConfig& config() const override { return settings; }
  Facts facts() const override { return known; }
  void set_memory_watermark(const MemoryWatermark& watermark) override {
    settings.memory_watermark = watermark;
  }
  void set_disk_free_limit(const DiskFreeLimit& limit) override {
    settings.disk_free_limit = limit;
  }
  std::string export_definitions(std::string& text) const override {
    text = "{}";
    return {};
  }
  Import read_import(const ImportText& input) override {
    ++imports;
    if (input.text == "bad") return {"bad file"};
    return {{}, std::make_unique<FakePlanner>(input.text, planned)};
  }
  ResumeOutcome resume(bool is_last_try) override {
    if (!resume_error.empty()) return {Resumed::failed, resume_error};
    if (is_address_in_use && is_last_try) return {Resumed::failed, "the address is in use"};
    if (is_address_in_use) return {Resumed::address_in_use};
    broker->tell_control(ResumeBroker{std::make_unique<ShardListeners>(2)});
    return {Resumed::listening};
  }
  std::string set_log_level(std::string_view category, std::string_view level) override {
    if (level == "loud") return "no such level";
    log_levels.push_back(std::string{category} + "=" + std::string{level});
    return {};
  }
  std::string reload() override {
    ++reloads;
    return {};
  }
  std::string reopen_log() override { return log_error; }
  std::string reload_certificates() override {
    ++certificate_reloads;
    return certificate_error;
  }
  const TlsSetup& tls() const override { return tls_setup; }
  void pass_settings() override { ++passed_settings; }
  std::string set_value(std::string_view key, std::string_view value) override {
    if (key != "channel_max") return "no such key";
    set_to = value;
    return {};
  }

  ServerConfig settings;
  Facts known;
  BrokerView* broker = nullptr;
  int imports = 0;                             ///< That were read.
  std::vector<const core::Topology*> planned;  ///< For which an import was planned, each time.
  std::string resume_error;
  bool is_address_in_use = false;
  int reloads = 0;
  int certificate_reloads = 0;
  int passed_settings = 0;
  std::string log_error;
  std::string certificate_error;
  TlsSetup tls_setup;
  std::vector<std::string> log_levels;
  std::string set_to;
};

class AdminTest : public ::testing::Test {
 protected:
  static constexpr core::ShardId control_id = 2;

  AdminTest() {
    control_ =
        std::make_unique<Control>(Control::Parts{&mesh_, &loops_[2], &log_, 1'000, {}, &store_});
    thread_ = std::make_unique<AdminThread>(AdminThread::Parts{&mesh_, &loops_[3], &log_, &host_});
    admin_ = &thread_->admin();
    host_.broker = &thread_->view();
    EXPECT_EQ(control_->start({}, {"/", "other"}), "");
    turn();
    vhost_ = control_->topology().find_vhost("/")->id;
  }
  ~AdminTest() override { thread_.reset(); }

  /// Turns of the control thread and the admin thread; shards apply changes at once, the rest waits
  /// in received_.
  void turn() {
    for (int round = 0; round < 6; ++round) {
      turn_without_admin();
      loops_[3].run_turn();
    }
  }
  void turn_without_admin() {
    loops_[2].run_turn();
    for (core::ShardId id = 0; id < 2; ++id)
      (void)ends_[id].drain([&](auto& command) { receive(id, command); });
  }
  template <class Kind>
  Kind take(core::ShardId shard) {
    if (received_[shard].empty() || !std::holds_alternative<Kind>(received_[shard].front())) {
      ADD_FAILURE() << "shard " << shard << " was not sent that";
      return {};
    }
    Kind taken = std::move(std::get<Kind>(received_[shard].front()));
    received_[shard].pop_front();
    return taken;
  }
  /// What a shard is asked.
  core::StatsRequest asked(core::ShardId shard) {
    const auto inquiry = take<AskStats>(shard).request;
    return inquiry ? *inquiry : core::StatsRequest{};
  }
  void answer(core::ShardId shard, core::StatsPage part) {
    auto owned = std::make_unique<core::StatsPage>(std::move(part));
    ends_[shard].tell_admin(StatsReply{std::move(owned)});
    turn();
  }
  /// A shard says that it knows what the control thread told it.
  void acknowledge(core::ShardId shard) {
    const std::uint32_t number = take<Acknowledge>(shard).number;
    ends_[shard].tell_admin(Acknowledged{number});
    turn();
  }
  core::QueueId declare(std::string_view name, core::ShardId home, std::string_view vhost = "/") {
    core::TopologyRequest request;
    request.kind = core::TopologyRequest::Kind::declare_queue;
    request.vhost = control_->topology().find_vhost(vhost)->id;
    request.name = name;
    request.from = home;
    auto owned = std::make_unique<core::TopologyRequest>(request);
    ends_[home].tell_control(core::TopologyAsk{{}, 0, std::move(owned)});
    turn();
    return control_->topology().find_queue(request.vhost, name)->id;
  }
  std::uint32_t start(std::string_view verb, std::vector<std::string> arguments = {},
                      std::vector<std::string> columns = {}) {
    AdminRequest request;
    request.verb = verb;
    request.arguments = std::move(arguments);
    request.columns = std::move(columns);
    const std::uint32_t number = admin_->start(std::move(request), sink_);
    turn();
    return number;
  }
  void start(AdminRequest request) {
    (void)admin_->start(std::move(request), sink_);
    turn();
  }

  FakeDriver drivers_[4]{FakeDriver{0}, FakeDriver{1}, FakeDriver{2}, FakeDriver{3}};
  io::Loop loops_[4]{{drivers_[0], {}}, {drivers_[1], {}}, {drivers_[2], {}}, {drivers_[3], {}}};
  core::NullLog log_;
  /// Its ends want to know the loops.
  Mesh& linked_mesh() {
    for (core::ShardId id = 0; id < 3; ++id) mesh_.set_loop(id, loops_[id]);
    mesh_.set_admin_loop(loops_[3]);
    return mesh_;
  }

  Mesh mesh_{3};
  persist::test::MemoryStore store_;
  FakeHost host_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<AdminThread> thread_;
  Admin* admin_ = nullptr;
  ShardEnd ends_[2]{{linked_mesh(), 0}, {mesh_, 1}};
  std::deque<core::JoinVariants<ControlToShard, AdminToShard>::type> received_[2];
  FakeSink sink_;
  core::VhostId vhost_;

 private:
  void receive(core::ShardId, core::PeerCommand&) { ADD_FAILURE() << "no shard sends anything"; }
  template <class Command>
  void receive(core::ShardId shard, Command& command) {
    std::visit([&](auto& one) { keep(shard, one); }, command);
  }
  template <class Kind>
  void keep(core::ShardId shard, Kind& command) {
    received_[shard].emplace_back(std::move(command));
  }
  void keep(core::ShardId shard, core::TopologyApply& apply) {
    ends_[shard].tell_control(core::TopologyApplied{apply.version});
  }
};

}  // namespace lepus::server::test
