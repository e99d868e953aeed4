// The table of what is under way. See admin.h.
#include "tools/server/admin/admin.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "core/limits.h"
#include "tools/server/admin/admin_audit.h"
#include "tools/server/admin/admin_operation.h"
#include "tools/server/config/config.h"

namespace lepus::server {

namespace {

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
    case AdminFault::unavailable:
      return "unavailable";
    case AdminFault::internal:
      return "internal";
  }
  CHECK(false);
  return {};
}

Admin::Admin(Control& control, AdminHost& host, core::Log& log)
    : control_(control), host_(host), log_(log), node_(node_name(host.config())) {
  control_.set_admin(this);
}

Admin::~Admin() { control_.set_admin(nullptr); }

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
  if (!control_.is_running() && !is_for_any_time(request.verb)) {
    sink.on_error({AdminFault::unavailable, "the broker is stopping"});
    return number;
  }
  auto operation = make({control_, host_, sink, log_, node_, number}, std::move(request));
  operation->start();
  if (!operation->is_finished()) operations_.emplace(number, std::move(operation));
  return number;
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
  if (AdminOperation* operation = find(done.channel.slot)) operation->on_topology_done(done);
  settle(done.channel.slot);
}

bool Admin::work() {
  bool worked = false;
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

// --- Operations

OperationMaker find_operation(std::string_view verb) {
  if (const OperationMaker make = find_list_operation(verb)) return make;
  if (const OperationMaker make = find_change_operation(verb)) return make;
  if (const OperationMaker make = find_message_operation(verb)) return make;
  if (const OperationMaker make = find_access_operation(verb)) return make;
  if (const OperationMaker make = find_app_operation(verb)) return make;
  if (const OperationMaker make = find_health_operation(verb)) return make;
  if (const OperationMaker make = find_status_operation(verb)) return make;
  return find_node_operation(verb);
}

/// Whoever asked has left before the answer; what was asked of shards and the catalog goes on.
AdminOperation::~AdminOperation() {
  if (!finished_) log_change(place_.log, request_, "not waited for");
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
  const core::VhostInfo* vhost = control().topology().find_vhost(request_.vhost);
  if (vhost == nullptr)
    fail(AdminFault::not_found, fmt::format("Virtual host '{}' does not exist", request_.vhost));
  return vhost;
}

const core::QueueInfo* AdminOperation::find_queue(std::string_view name) {
  const core::VhostInfo* vhost = find_vhost();
  if (vhost == nullptr) return nullptr;
  const auto found = vhost->queues.find(name);
  if (found != vhost->queues.end()) return found->second;
  fail(AdminFault::not_found, "Queue not found");
  return nullptr;
}

}  // namespace lepus::server
