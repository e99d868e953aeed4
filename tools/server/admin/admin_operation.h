// One request of the operator under way. An operation asks, then waits for answers or works piece
// by piece; it ends with exactly one call of its sink's on_done() or on_error().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tools/server/admin/admin.h"

namespace lepus::server {

/// The answers to what an operation asked. One of a kind that it does not ask for is an error of
/// the broker, which the operator and the log are told.
class AdminAnswers {
 public:
  AdminAnswers() = default;
  AdminAnswers(const AdminAnswers&) = delete;
  AdminAnswers& operator=(const AdminAnswers&) = delete;
  virtual ~AdminAnswers() = default;

  virtual void on_reply(const core::Reply&) { on_unexpected("a reply of a queue"); }
  virtual void on_topology_done(const core::TopologyDone&) { on_unexpected("the end of a change"); }
  /// Null: it is done.
  virtual void on_access_done(const core::AccessRefusal*) { on_unexpected("a changed permission"); }
  virtual void on_plan_done(const PlanOutcome&) { on_unexpected("a plan"); }
  virtual void on_part(std::unique_ptr<core::StatsPage>) { on_unexpected("statistics"); }
  virtual void on_message_result(std::unique_ptr<core::MessageResult>) {
    on_unexpected("messages");
  }
  virtual void on_backup_report(BackupReport&) { on_unexpected("a report of a backup"); }
  /// Of all shards.
  virtual void on_all_acknowledged() { on_unexpected("acknowledgements"); }

 private:
  virtual void on_unexpected(std::string_view answer) = 0;
};

class AdminOperation : public AdminAnswers {
 public:
  struct Place {
    BrokerView& broker;
    AdminHost& host;
    AdminSink& sink;
    core::Log& log;
    ChangeOrder& order;
    const std::string& node;  ///< Name of the node.
    std::uint32_t number;
  };
  AdminOperation(const Place& place, AdminRequest request)
      : place_(place), request_(std::move(request)) {}
  ~AdminOperation() override;

  /// Once, when what was told before the request came is known here.
  void begin();
  /// By one shard.
  void on_acknowledged();
  /// A bounded piece. Called while has_work() and the sink has room.
  virtual void work() {}
  virtual bool has_work() const { return false; }
  /// When has_work() may be true although nothing has come.
  virtual core::Nanos next_look() const { return core::never; }

  bool is_finished() const { return finished_; }
  bool may_work() const { return has_begun_ && !finished_ && has_work() && place_.sink.has_room(); }

 protected:
  virtual void start() = 0;
  BrokerView& broker() const { return place_.broker; }
  AdminHost& host() const { return place_.host; }
  AdminSink& sink() const { return place_.sink; }
  const std::string& node() const { return place_.node; }
  const AdminRequest& request() const { return request_; }
  ChangeOrder& order() const { return place_.order; }
  std::uint32_t number() const { return place_.number; }

  // What changes something is logged with its outcome: admin_audit.h.
  void done(std::string_view result);
  void fail(AdminFault fault, std::string text);
  /// The answer goes to on_part().
  void inquire(core::ShardId shard, core::StatsRequest inquiry) {
    inquiry.number = place_.number;
    auto owned = std::make_unique<core::StatsRequest>(std::move(inquiry));
    place_.broker.send(shard, AskStats{std::move(owned)});
  }
  /// The answer goes to on_message_result().
  void ask_messages(core::ShardId shard, std::unique_ptr<core::MessageRequest> wanted) {
    wanted->number = place_.number;
    place_.broker.send(shard, AskMessages{std::move(wanted)});
  }
  /// Every shard knows what was asked of the control thread so far: on_all_acknowledged().
  void ask_acknowledgements();
  /// Null: fail() was called.
  const core::VhostInfo* find_vhost();
  const core::QueueInfo* find_queue(std::string_view name);

 private:
  void on_unexpected(std::string_view answer) final;

  Place place_;
  AdminRequest request_;
  std::size_t acknowledgements_due_ = 0;
  bool has_begun_ = false;
  bool finished_ = false;
};

using OperationMaker = std::unique_ptr<AdminOperation> (*)(const AdminOperation::Place&,
                                                           AdminRequest&&);
/// Null: there is no such verb. Each family looks into its own table.
OperationMaker find_operation(std::string_view verb);
OperationMaker find_list_operation(std::string_view verb);
OperationMaker find_access_list_operation(std::string_view verb);
OperationMaker find_change_operation(std::string_view verb);
OperationMaker find_message_operation(std::string_view verb);
OperationMaker find_unreadable_operation(std::string_view verb);
OperationMaker find_topology_operation(std::string_view verb);
OperationMaker find_access_operation(std::string_view verb);
OperationMaker find_node_operation(std::string_view verb);
OperationMaker find_definitions_operation(std::string_view verb);
OperationMaker find_app_operation(std::string_view verb);
OperationMaker find_certificate_operation(std::string_view verb);
OperationMaker find_backup_operation(std::string_view verb);
OperationMaker find_health_operation(std::string_view verb);
OperationMaker find_quick_operation(std::string_view verb);
OperationMaker find_shovel_operation(std::string_view verb);
OperationMaker find_status_operation(std::string_view verb);

template <class Operation>
std::unique_ptr<AdminOperation> make_operation(const AdminOperation::Place& place,
                                               AdminRequest&& request) {
  return std::make_unique<Operation>(place, std::move(request));
}

}  // namespace lepus::server
