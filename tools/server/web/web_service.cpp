// See web_service.h.
#include "tools/server/web/web_service.h"

#include <optional>
#include <utility>

#include "net/http/http_text.h"

namespace lepus::server {

namespace {

/// Code, styles and requests from here only, none written into the page itself.
constexpr std::string_view content_policy =
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'";

bool is_at_or_below(std::string_view path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

}  // namespace

void WebService::on_request(net::HttpExchange& exchange) {
  const net::HttpRequest& request = exchange.request();
  const std::string& prefix = settings_.path_prefix;
  std::string_view path = request.path;
  if (!is_at_or_below(path, prefix)) return api_.on_request(exchange);
  path.remove_prefix(prefix.size());
  const bool is_root = path.empty() && !prefix.empty();
  const WebFile* file = find_web_file(files_, path == "/" || is_root ? "/index.html" : path);
  if (file == nullptr || is_at_or_below(path, "/api")) return api_.on_request(exchange);
  if (request.method != "GET") return exchange.answer(405, {{"allow", "GET, HEAD"}}, {});
  if (is_root) return exchange.answer(301, {{"location", prefix + "/"}}, {});
  answer_file(exchange, *file);
}

void WebService::answer_file(net::HttpExchange& exchange, const WebFile& file) const {
  const net::HttpRequest& request = exchange.request();
  net::HttpHeaders headers = headers_of(file);
  if (net::names_entity_tag(request.header("if-none-match"), file.etag))
    return exchange.answer(304, headers, {});
  if (net::accepted_coding(request.header("accept-encoding")) == net::HttpCoding::gzip) {
    headers.emplace_back("content-encoding", "gzip");
    return exchange.answer(200, headers, std::string{file.compressed});
  }
  std::optional<std::string> plain = unpack(file);
  if (!plain)
    return exchange.answer(500, {{"content-type", "text/plain; charset=utf-8"}},
                           "this page cannot be unpacked\n");
  exchange.answer(200, headers, *std::move(plain));
}

/// What the operator configured (management.csp.policy and the like) takes the place of our own.
net::HttpHeaders WebService::headers_of(const WebFile& file) const {
  net::HttpHeaders headers = settings_.extra_headers;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (net::find_http_field(headers, name) == nullptr) headers.emplace_back(name, value);
  };
  add("content-type", file.content_type);
  add("etag", file.etag);
  add("cache-control", "no-cache");
  add("content-security-policy", content_policy);
  add("x-content-type-options", "nosniff");
  add("x-frame-options", "DENY");
  add("referrer-policy", "no-referrer");
  return headers;
}

}  // namespace lepus::server
