// The lists a shard's AMQP side works through once a turn.
#include "net/amqp/server.h"

#include <algorithm>
#include <utility>

namespace lepus::amqp {

Server::Server(const Parts& parts)
    : parts_(parts),
      services_({parts.broker, parts.loop, parts.settings, parts.log, parts.seed, parts.uses,
                 parts.secret_key}) {}

Server::~Server() { CHECK(connections_.live_count() == 0); }

void Server::accept(std::unique_ptr<net::Stream> stream, std::uint64_t elsewhere) {
  const core::ConnectionId id{(std::uint64_t{broker().shard()} + 1) << 48 | next_connection_++};
  const auto [handle, connection] = connections_.create(*this, std::move(stream), id);
  connection->set_handle(handle);
  connection->start();
  const std::uint64_t max = services_.settings().connections_max;
  if (max > 0 && elsewhere + active_count() > max) {
    services_.log().write(core::LogLevel::warning, core::LogCategory::connection,
                          "connection refused: limit reached", {{"max_connections", max}});
    connection->force_close({core::ReplyCode::not_allowed, "connection limit reached"});
  } else if (broker().stopping()) {
    connection->force_close({core::ReplyCode::connection_forced, "broker is stopping"});
  }
}

void Server::close_all(std::string_view reason) {
  connections_.for_each([&](auto, Connection& connection) {
    connection.force_close({core::ReplyCode::connection_forced, std::string{reason}});
  });
}

void Server::abort_all() {
  connections_.for_each([](auto, Connection& connection) { connection.abort(); });
}

void Server::resume_inputs() {
  if (std::exchange(seen_.alarm, broker().alarm().any()) && !seen_.alarm)
    connections_.for_each([](auto, Connection& connection) { connection.on_alarms_over(); });
  const std::uint64_t removals = broker().topology().access().removals();
  if (std::exchange(seen_.removals, removals) != removals)
    connections_.for_each([](auto, Connection& connection) { connection.close_if_deleted(); });
  const std::uint64_t traces = broker().topology().trace_changes();
  if (std::exchange(seen_.traces, traces) != traces)
    connections_.for_each([](auto, Connection& connection) { connection.refresh_trace(); });
  if (!blocked_.empty()) resume_unblocked();
  resuming_.swap(resume_);
  for (const auto& handle : resuming_) {
    if (Connection* connection = connections_.find(handle.slot, handle.generation))
      connection->resume_input();
  }
  resuming_.clear();
}

bool Server::has_work() const {
  return !resume_.empty() ||
         std::any_of(blocked_.begin(), blocked_.end(), [this](const Waiting& waiting) {
           return !parts_.broker->flow().is_blocked(waiting.target);
         });
}

void Server::resume_unblocked() {
  std::erase_if(blocked_, [this](const Waiting& waiting) {
    if (broker().flow().is_blocked(waiting.target)) return false;
    Connection* connection =
        connections_.find(waiting.connection.slot, waiting.connection.generation);
    if (connection != nullptr) connection->allow_input(Connection::stop_for_target);
    return true;
  });
}

void Server::write_acks() {
  while (Channel* channel = ack_list_.pop_front()) channel->write_acks();
}

void Server::end_turn() {
  buried_channels_.clear();
  for (const std::uint32_t slot : destroyed_later_) connections_.destroy(slot);
  destroyed_later_.clear();
}

void Server::resume_later(Connection& connection) { resume_.push_back(connection.handle()); }

void Server::resume_when_unblocked(Connection& connection, const core::PublishTarget& target) {
  blocked_.push_back({connection.handle(), target});
}

void Server::write_acks_later(Channel& channel) {
  if (!channel.linked()) ack_list_.push_back(channel);
}

void Server::forget_acks(Channel& channel) { ack_list_.remove(channel); }

void Server::destroy_channel_later(std::unique_ptr<Channel> channel) {
  buried_channels_.push_back(std::move(channel));
}

void Server::destroy_later(Connection& connection, std::unique_ptr<net::Stream> stream) {
  destroyed_later_.push_back(connection.handle().slot);
  parts_.destroy_later(parts_.destroy_later_owner, std::move(stream));
}

}  // namespace lepus::amqp
