// See http_listeners.h.
#include "tools/server/http/http_listeners.h"

#include <cstring>
#include <utility>

#include "core/base/assert.h"
#include "tools/server/config/config.h"

namespace lepus::server {

namespace {

net::HttpSettings settings_of(const HttpDoor& door, const ServerConfig& config) {
  net::HttpSettings settings;
  settings.body_size_max = config.management.body_size_max;
  settings.connections_max = door.connections_max;
  settings.head_timeout = door.request_timeout_ms * core::nanos_per_ms;
  settings.idle_timeout = door.idle_timeout_ms * core::nanos_per_ms;
  return settings;
}

}  // namespace

class HttpListeners::Door final : public net::Acceptor {
 public:
  Door(const net::HttpServer::Parts& parts, TlsSetup tls)
      : parts_(parts),
        filters_({parts.loop, parts.log, {{}, std::move(tls), random_ticket_secret()}}),
        server_(parts) {}

  net::HttpServer& server() { return server_; }
  AcceptFilters& filters() { return filters_; }
  bool work() {
    bool worked = filters_.poll();
    worked |= server_.work();
    return worked;
  }
  bool has_work() const { return filters_.has_work() || server_.has_work(); }
  void flush() {
    server_.end_turn();
    filters_.flush();
  }

 private:
  void on_accept(std::unique_ptr<net::Stream> stream,
                 const net::ListenerIdentity& listener) override {
    server_.accept(filters_.wrap(std::move(stream), listener), listener);
  }
  void on_accept_error(int error_code) override {
    const std::uint64_t count = accept_errors_.admit(parts_.loop->now());
    if (count == 0) return;
    parts_.log->write(core::LogLevel::error, core::LogCategory::connection,
                      "cannot accept connections of HTTP",
                      {{"error", std::strerror(error_code)}, {"count", count}});
  }
  void on_listener_closed() override {}

  const net::HttpServer::Parts parts_;
  core::LogGate accept_errors_;
  AcceptFilters filters_;
  net::HttpServer server_;
};

HttpListeners::HttpListeners(const Parts& parts, const ServerConfig& config, HttpTls tls)
    : log_(parts.log), transport_(*parts.loop, parts.descriptor_max) {
  const auto make = [&](net::HttpService* service, const HttpDoor& door, TlsSetup& setup) {
    return std::make_unique<Door>(
        net::HttpServer::Parts{parts.loop, service, parts.log, settings_of(door, config),
                               destroy_later, this},
        std::move(setup));
  };
  management_ = make(parts.management, config.management.door, tls.management);
  prometheus_ = make(parts.prometheus, config.prometheus.door, tls.prometheus);
  parts.admin->add_transport(*this);
}

HttpListeners::~HttpListeners() = default;

void HttpListeners::listen(std::vector<net::Listening> listeners) {
  using Protocol = net::ListenerProtocol;
  for (net::Listening& one : listeners) {
    const Protocol protocol = one.identity.protocol;
    CHECK(protocol != Protocol::amqp && protocol != Protocol::amqps);
    const bool is_management = protocol == Protocol::http || protocol == Protocol::https;
    log_->write(core::LogLevel::info, core::LogCategory::general, "listening",
                {{"listener", one.identity.key},
                 {"address", one.identity.address},
                 {"protocol", net::protocol_name(protocol)}});
    transport_.listen(std::move(one), is_management ? *management_ : *prometheus_);
  }
}

/// A port has TLS or has it not until the end of the process.
void HttpListeners::set_config(const ServerConfig& config, HttpTls tls) {
  management_->server().set_settings(settings_of(config.management.door, config));
  prometheus_->server().set_settings(settings_of(config.prometheus.door, config));
  if (tls.management.context) management_->filters().set_tls(std::move(tls.management));
  if (tls.prometheus.context) prometheus_->filters().set_tls(std::move(tls.prometheus));
}

std::size_t HttpListeners::connection_count() const {
  return management_->server().connection_count() + prometheus_->server().connection_count();
}

bool HttpListeners::work() {
  bool worked = transport_.poll();
  worked |= management_->work();
  worked |= prometheus_->work();
  return worked;
}

bool HttpListeners::has_work() const { return management_->has_work() || prometheus_->has_work(); }

void HttpListeners::flush() {
  management_->flush();
  prometheus_->flush();
  transport_.flush();
}

void HttpListeners::stop() {
  if (std::exchange(is_stopped_, true)) return;
  transport_.stop();
  management_->server().stop();
  prometheus_->server().stop();
}

void HttpListeners::destroy_later(void* owner, std::unique_ptr<net::Stream> stream) {
  static_cast<HttpListeners*>(owner)->transport_.destroy_later(std::move(stream));
}

}  // namespace lepus::server
