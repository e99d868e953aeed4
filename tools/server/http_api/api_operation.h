// What a call has an operator's verb do (tools/server/admin/admin.h), and the answer that becomes
// of its outcome.
//
//   AdminRequest request = verb(call, "delete_user", {name});
//   start_operation(call, std::move(request), {.status = 204});
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tools/server/admin/admin.h"
#include "tools/server/http_api/api_call.h"

namespace lepus::server {

/// By the user of the call, for the log.
AdminRequest make_verb(const ApiCall& call, std::string_view verb,
                       std::vector<std::string> arguments = {});

struct ApiOutcome {
  /// When it is done, unless on_done does something else.
  unsigned status = 204;
  /// Answers the call. `rows`: each a JSON list of rows, which are lists of cells.
  std::function<void(ApiCall&, std::string_view result, const std::vector<std::string>& rows)>
      on_done = nullptr;
  /// Null: refuse_operation().
  std::function<void(ApiCall&, const AdminError&)> on_error = nullptr;
};

/// As RabbitMQ answers when something cannot be: 400 bad_request, 404, 503.
void refuse_operation(ApiCall& call, const AdminError& error);

/// One after the other, until one fails. `requests` is not empty.
void start_operations(ApiCall& call, std::vector<AdminRequest> requests, ApiOutcome outcome);
void start_operation(ApiCall& call, AdminRequest request, ApiOutcome outcome);

}  // namespace lepus::server
