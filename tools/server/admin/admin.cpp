// The table of what is under way. See admin.h.
#include "tools/server/admin/admin.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "core/limits.h"
#include "tools/server/admin/admin_audit.h"
#include "tools/server/admin/admin_operation.h"
#include "tools/server/admin/live/live_operations.h"
#include "tools/server/config/config.h"
#include "tools/server/definitions/definitions_warnings.h"

namespace lepus::server {

namespace {

void log_import(core::Log& log, const PlanOutcome& outcome) {
  log.write(core::LogLevel::info, core::LogCategory::general, "definitions imported",
            {{"file", "by the operator"},
             {"changes", outcome.change_count},
             {"users_and_others", outcome.row_count}});
  log_warnings(outcome.warnings, log);
}

/// While the broker stops, these alone are answered.
bool is_for_any_time(std::string_view verb) {
  return verb == "ping" || verb == "status" || verb == "stop" || verb == "shutdown";
}

/// Empty, or what of it is larger than any name, pattern or definition has to be. A file that is
/// imported comes as one argument, and so does the body of a message.
std::string check_sizes(const AdminRequest& request) {
  if (request.arguments.size() > core::limits::admin_arguments_max)
    return fmt::format("{} arguments: at most {} are taken", request.arguments.size(),
                       core::limits::admin_arguments_max);
  if (request.columns.size() > core::limits::admin_arguments_max)
    return fmt::format("{} columns: at most {} are taken", request.columns.size(),
                       core::limits::admin_arguments_max);
  const auto is_large = [](std::string_view text) {
    return text.size() > core::limits::admin_argument_max;
  };
  const bool has_file = request.verb == "import_definitions" || request.verb == "publish";
  bool any = is_large(request.verb) || is_large(request.vhost);
  any |= std::any_of(request.columns.begin(), request.columns.end(), is_large);
  any |= !has_file && std::any_of(request.arguments.begin(), request.arguments.end(), is_large);
  for (const auto& [name, value] : request.options) any |= is_large(name) || is_large(value);
  if (!any) return {};
  return fmt::format("an argument has more than {} bytes", core::limits::admin_argument_max);
}

}  // namespace

std::string_view fault_name(AdminFault fault) {
  switch (fault) {
    case AdminFault::usage:
      return "usage";
    case AdminFault::invalid:
      return "invalid";
    case AdminFault::not_found:
      return "not_found";
    case AdminFault::no_user:
      return "no_user";
    case AdminFault::exists:
      return "exists";
    case AdminFault::refused:
      return "refused";
    case AdminFault::denied:
      return "denied";
    case AdminFault::unavailable:
      return "unavailable";
    case AdminFault::internal:
      return "internal";
  }
  CHECK(false);
  return {};
}

Admin::Admin(BrokerView& broker, AdminHost& host, core::Log& log)
    : broker_(broker), host_(host), log_(log), node_(node_name(host.config())) {}

Admin::~Admin() = default;

std::uint32_t Admin::start(AdminRequest request, AdminSink& sink) {
  const std::uint32_t number = ++last_number_;
  if (std::string error = check_sizes(request); !error.empty()) {
    sink.on_error({AdminFault::usage, std::move(error)});
    return number;
  }
  const OperationMaker make = find_operation(request.verb);
  if (make == nullptr) {
    sink.on_error({AdminFault::usage, fmt::format("Command '{}' not found.", request.verb)});
    return number;
  }
  operations_.emplace(
      number, make({broker_, host_, sink, log_, order_, node_, number}, std::move(request)));
  waiting_.push_back({number, broker_.mark()});
  (void)begin_waiting();
  return number;
}

/// In the order in which they came.
bool Admin::begin_waiting() {
  bool began = false;
  for (; !waiting_.empty() && broker_.is_known(waiting_.front().mark); began = true) {
    const std::uint32_t number = waiting_.front().number;
    waiting_.pop_front();
    if (AdminOperation* operation = find(number)) operation->begin();
    settle(number);
  }
  return began;
}

void Admin::cancel(std::uint32_t number) { operations_.erase(number); }

void Admin::settle(std::uint32_t number) {
  const auto found = operations_.find(number);
  if (found != operations_.end() && found->second->is_finished()) operations_.erase(found);
}

AdminOperation* Admin::find(std::uint32_t number) {
  const auto found = operations_.find(number);
  return found == operations_.end() ? nullptr : found->second.get();
}

void Admin::on_stats(std::unique_ptr<core::StatsPage> page) {
  const auto number = static_cast<std::uint32_t>(page->number);
  if (AdminOperation* operation = find(number)) operation->on_part(std::move(page));
  settle(number);
}

void Admin::on_messages(std::unique_ptr<core::MessageResult> result) {
  const auto number = static_cast<std::uint32_t>(result->number);
  if (AdminOperation* operation = find(number)) operation->on_message_result(std::move(result));
  settle(number);
}

void Admin::on_reply(const core::Reply& reply) {
  if (AdminOperation* operation = find(reply.channel.slot)) operation->on_reply(reply);
  settle(reply.channel.slot);
}

void Admin::on_topology_done(const core::TopologyDone& done) {
  const std::uint32_t number = done.channel.slot;
  order_.end_import(number);
  if (AdminOperation* operation = find(number)) operation->on_topology_done(done);
  settle(number);
}

void Admin::on_access_done(const AccessDone& done) {
  order_.end_change();
  if (AdminOperation* operation = find(done.number)) operation->on_access_done(done.refusal.get());
  settle(done.number);
}

void Admin::on_plan_done(const PlanDone& done) {
  const PlanOutcome& outcome = *done.outcome;
  AdminOperation* operation = find(done.number);
  const bool is_given_up = outcome.base && operation == nullptr;
  if (!outcome.error.empty() || outcome.is_done || is_given_up) order_.end_import(done.number);
  if (outcome.error.empty() && !outcome.base) log_import(log_, outcome);
  if (operation != nullptr) operation->on_plan_done(outcome);
  settle(done.number);
}

void Admin::on_acknowledged(std::uint32_t number) {
  if (AdminOperation* operation = find(number)) operation->on_acknowledged();
  settle(number);
}

void Admin::on_backup_report(BackupReport& report) {
  const std::uint32_t number = report.number;
  if (AdminOperation* operation = find(number)) operation->on_backup_report(report);
  settle(number);
}

bool Admin::work() {
  bool worked = begin_waiting();
  for (AdminTransport* transport : transports_) worked |= transport->work();
  for (auto& [number, operation] : operations_) {
    if (!operation->may_work()) continue;
    operation->work();
    worked = true;
  }
  if (worked) std::erase_if(operations_, [](const auto& one) { return one.second->is_finished(); });
  return worked;
}

void Admin::flush() {
  for (AdminTransport* transport : transports_) transport->flush();
}

bool Admin::has_work() const {
  for (const AdminTransport* transport : transports_)
    if (transport->has_work()) return true;
  return std::any_of(operations_.begin(), operations_.end(),
                     [](const auto& one) { return one.second->may_work(); });
}

core::Nanos Admin::next_look() const {
  core::Nanos next = core::never;
  for (const auto& [number, operation] : operations_) next = std::min(next, operation->next_look());
  return next;
}

void Admin::stop() {
  for (AdminTransport* transport : transports_) transport->stop();
}

// --- Operations

OperationMaker find_operation(std::string_view verb) {
  if (const OperationMaker make = find_list_operation(verb)) return make;
  if (const OperationMaker make = find_change_operation(verb)) return make;
  if (const OperationMaker make = find_message_operation(verb)) return make;
  if (const OperationMaker make = find_live_operation(verb)) return make;
  if (const OperationMaker make = find_unreadable_operation(verb)) return make;
  if (const OperationMaker make = find_topology_operation(verb)) return make;
  if (const OperationMaker make = find_backup_operation(verb)) return make;
  if (const OperationMaker make = find_access_operation(verb)) return make;
  if (const OperationMaker make = find_app_operation(verb)) return make;
  if (const OperationMaker make = find_certificate_operation(verb)) return make;
  if (const OperationMaker make = find_health_operation(verb)) return make;
  if (const OperationMaker make = find_shovel_operation(verb)) return make;
  if (const OperationMaker make = find_quick_operation(verb)) return make;
  if (const OperationMaker make = find_status_operation(verb)) return make;
  if (const OperationMaker make = find_definitions_operation(verb)) return make;
  return find_node_operation(verb);
}

/// Whoever asked has left before the answer; what was asked of shards and the catalog goes on.
AdminOperation::~AdminOperation() {
  if (!finished_) log_change(place_.log, request_, has_begun_ ? "not waited for" : "not begun");
}

void AdminOperation::begin() {
  has_begun_ = true;
  if (!broker().state().is_running && !is_for_any_time(request_.verb))
    return fail(AdminFault::unavailable, "the broker is stopping");
  start();
}

void AdminOperation::on_acknowledged() {
  if (acknowledgements_due_ == 0) return on_unexpected("an acknowledgement");
  if (--acknowledgements_due_ == 0) on_all_acknowledged();
}

/// Whoever answers has a fault, or the request has: the operator hears of it, the broker goes on.
void AdminOperation::on_unexpected(std::string_view answer) {
  place_.log.write(core::LogLevel::error, core::LogCategory::general,
                   "an operator's request got an answer that it did not ask for",
                   {{"verb", request_.verb}, {"answer", answer}});
  if (finished_) return;
  fail(AdminFault::internal,
       fmt::format("'{}' got {}, which it did not ask for", request_.verb, answer));
}

void AdminOperation::ask_acknowledgements() {
  acknowledgements_due_ = broker().shard_count();
  broker().tell_control(AskAcknowledge{place_.number});
}

void AdminOperation::done(std::string_view result) {
  CHECK(!finished_);
  finished_ = true;
  log_change(place_.log, request_, "done");
  place_.sink.on_done(result);
}

void AdminOperation::fail(AdminFault fault, std::string text) {
  CHECK(!finished_);
  finished_ = true;
  log_change(place_.log, request_, text);
  place_.sink.on_error({fault, std::move(text)});
}

const core::VhostInfo* AdminOperation::find_vhost() {
  const core::VhostInfo* vhost = broker().topology().find_vhost(request_.vhost);
  if (vhost == nullptr)
    fail(AdminFault::not_found, fmt::format("Virtual host '{}' does not exist", request_.vhost));
  return vhost;
}

const core::QueueInfo* AdminOperation::find_queue(std::string_view name) {
  const core::VhostInfo* vhost = find_vhost();
  if (vhost == nullptr) return nullptr;
  const auto found = vhost->queues.find(name);
  if (found != vhost->queues.end()) return *found;
  fail(AdminFault::not_found, "Queue not found");
  return nullptr;
}

}  // namespace lepus::server
