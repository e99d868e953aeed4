// Queues, exchanges and bindings, declared and removed for an operator: the same requests that
// channels send, by the same rules (core/topology/topology_rules.h). Judged on the replica here
// first; what changes something the control thread decides. Whether the user who asks may do it is
// for whoever carries his request.
//
//   declare_queue NAME [durable] [auto_delete] [arguments=JSON]
//   declare_exchange NAME TYPE [durable] [auto_delete] [internal] [arguments=JSON]
//   delete_exchange NAME [if_unused]
//   bind SOURCE DESTINATION [to_exchange] [key=..] [arguments=JSON]
//   unbind as bind
#include <array>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "core/limits.h"
#include "core/topology/topology_rules.h"
#include "tools/server/admin/admin_operation.h"
#include "tools/server/definitions/definitions_table.h"

namespace lepus::server {

namespace {

using core::TopologyRequest;
using Kind = TopologyRequest::Kind;

/// Empty, or what is wrong with them.
std::string read_arguments(const std::string& text, std::string& table) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (parser.parse(text).get(json) != simdjson::SUCCESS) return "arguments: this is no JSON";
  return read_table(json, "arguments", table);
}

struct TopologyVerb {
  std::string_view name;
  std::string_view expects;
  std::size_t arguments;
  Kind kind;
};
constexpr std::array topology_verbs{
    TopologyVerb{"declare_queue", "the name of a queue", 1, Kind::declare_queue},
    TopologyVerb{"declare_exchange", "the name of an exchange and its type", 2,
                 Kind::declare_exchange},
    TopologyVerb{"delete_exchange", "the name of an exchange", 1, Kind::delete_exchange},
    TopologyVerb{"bind", "an exchange and a destination", 2, Kind::bind_queue},
    TopologyVerb{"unbind", "an exchange and a destination", 2, Kind::unbind_queue},
};

const TopologyVerb* find_topology_verb(std::string_view name) {
  for (const TopologyVerb& verb : topology_verbs)
    if (verb.name == name) return &verb;
  return nullptr;
}

class ChangeTopology final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    const TopologyVerb* verb = find_topology_verb(request().verb);
    CHECK(verb != nullptr);
    if (request().arguments.size() != verb->arguments)
      return fail(AdminFault::usage, fmt::format("expected {}", verb->expects));
    const core::VhostInfo* vhost = find_vhost();
    if (vhost == nullptr) return;
    auto asked = std::make_unique<TopologyRequest>();
    asked->kind = verb->kind;
    asked->vhost = vhost->id;
    asked->user = request().user.empty() ? core::operator_name : std::string_view{request().user};
    asked->from = static_cast<core::ShardId>(number() % broker().shard_count());
    if (!read(*asked)) return;
    const core::Decision decision = core::decide(broker().topology(), *asked, nullptr);
    switch (decision.kind) {
      case core::Decision::Kind::error:
        return refuse(decision.error);
      case core::Decision::Kind::satisfied:
        return done("{}");
      case core::Decision::Kind::changes:
        broker().tell_control(core::TopologyAsk{broker().channel(number()), 0, std::move(asked)});
    }
  }
  void on_topology_done(const core::TopologyDone& answer) override {
    if (answer.error != nullptr) return refuse(*answer.error);
    done("{}");
  }

 private:
  /// False: fail() was called.
  bool read(TopologyRequest& asked) {
    const bool binds = asked.kind == Kind::bind_queue || asked.kind == Kind::unbind_queue;
    asked.name = core::strip_cr_lf(request().arguments[binds ? 1 : 0]);
    if (binds) asked.source = core::strip_cr_lf(request().arguments[0]);
    if (binds && request().has("to_exchange"))
      asked.kind = asked.kind == Kind::bind_queue ? Kind::bind_exchange : Kind::unbind_exchange;
    if (asked.kind == Kind::declare_exchange) asked.type = request().arguments[1];
    asked.durable = request().has("durable");
    asked.auto_delete = request().has("auto_delete");
    asked.internal = request().has("internal");
    asked.if_unused = request().has("if_unused");
    if (const auto key = request().options.find("key"); key != request().options.end())
      asked.key = key->second;
    for (const std::string& text : {asked.name, asked.source, asked.key, asked.type})
      if (text.size() > core::limits::name_size_max) {
        fail(AdminFault::invalid, fmt::format("a name or key has {} bytes, at most {} fit",
                                              text.size(), core::limits::name_size_max));
        return false;
      }
    if (asked.kind == Kind::declare_queue && asked.name.empty()) {
      fail(AdminFault::invalid, "a queue needs a name");
      return false;
    }
    asked.arguments = request().table;
    const auto arguments = request().options.find("arguments");
    std::string error = arguments == request().options.end()
                            ? std::string{}
                            : read_arguments(arguments->second, asked.arguments);
    if (!error.empty()) fail(AdminFault::invalid, error);
    return error.empty();
  }
  void refuse(const core::AmqpError& error) {
    AdminFault fault = AdminFault::invalid;
    if (error.code == core::ReplyCode::not_found) fault = AdminFault::not_found;
    if (error.code == core::ReplyCode::access_refused || error.code == core::ReplyCode::not_allowed)
      fault = AdminFault::denied;
    if (error.code == core::ReplyCode::resource_error ||
        error.code == core::ReplyCode::connection_forced)
      fault = AdminFault::unavailable;
    fail(fault, error.detail);
  }
};

}  // namespace

OperationMaker find_topology_operation(std::string_view verb) {
  return find_topology_verb(verb) == nullptr ? nullptr : make_operation<ChangeTopology>;
}

}  // namespace lepus::server
