// Inside of the rules: one function per kind of request, and what they share. Use topology_rules.h
// from outside.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/topology/topology_rules.h"

namespace lepus::core {

/// What every rule looks at. The names of the request without CR and LF; the vhost exists.
struct RuleInput {
  const Topology& topology;
  const TopologyRequest& request;
  const VhostInfo& vhost;
  std::string name;
  std::string source;
  IdSource* ids;  ///< nullptr: only the kind of the decision is wanted.
};

Decision decide_declare_exchange(const RuleInput& in);
Decision decide_delete_exchange(const RuleInput& in);
Decision decide_declare_queue(const RuleInput& in);
Decision decide_bind(const RuleInput& in);
Decision decide_unbind(const RuleInput& in);

Decision refuse(ReplyCode code, std::string detail);
Decision refuse(AmqpError error);
Decision satisfied();
/// A decision of kind `changes`, still without any.
Decision changing();

/// 406 if what is to be made has larger arguments than limits::arguments_size_max.
std::optional<AmqpError> check_arguments_size(const TopologyRequest& request);
/// 403 for the exchange without a name.
std::optional<AmqpError> refuse_default_exchange(std::string_view name);
AmqpError missing_exchange(std::string_view name, const VhostInfo& vhost);
AmqpError missing_queue(std::string_view name, const VhostInfo& vhost);
AmqpError locked_queue(std::string_view name, const VhostInfo& vhost);
/// "inequivalent arg 'durable' for TITLE: received 'true' but current is 'false'".
AmqpError inequivalent(std::string_view property, std::string_view title, std::string_view received,
                       std::string_view current);
std::string_view bool_text(bool value);
bool has_reserved_prefix(std::string_view name);

}  // namespace lepus::core
