// The broker without its process: clients are kept out and let in again, the configuration is read
// again. What RabbitMQ's tests and scripts do with stop_app and start_app.
#include <memory>
#include <string>

#include "core/limits.h"
#include "tools/server/admin/admin_eval.h"
#include "tools/server/admin/admin_operation.h"

namespace lepus::server {

namespace {

/// stop_app: done when no client is left and nobody listens. Queues and messages stay.
class StopApp final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    const ControlState& state = broker().state();
    if (state.is_suspended) return done("{}");
    if (!state.is_suspending && !state.is_serving)
      return fail(AdminFault::unavailable, "the broker is starting: await_startup waits for it");
    broker().tell_control(SuspendBroker{});
  }
  bool has_work() const override { return broker().state().is_suspended; }
  void work() override { done("{}"); }
};

/// start_app: done when clients can connect. An address that another process has is tried again
/// until limits::listen_wait is over; meanwhile the thread does its other work.
class StartApp final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override { go_on(); }
  bool has_work() const override {
    if (may_try()) return broker().now() >= next_try_;
    return broker().state().is_serving || !broker().state().is_running;
  }
  core::Nanos next_look() const override { return may_try() ? next_try_ : core::never; }
  void work() override { go_on(); }

 private:
  bool may_try() const { return broker().state().is_suspended && !is_listening_; }
  void go_on() {
    const ControlState& state = broker().state();
    if (state.is_serving) return done("{}");
    if (!state.is_running) return fail(AdminFault::unavailable, "the broker is stopping");
    if (!may_try()) return;
    const core::Nanos now = broker().now();
    if (give_up_ == 0) give_up_ = now + core::limits::listen_wait;
    AdminHost::ResumeOutcome outcome = host().resume(/*is_last_try=*/now >= give_up_);
    next_try_ = now + core::limits::listen_probe_interval;
    is_listening_ = outcome.state == AdminHost::Resumed::listening;
    if (outcome.state == AdminHost::Resumed::failed)
      fail(AdminFault::unavailable, std::move(outcome.error));
  }

  core::Nanos give_up_ = 0;    ///< Set by the first try.
  core::Nanos next_try_ = 0;   ///< Of an address that was in use.
  bool is_listening_ = false;  ///< The shards get the sockets.
};

class ReloadConfig final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    if (std::string error = host().reload(); !error.empty())
      return fail(AdminFault::invalid, std::move(error));
    done("{}");
  }
};

/// set_log_level [CATEGORY] LEVEL
class SetLogLevel final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    const auto& arguments = request().arguments;
    if (arguments.empty() || arguments.size() > 2)
      return fail(AdminFault::usage, "expected a level, or a category and a level");
    const std::string_view category = arguments.size() == 2 ? arguments[0] : std::string_view{};
    if (std::string error = host().set_log_level(category, arguments.back()); !error.empty())
      return fail(AdminFault::invalid, std::move(error));
    done("{}");
  }
};

/// eval EXPRESSION: those few that client libraries' tests and scripts send.
class Eval final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    if (request().arguments.size() != 1) return fail(AdminFault::usage, "expected an expression");
    Evaluated value = evaluate(request().arguments[0], {broker(), host(), node()});
    if (!value.error.empty()) return fail(AdminFault::unavailable, std::move(value.error));
    JsonWriter json;
    json.begin_object();
    json.field("value", value.text);
    json.end_object();
    result_ = json.take();
    ask_acknowledgements();
  }

 private:
  /// What was changed is known to the shards.
  void on_all_acknowledged() override { done(result_); }

  std::string result_;
};

}  // namespace

OperationMaker find_app_operation(std::string_view verb) {
  // Maintenance mode of one node, whose queues have nowhere to go: nobody connects, queues stay.
  if (verb == "stop_app" || verb == "drain") return make_operation<StopApp>;
  if (verb == "start_app" || verb == "revive") return make_operation<StartApp>;
  if (verb == "reload") return make_operation<ReloadConfig>;
  if (verb == "set_log_level") return make_operation<SetLogLevel>;
  if (verb == "eval") return make_operation<Eval>;
  return nullptr;
}

}  // namespace lepus::server
