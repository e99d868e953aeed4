// The lists a shard's AMQP side works through once a turn.
#include "net/amqp/server.h"

#include <algorithm>
#include <utility>

namespace lepus::amqp {

Server::Server(const Parts& parts)
    : parts_(parts),
      services_({parts.broker, parts.loop, parts.settings, parts.log, parts.seed, parts.uses,
                 parts.secret_key, parts.auth, parts.logins}) {
  if (parts.auth != nullptr) parts.auth->set_listener(*this);
}

Server::~Server() { CHECK(connections_.live_count() == 0); }

void Server::accept(AcceptedStream accepted, std::uint64_t elsewhere) {
  const core::ConnectionId id{(std::uint64_t{broker().shard()} + 1) << 48 | next_connection_++};
  const auto [handle, connection] = connections_.create(*this, std::move(accepted), id);
  connection->start({handle.slot, handle.generation});
  const std::uint64_t max = services_.settings().connections_max;
  if (max > 0 && elsewhere + active_count() > max) {
    services_.log().write(core::LogLevel::warning, core::LogCategory::connection,
                          "connection refused: limit reached", {{"max_connections", max}});
    connection->closing().force_close({core::ReplyCode::not_allowed, "connection limit reached"});
  } else if (broker().stopping()) {
    connection->closing().force_close({core::ReplyCode::connection_forced, "broker is stopping"});
  }
}

void Server::close_all(std::string_view reason) {
  connections_.for_each([&](auto, Connection& connection) {
    connection.closing().force_close({core::ReplyCode::connection_forced, std::string{reason}});
  });
}

void Server::abort_all() {
  connections_.for_each([](auto, Connection& connection) { connection.closing().abort(); });
}

void Server::resume_inputs() {
  const bool was_short = std::exchange(seen_.alarm, broker().alarm().any());
  const std::uint64_t traces = broker().topology().trace_changes();
  if (std::exchange(seen_.traces, traces) != traces || (was_short && !seen_.alarm))
    connections_.for_each([](auto, Connection& connection) { connection.refresh(); });
  const std::uint64_t removals = broker().topology().access().removals();
  if (std::exchange(seen_.removals, removals) != removals)
    connections_.for_each(
        [](auto, Connection& connection) { connection.closing().close_if_deleted(); });
  resume_list_.unblock(is_blocked(), [this](ConnectionHandle handle) {
    if (Connection* connection = find(handle)) connection->input().allow(InputStop::target);
  });
  resume_list_.resume_due([this](ConnectionHandle handle) {
    if (Connection* connection = find(handle)) connection->resume_input();
  });
}

/// Who asked may be gone.
void Server::on_auth_answer(core::AuthAnswer&& answer) {
  if (Connection* connection = find({answer.ticket.slot, answer.ticket.generation}))
    connection->on_auth_answer(answer);
  broker().pump();
}

bool Server::has_work() const { return resume_list_.is_due(is_blocked()); }

void Server::end_turn() {
  closed_channels_.destroy();
  for (const std::uint32_t slot : destroyed_later_) connections_.destroy(slot);
  destroyed_later_.clear();
}

void Server::destroy_later(ConnectionHandle connection, std::unique_ptr<net::Stream> stream) {
  destroyed_later_.push_back(connection.slot);
  parts_.destroy_later(parts_.destroy_later_owner, std::move(stream));
}

}  // namespace lepus::amqp
