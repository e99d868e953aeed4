// One request of the operator under way. An operation asks, then waits for answers or works piece
// by piece; it ends with exactly one call of its sink's on_done() or on_error().
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "tools/server/admin/admin.h"

namespace lepus::server {

class AdminOperation {
 public:
  struct Place {
    Control& control;
    AdminHost& host;
    AdminSink& sink;
    core::Log& log;
    const std::string& node;  ///< Name of the node.
    std::uint32_t number;
  };
  AdminOperation(const Place& place, AdminRequest request)
      : place_(place), request_(std::move(request)) {}
  AdminOperation(const AdminOperation&) = delete;
  AdminOperation& operator=(const AdminOperation&) = delete;
  virtual ~AdminOperation();

  virtual void start() = 0;
  virtual void on_reply(const core::Reply&) { CHECK(false); }
  virtual void on_topology_done(const core::TopologyDone&) { CHECK(false); }
  virtual void on_part(std::unique_ptr<core::StatsPage>) { CHECK(false); }
  virtual void on_message_result(std::unique_ptr<core::MessageResult>) { CHECK(false); }
  /// A bounded piece. Called while has_work() and the sink has room.
  virtual void work() {}
  virtual bool has_work() const { return false; }

  bool is_finished() const { return finished_; }
  bool may_work() const { return !finished_ && has_work() && place_.sink.has_room(); }

 protected:
  Control& control() const { return place_.control; }
  AdminHost& host() const { return place_.host; }
  AdminSink& sink() const { return place_.sink; }
  const std::string& node() const { return place_.node; }
  const AdminRequest& request() const { return request_; }

  // What changes something is logged with its outcome: admin_audit.h.
  void done(std::string_view result);
  void fail(AdminFault fault, std::string text);
  /// Answers go to on_reply() and on_topology_done().
  core::ChannelRef self() const { return place_.control.admin_ref(place_.number); }
  /// The answer goes to on_part().
  void inquire(core::ShardId shard, core::StatsRequest inquiry) {
    inquiry.number = place_.number;
    auto owned = std::make_unique<core::StatsRequest>(std::move(inquiry));
    place_.control.send(shard, AskStats{std::move(owned)});
  }
  /// The answer goes to on_message_result().
  void ask_messages(core::ShardId shard, std::unique_ptr<core::MessageRequest> wanted) {
    wanted->number = place_.number;
    place_.control.send(shard, AskMessages{std::move(wanted)});
  }
  /// Null: fail() was called.
  const core::VhostInfo* find_vhost();
  const core::QueueInfo* find_queue(std::string_view name);

 private:
  Place place_;
  AdminRequest request_;
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
OperationMaker find_access_operation(std::string_view verb);
OperationMaker find_node_operation(std::string_view verb);
OperationMaker find_app_operation(std::string_view verb);
OperationMaker find_health_operation(std::string_view verb);
OperationMaker find_status_operation(std::string_view verb);

template <class Operation>
std::unique_ptr<AdminOperation> make_operation(const AdminOperation::Place& place,
                                               AdminRequest&& request) {
  return std::make_unique<Operation>(place, std::move(request));
}

}  // namespace lepus::server
