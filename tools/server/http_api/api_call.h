// One request of the HTTP API under way: what was asked by whom, and the ways to answer. A handler
// (api_route.h) answers at once by one of reply(), answer(), refuse() and the like, or leaves a
// task behind that does it later.
//
//   arrived -> logging in -> judging virtual hosts -> handled -> [task ...] -> answered
//        an abandoned one goes wherever it is; what was asked of others goes on without it
//
// Owned by ApiService. Admin thread.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "io/timers.h"
#include "net/http/http_service.h"
#include "tools/server/http_api/api_place.h"
#include "tools/server/http_api/api_query.h"
#include "tools/server/http_api/api_route.h"
#include "tools/server/http_api/api_user.h"

namespace lepus::server {

/// What a call does after its handler returned. Destroyed when the call is answered or abandoned.
class ApiTask {
 public:
  ApiTask() = default;
  ApiTask(const ApiTask&) = delete;
  ApiTask& operator=(const ApiTask&) = delete;
  virtual ~ApiTask() = default;

  virtual bool has_work() const = 0;
  /// A bounded piece. It may answer the call, which must not be used after that.
  virtual void work() = 0;
};

class ApiCall final : public net::HttpAnswerer {
 public:
  using Json = nlohmann::ordered_json;

  ApiCall(ApiPlace& place, net::HttpExchange& exchange, ApiMatch match);

  // --- What was asked
  const net::HttpRequest& request() const { return exchange_->request(); }
  const ApiRoute& route() const { return *match_.route; }
  /// Of a segment that the pattern names; decoded.
  const std::string& capture(std::string_view name) const;
  bool has_capture(std::string_view name) const;
  const ApiQuery& query() const { return query_; }
  const ApiUser& user() const { return user_; }
  ApiUser& user() { return user_; }
  ApiPlace& place() const { return place_; }
  const core::Topology& topology() const { return place_.broker.topology(); }
  /// Of the capture "vhost"; null: it is not there (any more).
  const core::VhostInfo* vhost() const;
  /// The body as a JSON object; nothing at all is an empty one. False: it was refused.
  [[nodiscard]] bool read_body(Json& body);

  // --- Answers: after each of them the call is not to be used any more
  /// 200 with JSON, cut down to what "columns" names.
  void reply(const std::string& json);
  void answer(unsigned status, std::string body = {}, net::HttpHeaders more = {});
  /// {"error":...,"reason":...}
  void refuse(unsigned status, std::string_view error, std::string_view reason);
  void bad_request(std::string_view reason) { refuse(400, "bad_request", reason); }
  /// As RabbitMQ answers for what is not there.
  void not_found() { refuse(404, "Object Not Found", "Not Found"); }
  void not_authorised(std::string_view reason) { refuse(401, "not_authorised", reason); }
  void run(std::unique_ptr<ApiTask> task) { task_ = std::move(task); }

  // --- An answer in pieces, by a task
  void begin(unsigned status);
  /// For write() and has_room().
  net::HttpExchange& exchange() const { return *exchange_; }
  void end();

  // --- For the service
  bool is_over() const { return is_answered_ || is_abandoned_; }
  bool has_work() const { return !is_over() && task_ != nullptr && task_->has_work(); }
  void work() { task_->work(); }

 private:
  void on_abandoned() override { is_abandoned_ = true; }

  ApiPlace& place_;
  net::HttpExchange* exchange_;
  ApiMatch match_;
  ApiQuery query_;
  ApiUser user_;
  std::unique_ptr<ApiTask> task_;
  bool is_answered_ = false;
  bool is_abandoned_ = false;
};

/// The name of an exchange in the path: "amq.default" is the one without a name.
std::string exchange_name(const ApiCall& call, std::string_view capture = "exchange");
/// Headers that every answer has, also one without a call: CORS and those of the configuration.
net::HttpHeaders common_headers(const ApiSettings& settings, const net::HttpRequest& request);

}  // namespace lepus::server
