// The shovels of the broker: which parameters there are, which run each has and where, and what
// became of it. It resolves and connects, so that a shard has streams and sessions only.
//
//   parameter put -> waiting --due--> connecting --sockets--> on a shard --report--> ended
//                       ^                 |                                            |
//                       +--- reconnect-delay after a failure --------------------------+
//   done, by its goal -> clearing: the parameter goes, as in RabbitMQ -> remembered for a while
//   parameter changed or removed -> the run is stopped first
//
// The parameters are the catalog's, so shovels survive a restart. Admin thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "tools/server/admin/admin.h"
#include "tools/server/admin/broker_view.h"
#include "tools/server/shovels/connector.h"
#include "tools/server/shovels/shovel_definition.h"
#include "tools/server/shovels/shovel_status.h"

namespace lepus::server {

class ShovelManager final {
 public:
  /// All outlive it; `loop` is the admin thread's.
  struct Parts {
    BrokerView& broker;
    Admin& admin;
    AdminHost& host;
    core::Log& log;
    io::Loop& loop;
    bool may_connect;  ///< To other brokers.
  };
  explicit ShovelManager(const Parts& parts);
  ~ShovelManager();
  ShovelManager(const ShovelManager&) = delete;
  ShovelManager& operator=(const ShovelManager&) = delete;

  /// After the changes were applied to the replica.
  void note_changes(const core::TopologyChanges& changes);
  void on_report(const ShovelReportRow& row);
  /// Once a turn. Returns true if it did something.
  bool work();
  bool has_work() const { return next_look() <= parts_.broker.now(); }
  /// When something is due.
  core::Nanos next_look() const;
  /// The broker ends: nothing is started any more.
  void stop();

  /// By virtual host and name.
  std::vector<ShovelStatus> list() const;
  /// Also of one that has ended by itself a while ago; nothing: there is none.
  std::optional<ShovelStatus> find(const std::string& vhost, const std::string& name) const;
  /// Its run ends and another one begins. Returns false if there is none.
  [[nodiscard]] bool restart(const std::string& vhost, const std::string& name);

 private:
  using Name = std::pair<std::string, std::string>;  ///< Virtual host, name.
  enum class Phase : std::uint8_t { waiting, connecting, on_shard, stopping, clearing, given_up };
  struct Entry {
    std::string value;      ///< Of the parameter; JSON.
    bool is_wanted = true;  ///< The parameter is there.
    Phase phase = Phase::waiting;
    core::Nanos due_at = 0;    ///< While it waits, or clears.
    std::uint32_t number = 0;  ///< Of the run.
    core::ShardId shard = 0;
    std::uint64_t attempt = 0;
    std::uint32_t reconnect_s = 0;
    std::unique_ptr<ShovelOrder> order;  ///< While it connects.
    ShovelStatus status;
  };
  class ClearSink;
  using Entries = std::map<Name, Entry>;

  void sync();
  void drop_removed();
  void begin_run(const Name& name, Entry& entry);
  std::string prepare(const Name& name, Entry& entry);
  void on_connected(Connector::Outcome&& outcome);
  void send_when_connected(Entry& entry);
  core::ShardId shard_for(const Entry& entry) const;
  void stop_run(Entry& entry);
  void fail(Entry& entry, std::string why);
  void set_state(Entry& entry, ShovelStatus::State state);
  void remember(Entry& entry);
  void begin_clear(const Name& name, Entry& entry);
  Entries::iterator find_run(std::uint32_t number);

  const Parts parts_;
  Connector connector_;
  Entries entries_;
  std::deque<ShovelStatus> ended_;  ///< Newest last.
  std::uint32_t last_number_ = 0;
  bool is_changed_ = true;  ///< Parameters are to be looked at.
  bool is_stopped_ = false;
  std::vector<std::unique_ptr<ClearSink>> clears_;  ///< Until they are answered.
};

}  // namespace lepus::server
