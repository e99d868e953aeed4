// The request of a session whose answer is awaited; there is one at most, and the client's input is
// held meanwhile. A request is an object that knows what the answers of a queue's home shard
// (Reply) or of the control thread (TopologyDone) mean for it; what they lead to is a value, of
// which the session's protocol tells its client.
//
//   expect(request) -> on_reply(), on_topology_done() -> Answered{origin, answer, is_final}
//
// A request that ends by something else (basic.get by its message, a commit by its confirms) is
// ended with finish().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "core/amqp_error.h"
#include "core/broker/command.h"

namespace lepus::core {

// --- What requests lead to

struct Subscribed {
  std::uint32_t number;
  ConsumerHandle handle;
};
struct Unsubscribed {
  std::uint32_t number;
  std::string tag;
};
/// The queue exists: its home is to be asked for its counts.
struct QueueDeclared {
  std::string name;
};
/// It was deleted before its counts were known: whether it is to be declared is decided again.
struct QueueVanished {};
struct QueueInspected {
  std::string name;
  std::uint32_t message_count;
  std::uint32_t consumer_count;
};
struct QueuePurged {
  std::uint32_t message_count;
};
struct QueueDeleted {
  std::uint32_t message_count;
};
/// Everything of a commit is done.
struct Committed {};
/// The transaction is as it was after the last commit.
struct RolledBack {};
/// What was unacknowledged went back, or is delivered again.
struct Recovered {};
/// An exchange or a binding is as it was asked for.
struct TopologyChanged {};
/// Every queue was told, and nothing comes behind this.
struct ConsumersStopped {};
/// A queue said whether it has room for a commit.
struct RoomAnswered {
  bool is_full;
};
struct RequestFailed {
  AmqpError error;   ///< With an empty detail the queue is not there.
  std::string name;  ///< Of the queue; may be empty.
};
struct SubscribeFailed {
  std::uint32_t number;
  RequestFailed why;
};
using Answer =
    std::variant<std::monostate, Subscribed, Unsubscribed, QueueDeclared, QueueVanished,
                 QueueInspected, QueuePurged, QueueDeleted, Committed, RolledBack, Recovered,
                 TopologyChanged, ConsumersStopped, RoomAnswered, RequestFailed, SubscribeFailed>;

// --- Requests. Each has on_reply() or on_topology_done() or both, for what it is answered by, and
// on_error() where an error is not simply a RequestFailed.

struct SubscribeRequest {
  std::uint32_t number;
  std::string queue_name;
  Answer on_reply(const Reply& reply) const { return Subscribed{number, reply.consumer}; }
  Answer on_error(AmqpError error) const;
};
/// With the last consumer an auto-delete queue goes: then the control thread answers.
struct UnsubscribeRequest {
  std::uint32_t number;
  std::string tag;
  Answer on_reply(const Reply&) const { return Unsubscribed{number, tag}; }
  Answer on_topology_done(const TopologyDone&) const { return Unsubscribed{number, tag}; }
};
/// The control thread answers, then the queue's home with the counts, or that it was deleted
/// meanwhile: then the control thread is asked again.
struct DeclareQueueRequest {
  std::string name;
  std::unique_ptr<const TopologyRequest> request;
  Answer on_reply(const Reply& reply) const {
    if (reply.is_gone) return QueueVanished{};
    return QueueInspected{name, reply.message_count, reply.consumer_count};
  }
  Answer on_topology_done(const TopologyDone&) const { return QueueDeclared{name}; }
};
struct PurgeRequest {
  Answer on_reply(const Reply& reply) const { return QueuePurged{reply.message_count}; }
};
/// A queue that is gone already is answered for by its home, else the control thread answers.
struct DeleteQueueRequest {
  Answer on_reply(const Reply& reply) const { return QueueDeleted{reply.message_count}; }
  Answer on_topology_done(const TopologyDone& done) const {
    return QueueDeleted{done.message_count};
  }
};
struct ChangeTopologyRequest {
  Answer on_topology_done(const TopologyDone&) const { return TopologyChanged{}; }
};
struct StopConsumersRequest {
  std::uint32_t answers_due;  ///< One from each consumer's queue, whether it is there or not.
  Answer on_reply(const Reply&);
  Answer on_error(const AmqpError&) { return on_reply({}); }
};
struct CommitRequest {
  Answer on_reply(const Reply&) const { return RoomAnswered{false}; }
  Answer on_error(const AmqpError&) const { return RoomAnswered{true}; }
};
/// The session itself ends it.
struct RollBackRequest {};
/// So does it here: deliveries are settled, a piece a turn.
struct SettleRequest {};
/// Answered by a GetReply.
struct GetRequest {};
/// With `immediate`, until other shards have said whether a consumer took it.
struct PublishRequest {};

class PendingAnswer {
 public:
  using Request =
      std::variant<std::monostate, SubscribeRequest, UnsubscribeRequest, DeclareQueueRequest,
                   PurgeRequest, DeleteQueueRequest, ChangeTopologyRequest, StopConsumersRequest,
                   CommitRequest, RollBackRequest, SettleRequest, GetRequest, PublishRequest>;
  /// The protocol's method that asked.
  struct Origin {
    std::uint16_t class_id = 0;
    std::uint16_t method_id = 0;
    bool no_wait = false;  ///< The client wants to be told of an error only.
  };
  struct Answered {
    Origin origin;
    Answer answer;
    bool is_final;  ///< Nothing is awaited any more.
  };

  /// Not while another is awaited.
  void expect(const Origin& origin, Request request);
  bool is_awaited() const { return request_.index() != 0; }
  template <class Kind>
  bool awaits() const {
    return std::holds_alternative<Kind>(request_);
  }
  /// The request that is awaited. Null: none of this kind.
  template <class Kind>
  const Kind* find() const {
    return std::get_if<Kind>(&request_);
  }

  /// Errors carry the ids of the method that asked.
  [[nodiscard]] Answered on_reply(const Reply& reply);
  [[nodiscard]] Answered on_topology_done(const TopologyDone& done);
  /// The request ends by something else than these two. Returns who asked.
  Origin finish();
  /// The session ends: nothing is awaited, whether anything was or not.
  void cancel() { request_ = std::monostate{}; }

 private:
  Answered end_with(Answer answer);
  Answer fail(AmqpError error);

  Origin origin_;
  Request request_;
};

}  // namespace lepus::core
