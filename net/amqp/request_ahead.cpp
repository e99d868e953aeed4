// What a method would answer at once has to wait, or it would overtake the answers before it.
#include "net/amqp/request_ahead.h"

#include "core/session/reply_address.h"
#include "net/amqp/methods.gen.h"

namespace lepus::amqp {

namespace {

/// The name of a direct reply-to address is answered for here, and so is a missing name.
bool is_asked(const QueueDeclare& declare, const core::SessionRequests&) {
  if (declare.queue.empty()) return !declare.passive;
  return declare.queue != core::reply_to_queue && !core::is_reply_name(declare.queue);
}
bool is_asked(const QueueBind& bind, const core::SessionRequests& requests) {
  return requests.resolve_queue_name(bind.queue).ok();
}
bool is_asked(const ExchangeDeclare&, const core::SessionRequests&) { return true; }
bool is_asked(const ExchangeBind&, const core::SessionRequests&) { return true; }

template <class Method>
bool is_asked_as(MethodId id, core::Bytes arguments, const core::SessionRequests& requests) {
  Method method;
  return id == Method::id && decode(arguments, method) && is_asked(method, requests);
}

}  // namespace

bool may_ask_ahead(const Frame& frame, const core::SessionRequests& requests) {
  if (frame.type != FrameType::method || frame.payload.size() < method_header_size) return false;
  if (!requests.may_ask_ahead()) return false;
  const auto id = static_cast<MethodId>(core::load_u32(frame.payload.data()));
  const core::Bytes arguments = frame.payload.subspan(method_header_size);
  return is_asked_as<QueueDeclare>(id, arguments, requests) ||
         is_asked_as<QueueBind>(id, arguments, requests) ||
         is_asked_as<ExchangeDeclare>(id, arguments, requests) ||
         is_asked_as<ExchangeBind>(id, arguments, requests);
}

}  // namespace lepus::amqp
