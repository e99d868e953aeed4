// Binding and unbinding, of queues and of exchanges alike: only the destination differs. When both
// ends are missing the source is complained about. Unbinding what is not there succeeds.
#include <utility>

#include "core/base/assert.h"
#include "core/exchange/headers.h"
#include "core/topology/auto_delete.h"
#include "core/topology/topology_decide.h"

namespace lepus::core {

namespace {

using RequestKind = TopologyRequest::Kind;

bool is_for_queue(const TopologyRequest& request) {
  return request.kind == RequestKind::bind_queue || request.kind == RequestKind::unbind_queue;
}

/// Both ends of a binding as they are found; nullptr what is missing.
struct Ends {
  const ExchangeInfo* source = nullptr;
  const ExchangeInfo* exchange = nullptr;
  const QueueInfo* queue = nullptr;

  bool has_target() const { return exchange != nullptr || queue != nullptr; }
};

Ends find_ends(const RuleInput& in) {
  Ends ends;
  ends.source = in.topology.find_exchange(in.vhost.id, in.source);
  if (is_for_queue(in.request)) {
    ends.queue = in.topology.find_queue(in.vhost.id, in.name);
  } else {
    ends.exchange = in.topology.find_exchange(in.vhost.id, in.name);
  }
  return ends;
}

std::optional<AmqpError> check_names(const RuleInput& in) {
  if (std::optional<AmqpError> error = refuse_default_exchange(in.source)) return error;
  if (is_for_queue(in.request)) return std::nullopt;
  return refuse_default_exchange(in.name);
}

std::optional<AmqpError> check_lock(const RuleInput& in, const QueueInfo* queue) {
  if (queue == nullptr || !queue->exclusive || queue->owner == in.request.connection)
    return std::nullopt;
  return locked_queue(in.name, in.vhost);
}

BindingSpec make_spec(const RuleInput& in, const Ends& ends) {
  CHECK(ends.source != nullptr);
  CHECK((ends.queue != nullptr) != (ends.exchange != nullptr));
  BindingSpec spec;
  spec.source = ends.source->id;
  if (ends.queue != nullptr) spec.queue = ends.queue->id;
  if (ends.exchange != nullptr) spec.exchange = ends.exchange->id;
  spec.key = in.request.key;
  spec.arguments = in.request.arguments;
  return spec;
}

}  // namespace

Decision decide_bind(const RuleInput& in) {
  if (std::optional<AmqpError> error = check_names(in)) return refuse(*std::move(error));
  const Ends ends = find_ends(in);
  if (ends.source == nullptr) return refuse(missing_exchange(in.source, in.vhost));
  if (!ends.has_target()) {
    return refuse(is_for_queue(in.request) ? missing_queue(in.name, in.vhost)
                                           : missing_exchange(in.name, in.vhost));
  }
  if (ends.source->parsed.routes_as == ExchangeType::headers) {
    if (std::optional<AmqpError> error = check_headers_arguments(as_bytes(in.request.arguments)))
      return refuse(*std::move(error));
  }
  if (ends.source->parsed.routes_as == ExchangeType::consistent_hash) {
    if (std::optional<AmqpError> error = check_hash_weight(in.request.key))
      return refuse(*std::move(error));
  }
  if (std::optional<AmqpError> error = check_lock(in, ends.queue)) return refuse(*std::move(error));
  BindingSpec spec = make_spec(in, ends);
  if (in.topology.find_binding(spec) != nullptr) return satisfied();
  if (std::optional<AmqpError> error = check_arguments_size(in.request))
    return refuse(*std::move(error));
  Decision decision = changing();
  if (in.ids != nullptr) decision.changes.push_back(BindingAdded{std::move(spec)});
  return decision;
}

Decision decide_unbind(const RuleInput& in) {
  if (std::optional<AmqpError> error = check_names(in)) return refuse(*std::move(error));
  const Ends ends = find_ends(in);
  if (ends.source == nullptr || !ends.has_target()) return satisfied();
  if (std::optional<AmqpError> error = check_lock(in, ends.queue)) return refuse(*std::move(error));
  const Binding* binding = in.topology.find_binding(make_spec(in, ends));
  if (binding == nullptr) return satisfied();
  Decision decision = changing();
  if (in.ids == nullptr) return decision;
  AutoDeleteCascade cascade{decision.changes};
  cascade.remove_binding(*binding);
  cascade.finish();
  return decision;
}

}  // namespace lepus::core
