// What a session asks of queues and of the topology, one request at a time, and what it may ask.
//
//   change_topology(), purge_queue() ... -> refused: the error is returned, nothing is awaited
//                                        -> asked:   input is held, the answer goes to AnswerSink
//
// Topology is judged on this shard's replica first, where most answers are known; only a real
// change goes to the control thread, whose answer comes when every shard has applied it. An answer
// of this shard comes before the call returns.
//
// Declarations and bindings may be asked for while the answer to one before them is awaited
// (may_ask_ahead()). They are judged when it has come: in order, and as many of them as can go to
// the control thread in one step, so that a client that does not wait for each answer pays one
// round trip and one commit for hundreds. A request that fails takes those behind it with it.
#pragma once

#include <string>
#include <string_view>

#include "core/broker/ports.h"
#include "core/session/pending_answer.h"
#include "core/session/requests_ahead.h"
#include "core/session/session_access.h"
#include "core/session/session_link.h"
#include "core/topology/topology_request.h"

namespace lepus::core {

/// Takes what requests lead to.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  virtual void on_answered(PendingAnswer::Answered answered) = 0;
};

class SessionRequests {
 public:
  using Origin = PendingAnswer::Origin;

  struct Parts {
    const SessionLink& link;
    SessionAccess& access;
    AnswerSink& sink;
  };
  explicit SessionRequests(const Parts& parts)
      : link_(parts.link), access_(parts.access), sink_(parts.sink) {}

  // --- What is awaited

  void expect(const Origin& origin, PendingAnswer::Request request);
  /// The request ends by something else than a Reply or a TopologyDone. Returns who asked.
  Origin finish();
  /// The session ends.
  void cancel();
  template <class Kind>
  bool awaits() const {
    return pending_.awaits<Kind>();
  }
  bool is_awaited() const { return pending_.is_awaited(); }
  /// Returns true if change_topology() may be called to declare or to bind, though an answer is
  /// awaited. It then returns no error.
  bool may_ask_ahead() const;
  void on_reply(const Reply& reply) { take(pending_.on_reply(reply)); }
  void on_topology_done(const TopologyDone& done);

  // --- Names. An empty one is the queue declared last in this session.

  Result<std::string> resolve_queue_name(std::string_view name) const;
  /// 403 when the user may not, 404 or 405 when there is none for this connection.
  Result<const QueueInfo*> find_queue(Permission permission, std::string_view name);
  /// "queue 'q' in vhost '/'"
  std::string queue_title(std::string_view name) const;

  // --- Requests

  TopologyRequest new_request(TopologyRequest::Kind kind) const;
  /// Declares, binds or deletes: answered as DeclareQueueRequest or ChangeTopologyRequest is.
  Refusal change_topology(const Origin& origin, const TopologyRequest& request);
  /// Steps of a declaration: its queue is there, its counts are asked for.
  void inspect_declared(const QueueDeclared& done);
  /// It was deleted meanwhile: the control thread decides, which knows of every deletion.
  void declare_again();
  Refusal purge_queue(const Origin& origin, std::string_view name);
  struct Deletion {
    std::string_view name;
    bool if_unused = false;
    bool if_empty = false;
  };
  /// 404 when there is none, which RabbitMQ's clients are not told.
  Refusal delete_queue(const Origin& origin, const Deletion& deletion);
  /// Asks for one message: SessionListener::on_message_got().
  Refusal get(const Origin& origin, std::string_view name, bool no_ack);

 private:
  void take(PendingAnswer::Answered answered);
  Refusal permit(const TopologyRequest& request);
  Refusal request_topology(const TopologyRequest& request);
  void send_to_control(const TopologyRequest& request);
  void judge_ahead();
  void judge(RequestsAhead::Entry entry);

  const SessionLink& link_;
  SessionAccess& access_;
  AnswerSink& sink_;
  PendingAnswer pending_;
  RequestsAhead ahead_;      ///< Behind pending_; empty when nothing is awaited.
  bool is_judging_ = false;  ///< Inside judge_ahead(): no re-entry.
  std::string last_queue_;   ///< Declared last in this session.
};

}  // namespace lepus::core
