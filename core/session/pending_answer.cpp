// From what threads answer to what it means for the request.
#include "core/session/pending_answer.h"

#include <utility>

namespace lepus::core {

Answer SubscribeRequest::on_error(AmqpError error) const {
  return SubscribeFailed{number, {std::move(error), queue_name}};
}

Answer StopConsumersRequest::on_reply(const Reply&) {
  CHECK(answers_due > 0);
  if (--answers_due > 0) return std::monostate{};
  return ConsumersStopped{};
}

void PendingAnswer::expect(const Origin& origin, Request request) {
  CHECK(!is_awaited());
  CHECK(request.index() != 0);
  origin_ = origin;
  request_ = std::move(request);
}

PendingAnswer::Answered PendingAnswer::on_reply(const Reply& reply) {
  CHECK(is_awaited());
  if (reply.error != nullptr) return end_with(fail(*reply.error));
  return end_with(std::visit(
      [&reply]<class Kind>(Kind& request) -> Answer {
        constexpr bool has_replies = requires { request.on_reply(reply); };
        CHECK(has_replies);
        if constexpr (has_replies) return request.on_reply(reply);
        return std::monostate{};
      },
      request_));
}

PendingAnswer::Answered PendingAnswer::on_topology_done(const TopologyDone& done) {
  CHECK(is_awaited());
  if (done.error != nullptr) return end_with(fail(*done.error));
  return end_with(std::visit(
      [&done]<class Kind>(Kind& request) -> Answer {
        constexpr bool changes_topology = requires { request.on_topology_done(done); };
        CHECK(changes_topology);
        if constexpr (changes_topology) return request.on_topology_done(done);
        return std::monostate{};
      },
      request_));
}

PendingAnswer::Origin PendingAnswer::finish() {
  CHECK(is_awaited());
  cancel();
  return origin_;
}

/// Some answers are only a step: more of them are due.
PendingAnswer::Answered PendingAnswer::end_with(Answer answer) {
  const bool is_step = std::holds_alternative<std::monostate>(answer) ||
                       std::holds_alternative<QueueDeclared>(answer) ||
                       std::holds_alternative<QueueVanished>(answer) ||
                       std::holds_alternative<RoomAnswered>(answer);
  if (!is_step) cancel();
  return {origin_, std::move(answer), !is_step};
}

Answer PendingAnswer::fail(AmqpError error) {
  error.class_id = origin_.class_id;
  error.method_id = origin_.method_id;
  return std::visit(
      [&error]<class Kind>(Kind& request) -> Answer {
        if constexpr (requires { request.on_error(std::move(error)); }) {
          return request.on_error(std::move(error));
        } else if constexpr (requires { request.name; }) {
          return RequestFailed{std::move(error), request.name};
        } else {
          return RequestFailed{std::move(error), {}};
        }
      },
      request_);
}

}  // namespace lepus::core
