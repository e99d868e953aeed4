// The table of verbs.
#include "tools/ctl/verbs.h"

#include <algorithm>
#include <array>

namespace lepus::ctl {

namespace {

constexpr std::size_t many = 1000;

constexpr std::array queue_list_options{
    OptionSpec{"online", 0, "", "", "lists only queues on online (reachable) nodes: all"},
    OptionSpec{"offline", 0, "", "", "lists only queues on offline (unreachable) nodes: none"},
    OptionSpec{"local", 0, "", "", "only return queues hosted on the target node: all"},
};
constexpr std::array delete_queue_options{
    OptionSpec{"if-empty", 'e', "", "if_empty", "delete the queue if it is empty"},
    OptionSpec{"if-unused", 'u', "", "if_unused", "delete the queue if it has no consumers"},
};
constexpr std::array close_all_options{
    OptionSpec{"global", 0, "", "global", "connections of all virtual hosts"},
    OptionSpec{"limit", 0, "number", "limit", "close at most so many; 0: no limit"},
};
constexpr std::array publish_options{
    OptionSpec{"exchange", 0, "exchange", "exchange",
               "where to publish; default: amq.default, by "
               "queue name"},
    OptionSpec{"routing-key", 0, "key", "routing_key", "routing key, or the name of a queue"},
    OptionSpec{"properties", 0, "json", "properties",
               "like {\"delivery_mode\":2,\"headers\":{\"a\":1}}"},
    OptionSpec{"headers", 0, "json", "headers", "the headers alone, like {\"a\":1}"},
    OptionSpec{"file", 0, "path", "", "holds the body; -: standard input"},
};
constexpr std::array get_options{
    OptionSpec{"count", 0, "number", "count", "messages to show at most; default 1"},
    OptionSpec{"ack-mode", 0, "mode", "ack_mode",
               "peek (default): they stay in the queue; ack: they are gone; reject: they are "
               "dropped or dead-lettered"},
    OptionSpec{"encoding", 0, "encoding", "encoding",
               "auto (default): a body that is no UTF-8 text is shown as base64; base64: all are"},
    OptionSpec{"truncate", 0, "bytes", "truncate", "shows so much of each body"},
};
constexpr std::array tune_options{
    OptionSpec{"dry-run", 0, "", "", "says what would be written, and writes nothing"},
    OptionSpec{"data-dir", 0, "path", "", "the broker's; its disk is looked at"},
    OptionSpec{"irq-cpus", 0, "list", "", "like 0-1: where interrupts of network cards go"},
    OptionSpec{"interface", 0, "name", "", "only this card's"},
};
constexpr std::array connectivity_options{
    OptionSpec{"address", 0, "address", "", "connects there instead of each listener's interface"},
};
constexpr std::array add_vhost_options{
    OptionSpec{"description", 0, "text", "description", "what it is for"},
    OptionSpec{"default-queue-type", 0, "type", "default_queue_type",
               "of queues that are declared without one"},
};
constexpr std::array vhost_options{
    add_vhost_options[0],
    add_vhost_options[1],
    OptionSpec{"tags", 0, "tags", "tags", "separated by commas; all others go"},
};
constexpr std::array policy_options{
    OptionSpec{"priority", 0, "priority", "priority", "the highest that matches counts; default 0"},
    OptionSpec{"apply-to", 0, "type", "apply_to",
               "all, queues, classic_queues, quorum_queues, streams, exchanges"},
};
constexpr std::array vhost_limits_options{
    OptionSpec{"global", 0, "", "global", "limits of all virtual hosts"},
};
constexpr std::array user_limits_options{
    OptionSpec{"global", 0, "", "", "limits of all users (as without an option)"},
    OptionSpec{"user", 0, "username", "user", "limits of this user"},
};
constexpr std::array file_options{
    OptionSpec{"format", 0, "json", "", "json is the only one"},
};
constexpr std::array import_options{
    file_options[0],
    OptionSpec{"skip-invalid", 0, "", "skip_invalid",
               "imports what can be taken and reports the rest, whatever "
               "load_definitions.on_unsupported says"},
};
constexpr std::array shutdown_options{
    OptionSpec{"wait", 0, "", "", "wait until the process has ended (as it does anyway)"},
    OptionSpec{"no-wait", 0, "", "", "do not wait"},
};
constexpr std::array stop_options{
    OptionSpec{"idempotent", 0, "", "", "no error when the broker does not run"},
};

constexpr std::array table{
    VerbSpec{section::help, "autocomplete", "bash|zsh|fish|<prefix>",
             "Writes a completion script for the shell, or lists the commands that begin with the "
             "prefix",
             1, 1, false, false, Answer::local, ""},
    VerbSpec{section::help, "help", "[<command>]", "Displays usage information for a command", 0, 1,
             false, false, Answer::local, ""},
    VerbSpec{section::help, "version", "", "Displays the version of this tool", 0, 0, false, false,
             Answer::local, ""},

    VerbSpec{section::nodes, "await_online_nodes", "<count>",
             "Succeeds if the count is 1 and clients can connect, as there is one node; else "
             "exits with 69",
             1, 1, false, false, Answer::value,
             "Will wait for at least {0} nodes to come online ..."},
    VerbSpec{section::nodes, "await_startup", "[--timeout <timeout>]",
             "Waits until the broker has started and clients can connect", 0, 0, false, false,
             Answer::nothing, ""},
    VerbSpec{section::nodes, "start_app", "[--timeout <timeout>]",
             "Lets clients connect again after stop_app", 0, 0, false, false, Answer::nothing,
             "Starting node {node} ..."},
    VerbSpec{section::nodes, "stop_app", "[--timeout <timeout>]",
             "Closes listeners and connections; the process, its queues and their messages stay", 0,
             0, false, false, Answer::nothing, "Stopping rabbit application on node {node} ..."},
    VerbSpec{section::nodes, "shutdown", "[--wait] [--no-wait]",
             "Stops the broker and waits for the end of its process", 0, 0, false, false,
             Answer::end, "Shutting down node {node} ...", shutdown_options},
    VerbSpec{section::nodes, "stop", "[--idempotent] [<pidfile>]",
             "Stops the broker and waits for the end of its process", 0, 1, false, false,
             Answer::end, "Stopping node {node} ...", stop_options},

    VerbSpec{section::access, "add_user", "<username> [<password>]",
             "Creates a new user; a password that is left out is read from standard input", 1, 2,
             false, false, Answer::nothing, "Adding user \"{0}\" ..."},
    VerbSpec{section::access, "add_vhost",
             "<vhost> [--description <description>] [--default-queue-type <type>]",
             "Creates a virtual host", 1, 1, false, false, Answer::nothing,
             "Adding vhost \"{0}\" ...", add_vhost_options},
    VerbSpec{section::access, "authenticate_user", "<username> [<password>]",
             "Checks a password, and exits with 65 if it is wrong; if it is left out, it is "
             "read from standard input",
             1, 2, false, false, Answer::value, "Authenticating user \"{0}\" ..."},
    VerbSpec{section::access, "change_password", "<username> [<password>]",
             "Changes the user password; if it is left out, it is read from standard input", 1, 2,
             false, false, Answer::nothing, "Changing password for user \"{0}\" ..."},
    VerbSpec{section::access, "clear_password", "<username>",
             "Clears (resets) password and disables password login for a user", 1, 1, false, false,
             Answer::nothing, "Clearing password for user \"{0}\" ..."},
    VerbSpec{section::access, "clear_permissions", "[--vhost <vhost>] <username>",
             "Revokes user permissions for a vhost", 1, 1, false, true, Answer::nothing,
             "Clearing permissions for user \"{0}\" in vhost \"{vhost}\" ..."},
    VerbSpec{
        section::access, "clear_topic_permissions", "[--vhost <vhost>] <username> [<exchange>]",
        "Clears user topic permissions for a vhost or exchange", 1, 2, false, true, Answer::nothing,
        "Clearing topic permissions for user \"{0}\" in vhost \"{vhost}\" ..."},
    VerbSpec{section::access, "delete_user", "<username>",
             "Removes a user from the internal database", 1, 1, false, false, Answer::nothing,
             "Deleting user \"{0}\" ..."},
    VerbSpec{section::access, "delete_vhost", "<vhost>",
             "Deletes a virtual host with all that is in it", 1, 1, false, false, Answer::nothing,
             "Deleting vhost \"{0}\" ..."},
    VerbSpec{section::access, "hash_password", "[<password>]",
             "Prints the password_hash for definitions files (rabbit_password_hashing_sha256); "
             "a password that is left out is read from standard input",
             0, 1, false, false, Answer::local, ""},
    VerbSpec{section::access, "list_permissions", "[--vhost <vhost>] [--no-table-headers]",
             "Lists user permissions in a virtual host", 0, 0, false, true, Answer::rows,
             "Listing permissions for vhost \"{vhost}\" ..."},
    VerbSpec{section::access, "list_topic_permissions", "[--vhost <vhost>] [--no-table-headers]",
             "Lists topic permissions in a virtual host", 0, 0, false, true, Answer::rows,
             "Listing topic permissions for vhost \"{vhost}\" ..."},
    VerbSpec{section::access, "list_user_permissions", "<username> [--no-table-headers]",
             "Lists permissions of a user across all virtual hosts", 1, 1, false, false,
             Answer::rows, "Listing permissions for user \"{0}\" ..."},
    VerbSpec{section::access, "list_user_topic_permissions", "<username> [--no-table-headers]",
             "Lists user topic permissions", 1, 1, false, false, Answer::rows,
             "Listing topic permissions for user \"{0}\" ..."},
    VerbSpec{section::access, "list_users", "[--no-table-headers] [--timeout <timeout>]",
             "List user names and tags", 0, 0, false, false, Answer::rows, "Listing users ..."},
    VerbSpec{section::access, "list_vhosts",
             "[--no-table-headers] [<column>, ...] [--timeout <timeout>]", "Lists virtual hosts", 0,
             many, true, false, Answer::rows, "Listing vhosts ..."},
    VerbSpec{section::access, "set_permissions",
             "[--vhost <vhost>] <username> <conf> <write> <read>",
             "Sets user permissions for a vhost", 4, 4, false, true, Answer::nothing,
             "Setting permissions for user \"{0}\" in vhost \"{vhost}\" ..."},
    VerbSpec{section::access, "set_permissions_globally", "<username> <conf> <write> <read>",
             "Sets user permissions for all virtual hosts there are", 4, 4, false, false,
             Answer::nothing, "Setting permissions for user \"{0}\" in all virtual hosts ..."},
    VerbSpec{section::access, "set_topic_permissions",
             "[--vhost <vhost>] <username> <exchange> <write> <read>",
             "Sets user topic permissions for an exchange", 4, 4, false, true, Answer::nothing,
             "Setting topic permissions on \"{1}\" for user \"{0}\" in vhost \"{vhost}\" ..."},
    VerbSpec{section::access, "set_user_tags", "<username> [<tag> ...]", "Sets user tags", 1, many,
             false, false, Answer::nothing, "Setting tags for user \"{0}\" ..."},

    VerbSpec{section::monitoring, "alarms", "[--timeout <timeout>]", "Lists alarms", 0, 0, false,
             false, Answer::value, "Node {node} reports alarms ..."},
    VerbSpec{section::monitoring, "certificates", "[--timeout <timeout>]",
             "Shows the certificates of TLS listeners, and how long each is valid", 0, 0, false,
             false, Answer::value, "Certificates of node {node} ..."},
    VerbSpec{section::monitoring, "check_alarms", "[--timeout <timeout>]",
             "Exits with 69 when there is an alarm", 0, 0, false, false, Answer::value,
             "Asking node {node} to report any alarms in effect ..."},
    VerbSpec{section::monitoring, "check_local_alarms", "[--timeout <timeout>]",
             "Exits with 69 when there is an alarm on this node", 0, 0, false, false, Answer::value,
             "Asking node {node} to report any local resource alarms ..."},
    VerbSpec{section::monitoring, "check_port_connectivity", "[--address <address>]",
             "Exits with 69 when a listener's port takes no TCP connection from this machine", 0, 0,
             false, false, Answer::connectivity,
             "Testing TCP connections to all active listeners on node {node} ...",
             connectivity_options},
    VerbSpec{section::monitoring, "check_port_listener", "<port>",
             "Exits with 69 when nobody listens on the port", 1, 1, false, false, Answer::value,
             "Asking node {node} if there's an active listener on port {0} ..."},
    VerbSpec{section::monitoring, "check_protocol_listener", "<protocol>",
             "Exits with 69 when nobody listens for the protocol", 1, 1, false, false,
             Answer::value,
             "Asking node {node} if there's an active listener for protocol {0} ..."},
    VerbSpec{section::monitoring, "check_running", "[--timeout <timeout>]",
             "Exits with 69 when clients cannot connect", 0, 0, false, false, Answer::value,
             "Checking if RabbitMQ is running on node {node} ..."},
    VerbSpec{section::monitoring, "check_virtual_hosts", "[--timeout <timeout>]",
             "All virtual hosts run as long as the broker does", 0, 0, false, false, Answer::value,
             "Checking if all vhosts are running on node {node} ..."},
    VerbSpec{section::monitoring, "cluster_status", "[--timeout <timeout>]",
             "Displays the cluster, which is this node", 0, 0, false, false, Answer::cluster_status,
             "Cluster status of node {node} ..."},
    VerbSpec{section::monitoring, "is_booting", "[--timeout <timeout>]",
             "Says whether the broker starts", 0, 0, false, false, Answer::value,
             "Asking node {node} for its status ..."},
    VerbSpec{section::monitoring, "is_running", "[--timeout <timeout>]",
             "Says whether clients can connect", 0, 0, false, false, Answer::value,
             "Asking node {node} for its status ..."},
    VerbSpec{section::monitoring, "listeners", "[--timeout <timeout>]", "Lists active listeners", 0,
             0, false, false, Answer::value,
             "Asking node {node} to report its protocol listeners ..."},
    VerbSpec{section::monitoring, "list_bindings",
             "[--vhost <vhost>] [--no-table-headers] [<column>, ...] [--timeout <timeout>]",
             "Lists all bindings on a vhost", 0, many, true, true, Answer::rows,
             "Listing bindings for vhost {vhost}..."},
    VerbSpec{section::monitoring, "list_channels",
             "[--no-table-headers] [<column>, ...] [--timeout <timeout>]",
             "Lists all channels in the node", 0, many, true, false, Answer::rows,
             "Listing channels ..."},
    VerbSpec{section::monitoring, "list_connections",
             "[--no-table-headers] [<column>, ...] [--timeout <timeout>]",
             "Lists AMQP 0.9.1 connections for the node", 0, many, true, false, Answer::rows,
             "Listing connections ..."},
    VerbSpec{section::monitoring, "list_consumers",
             "[--vhost <vhost>] [--no-table-headers] [<column>, ...] [--timeout <timeout>]",
             "Lists all consumers for a vhost", 0, many, true, true, Answer::rows,
             "Listing consumers in vhost {vhost} ..."},
    VerbSpec{section::monitoring, "list_exchanges",
             "[--vhost <vhost>] [--no-table-headers] [<column>, ...] [--timeout <timeout>]",
             "Lists exchanges", 0, many, true, true, Answer::rows,
             "Listing exchanges for vhost {vhost} ..."},
    VerbSpec{section::monitoring, "list_queues",
             "[--vhost <vhost>] [--online] [--offline] [--local] [--no-table-headers] "
             "[<column>, ...] [--timeout <timeout>]",
             "Lists queues and their properties", 0, many, true, true, Answer::rows,
             "Listing queues for vhost {vhost} ...", queue_list_options},
    VerbSpec{section::monitoring, "log_location", "[--timeout <timeout>]",
             "Shows where the log is written: a file, <stdout> or <stderr>", 0, 0, false, false,
             Answer::value, "Log file location(s) on node {node}:"},
    VerbSpec{section::monitoring, "node_health_check", "[--timeout <timeout>]",
             "Exits with 69 when clients cannot connect, as check_running", 0, 0, false, false,
             Answer::value, "Performing a health check on node {node} ..."},
    VerbSpec{section::monitoring, "ping", "[--timeout <timeout>]",
             "Checks that the broker's process is up and answers", 0, 0, false, false, Answer::ping,
             "Will ping {node}."},
    VerbSpec{section::monitoring, "report", "[--timeout <timeout>]",
             "Prints a full report on the node and each virtual host", 0, 0, false, false,
             Answer::local, ""},
    VerbSpec{section::monitoring, "runtime_thread_stats",
             "[--no-table-headers] [<column>, ...] [--timeout <timeout>]",
             "Shows how long the turns of each thread are, and what the longest one did", 0, many,
             true, false, Answer::rows, "Asking node {node} for the turns of its threads ..."},
    VerbSpec{section::monitoring, "server_version", "[--timeout <timeout>]",
             "Displays the version that clients see", 0, 0, false, false, Answer::value,
             "Asking node {node} for its RabbitMQ version ..."},
    VerbSpec{section::monitoring, "status", "[--timeout <timeout>]", "Displays status of a node", 0,
             0, false, false, Answer::status, "Status of node {node} ..."},

    VerbSpec{section::configuration, "environment", "[--timeout <timeout>]",
             "Displays the name and value of each configuration key", 0, 0, false, false,
             Answer::environment, "Configuration of node {node} ..."},
    VerbSpec{section::configuration, "eval", "<expression>",
             "Evaluates one of the few Erlang expressions that tests and scripts send", 1, 1, false,
             false, Answer::value, ""},
    VerbSpec{section::configuration, "reload", "",
             "Reads the configuration again and reopens the log, as SIGHUP does", 0, 0, false,
             false, Answer::nothing, "Reloading the configuration of node {node} ..."},
    VerbSpec{section::configuration, "reload_certificates", "",
             "Reads the certificates of TLS listeners again, for new connections", 0, 0, false,
             false, Answer::nothing, "Reloading the certificates of node {node} ..."},
    VerbSpec{section::configuration, "set_cluster_name", "<name>",
             "Sets the cluster name that clients see, for new connections", 1, 1, false, false,
             Answer::nothing, "Setting cluster name to {0} ..."},
    VerbSpec{section::configuration, "set_disk_free_limit",
             "<disk_limit> | mem_relative <fraction>",
             "Sets the disk_free_limit setting, until the broker ends or reloads", 1, 2, false,
             false, Answer::nothing, "Setting disk free limit on {node} to {arguments} ..."},
    VerbSpec{section::configuration, "set_log_level", "[<category>] <log_level>",
             "Sets the level of a category, or of all of them, until the broker ends or reloads", 1,
             2, false, false, Answer::nothing, "Setting log level to \"{last}\" ..."},
    VerbSpec{section::configuration, "trace_off", "[--vhost <vhost>]",
             "Stops the firehose of a virtual host", 0, 0, false, true, Answer::nothing,
             "Stopping tracing for vhost \"{vhost}\" ..."},
    VerbSpec{
        section::configuration, "trace_on", "[--vhost <vhost>]",
        "Starts the firehose of a virtual host, until the broker ends: amq.rabbitmq.trace gets "
        "a copy of each message",
        0, 0, false, true, Answer::nothing, "Starting tracing for vhost \"{vhost}\" ..."},
    VerbSpec{section::configuration, "tune",
             "list|check|apply|undo [--dry-run] [--data-dir <path>] [--irq-cpus <list>] "
             "[--interface <name>]",
             "Shows kernel settings that make a broker faster or safer, applies them until the "
             "next boot, or undoes that; check exits with 65 if one differs",
             1, 1, false, false, Answer::local, "", tune_options},
    VerbSpec{
        section::configuration, "set_vm_memory_high_watermark", "<fraction> | absolute <value>",
        "Sets the vm_memory_high_watermark setting, until the broker ends or reloads", 1, 2, false,
        false, Answer::nothing, "Setting memory threshold on {node} to {arguments} ..."},

    VerbSpec{section::definitions, "export_definitions", "<file_path | \"-\"> [--format json]",
             "Exports definitions in JSON", 1, 1, false, false, Answer::definitions,
             "Exporting definitions in JSON to a file at \"{0}\" ...", file_options},
    VerbSpec{section::definitions, "import_definitions",
             "<file_path | \"-\"> [--format json] [--vhost <vhost>] [--skip-invalid]",
             "Imports definitions in JSON, all of them or none, and lists every problem; a "
             "file of a single virtual host needs --vhost",
             1, 1, false, true, Answer::nothing,
             "Importing definitions in JSON from a file at \"{0}\" ...", import_options},

    VerbSpec{section::operations, "close_all_connections",
             "[--vhost <vhost> | --global] [--limit <limit>] <explanation>",
             "Closes all connections of a virtual host, or of the whole node", 1, 1, false, true,
             Answer::closed, "Closing all connections, reason: {0}...", close_all_options},
    VerbSpec{section::operations, "close_all_user_connections", "<username> <explanation>",
             "Closes all connections of a user", 2, 2, false, false, Answer::closed,
             "Closing all connections of user {0}, reason: {1}..."},
    VerbSpec{section::operations, "close_connection", "<connection pid> <explanation>",
             "Closes a connection, given its pid from list_connections", 2, 2, false, false,
             Answer::nothing, "Closing connection {0}, reason: {1}..."},

    VerbSpec{section::policies, "clear_operator_policy", "[--vhost <vhost>] <name>",
             "Clears an operator policy", 1, 1, false, true, Answer::nothing,
             "Clearing operator policy \"{0}\" on vhost \"{vhost}\" ..."},
    VerbSpec{section::policies, "clear_policy", "[--vhost <vhost>] <name>",
             "Clears (removes) a policy", 1, 1, false, true, Answer::nothing,
             "Clearing policy \"{0}\" on vhost \"{vhost}\" ..."},
    VerbSpec{section::policies, "list_operator_policies", "[--vhost <vhost>] [--no-table-headers]",
             "Lists operator policy overrides for a virtual host", 0, 0, false, true, Answer::rows,
             "Listing operator policy overrides for vhost \"{vhost}\" ..."},
    VerbSpec{section::policies, "list_policies", "[--vhost <vhost>] [--no-table-headers]",
             "Lists all policies in a virtual host", 0, 0, false, true, Answer::rows,
             "Listing policies for vhost \"{vhost}\" ..."},
    VerbSpec{section::policies, "set_operator_policy",
             "[--vhost <vhost>] [--priority <priority>] [--apply-to <apply-to>] <name> <pattern> "
             "<definition>",
             "Sets an operator policy that overrides a subset of arguments in user policies", 3, 3,
             false, true, Answer::nothing,
             "Setting operator policy override \"{0}\" for pattern \"{1}\" to \"{2}\" for vhost "
             "\"{vhost}\" ...",
             policy_options},
    VerbSpec{section::policies, "set_policy",
             "[--vhost <vhost>] [--priority <priority>] [--apply-to <apply-to>] <name> <pattern> "
             "<definition>",
             "Sets or updates a policy", 3, 3, false, true, Answer::nothing,
             "Setting policy \"{0}\" for pattern \"{1}\" to \"{2}\" for vhost \"{vhost}\" ...",
             policy_options},

    VerbSpec{section::parameters, "clear_global_parameter", "<name>",
             "Clears a global runtime parameter", 1, 1, false, false, Answer::nothing,
             "Clearing global runtime parameter \"{0}\" ..."},
    VerbSpec{section::parameters, "clear_parameter", "[--vhost <vhost>] <component> <name>",
             "Clears a runtime parameter", 2, 2, false, true, Answer::nothing,
             "Clearing runtime parameter \"{1}\" for component \"{0}\" on vhost \"{vhost}\" ..."},
    VerbSpec{section::parameters, "list_global_parameters", "[--no-table-headers]",
             "Lists global runtime parameters", 0, 0, false, false, Answer::rows,
             "Listing global runtime parameters ..."},
    VerbSpec{section::parameters, "list_parameters", "[--vhost <vhost>] [--no-table-headers]",
             "Lists runtime parameters of a virtual host", 0, 0, false, true, Answer::rows,
             "Listing runtime parameters for vhost \"{vhost}\" ..."},
    VerbSpec{section::parameters, "set_global_parameter", "<name> <value>",
             "Sets a global runtime parameter; the broker itself uses none", 2, 2, false, false,
             Answer::nothing, "Setting global runtime parameter \"{0}\" to \"{1}\" ..."},
    VerbSpec{
        section::parameters, "set_parameter", "[--vhost <vhost>] <component> <name> <value>",
        "Sets a runtime parameter: vhost-limits limits, or operator_policy or shovel and a name", 3,
        3, false, true, Answer::nothing,
        "Setting runtime parameter \"{1}\" for component \"{0}\" to \"{2}\" in vhost "
        "\"{vhost}\" ..."},

    VerbSpec{section::limits, "clear_user_limits",
             "<username> max-connections | max-channels | all", "Clears limits of a user", 2, 2,
             false, false, Answer::nothing, "Clearing \"{1}\" limit for user \"{0}\" ..."},
    VerbSpec{section::limits, "clear_vhost_limits", "[--vhost <vhost>]",
             "Clears virtual host limits", 0, 0, false, true, Answer::nothing,
             "Clearing vhost \"{vhost}\" limits ..."},
    VerbSpec{section::limits, "disable_vhost_deletion_protection", "<vhost>",
             "Lets a virtual host be deleted again", 1, 1, false, false, Answer::nothing,
             "Removing deletion protection from virtual host '{0}' ..."},
    VerbSpec{section::limits, "enable_vhost_deletion_protection", "<vhost>",
             "Protects a virtual host from deletion: delete_vhost is refused", 1, 1, false, false,
             Answer::nothing, "Protecting virtual host '{0}' from removal ..."},
    VerbSpec{section::limits, "list_user_limits", "[--user <username>] [--global]",
             "Displays configured user limits", 0, 0, false, false, Answer::rows,
             "Listing limits of users ...", user_limits_options},
    VerbSpec{section::limits, "list_vhost_limits", "[--vhost <vhost>] [--global]",
             "Displays configured virtual host limits", 0, 0, false, true, Answer::rows,
             "Listing limits for vhost \"{vhost}\" ...", vhost_limits_options},
    VerbSpec{section::limits, "set_vhost_tags", "<vhost> [<tag> ...]", "Sets virtual host tags", 1,
             many, false, false, Answer::nothing, "Setting tags for virtual host \"{0}\" ..."},
    VerbSpec{section::limits, "update_vhost_metadata",
             "<vhost> [--description <description>] [--tags <tag,...>] "
             "[--default-queue-type <type>]",
             "Updates the description, tags and default queue type of a virtual host", 1, 1, false,
             false, Answer::nothing, "Updating metadata of vhost \"{0}\" ...", vhost_options},
    VerbSpec{section::limits, "set_user_limits", "<username> <definition>", "Sets user limits", 2,
             2, false, false, Answer::nothing,
             "Setting user limits to \"{1}\" for user \"{0}\" ..."},
    VerbSpec{section::limits, "set_vhost_limits", "[--vhost <vhost>] <definition>",
             "Sets virtual host limits", 1, 1, false, true, Answer::nothing,
             "Setting vhost limits to \"{0}\" for vhost \"{vhost}\" ..."},

    VerbSpec{section::queues, "delete_queue",
             "<queue_name> [--if-empty|-e] [--if-unused|-u] "
             "[--vhost <vhost>]",
             "Deletes a queue", 1, 1, false, true, Answer::messages,
             "Deleting queue '{0}' on vhost '{vhost}' ...", delete_queue_options},
    VerbSpec{section::queues, "drop_unreadable", "<queue_name> [<position>] [--vhost <vhost>]",
             "Drops messages whose records cannot be read: all of a queue, or the one at a "
             "position",
             1, 2, false, true, Answer::resolved,
             "Dropping unreadable messages of queue '{0}' in vhost '{vhost}' ..."},
    VerbSpec{section::queues, "get",
             "<queue_name> [--count <number>] [--ack-mode peek|ack|reject] "
             "[--encoding auto|base64] [--truncate <bytes>] [--vhost <vhost>]",
             "Shows messages of a queue, from its head on", 1, 1, false, true, Answer::rows,
             "Getting messages of queue '{0}' in vhost '{vhost}' ...", get_options},
    VerbSpec{section::queues, "publish",
             "[--exchange <exchange>] [--routing-key <key>] [--properties <json>] "
             "[--headers <json>] [--vhost <vhost>] [--file <path> | <body>]",
             "Publishes a message and waits for its confirm; a body that is left out is read "
             "from standard input",
             0, 1, false, true, Answer::published, "", publish_options},
    VerbSpec{section::queues, "list_unreadable",
             "[--vhost <vhost>] [--no-table-headers] [<column>, ...]",
             "Lists messages whose records cannot be read, at most 100 of each queue", 0, many,
             true, true, Answer::rows, "Listing unreadable messages of vhost {vhost} ..."},
    VerbSpec{section::queues, "retry_unreadable", "[<queue_name>] [--vhost <vhost>]",
             "Puts messages with unreadable records back into their queues, to be read again: "
             "of one queue, or of all",
             0, 1, false, true, Answer::resolved,
             "Retrying unreadable messages of vhost '{vhost}' ..."},
    VerbSpec{section::queues, "purge_queue", "<queue_name> [--vhost <vhost>]",
             "Purges a queue (removes all messages in it)", 1, 1, false, true, Answer::nothing,
             "Purging queue '{0}' in vhost '{vhost}' ..."},
};

}  // namespace

const std::vector<VerbSpec>& verbs() {
  static const std::vector<VerbSpec> all = [] {
    constexpr std::array order{section::help,       section::nodes,         section::access,
                               section::monitoring, section::configuration, section::definitions,
                               section::features,   section::operations,    section::policies,
                               section::parameters, section::limits,        section::queues,
                               section::upgrade};
    std::vector<VerbSpec> sorted{table.begin(), table.end()};
    for (const auto more : {diagnostic_verbs(), shovel_verbs(), backup_verbs()})
      sorted.insert(sorted.end(), more.begin(), more.end());
    const auto place = [&](const VerbSpec& verb) {
      return std::find(order.begin(), order.end(), verb.section) - order.begin();
    };
    std::stable_sort(
        sorted.begin(), sorted.end(), [&](const VerbSpec& left, const VerbSpec& right) {
          return place(left) != place(right) ? place(left) < place(right) : left.name < right.name;
        });
    return sorted;
  }();
  return all;
}

const VerbSpec* find_verb(std::string_view name) {
  for (const VerbSpec& verb : verbs())
    if (verb.name == name) return &verb;
  return nullptr;
}

std::vector<std::string_view> verb_names() {
  std::vector<std::string_view> names = absent_verbs();
  for (const VerbSpec& verb : verbs()) names.push_back(verb.name);
  return names;
}

}  // namespace lepus::ctl
