// What the operator does to queues and connections. Queues get the same commands that channels send
// them; connections are closed by their shards.
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "net/amqp/pid.h"
#include "tools/server/admin/admin_operation.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

using core::StatsRequest;

/// purge_queue NAME
class PurgeQueue final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    if (request().arguments.size() != 1) return fail(AdminFault::usage, "expected a queue's name");
    if (const core::QueueInfo* queue = find_queue(request().arguments[0]))
      broker().send(queue->home, core::Purge{queue->id, broker().channel(number())});
  }
  void on_reply(const core::Reply& reply) override {
    if (reply.error != nullptr) return fail(AdminFault::unavailable, reply.error->detail);
    done(fmt::format("{{\"messages\":{}}}", reply.message_count));
  }
};

/// delete_queue NAME [if_empty] [if_unused]
class DeleteQueue final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    if (request().arguments.size() != 1) return fail(AdminFault::usage, "expected a queue's name");
    const core::QueueInfo* queue = find_queue(request().arguments[0]);
    if (queue == nullptr) return;
    broker().send(queue->home,
                  core::DeleteQueue{queue->id, broker().channel(number()),
                                    request().has("if_unused"), request().has("if_empty")});
  }
  /// Only a refusal: when all is well the control thread answers.
  void on_reply(const core::Reply& reply) override {
    if (reply.error != nullptr) {
      const bool is_used = reply.error->detail.ends_with(" in use");
      return fail(AdminFault::refused, is_used ? "Queue is in use" : "Queue is not empty");
    }
    fail(AdminFault::not_found, "Queue not found");
  }
  void on_topology_done(const core::TopologyDone& answer) override {
    if (answer.error != nullptr) return fail(AdminFault::refused, answer.error->detail);
    done(fmt::format("{{\"messages\":{}}}", answer.message_count));
  }
};

/// close_connection PID REASON
class CloseConnection final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    if (request().arguments.size() != 2)
      return fail(AdminFault::usage, "expected the pid of a connection and a reason");
    const std::string& pid = request().arguments[0];
    const core::ConnectionId id = parse_connection_pid(pid);
    const std::uint64_t shard = (id.value >> 48) - 1;
    if (!id || amqp::connection_pid(node(), id) != pid)
      return fail(AdminFault::usage,
                  fmt::format("'{}' is not the pid of a connection; list_connections pid shows "
                              "them",
                              pid));
    if (shard >= broker().shard_count()) return fail_missing();
    StatsRequest inquiry;
    inquiry.kind = StatsRequest::Kind::close_connections;
    inquiry.connections = {id};
    inquiry.reason = request().arguments[1];
    inquire(static_cast<core::ShardId>(shard), std::move(inquiry));
  }
  void on_part(std::unique_ptr<core::StatsPage> part) override {
    if (part->closed_count == 0) return fail_missing();
    done("{\"closed\":1}");
  }

 private:
  void fail_missing() {
    fail(AdminFault::not_found, fmt::format("there is no connection {}", request().arguments[0]));
  }
};

/// close_named_connection NAME REASON [user=..]: of another user's it is not closed.
/// close_all_connections REASON [vhost=.. | global] [limit=..]
/// close_all_user_connections USER REASON
/// First all connections are listed, then each shard closes its own of those that are meant.
class CloseAllConnections final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    by_user_ = request().verb == "close_all_user_connections";
    by_name_ = request().verb == "close_named_connection";
    if (request().arguments.size() != (by_user_ || by_name_ ? 2U : 1U))
      return fail(AdminFault::usage, by_user_   ? "expected a user and a reason"
                                     : by_name_ ? "expected the name of a connection and a reason"
                                                : "expected a reason");
    if (const auto limit = request().options.find("limit"); limit != request().options.end()) {
      const auto number = parse_number(limit->second);
      if (!number) return fail(AdminFault::usage, "limit: expected a number, 0 = no limit");
      if (*number > 0) limit_ = *number;
    }
    if (!by_user_ && !by_name_ && !request().has("global") && find_vhost() == nullptr) return;
    chosen_.resize(broker().shard_count());
    for (core::ShardId shard = 0; shard < broker().shard_count(); ++shard) {
      StatsRequest inquiry;
      inquiry.kind = StatsRequest::Kind::connections;
      inquire(shard, std::move(inquiry));
    }
    answers_due_ = broker().shard_count();
  }
  void on_part(std::unique_ptr<core::StatsPage> part) override {
    for (const core::ConnectionStats& row : part->connections) {
      if (closes_ || limit_ == 0 || !is_meant(row)) continue;
      chosen_[(row.id.value >> 48) - 1].push_back(row.id);
      --limit_;
    }
    closed_count_ += part->closed_count;
    if (part->last && --answers_due_ == 0) go_on();
  }

 private:
  bool is_meant(const core::ConnectionStats& row) {
    if (by_name_) {
      const auto user = request().options.find("user");
      const bool is_found = row.name == request().arguments[0];
      const bool is_own = user == request().options.end() || row.user == user->second;
      is_foreign_ |= is_found && !is_own;
      return is_found && is_own;
    }
    if (by_user_) return row.user == request().arguments[0];
    return request().has("global") || row.vhost == request().vhost;
  }
  void go_on() {
    if (!closes_) {
      closes_ = true;
      for (core::ShardId shard = 0; shard < broker().shard_count(); ++shard) {
        if (chosen_[shard].empty()) continue;
        StatsRequest inquiry;
        inquiry.kind = StatsRequest::Kind::close_connections;
        inquiry.connections = std::move(chosen_[shard]);
        inquiry.reason = request().arguments.back();
        inquire(shard, std::move(inquiry));
        ++answers_due_;
      }
    }
    if (answers_due_ > 0) return;
    if (by_name_ && is_foreign_)
      return fail(AdminFault::denied, "the connection is of another user");
    if (by_name_ && closed_count_ == 0)
      return fail(AdminFault::not_found,
                  fmt::format("there is no connection '{}'", request().arguments[0]));
    done(fmt::format("{{\"closed\":{}}}", closed_count_));
  }

  bool by_user_ = false;
  bool by_name_ = false;
  bool is_foreign_ = false;  ///< The named one is there, and of another user.
  bool closes_ = false;      ///< All are listed.
  std::uint64_t limit_ = UINT64_MAX;
  std::size_t answers_due_ = 0;
  std::uint64_t closed_count_ = 0;
  std::vector<std::vector<core::ConnectionId>> chosen_;  ///< By shard.
};

}  // namespace

OperationMaker find_change_operation(std::string_view verb) {
  if (verb == "purge_queue") return make_operation<PurgeQueue>;
  if (verb == "delete_queue") return make_operation<DeleteQueue>;
  if (verb == "close_connection") return make_operation<CloseConnection>;
  if (verb == "close_named_connection") return make_operation<CloseAllConnections>;
  if (verb == "close_all_connections") return make_operation<CloseAllConnections>;
  if (verb == "close_all_user_connections") return make_operation<CloseAllConnections>;
  return nullptr;
}

}  // namespace lepus::server
