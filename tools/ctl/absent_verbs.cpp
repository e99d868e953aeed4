// The verbs of RabbitMQ's tools that are not there, and why: whoever tries one is told what there
// is instead.
#include <algorithm>
#include <array>

#include "tools/ctl/verbs.h"

namespace lepus::ctl {

namespace {

struct AbsentVerb {
  std::string_view name;
  std::string_view why;
};
constexpr std::string_view later = "it is not built yet";
constexpr std::string_view erlang = "there is no Erlang here that could run it";
constexpr std::string_view anew =
    "there is no cluster to leave; to begin anew stop the broker and start it with an empty "
    "data_dir";
constexpr std::string_view cluster = "there are no clusters yet";
constexpr std::string_view plain_values =
    "values of the configuration are not encrypted; let only the broker's user read its file";
constexpr std::string_view no_federation = "federation is not there";
constexpr std::string_view stop_app_instead =
    "listeners cannot be closed alone: drain closes connections, too, revive opens them again";

constexpr std::array absent{
    AbsentVerb{"add_member", cluster},
    AbsentVerb{"add_replica", cluster},
    AbsentVerb{"cancel_sync_queue", cluster},
    AbsentVerb{"change_cluster_node_type", cluster},
    AbsentVerb{"consume_event_stream", "bind a queue to the exchange amq.rabbitmq.event"},
    AbsentVerb{"decode", plain_values},
    AbsentVerb{"decrypt_conf_value", plain_values},
    AbsentVerb{"delete_member", cluster},
    AbsentVerb{"delete_replica", cluster},
    AbsentVerb{"discover_peers", cluster},
    AbsentVerb{"encode", plain_values},
    AbsentVerb{"encrypt_conf_value", plain_values},
    AbsentVerb{"eval_file", erlang},
    AbsentVerb{"exec", erlang},
    AbsentVerb{"federation_status", no_federation},
    AbsentVerb{"force_boot", cluster},
    AbsentVerb{"force_checkpoint", cluster},
    AbsentVerb{"force_gc", erlang},
    AbsentVerb{"force_reset", anew},
    AbsentVerb{"forget_cluster_node", cluster},
    AbsentVerb{"grow", cluster},
    AbsentVerb{"has_reached_target_cluster_size", cluster},
    AbsentVerb{"hipe_compile", erlang},
    AbsentVerb{"join_cluster", cluster},
    AbsentVerb{"list_ciphers", plain_values},
    AbsentVerb{"list_hashes", plain_values},
    AbsentVerb{"maybe_stuck", erlang},
    AbsentVerb{"message_size_stats", later},
    AbsentVerb{"observer", erlang},
    AbsentVerb{"reclaim_quorum_memory", cluster},
    AbsentVerb{"rename_cluster_node", cluster},
    AbsentVerb{"reset", anew},
    AbsentVerb{"restart_federation_link", no_federation},
    AbsentVerb{"restart_stream", cluster},
    AbsentVerb{"resume_listeners", stop_app_instead},
    AbsentVerb{"schema_info", erlang},
    AbsentVerb{"set_stream_retention_policy", "set a policy with max-age or max-length-bytes"},
    AbsentVerb{"shrink", cluster},
    AbsentVerb{"suspend_listeners", stop_app_instead},
    AbsentVerb{"sync_queue", cluster},
    AbsentVerb{"transfer_leadership", cluster},
    AbsentVerb{"update_cluster_nodes", cluster},
    AbsentVerb{"wait", "await_startup waits"},
};

}  // namespace

std::string_view why_absent(std::string_view name) {
  const auto found = std::find_if(absent.begin(), absent.end(),
                                  [&](const AbsentVerb& verb) { return verb.name == name; });
  return found == absent.end() ? std::string_view{} : found->why;
}

std::vector<std::string_view> absent_verbs() {
  std::vector<std::string_view> names;
  for (const AbsentVerb& verb : absent) names.push_back(verb.name);
  return names;
}

}  // namespace lepus::ctl
