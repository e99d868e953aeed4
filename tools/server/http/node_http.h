// HTTP of a node, on the admin thread: the services and the ports they are reached by.
//
//   management.*  -> WebService (tools/server/web): pages, and ApiService (tools/server/http_api)
//   prometheus.*  -> metrics (tools/server/metrics)
#pragma once

#include <memory>
#include <vector>

#include "core/access/login_guard.h"
#include "core/base/log.h"
#include "io/loop.h"
#include "tools/server/admin_thread.h"
#include "tools/server/auth/auth_link.h"
#include "tools/server/http/http_listeners.h"
#include "tools/server/http_api/api_place.h"
#include "tools/server/http_api/api_service.h"
#include "tools/server/metrics/metrics_service.h"
#include "tools/server/metrics/sample_metrics_source.h"
#include "tools/server/web/web_service.h"

namespace lepus::server {

class NodeHttp final : private AdminTransport {
 public:
  /// All outlive this object.
  struct Parts {
    io::Loop* loop;
    AdminThread* thread;
    AdminHost* host;
    core::LoginGuard* logins;
    core::Log* log;
    int descriptor_max;
    std::unique_ptr<AuthLink> auth;  ///< Null: nobody outside of the broker is asked.
  };
  NodeHttp(Parts parts, const ServerConfig& config, HttpTls tls);
  /// When the admin thread has ended.
  ~NodeHttp() override;

  void listen(std::vector<net::Listening> listeners) { ports_.listen(std::move(listeners)); }
  /// On the admin thread, before its first turn.
  void start();
  /// On the admin thread, for requests and connections to come.
  void set_config(const ServerConfig& config, HttpTls tls);

 private:
  bool work() override { return false; }
  bool has_work() const override { return false; }
  void flush() override {}
  void stop() override;

  Parts parts_;
  ApiPlace place_;
  ApiService management_;
  WebService pages_;
  SampleMetricsSource samples_;
  MetricsService prometheus_;
  HttpListeners ports_;
};

}  // namespace lepus::server
