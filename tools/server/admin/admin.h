// The operator's requests: verbs and arguments as rabbitmqctl's, plain data in, JSON out. Whoever
// carries them (the unix socket of lepusctl, an HTTP API) is a transport with a sink for each
// request.
//
//   start(request, sink) -> AdminOperation -> rows ... -> done or error      later, in many turns
//        begins once all is known here that anybody was answered before
//        questions to shards and changes go through the BrokerView, answers come to on_reply() …
//        listings write a bounded number of rows a turn, while their sink has room
//
// Admin thread only (admin_thread.h). A sink that goes away cancels its request; what was asked of
// other threads goes on and its answers are dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/access/login_guard.h"
#include "core/base/log.h"
#include "tools/server/admin/admin_rows.h"
#include "tools/server/admin/broker_view.h"
#include "tools/server/admin/change_order.h"
#include "tools/server/bypass/bypass_facts.h"
#include "tools/server/listeners/tls_setup.h"
#include "tools/server/memory_parts.h"

namespace lepus::server {

struct BackupReport;
class LogMemory;
struct Placement;
struct ServerConfig;
struct MemoryWatermark;
struct DiskFreeLimit;

struct AdminRequest {
  std::string verb;
  std::string vhost = "/";
  std::vector<std::string> columns;    ///< Of a listing; empty: its preset ones.
  std::vector<std::string> arguments;  ///< In order.
  std::map<std::string, std::string, std::less<>> options;
  std::string by;   ///< Who asks, for the log: "uid 0 (root)".
  std::string via;  ///< The way the request came in, for the log: "socket".
  /// A user of the broker, for what it tells in events; empty: an operator without one.
  std::string user = {};
  /// In place of an option "arguments", for carriers that have them: the inside of a valid field
  /// table.
  std::string table = {};

  bool has(std::string_view option) const { return options.find(option) != options.end(); }
};

enum class AdminFault : std::uint8_t {
  usage,        ///< Not a request that exists, or with wrong arguments.
  invalid,      ///< A value that cannot be taken.
  not_found,    ///< What it is about is not there.
  no_user,      ///< The same, of a user.
  exists,       ///< It is there already.
  refused,      ///< It is there, but not in the state that was asked for.
  denied,       ///< Nobody may do that, whoever he is.
  unavailable,  ///< The broker stops, or this version cannot do it.
  internal,
};
std::string_view fault_name(AdminFault fault);

struct AdminError {
  AdminFault fault;
  std::string text;
};

/// Where the answer of one request goes.
class AdminSink {
 public:
  virtual ~AdminSink() = default;
  /// JSON: a list of rows, each a list of cells in the order of the columns.
  virtual void on_rows(std::string_view rows) = 0;
  /// JSON: an object. The last call, as is on_error().
  virtual void on_done(std::string_view result) = 0;
  virtual void on_error(const AdminError& error) = 0;
  /// More rows may come; when not, they wait until there is.
  virtual bool has_room() const = 0;
};

/// What the node as a whole tells and does, on the admin thread. Implemented by NodeAdmin. What
/// changes something may become known to others later: AskAcknowledge comes behind it.
class AdminHost {
 public:
  struct Facts {
    std::uint64_t uptime_s = 0;
    std::uint64_t memory_bytes = 0;    ///< Accounted for: what the alarm judges.
    MemoryParts memory_parts{};        ///< The same by kind.
    std::uint64_t resident_bytes = 0;  ///< What the process occupies.
    std::uint64_t memory_watermark_bytes = 0;
    std::int64_t disk_free_bytes = -1;  ///< Negative: not known.
    std::uint64_t disk_free_min_bytes = 0;
    std::uint64_t connection_count = 0;
    core::LoginCounts logins;
    const LogMemory* log_memory = nullptr;  ///< The newest lines; null: none are kept here.
    const Placement* placement = nullptr;   ///< Null: it is not known here.
    BypassFacts bypass;
  };
  virtual ~AdminHost() = default;
  virtual const ServerConfig& config() const = 0;
  virtual Facts facts() const = 0;
  virtual void set_memory_watermark(const MemoryWatermark& watermark) = 0;
  virtual void set_disk_free_limit(const DiskFreeLimit& limit) = 0;
  /// Empty, or what JSON cannot hold.
  [[nodiscard]] virtual std::string export_definitions(std::string& text) const = 0;
  struct Import {
    std::string error;                                   ///< Not empty: what is wrong.
    std::unique_ptr<TopologyPlanner> planner = nullptr;  ///< For the control thread.
  };
  struct ImportText {
    const std::string& text;
    std::string vhost;           ///< Of a file of a single one; empty: it is of the whole broker.
    bool skips_invalid = false;  ///< What cannot be taken is left out, with a warning.
  };
  /// Nobody changes users, permissions, policies or parameters before the planner has done its
  /// work.
  virtual Import read_import(const ImportText& input) = 0;
  enum class Resumed : std::uint8_t { listening, address_in_use, failed };
  struct ResumeOutcome {
    Resumed state;
    std::string error = {};  ///< When it failed: what cannot be listened on and why.
  };
  /// While clients are kept out: lets them connect again, soon. Does not wait: when another process
  /// has an address, nothing is done and the caller may try again later. With `is_last_try` that is
  /// a failure, whose text names the process.
  [[nodiscard]] virtual ResumeOutcome resume(bool is_last_try) = 0;
  /// Until the next reload. `category`: "connection", or another that has a key log.*.level; empty:
  /// all of them. Empty, or why it cannot be.
  [[nodiscard]] virtual std::string set_log_level(std::string_view category,
                                                  std::string_view level) = 0;
  /// The configuration is read again, as on SIGHUP. Empty, or what is wrong, a line each: what a
  /// line is about (configuration, log, certificates) is as it was then.
  [[nodiscard]] virtual std::string reload() = 0;
  /// After a rotation: the log file is opened anew under its name. Empty, or why it cannot be, and
  /// the old one stays in use.
  [[nodiscard]] virtual std::string reopen_log() = 0;
  /// The files of ssl_options are read again, for connections to come. Empty, or what is wrong with
  /// one: then all is as it was.
  [[nodiscard]] virtual std::string reload_certificates() = 0;
  /// Of ssl_options.
  virtual const TlsSetup& tls() const = 0;
  /// Also those of listeners with keys of their own. Valid until the next reload.
  virtual std::vector<const TlsSetup*> all_tls() const { return {&tls()}; }
  /// What connections to come go by is told to the shards again: the cluster has another name.
  virtual void pass_settings() = 0;
  /// As a line of the configuration, until the next reload, for connections to come. Empty, or why
  /// it cannot be.
  [[nodiscard]] virtual std::string set_value(std::string_view key, std::string_view value) = 0;
};

class AdminOperation;

/// A way requests come in. A sink must not start the next request from within its calls: work() is
/// the place for that.
class AdminTransport {
 public:
  virtual ~AdminTransport() = default;
  /// Once a turn. True: there was something to do.
  virtual bool work() = 0;
  virtual bool has_work() const = 0;
  /// At the end of the turn: output leaves.
  virtual void flush() = 0;
  /// The broker has ended: nothing comes in any more, and whoever waits sees it.
  virtual void stop() = 0;
};

class Admin {
 public:
  /// All outlive this.
  Admin(BrokerView& broker, AdminHost& host, core::Log& log);
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  void add_transport(AdminTransport& transport) { transports_.push_back(&transport); }
  /// The answer may come before this returns. The number is for cancel().
  std::uint32_t start(AdminRequest request, AdminSink& sink);
  /// The sink goes; fine for numbers that are answered.
  void cancel(std::uint32_t number);

  // What other threads answered. Dropped when whoever asked has left.
  void on_reply(const core::Reply& reply);
  void on_topology_done(const core::TopologyDone& done);
  void on_access_done(const AccessDone& done);
  void on_plan_done(const PlanDone& done);
  void on_stats(std::unique_ptr<core::StatsPage> page);
  void on_messages(std::unique_ptr<core::MessageResult> result);
  void on_acknowledged(std::uint32_t number);
  void on_backup_report(BackupReport& report);

  /// Once a turn, after the mailboxes: a bounded amount. True: there was something.
  bool work();
  /// At the end of the turn: output leaves.
  void flush();
  /// Something is left that only needs another turn.
  bool has_work() const;
  /// When a request wants to look at something again; core::never: none does.
  core::Nanos next_look() const;
  /// Nothing comes in any more, and nothing goes on.
  void stop();

 private:
  /// A request that begins when what was told before it came is known.
  struct Waiting {
    std::uint32_t number;
    std::uint64_t mark;
  };

  /// Null: it is finished, or whoever asked has left.
  AdminOperation* find(std::uint32_t number);
  void settle(std::uint32_t number);
  bool begin_waiting();

  BrokerView& broker_;
  AdminHost& host_;
  core::Log& log_;
  std::string node_;
  std::uint32_t last_number_ = 0;
  ChangeOrder order_;
  std::deque<Waiting> waiting_;  ///< Oldest first.
  std::unordered_map<std::uint32_t, std::unique_ptr<AdminOperation>> operations_;
  std::vector<AdminTransport*> transports_;
};

}  // namespace lepus::server
