// A service that has nothing: of a port whose service this broker does not have.
#pragma once

#include "net/http/http_service.h"
#include "net/http/http_text.h"

namespace lepus::server {

class NoSuchPath final : public net::HttpService {
 public:
  void on_request(net::HttpExchange& exchange) override {
    exchange.answer(404, {{"content-type", "application/json"}},
                    net::http_error_body("not_found", "there is nothing under this path"));
  }
};

}  // namespace lepus::server
