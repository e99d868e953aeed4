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
constexpr std::string_view no_flags = "there are none: every feature is always enabled";
constexpr std::string_view plain_values =
    "values of the configuration are not encrypted; let only the broker's user read its file";
constexpr std::string_view no_vhost_process =
    "virtual hosts are no processes here: all of them run as long as the broker does";
constexpr std::string_view see_certificates = "certificates shows how long each is valid";
constexpr std::string_view see_openssl =
    "openssl ciphers lists them; ssl_options.ciphers and ssl_options.versions choose";
constexpr std::string_view tail_the_file = "log_location names the file: tail it";
constexpr std::string_view stop_app_instead =
    "listeners cannot be closed alone: stop_app closes connections, too, start_app opens them "
    "again";

constexpr std::array absent{
    AbsentVerb{"add_member", cluster},
    AbsentVerb{"add_replica", cluster},
    AbsentVerb{"await_online_quorum_plus_one", cluster},
    AbsentVerb{"cancel_sync_queue", cluster},
    AbsentVerb{"change_cluster_node_type", cluster},
    AbsentVerb{"check_certificate_expiration", see_certificates},
    AbsentVerb{"check_for_quorum_queues_without_an_elected_leader", cluster},
    AbsentVerb{"check_if_any_deprecated_features_are_used", no_flags},
    AbsentVerb{"check_if_node_is_quorum_critical", cluster},
    AbsentVerb{"cipher_suites", see_openssl},
    AbsentVerb{"command_line_arguments", "ps shows them"},
    AbsentVerb{"consume_event_stream", "bind a queue to the exchange amq.rabbitmq.event"},
    AbsentVerb{"coordinator_status", cluster},
    AbsentVerb{"decode", plain_values},
    AbsentVerb{"decrypt_conf_value", plain_values},
    AbsentVerb{"delete_member", cluster},
    AbsentVerb{"delete_replica", cluster},
    AbsentVerb{"disable_vhost_deletion_protection", later},
    AbsentVerb{"discover_peers", cluster},
    AbsentVerb{"drain", stop_app_instead},
    AbsentVerb{"enable_vhost_deletion_protection", later},
    AbsentVerb{"encode", plain_values},
    AbsentVerb{"encrypt_conf_value", plain_values},
    AbsentVerb{"erlang_version", erlang},
    AbsentVerb{"eval_file", erlang},
    AbsentVerb{"exec", erlang},
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
    AbsentVerb{"list_deprecated_features", no_flags},
    AbsentVerb{"list_feature_flags", no_flags},
    AbsentVerb{"list_hashes", plain_values},
    AbsentVerb{"list_network_interfaces", "ip address lists them"},
    AbsentVerb{"list_node_auth_attempt_stats", "lepusctl status has them (auth_attempts)"},
    AbsentVerb{"list_policies_that_match",
               "list_queues name policy operator_policy shows which ones count"},
    AbsentVerb{"list_unresponsive_queues",
               "queues are no processes that could hang: list_queues waits for a shard that does "
               "not answer"},
    AbsentVerb{"log_tail", tail_the_file},
    AbsentVerb{"log_tail_stream", tail_the_file},
    AbsentVerb{"maybe_stuck", erlang},
    AbsentVerb{"memory_breakdown",
               "status has what is accounted for and what the process occupies"},
    AbsentVerb{"message_size_stats", later},
    AbsentVerb{"metadata_store_status", "the catalog is a file of SQLite in data_dir"},
    AbsentVerb{"observer", erlang},
    AbsentVerb{"os_env", "/proc/PID/environ has it"},
    AbsentVerb{"peek", "get shows the messages at the head of a queue"},
    AbsentVerb{"post_upgrade", cluster},
    AbsentVerb{"quorum_status", cluster},
    AbsentVerb{"rebalance", cluster},
    AbsentVerb{"reclaim_quorum_memory", cluster},
    AbsentVerb{"reconcile_vhosts", no_vhost_process},
    AbsentVerb{"rename_cluster_node", cluster},
    AbsentVerb{"reset", anew},
    AbsentVerb{"restart_stream", cluster},
    AbsentVerb{"restart_vhost", no_vhost_process},
    AbsentVerb{"resume_listeners", stop_app_instead},
    AbsentVerb{"revive", stop_app_instead},
    AbsentVerb{"rotate_logs", "reload opens the log file anew"},
    AbsentVerb{"schema_info", erlang},
    AbsentVerb{"set_cluster_name", "set the key cluster_name and reload"},
    AbsentVerb{"set_stream_retention_policy", "set a policy with max-age or max-length-bytes"},
    AbsentVerb{"shrink", cluster},
    AbsentVerb{"stream_status", cluster},
    AbsentVerb{"suspend_listeners", stop_app_instead},
    AbsentVerb{"sync_queue", cluster},
    AbsentVerb{"tls_versions", see_openssl},
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
