// See api_call.h.
#include "tools/server/http_api/api_call.h"

#include <algorithm>

#include "core/base/assert.h"
#include "persist/catalog/json_text.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::server {

namespace {

/// Empty: no such page may read answers.
std::string_view allowed_origin(const ApiSettings& settings, const net::HttpRequest& request) {
  const std::string_view origin = request.header("origin");
  const std::vector<std::string>& allowed = settings.allowed_origins;
  const bool is_allowed = std::any_of(allowed.begin(), allowed.end(), [&](const std::string& one) {
    return one == "*" || one == origin;
  });
  return is_allowed ? origin : std::string_view{};
}

}  // namespace

ApiCall::ApiCall(ApiPlace& place, net::HttpExchange& exchange, ApiMatch match)
    : place_(place),
      exchange_(&exchange),
      match_(std::move(match)),
      query_(exchange.request().query) {
  CHECK(match_.route != nullptr);
  exchange_->set_answerer(this);
}

bool ApiCall::has_capture(std::string_view name) const {
  return std::any_of(match_.captures.begin(), match_.captures.end(),
                     [&](const auto& one) { return one.first == name; });
}

const std::string& ApiCall::capture(std::string_view name) const {
  for (const auto& [captured, value] : match_.captures)
    if (captured == name) return value;
  const bool is_in_pattern = false;
  CHECK(is_in_pattern);
  return match_.captures.front().second;
}

std::string exchange_name(const ApiCall& call, std::string_view capture) {
  const std::string& captured = call.capture(capture);
  return captured == "amq.default" ? std::string{} : captured;
}

const core::VhostInfo* ApiCall::vhost() const {
  return has_capture("vhost") ? topology().find_vhost(capture("vhost")) : nullptr;
}

bool ApiCall::read_body(Json& body) {
  const std::string& text = request().body;
  body = Json::object();
  if (text.empty() || text == "null" || text == "undefined") return true;
  body = persist::parse_json(text);
  if (body.is_object()) return true;
  bad_request(body.is_string()
                  ? "invalid payload: the request body JSON-decoded to a string. Is the input "
                    "doubly-JSON-encoded?"
                  : "not_json");
  return false;
}

// --- Answers

net::HttpHeaders common_headers(const ApiSettings& settings, const net::HttpRequest& request) {
  net::HttpHeaders headers = settings.extra_headers;
  headers.emplace_back("vary", "accept, accept-encoding, origin");
  const std::string_view origin = allowed_origin(settings, request);
  if (origin.empty()) return headers;
  headers.emplace_back("access-control-allow-origin", origin);
  headers.emplace_back("access-control-allow-credentials", "true");
  return headers;
}

void ApiCall::answer(unsigned status, std::string body, net::HttpHeaders more) {
  CHECK(!is_over());
  net::HttpHeaders headers = common_headers(place_.settings, request());
  const bool has_type = std::any_of(more.begin(), more.end(),
                                    [](const auto& one) { return one.first == "content-type"; });
  if (!body.empty() && !has_type) headers.emplace_back("content-type", "application/json");
  std::move(more.begin(), more.end(), std::back_inserter(headers));
  is_answered_ = true;
  exchange_->answer(status, headers, std::move(body));
}

void ApiCall::reply(const std::string& json) {
  const std::string* columns = query_.find("columns");
  answer(200, columns == nullptr ? json : ApiColumns{*columns}.cut(json),
         {{"cache-control", "no-cache"}});
}

void ApiCall::refuse(unsigned status, std::string_view error, std::string_view reason) {
  JsonWriter json;
  json.begin_object();
  json.field("error", error);
  json.field("reason", reason);
  json.end_object();
  answer(status, json.take());
}

void ApiCall::begin(unsigned status) {
  CHECK(!is_over());
  net::HttpHeaders headers = common_headers(place_.settings, request());
  headers.emplace_back("content-type", "application/json");
  headers.emplace_back("cache-control", "no-cache");
  exchange_->begin(status, headers);
}

void ApiCall::end() {
  CHECK(!is_over());
  is_answered_ = true;
  exchange_->end();
}

}  // namespace lepus::server
