// Definitions out and in (tools/server/definitions/node_definitions.h).
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/limits.h"
#include "tools/server/admin/admin_operation.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::server {

namespace {

class ExportDefinitions final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    std::string text;
    const std::string error = host().export_definitions(text);
    if (!error.empty()) return fail(AdminFault::invalid, error);
    JsonWriter json;
    json.begin_object();
    json.field("definitions", text);
    json.end_object();
    done(json.take());
  }
};

/// The file's text is the argument. Warnings are in the answer. It waits until no other change of
/// what the catalog keeps is under way.
///
///   waiting -> read -> ask what to plan for -> at base_: plan -> carried out, or another base
class ImportDefinitions final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  ~ImportDefinitions() override {
    if (waits_) order().stop_waiting();
    if (base_) order().end_import(number());
  }
  void start() override {
    if (request().arguments.size() != 1)
      return fail(AdminFault::usage, "expected the text of a definitions file");
    order().await_import();
    waits_ = true;
  }
  bool has_work() const override {
    if (waits_) return order().may_import();
    return base_ && (broker().version() >= base_->version || broker().now() >= plan_at_);
  }
  core::Nanos next_look() const override { return base_ ? plan_at_ : core::never; }
  void work() override {
    if (waits_) return read();
    plan_for(*std::exchange(base_, std::nullopt));
  }
  void on_plan_done(const PlanOutcome& outcome) override {
    if (outcome.base) {
      base_ = outcome.base;
      plan_at_ = broker().now() + core::limits::plan_base_wait;
      return;
    }
    if (!outcome.error.empty())
      return fail(outcome.is_unavailable ? AdminFault::unavailable : AdminFault::invalid,
                  outcome.error);
    warnings_ = outcome.warnings;
    if (outcome.is_done) finish();
  }
  void on_topology_done(const core::TopologyDone& answer) override {
    if (answer.error != nullptr) return fail(AdminFault::unavailable, answer.error->detail);
    finish();
  }

 private:
  void read() {
    waits_ = false;
    order().stop_waiting();
    const auto vhost = request().options.find("vhost");
    AdminHost::Import read = host().read_import(
        {request().arguments[0], vhost == request().options.end() ? std::string{} : vhost->second,
         request().has("skip_invalid")});
    if (!read.error.empty()) return fail(AdminFault::invalid, std::move(read.error));
    planner_ = std::move(read.planner);
    order().begin_import(number());
    broker().tell_control(AskPlan{number(), std::make_unique<PlanRequest>()});
  }
  /// The replica may be past the base already, or never come to it: what was decided and cannot be
  /// stored is taken back. Then a new base is asked for.
  void plan_for(const PlanBase& base) {
    auto request = std::make_unique<PlanRequest>();
    if (++tries_ > core::limits::plan_tries_max) {
      request->planner = std::move(planner_);
    } else if (broker().version() == base.version) {
      request->base = base;
      request->plan = planner_->plan(broker().topology(), base.last_id);
    }
    broker().tell_control(AskPlan{number(), std::move(request)});
  }
  void finish() {
    JsonWriter json;
    json.begin_object();
    json.key("warnings");
    json.begin_array();
    for (const std::string& warning : warnings_) json.text(warning);
    json.end_array();
    json.end_object();
    done(json.take());
  }

  bool waits_ = false;
  std::unique_ptr<TopologyPlanner> planner_;
  std::optional<PlanBase> base_;  ///< To be planned for.
  core::Nanos plan_at_ = 0;       ///< At the latest.
  int tries_ = 0;
  std::vector<std::string> warnings_;
};

}  // namespace

OperationMaker find_definitions_operation(std::string_view verb) {
  if (verb == "export_definitions") return make_operation<ExportDefinitions>;
  if (verb == "import_definitions") return make_operation<ImportDefinitions>;
  return nullptr;
}

}  // namespace lepus::server
