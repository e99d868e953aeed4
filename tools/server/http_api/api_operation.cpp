// See api_operation.h.
#include "tools/server/http_api/api_operation.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.h"

namespace lepus::server {

namespace {

/// What an operation may tell before somebody reads it: such answers are short (messages of a
/// queue, one page of something).
constexpr std::size_t rows_size_max = std::size_t{64} << 20;

/// The answer of a verb may come within Admin's calls, where no other may be started: what follows
/// it happens in work().
class ApiOperation final : public ApiTask, private AdminSink {
 public:
  ApiOperation(ApiCall& call, std::vector<AdminRequest> requests, ApiOutcome outcome)
      : call_(call), requests_(std::move(requests)), outcome_(std::move(outcome)) {
    CHECK(!requests_.empty());
  }
  ~ApiOperation() override {
    if (is_under_way_) call_.place().admin.cancel(number_);
  }

  bool has_work() const override { return !is_under_way_; }
  void work() override {
    CHECK(!is_under_way_);
    if (error_) return answer_error();
    if (next_ < requests_.size()) return begin_next();
    answer_done();
  }

 private:
  void begin_next() {
    is_under_way_ = true;
    rows_.clear();
    number_ = call_.place().admin.start(std::move(requests_[next_++]), *this);
  }
  /// The call outlives neither this object nor what is called with it.
  void answer_error() {
    const auto on_error = std::move(outcome_.on_error);
    const AdminError error = *error_;
    on_error ? on_error(call_, error) : refuse_operation(call_, error);
  }
  void answer_done() {
    ApiCall& call = call_;
    const ApiOutcome outcome = std::move(outcome_);
    if (!outcome.on_done) return call.answer(outcome.status);
    const std::string result = std::move(result_);
    const std::vector<std::string> rows = std::move(rows_);
    outcome.on_done(call, result, rows);
  }

  void on_rows(std::string_view rows) override {
    rows_.emplace_back(rows);
    rows_size_ += rows.size();
  }
  void on_done(std::string_view result) override {
    result_ = result;
    is_under_way_ = false;
  }
  void on_error(const AdminError& error) override {
    error_ = error;
    is_under_way_ = false;
  }
  bool has_room() const override { return rows_size_ < rows_size_max; }

  ApiCall& call_;
  std::vector<AdminRequest> requests_;
  ApiOutcome outcome_;
  std::size_t next_ = 0;
  std::uint32_t number_ = 0;
  bool is_under_way_ = false;
  std::vector<std::string> rows_;  ///< Of the last one.
  std::size_t rows_size_ = 0;
  std::string result_;
  std::optional<AdminError> error_;
};

}  // namespace

AdminRequest make_verb(const ApiCall& call, std::string_view verb,
                       std::vector<std::string> arguments) {
  AdminRequest request;
  request.verb = verb;
  if (call.has_capture("vhost")) request.vhost = call.capture("vhost");
  request.arguments = std::move(arguments);
  const io::PeerName* peer = call.request().peer;
  request.by = fmt::format(
      "user '{}' from {}", call.user().name,
      peer == nullptr ? "?" : fmt::format("{}:{}", peer->remote.address, peer->remote.port));
  request.via = "HTTP API";
  request.user = call.user().name;
  return request;
}

void refuse_operation(ApiCall& call, const AdminError& error) {
  switch (error.fault) {
    case AdminFault::usage:
    case AdminFault::invalid:
    case AdminFault::exists:
    case AdminFault::refused:
      return call.bad_request(error.text);
    case AdminFault::not_found:
    case AdminFault::no_user:
      return call.not_found();
    case AdminFault::denied:
      return call.not_authorised(error.text);
    case AdminFault::unavailable:
      return call.refuse(503, "service_unavailable", error.text);
    case AdminFault::internal:
      return call.refuse(500, "internal_server_error", error.text);
  }
  CHECK(false);
}

void start_operations(ApiCall& call, std::vector<AdminRequest> requests, ApiOutcome outcome) {
  call.run(std::make_unique<ApiOperation>(call, std::move(requests), std::move(outcome)));
}

void start_operation(ApiCall& call, AdminRequest request, ApiOutcome outcome) {
  std::vector<AdminRequest> requests;
  requests.push_back(std::move(request));
  start_operations(call, std::move(requests), std::move(outcome));
}

}  // namespace lepus::server
