// The rest of the table of verbs: those of rabbitmq-diagnostics, -queues, -streams and -upgrade
// that make sense on one node.
#include <array>

#include "tools/ctl/verbs.h"

namespace lepus::ctl {

namespace {

constexpr std::size_t listed_columns_max = 20;

constexpr std::array certificate_options{
    OptionSpec{"within", 0, "number", "within", "how soon is too soon"},
    OptionSpec{"unit", 0, "unit", "unit", "days, weeks (default), months or years"},
};
constexpr std::array cipher_options{
    OptionSpec{"format", 0, "format", "format", "openssl (default) or iana"},
};
constexpr std::array interface_options{
    OptionSpec{"offline", 0, "", "offline", "those that are down instead of those that are up"},
};
constexpr std::array match_options{
    OptionSpec{"object-type", 0, "type", "object_type", "queue (default) or exchange"},
};
constexpr std::array memory_options{
    OptionSpec{"unit", 0, "unit", "unit",
               "bytes, KB, MB, GB (default), TB, KiB, MiB or GiB, also as whole words"},
};
constexpr std::array tail_options{
    OptionSpec{"number", 'N', "number", "", "how many lines; default 50"},
};
constexpr std::array stream_options{
    OptionSpec{"duration", 'd', "seconds", "", "how long; default: until it is stopped"},
};
constexpr std::array leader_options{
    OptionSpec{"across-all-vhosts", 0, "", "", "in all virtual hosts"},
};
constexpr std::array flag_options{
    OptionSpec{"experimental", 0, "", "", "also experimental ones: there are none"},
    OptionSpec{"opt-in", 0, "", "", "the same"},
};
constexpr std::array deprecated_options{
    OptionSpec{"used", 0, "", "", "only those that are in use"},
};

constexpr std::array diagnostic_table{
    VerbSpec{section::monitoring, "check_certificate_expiration",
             "--within <number> [--unit <unit>] [--timeout <timeout>]",
             "Exits with 69 if a certificate of a TLS listener expires within the time", 0, 0,
             false, false, Answer::value, "Checking certificate expiration on node {node} ...",
             certificate_options},
    VerbSpec{section::monitoring, "check_for_quorum_queues_without_an_elected_leader",
             "[--vhost <vhost>] [--across-all-vhosts] [<pattern>]",
             "Every quorum queue has its leader here: always succeeds", 0, 1, false, true,
             Answer::value, "", leader_options},
    VerbSpec{section::monitoring, "check_if_any_deprecated_features_are_used",
             "[--timeout <timeout>]", "No feature is deprecated: always succeeds", 0, 0, false,
             false, Answer::value,
             "Checking if any deprecated features are used on node {node} ..."},
    VerbSpec{section::monitoring, "bypass_status", "[--timeout <timeout>]",
             "Displays the network device of the kernel bypass and what its shards count", 0, 0,
             false, false, Answer::table, "Status of the kernel bypass of node {node} ..."},
    VerbSpec{section::monitoring, "cipher_suites", "[--format openssl|iana] [--timeout <timeout>]",
             "Lists the cipher suites of TLS listeners", 0, 0, false, false, Answer::value,
             "Listing available cipher suites ...", cipher_options},
    VerbSpec{section::monitoring, "command_line_arguments", "[--timeout <timeout>]",
             "Displays the command line of the broker, passwords masked", 0, 0, false, false,
             Answer::value, ""},
    VerbSpec{section::monitoring, "coordinator_status", "",
             "Displays who coordinates streams: this node", 0, 0, false, false, Answer::table,
             "Status of the stream coordinator on node {node} ..."},
    VerbSpec{section::monitoring, "erlang_version", "[--timeout <timeout>]",
             "Reports that there is no Erlang", 0, 0, false, false, Answer::value,
             "Asking node {node} for its Erlang/OTP version ..."},
    VerbSpec{section::monitoring, "list_network_interfaces", "[--offline] [--timeout <timeout>]",
             "Lists the addresses of the machine's network interfaces", 0, 0, false, false,
             Answer::table, "Asking node {node} to report its network interfaces ...",
             interface_options},
    VerbSpec{section::monitoring, "list_node_auth_attempt_stats", "[--timeout <timeout>]",
             "Lists how many logins were tried, refused and accepted", 0, 0, false, false,
             Answer::table, "Listing authentication attempts for node {node} ..."},
    VerbSpec{section::monitoring, "list_policies_that_match",
             "[--vhost <vhost>] [--object-type queue|exchange] <name>",
             "Lists policies whose pattern matches, the one in effect first", 1, 1, false, true,
             Answer::table, "Listing policies that match {0} in vhost \"{vhost}\" ...",
             match_options},
    VerbSpec{section::monitoring, "list_unresponsive_queues", "[--timeout <timeout>]",
             "Asks every shard; queues of one that does not answer make it time out", 0, 0, false,
             false, Answer::table, "Listing unresponsive queues ..."},
    VerbSpec{section::monitoring, "log_tail", "[--number|-N <number>] [--timeout <timeout>]",
             "Prints the last lines of the log file", 0, 0, false, false, Answer::log_tail,
             "Last log lines of node {node} ...", tail_options},
    VerbSpec{section::monitoring, "log_tail_stream", "[--duration|-d <seconds>]",
             "Prints lines of the log file as they come", 0, 0, false, false, Answer::log_stream,
             "Streaming the log of node {node} ...", stream_options},
    VerbSpec{section::monitoring, "memory_breakdown", "[--unit <unit>] [--timeout <timeout>]",
             "Displays what memory is used for", 0, 0, false, false, Answer::table,
             "Reporting memory breakdown on node {node}...", memory_options},
    VerbSpec{section::monitoring, "metadata_store_status", "[--timeout <timeout>]",
             "Displays the state of the store of definitions", 0, 0, false, false, Answer::table,
             "Status of metadata store on node {node} ..."},
    VerbSpec{section::monitoring, "os_env", "[--timeout <timeout>]",
             "Lists LEPUS_ and RABBITMQ_ variables of the broker's environment", 0, 0, false, false,
             Answer::table, "Listing environment variables of node {node} ..."},
    VerbSpec{section::monitoring, "tls_versions", "[--timeout <timeout>]",
             "Lists the versions of TLS that listeners speak", 0, 0, false, false, Answer::value,
             "Listing all TLS versions supported on node {node} ..."},

    VerbSpec{section::configuration, "rotate_logs", "[--timeout <timeout>]",
             "Opens the log file anew under its name, after it was renamed", 0, 0, false, false,
             Answer::value, "Rotating logs for node {node} ..."},

    VerbSpec{section::features, "enable_feature_flag",
             "[--opt-in] [--experimental] <feature_flag> | all",
             "Succeeds if the flag exists: every feature is enabled from the start", 1, 1, false,
             false, Answer::value, "Enabling feature flag: {0} ...", flag_options},
    VerbSpec{section::features, "list_deprecated_features", "[--used] [<column>, ...]",
             "Lists deprecated features: none", 0, listed_columns_max, false, false, Answer::table,
             "Listing deprecated features ...", deprecated_options},
    VerbSpec{section::features, "list_feature_flags", "[<column>, ...]",
             "Lists RabbitMQ's feature flags, all enabled; columns: name, state, stability, "
             "provided_by, desc",
             0, listed_columns_max, false, false, Answer::table, "Listing feature flags ..."},

    VerbSpec{section::limits, "reconcile_vhosts", "", "All virtual hosts run: always succeeds", 0,
             0, false, false, Answer::value,
             "Will try to initiate virtual host reconciliation ..."},
    VerbSpec{section::limits, "restart_vhost", "[--vhost <vhost>]",
             "Succeeds if the virtual host exists: all of them always run", 0, 0, false, true,
             Answer::value, "Trying to restart vhost '{vhost}' on node '{node}' ..."},

    VerbSpec{section::queues, "peek", "[--vhost <vhost>] <queue> <position>",
             "Shows one message of a queue, counted from 1 at its head; it stays there", 2, 2,
             false, true, Answer::peeked,
             "Peeking at queue {0} in vhost {vhost} at position {1} ..."},
    VerbSpec{section::queues, "quorum_status", "[--vhost <vhost>] <queue>",
             "Displays the members of a quorum queue: this node leads", 1, 1, false, true,
             Answer::table, "Status of quorum queue {0} on node {node} ..."},
    VerbSpec{section::queues, "rebalance", "all | classic | quorum | stream",
             "Spreads leaders over nodes: with one there is nothing to move", 1, 1, false, false,
             Answer::value, "Rebalancing {0} queues ..."},
    VerbSpec{section::queues, "stream_status", "[--vhost <vhost>] <stream>",
             "Displays the members of a stream: this node writes", 1, 1, false, true, Answer::table,
             "Status of stream {0} on node {node} ..."},

    VerbSpec{section::upgrade, "await_online_quorum_plus_one", "[--timeout <timeout>]",
             "No queue waits for other nodes: always succeeds", 0, 0, false, false, Answer::value,
             "Will wait for a quorum + 1 of nodes to be online for all quorum queues ..."},
    VerbSpec{section::upgrade, "check_if_node_is_quorum_critical", "[--timeout <timeout>]",
             "The only node of a cluster is critical for nobody else: always succeeds", 0, 0, false,
             false, Answer::value, "Checking if node {node} is critical for quorum ..."},
    VerbSpec{section::upgrade, "drain", "[--timeout <timeout>]",
             "Puts the node into maintenance mode: listeners and connections are closed", 0, 0,
             false, false, Answer::nothing,
             "Will put node {node} into maintenance mode. The node will no longer serve any client "
             "traffic!"},
    VerbSpec{section::upgrade, "post_upgrade", "[--timeout <timeout>]",
             "Does nothing: with one node, an upgrade needs no further steps", 0, 0, false, false,
             Answer::value, "Executing post upgrade checks ..."},
    VerbSpec{section::upgrade, "revive", "[--timeout <timeout>]",
             "Ends maintenance mode: clients can connect again", 0, 0, false, false,
             Answer::nothing, "Will put node {node} back into regular operating mode ..."},
};

}  // namespace

std::span<const VerbSpec> diagnostic_verbs() { return diagnostic_table; }

}  // namespace lepus::ctl
