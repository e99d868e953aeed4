// See http_server.h.
#include "net/http/http_server.h"

#include <utility>

#include "core/base/assert.h"
#include "core/limits/http.h"

namespace lepus::net {

namespace limits = core::limits;

namespace {

constexpr HttpRefusal too_many{503, "service_unavailable", "too many connections"};

}  // namespace

HttpServer::HttpServer(const Parts& parts)
    : parts_(parts), shared_{parts.loop, parts.service, parts.log, parts.settings} {
  stop_timer_.bind<&HttpServer::on_stop_timer>(this);
}

HttpServer::~HttpServer() {
  parts_.loop->timers().cancel(stop_timer_);
  CHECK(connections_.live_count() == 0);
  CHECK(shared_.bodies_size == 0);
  CHECK(shared_.compressor_count == 0);
}

void HttpServer::accept(std::unique_ptr<Stream> stream, const ListenerIdentity& listener) {
  const bool has_room = make_room();
  const bool is_flood = connections_.live_count() >= 2 * shared_.settings.connections_max;
  HttpConnectionOwner& owner = *this;
  const auto [handle, connection] =
      connections_.create(shared_, owner, std::move(stream), listener);
  connection->start(handle.slot);
  if (shared_.is_stopping || is_flood) return connection->abort();
  if (!has_room) connection->refuse(too_many);
}

/// Who has nothing under way gives its place to who comes.
bool HttpServer::make_room() {
  if (connections_.live_count() < shared_.settings.connections_max) return true;
  if (idle_.empty()) return false;
  idle_.front().stop();
  return true;
}

bool HttpServer::work() {
  if (due_.empty()) return false;
  for (std::size_t i = 0; i < limits::http_requests_per_turn && !due_.empty(); ++i)
    due_.pop_front()->run();
  return true;
}

void HttpServer::end_turn() {
  for (const std::uint32_t slot : gone_) connections_.destroy(slot);
  gone_.clear();
}

void HttpServer::stop() {
  if (std::exchange(shared_.is_stopping, true)) return;
  connections_.for_each([](auto, HttpConnection& connection) { connection.stop(); });
  parts_.loop->timers().arm(stop_timer_, parts_.loop->now() + limits::http_stop_wait);
}

void HttpServer::on_stop_timer(io::Timer&) {
  connections_.for_each([](auto, HttpConnection& connection) { connection.abort(); });
}

void HttpServer::add_due(HttpConnection& connection) {
  if (!static_cast<core::ListNode<HttpDueTag>&>(connection).linked()) due_.push_back(connection);
}

void HttpServer::remove_due(HttpConnection& connection) {
  if (static_cast<core::ListNode<HttpDueTag>&>(connection).linked()) due_.remove(connection);
}

void HttpServer::add_idle(HttpConnection& connection) {
  if (!static_cast<core::ListNode<HttpIdleTag>&>(connection).linked()) idle_.push_back(connection);
}

void HttpServer::remove_idle(HttpConnection& connection) {
  if (static_cast<core::ListNode<HttpIdleTag>&>(connection).linked()) idle_.remove(connection);
}

void HttpServer::destroy_later(std::uint32_t slot, std::unique_ptr<Stream> stream) {
  gone_.push_back(slot);
  parts_.destroy_later(parts_.destroy_later_owner, std::move(stream));
}

}  // namespace lepus::net
