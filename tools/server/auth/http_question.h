// A question of core/access/auth_port.h as RabbitMQ's HTTP backend asks it, and what an answer to
// it means. Pure.
//
//   user      username, password              allow [tag ...] | deny [reason]
//   vhost     username, vhost, ip, tags       allow | deny [reason]
//   resource  username, vhost, resource, name, permission, tags
//   topic     username, vhost, resource=topic, name, permission, routing_key, tags
#pragma once

#include <string>
#include <string_view>

#include "core/access/auth_port.h"
#include "tools/server/config/auth_config.h"

namespace lepus::server {

/// All but what RFC 3986 calls unreserved as %XX.
void append_url_encoded(std::string& out, std::string_view text);

struct HttpQuestion {
  std::string url;
  std::string body;  ///< Of a POST; of a GET the parameters are in the URL.
};

HttpQuestion make_http_question(const AuthHttpConfig& config, const core::AuthQuestion& question);

/// The answer without its ticket.
core::AuthAnswer read_http_answer(core::AuthQuestion::Kind kind, long status,
                                  std::string_view body);

}  // namespace lepus::server
