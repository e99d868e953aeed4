// See api_service.h.
#include "tools/server/http_api/api_service.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/server/http_api/api_entry.h"

namespace lepus::server {

namespace {

constexpr std::string_view api_root = "/api";

/// RabbitMQ's: a GET may be a HEAD, and everything has options.
std::string allowed_methods(const ApiMatch& match) {
  const bool reads =
      std::find(match.methods.begin(), match.methods.end(), "GET") != match.methods.end();
  return fmt::format("{}{}, OPTIONS", reads ? "HEAD, " : "", fmt::join(match.methods, ", "));
}

net::HttpHeaders preflight_headers(const ApiSettings& settings, const net::HttpRequest& request,
                                   const std::string& allowed) {
  net::HttpHeaders headers = common_headers(settings, request);
  headers.emplace_back("allow", allowed);
  const bool is_allowed = std::any_of(headers.begin(), headers.end(), [](const auto& one) {
    return one.first == "access-control-allow-origin";
  });
  if (!is_allowed) return headers;
  headers.emplace_back("access-control-allow-methods", allowed);
  if (settings.cors_max_age_s > 0)
    headers.emplace_back("access-control-max-age", fmt::format("{}", settings.cors_max_age_s));
  if (const std::string_view wanted = request.header("access-control-request-headers");
      !wanted.empty())
    headers.emplace_back("access-control-allow-headers", wanted);
  return headers;
}

void answer_error(net::HttpExchange& exchange, const ApiSettings& settings, unsigned status,
                  std::string body) {
  net::HttpHeaders headers = common_headers(settings, exchange.request());
  headers.emplace_back("content-type", "application/json");
  exchange.answer(status, headers, std::move(body));
}

/// What is behind the prefix and "/api"; nothing: it is not of the API.
std::optional<std::string_view> path_below(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (!path.starts_with(api_root)) return std::nullopt;
  path.remove_prefix(api_root.size());
  if (!path.empty() && !path.starts_with('/')) return std::nullopt;
  return path;
}

}  // namespace

ApiService::ApiService(ApiPlace& place, std::span<const std::span<const ApiRoute>> routes)
    : place_(place), routes_(routes) {}

ApiService::~ApiService() { sweep(); }

void ApiService::on_request(net::HttpExchange& exchange) {
  const net::HttpRequest& request = exchange.request();
  if (is_stopped_ || calls_.size() >= api_calls_max)
    return answer_error(exchange, place_.settings, 503,
                        is_stopped_
                            ? R"({"error":"service_unavailable","reason":"the broker is stopping"})"
                            : R"({"error":"service_unavailable","reason":"too many requests"})");
  const auto path = path_below(request.path, place_.settings.path_prefix);
  ApiMatch match = path ? routes_.find(request.method, *path) : ApiMatch{};
  if (match.route == nullptr) return answer_without_call(exchange, match);
  const auto kept =
      calls_.insert(calls_.end(), std::make_unique<ApiCall>(place_, exchange, std::move(match)));
  ApiCall& call = **kept;
  if (call.route().right == ApiRight::anybody) {
    call.route().handle(call);
  } else {
    auto entry = std::make_unique<ApiEntry>(call);
    ApiEntry& started = *entry;
    call.run(std::move(entry));
    started.start();
  }
  if (call.is_over()) calls_.erase(kept);
}

/// Nobody has to log in to learn what there is.
void ApiService::answer_without_call(net::HttpExchange& exchange, const ApiMatch& match) {
  const net::HttpRequest& request = exchange.request();
  if (match.methods.empty())
    return answer_error(exchange, place_.settings, 404,
                        R"({"error":"Object Not Found","reason":"Not Found"})");
  const std::string allowed = allowed_methods(match);
  if (request.method == "OPTIONS")
    return exchange.answer(200, preflight_headers(place_.settings, request, allowed), {});
  net::HttpHeaders headers = common_headers(place_.settings, request);
  headers.emplace_back("allow", allowed);
  exchange.answer(405, headers, {});
}

bool ApiService::has_work() const {
  return std::any_of(calls_.begin(), calls_.end(), [](const std::unique_ptr<ApiCall>& call) {
    return call->has_work() || call->is_over();
  });
}

bool ApiService::work() {
  bool worked = false;
  for (const std::unique_ptr<ApiCall>& call : calls_) {
    if (!call->has_work()) continue;
    call->work();
    worked = true;
  }
  sweep();
  return worked;
}

void ApiService::sweep() {
  std::erase_if(calls_, [](const std::unique_ptr<ApiCall>& call) { return call->is_over(); });
}

}  // namespace lepus::server
