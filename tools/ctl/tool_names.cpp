// See tool_names.h. A verb that is in no row is one of rabbitmqctl's.
#include "tools/ctl/tool_names.h"

#include <algorithm>
#include <array>

namespace lepus::ctl {

namespace {

enum Tool : unsigned {
  of_rabbitmqctl = 1,
  of_diagnostics = 2,
  of_queues = 4,
  of_streams = 8,
  of_upgrade = 16
};
constexpr unsigned of_every = of_rabbitmqctl | of_diagnostics | of_queues | of_streams | of_upgrade;
constexpr unsigned of_both = of_rabbitmqctl | of_diagnostics;

struct ToolName {
  std::string_view name;
  unsigned tool;
};
constexpr std::array tool_names{
    ToolName{"rabbitmqctl", of_rabbitmqctl},  ToolName{"rabbitmq-diagnostics", of_diagnostics},
    ToolName{"rabbitmq-queues", of_queues},   ToolName{"rabbitmq-streams", of_streams},
    ToolName{"rabbitmq-upgrade", of_upgrade},
};

struct VerbTools {
  std::string_view verb;
  unsigned tools;
};
constexpr std::array verb_tools{
    VerbTools{"alarms", of_diagnostics},
    VerbTools{"autocomplete", of_every},
    VerbTools{"await_online_quorum_plus_one", of_upgrade},
    VerbTools{"await_startup", of_both | of_upgrade},
    VerbTools{"bypass_status", of_diagnostics},
    VerbTools{"certificates", of_diagnostics},
    VerbTools{"check_alarms", of_diagnostics},
    VerbTools{"check_certificate_expiration", of_diagnostics},
    VerbTools{"check_for_quorum_queues_without_an_elected_leader", of_diagnostics},
    VerbTools{"check_if_any_deprecated_features_are_used", of_diagnostics},
    VerbTools{"check_if_node_is_quorum_critical", of_queues | of_upgrade},
    VerbTools{"check_local_alarms", of_diagnostics},
    VerbTools{"check_port_connectivity", of_diagnostics},
    VerbTools{"check_port_listener", of_diagnostics},
    VerbTools{"check_protocol_listener", of_diagnostics},
    VerbTools{"check_running", of_diagnostics},
    VerbTools{"check_virtual_hosts", of_diagnostics},
    VerbTools{"cipher_suites", of_diagnostics},
    VerbTools{"cluster_status", of_both},
    VerbTools{"command_line_arguments", of_diagnostics},
    VerbTools{"coordinator_status", of_streams},
    VerbTools{"drain", of_upgrade},
    VerbTools{"environment", of_both},
    VerbTools{"erlang_version", of_diagnostics},
    VerbTools{"help", of_every},
    VerbTools{"is_booting", of_diagnostics},
    VerbTools{"is_running", of_diagnostics},
    VerbTools{"list_bindings", of_both},
    VerbTools{"list_channels", of_both},
    VerbTools{"list_connections", of_both},
    VerbTools{"list_consumers", of_both},
    VerbTools{"list_exchanges", of_both},
    VerbTools{"list_network_interfaces", of_diagnostics},
    VerbTools{"list_node_auth_attempt_stats", of_diagnostics},
    VerbTools{"list_policies_that_match", of_diagnostics},
    VerbTools{"list_queues", of_both | of_queues},
    VerbTools{"list_unresponsive_queues", of_both},
    VerbTools{"listeners", of_diagnostics},
    VerbTools{"log_location", of_diagnostics},
    VerbTools{"log_tail", of_diagnostics},
    VerbTools{"log_tail_stream", of_diagnostics},
    VerbTools{"memory_breakdown", of_diagnostics},
    VerbTools{"metadata_store_status", of_diagnostics},
    VerbTools{"os_env", of_diagnostics},
    VerbTools{"peek", of_queues},
    VerbTools{"ping", of_both},
    VerbTools{"post_upgrade", of_upgrade},
    VerbTools{"quorum_status", of_queues},
    VerbTools{"rebalance", of_queues},
    VerbTools{"report", of_both},
    VerbTools{"revive", of_upgrade},
    VerbTools{"runtime_thread_stats", of_diagnostics},
    VerbTools{"server_version", of_diagnostics},
    VerbTools{"status", of_both},
    VerbTools{"stream_status", of_streams},
    VerbTools{"tls_versions", of_diagnostics},
    VerbTools{"version", of_every},
};

}  // namespace

bool is_listed(std::string_view program, std::string_view verb) {
  const auto tool = std::find_if(tool_names.begin(), tool_names.end(),
                                 [&](const ToolName& one) { return one.name == program; });
  if (tool == tool_names.end()) return true;
  const auto found = std::find_if(verb_tools.begin(), verb_tools.end(),
                                  [&](const VerbTools& one) { return one.verb == verb; });
  const unsigned tools = found == verb_tools.end() ? unsigned{of_rabbitmqctl} : found->tools;
  return (tools & tool->tool) != 0;
}

}  // namespace lepus::ctl
