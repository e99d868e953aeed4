// A control thread with a catalog of its own, an admin thread, and two shards that do what they are
// told, all of them in one, for the fuzzing of the operator's requests: everything behind the admin
// socket but the socket.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/topology/topology.h"
#include "persist/catalog/catalog.h"
#include "tests/unit/tools/server/fake_driver.h"
#include "tools/server/admin_thread.h"
#include "tools/server/config/config.h"
#include "tools/server/control.h"
#include "tools/server/definitions/definitions_store.h"
#include "tools/server/definitions/node_definitions.h"

namespace lepus::server::fuzz {

/// Counts what it is told; the JSON has to be JSON.
class CheckingSink final : public AdminSink {
 public:
  void on_rows(std::string_view rows) override;
  void on_done(std::string_view result) override;
  void on_error(const AdminError& error) override;
  bool has_room() const override { return true; }
  bool is_answered() const { return answers_ > 0; }

 private:
  int answers_ = 0;
};

/// A shard as far as the operator's requests see one.
class FuzzShard {
 public:
  FuzzShard(Mesh& mesh, core::ShardId id) : end_(mesh, id), id_(id), replica_(2) {}
  void start() { end_.tell_control(Serving{}); }
  void declare(const core::TopologyRequest& request);
  void run();

  static constexpr core::ShardId control_id = 2;

 private:
  /// No shard sends anything to another.
  void on_command(core::PeerCommand&) { CHECK(false); }
  template <class Command>
  void on_command(Command& command) {
    std::visit([this](const auto& one) { this->on(one); }, command);
  }
  void on(const core::TopologyApply& command);
  void on(const core::TopologyDone&) {}
  void on(const core::Alarm&) {}
  void on(const core::StopServing&) { end_.tell_control(ConnectionsClosed{}); }
  void on(const core::Purge& command);
  void on(const core::ResolveUnreadable& command);
  void on(const core::DeleteQueue& command);
  void on(const ReplaceSettings&) {}
  void on(const TrimHeap&) {}
  void on(const SuspendClients&) { end_.tell_control(ConnectionsClosed{}); }
  void on(const ResumeClients&) { end_.tell_control(Serving{}); }
  void on(const AskStats& command);
  void on(const AskMessages& command);
  void on(const StartShovel& command);
  void on(const StopShovel&) {}
  void on(const BackupOrder& order);
  void on(const Acknowledge& command) { end_.tell_admin(Acknowledged{command.number}); }
  void on(const EndThread&) {}

  ShardEnd end_;
  core::ShardId id_;
  core::Topology replica_;
};

/// Of this process, in memory where that can be, emptied for each input.
class Directory {
 public:
  Directory();
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& emptied();

 private:
  std::string path_;
};

class OperatorWorld final : public AdminHost {
 public:
  /// `directory`: of the catalog, empty.
  explicit OperatorWorld(const std::string& directory);
  ~OperatorWorld() override;

  /// One request until its answer.
  void ask(AdminRequest request);
  void run();
  /// For a way requests come in, which does not outlive the world.
  AdminThread& thread() { return *thread_; }
  io::Loop& admin_loop() { return loops_[3]; }
  core::Log& log() { return log_; }
  /// What is stored can be started from, and exported.
  static void check_restart(const std::string& directory);

 private:
  const ServerConfig& config() const override { return config_; }
  Facts facts() const override { return {}; }
  void set_memory_watermark(const MemoryWatermark& watermark) override;
  void set_disk_free_limit(const DiskFreeLimit& limit) override;
  std::string export_definitions(std::string& text) const override {
    return NodeDefinitions::write(config_, thread_->view().topology(), text);
  }
  Import read_import(const ImportText& input) override {
    NodeDefinitions::Import read =
        definitions_.read(config_, {input.text, input.vhost, input.skips_invalid});
    return {std::move(read.error), std::move(read.planner)};
  }
  ResumeOutcome resume(bool is_last_try) override;
  std::string set_log_level(std::string_view, std::string_view) override { return {}; }
  std::string reload() override { return {}; }
  std::string reopen_log() override { return {}; }
  std::string reload_certificates() override { return {}; }
  const TlsSetup& tls() const override { return tls_; }
  void pass_settings() override {}
  std::string set_value(std::string_view, std::string_view) override { return {}; }

  void tell_limits();
  Mesh& linked_mesh();

  ServerConfig config_;
  TlsSetup tls_;
  core::NullLog log_;
  test::FakeDriver drivers_[4]{test::FakeDriver{0}, test::FakeDriver{1}, test::FakeDriver{2},
                               test::FakeDriver{3}};
  io::Loop loops_[4]{{drivers_[0], {}}, {drivers_[1], {}}, {drivers_[2], {}}, {drivers_[3], {}}};
  Mesh mesh_{3};
  persist::Catalog catalog_;
  std::unique_ptr<Control> control_;
  NodeDefinitions definitions_{catalog_};
  std::unique_ptr<AdminThread> thread_;
  std::unique_ptr<FuzzShard> shards_[2];
};

}  // namespace lepus::server::fuzz
