// What is behind the port of the management interface: the HTTP API below /api, and the pages that
// use it.
//
//   PREFIX/api, PREFIX/api/...   the API's service
//   PREFIX                       301 to PREFIX/ (when there is a prefix)
//   PREFIX/                      index.html
//   PREFIX/css/x.css ...         the file, or 304 when the client has it already
//   anything else                the API's service, which knows how to say 404
//
// Pages need no login: they have nothing in them but code. Admin thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "net/http/http_service.h"
#include "tools/server/http_api/api_settings.h"
#include "tools/server/web/web_files.h"

namespace lepus::server {

class WebService final : public net::HttpService {
 public:
  /// All outlive this. `settings` may change between requests.
  WebService(net::HttpService& api, const ApiSettings& settings, std::span<const WebFile> files)
      : api_(api), settings_(settings), files_(files) {}

  void on_request(net::HttpExchange& exchange) override;

 private:
  void answer_file(net::HttpExchange& exchange, const WebFile& file) const;
  net::HttpHeaders headers_of(const WebFile& file) const;

  net::HttpService& api_;
  const ApiSettings& settings_;
  const std::span<const WebFile> files_;
};

}  // namespace lepus::server
