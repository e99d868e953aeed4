// RabbitMQ's management API: paths (api_route.h) below "/api", logins (api_login.h), and the calls
// that are under way. Handlers of the paths are in api_*_handlers.cpp, one file for each family.
//
//   on_request(): path known? method allowed? -> login -> tag, virtual host -> handler
//   work():       tasks of calls go on, a piece each
//
// Admin thread; a transport of Admin, so that it has its share of each turn.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/http/http_service.h"
#include "tools/server/http_api/api_call.h"
#include "tools/server/http_api/api_place.h"
#include "tools/server/http_api/api_route.h"

namespace lepus::server {

class ApiService final : public net::HttpService, public AdminTransport {
 public:
  /// `place` and the routes outlive this.
  ApiService(ApiPlace& place, std::span<const std::span<const ApiRoute>> routes);
  ~ApiService() override;

  void on_request(net::HttpExchange& exchange) override;

  bool work() override;
  bool has_work() const override;
  void flush() override {}
  /// Requests are refused from now on; the server ends the connections of those under way.
  void stop() override { is_stopped_ = true; }

  std::size_t call_count() const { return calls_.size(); }

 private:
  void answer_without_call(net::HttpExchange& exchange, const ApiMatch& match);
  void sweep();

  ApiPlace& place_;
  ApiRouteTable routes_;
  std::list<std::unique_ptr<ApiCall>> calls_;  ///< Oldest first.
  bool is_stopped_ = false;
};

/// Of everything that needs no samples.
std::span<const std::span<const ApiRoute>> api_core_routes();

}  // namespace lepus::server
