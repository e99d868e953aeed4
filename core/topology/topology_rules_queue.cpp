// Declaring queues. An existing queue answers in this order: lock, durable, auto_delete, arguments.
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.h"
#include "core/message/field_table.h"
#include "core/message/field_table_writer.h"
#include "core/topology/topology_decide.h"

namespace lepus::core {

namespace {

constexpr std::string_view declared_type_key = "x-queue-type";

QueueDescription describe(const RuleInput& in) {
  return {.name = in.name,
          .vhost = in.vhost.name,
          .durable = in.request.durable && !in.request.exclusive,
          .exclusive = in.request.exclusive,
          .auto_delete = in.request.auto_delete,
          .server_named = in.request.server_named,
          .shard_count = in.topology.shard_count()};
}

/// The arguments, with the default type of the virtual host where a queue of that type could be and
/// none is named: durable, neither exclusive nor auto-delete.
std::string with_default_type(const RuleInput& in, const QueueDescription& queue) {
  const std::string& type = in.vhost.settings.default_queue_type;
  const bool counts = !type.empty() && type != "classic" && queue.durable && !queue.exclusive &&
                      !queue.auto_delete && !queue.server_named;
  if (!counts || FieldTable{as_bytes(in.request.arguments)}.find(declared_type_key))
    return in.request.arguments;
  FieldTableWriter added;
  added.text(declared_type_key, type);
  return in.request.arguments + added.take();
}

Decision compare_queue(const RuleInput& in, const QueueInfo& current) {
  const bool owned = current.exclusive && current.owner == in.request.connection;
  if (current.exclusive != in.request.exclusive || (current.exclusive && !owned))
    return refuse(locked_queue(in.name, in.vhost));
  const QueueDescription received = describe(in);
  const std::string title = queue_title(in.name, in.vhost.name);
  if (received.durable != current.durable) {
    return refuse(
        inequivalent("durable", title, bool_text(received.durable), bool_text(current.durable)));
  }
  if (received.auto_delete != current.auto_delete) {
    return refuse(inequivalent("auto_delete", title, bool_text(received.auto_delete),
                               bool_text(current.auto_delete)));
  }
  if (std::optional<AmqpError> error = compare_queue_arguments(
          as_bytes(current.arguments), as_bytes(with_default_type(in, received)), received))
    return refuse(*std::move(error));
  return satisfied();
}

Decision create_queue(const RuleInput& in) {
  if (!in.request.server_named && has_reserved_prefix(in.name)) {
    return refuse(ReplyCode::access_refused,
                  fmt::format("queue name '{}' contains reserved prefix 'amq.*'", in.name));
  }
  if (std::optional<AmqpError> error = check_arguments_size(in.request))
    return refuse(*std::move(error));
  QueueDescription description = describe(in);
  description.is_new = true;
  if (is_reached(in.vhost.limits.queues, in.vhost.queues.size())) {
    return refuse(
        ReplyCode::precondition_failed,
        fmt::format("cannot declare queue '{}': queue limit in vhost '{}' ({}) is reached", in.name,
                    in.vhost.name, *in.vhost.limits.queues));
  }
  std::string table = with_default_type(in, description);
  Result<QueueArguments> arguments = parse_queue_arguments(as_bytes(table), description);
  if (!arguments.ok()) return refuse(std::move(arguments.error()));
  Decision decision = changing();
  if (in.ids == nullptr) return decision;
  CHECK(in.request.from < in.topology.shard_count());
  QueueSpec queue;
  queue.id = QueueId{in.ids->next()};
  queue.vhost = in.vhost.id;
  queue.home = arguments.value().shard.value_or(in.request.from);
  queue.durable = description.durable;
  queue.exclusive = in.request.exclusive;
  queue.auto_delete = in.request.auto_delete;
  CHECK(queue.home < in.topology.shard_count());
  if (in.request.exclusive) queue.owner = in.request.connection;
  queue.name = in.name;
  queue.arguments = std::move(table);
  queue.parsed = std::move(arguments.value());
  decision.changes.push_back(QueueAdded{std::move(queue)});
  return decision;
}

}  // namespace

Decision decide_declare_queue(const RuleInput& in) {
  const auto found = in.vhost.queues.find(std::string_view{in.name});
  if (in.request.passive) {
    Result<const QueueInfo*> queue =
        check_queue_access(in.topology, in.vhost.id, in.name, in.request.connection);
    return queue.ok() ? satisfied() : refuse(std::move(queue.error()));
  }
  CHECK(!in.request.exclusive || in.request.connection);
  if (found != in.vhost.queues.end()) return compare_queue(in, **found);
  return create_queue(in);
}

}  // namespace lepus::core
