// The HTTP API on an admin thread, with a control thread and two shards that the test plays.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/access/password_hash.h"
#include "tests/unit/tools/server/admin_world.h"
#include "tests/unit/tools/server/http_api/fake_exchange.h"
#include "tools/server/admin/message_json.h"
#include "tools/server/http_api/api_service.h"

namespace lepus::server::test {

struct ApiAnswer {
  unsigned status = 0;
  std::string body;
};
inline bool operator==(const ApiAnswer& left, const ApiAnswer& right) {
  return left.status == right.status && left.body == right.body;
}
inline std::ostream& operator<<(std::ostream& out, const ApiAnswer& answer) {
  return out << answer.status << ' ' << answer.body;
}

inline const std::string not_found_body = R"({"error":"Object Not Found","reason":"Not Found"})";
inline const std::string access_refused_body =
    R"({"error":"not_authorised","reason":"Access refused."})";
/// `reason`: JSON.
inline std::string bad_request_body(const std::string& reason) {
  return R"({"error":"bad_request","reason":)" + reason + "}";
}

class ApiTest : public AdminTest {
 protected:
  ApiTest() {
    admin_->add_transport(service_);
    add_user("guest", "administrator");
    permit("guest", "/");
  }

  /// With the name as password.
  void add_user(std::string_view name, std::string_view tag = {}) {
    core::UserSpec user;
    user.name = name;
    user.hashing_algorithm = core::sha256_name;
    user.password_hash = core::hash_password(name, 1);
    if (!tag.empty()) user.tags = {std::string{tag}};
    change(core::AddUser{user});
  }
  void permit(std::string_view user, std::string_view vhost, std::string_view pattern = ".*") {
    change(core::SetPermissions{{std::string{user}, std::string{vhost}, std::string{pattern},
                                 std::string{pattern}, std::string{pattern}}});
  }
  void change(const core::AccessRequest& request) {
    control_->change(request, {}, [](const std::optional<core::AccessRefusal>& refusal) {
      EXPECT_FALSE(refusal) << refusal->text;
    });
    turn();
  }

  struct Request {
    std::string method = "GET";
    std::string path;  ///< With its query.
    std::string body = {};
    std::string user = "guest";  ///< Empty: no credentials.
    net::HttpHeaders headers = {};
  };
  std::unique_ptr<FakeExchange> begin(const Request& what) {
    auto exchange = std::make_unique<FakeExchange>();
    net::HttpRequest& request = exchange->edit();
    request.method = what.method;
    const std::size_t mark = what.path.find('?');
    request.path = "/api" + what.path.substr(0, mark);
    if (mark != std::string::npos) request.query = what.path.substr(mark + 1);
    request.body = what.body;
    request.headers = what.headers;
    if (!what.user.empty())
      request.headers.emplace_back(
          "Authorization", "Basic " + encode_base64(core::as_bytes(what.user + ":" + what.user)));
    service_.on_request(*exchange);
    turn();
    return exchange;
  }
  ApiAnswer ask(const Request& what) {
    const std::unique_ptr<FakeExchange> exchange = begin(what);
    EXPECT_TRUE(exchange->is_over()) << what.method << ' ' << what.path;
    if (!exchange->is_over()) exchange->abandon();
    return {exchange->status(), exchange->body()};
  }
  ApiAnswer get(std::string path, std::string user = "guest") {
    return ask({"GET", std::move(path), {}, std::move(user)});
  }
  ApiAnswer put(std::string path, std::string body = {}, std::string user = "guest") {
    return ask({"PUT", std::move(path), std::move(body), std::move(user)});
  }
  ApiAnswer post(std::string path, std::string body = {}, std::string user = "guest") {
    return ask({"POST", std::move(path), std::move(body), std::move(user)});
  }
  ApiAnswer remove(std::string path, std::string user = "guest") {
    return ask({"DELETE", std::move(path), {}, std::move(user)});
  }

  core::LocalLoginGuard logins_;
  ApiPlace place_{loops_[3], *admin_, thread_->view(),    host_,
                  logins_,   log_,    thread_->sampler(), ApiAuthDesk{nullptr}};
  ApiService service_{place_, api_core_routes()};
};

}  // namespace lepus::server::test
