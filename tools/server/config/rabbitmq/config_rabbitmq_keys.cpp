// The table: every key of RabbitMQ that is no key here, by subject. What counts is what a user
// relies on: a key whose neglect loses protection, a limit, a login or data refuses the start.
#include <array>

#include "tools/server/config/rabbitmq/config_rabbitmq.h"

namespace lepus::server {

namespace {

using Subject = RabbitmqSubject;
constexpr auto no_effect = RabbitmqDecision::no_effect;
constexpr auto refused_key = RabbitmqDecision::refused;

// ---- Refused ----

constexpr Subject tls = {
    "Other options of TLS", refused_key,
    "this option of TLS is not supported; the supported ones are in the section TLS of "
    "operations/configuration.md. Remove the key"};
constexpr Subject renegotiation = {
    "Renegotiation", refused_key,
    "clients may not renegotiate a connection, and what is left of the old kind would be unsafe. "
    "Remove these keys"};
constexpr Subject backend_tls = {"TLS of authentication over HTTP", refused_key,
                                 "of auth_http.ssl_options only cacertfile, certfile, keyfile and "
                                 "verify are there. Remove the key"};
constexpr Subject token_details = {
    "Details of OAuth 2", refused_key,
    "of auth_oauth2 only the keys in operations/configuration.md are supported: no opaque tokens, "
    "which an issuer would have to be asked about, no scopes that are regular expressions, and of "
    "https only the authorities and whether it is verified. Remove the key"};
constexpr Subject hashing = {
    "Password hashing", refused_key,
    "new passwords are stored as salted SHA-256 (hashes that come with definitions keep their "
    "algorithm). Remove the key"};
constexpr Subject limits = {
    "Limits of the node", refused_key,
    "this limit would not be kept. Use max_connections, channel_max, lepusctl set_vhost_limits or "
    "set_user_limits instead, and remove the key or set it to infinity"};
constexpr Subject vhost_limits = {
    "Limits of new virtual hosts", refused_key,
    "virtual hosts get no limits when they are made. Set them with lepusctl set_vhost_limits or in "
    "the definitions file, then remove these keys"};
constexpr Subject operator_policies = {
    "Operator policies of new virtual hosts", refused_key,
    "virtual hosts get no operator policies when they are made. Set them with lepusctl "
    "set_operator_policy or in the definitions file, then remove these keys"};
constexpr Subject definitions_source = {
    "Definitions from elsewhere", refused_key,
    "definitions come from a file or a directory only. Fetch the file before the start and name it "
    "in load_definitions"};
constexpr Subject queue_types = {
    "Types of queues and exchanges", refused_key,
    "types cannot be turned off, and the type of a queue is compared when it is declared again. "
    "Remove the key"};
constexpr Subject restrictions = {
    "Restrictions of the HTTP API", refused_key,
    "what a user may change over HTTP depends on its tags alone. Give it fewer, and remove the "
    "key"};
constexpr Subject old_listener = {
    "Old keys of the management listener", refused_key,
    "TLS of the HTTP API is configured by the keys that begin with management.ssl. Use these"};
constexpr Subject http_tls = {
    "Other options of TLS for HTTP", refused_key,
    "this option of TLS is not supported; the supported ones are management.ssl and "
    "prometheus.ssl in operations/configuration.md. Remove the key"};
constexpr Subject metrics_login = {
    "Logins for metrics", refused_key,
    "whoever reaches the port of the metrics may read them. Limit who does with prometheus.tcp.ip "
    "or prometheus.ssl.verify = verify_peer, and remove the key"};
constexpr Subject interceptors = {
    "Message interceptors", refused_key,
    "only set_header_timestamp and set_header_routing_node of incoming messages are there. Remove "
    "the key"};

// ---- No effect ----

constexpr Subject http_details = {
    "Details of HTTP", no_effect,
    "this option of the HTTP server is not there; answers are compressed when a client asks for "
    "it, and requests are not written to a file of their own"};
constexpr Subject oauth_page = {
    "Logins of the management page", no_effect,
    "the page sends nobody to an OAuth 2 provider; tokens are pasted into its form, or sent to the "
    "HTTP API"};
constexpr Subject statistics = {
    "Statistics", no_effect,
    "numbers are counted always, rates and charts are those of RabbitMQ's default"};
constexpr Subject cluster = {"Clustering", no_effect,
                             "this broker is one node and joins no cluster"};
constexpr Subject replicas = {"Replication and queue placement", no_effect,
                              "on one node a queue has no other replicas and no other place"};
constexpr Subject runtime = {"Erlang runtime", no_effect,
                             "there is no Erlang runtime; see shards, cpuset and idle"};
constexpr Subject stores = {"Stores of RabbitMQ", no_effect,
                            "messages and definitions are stored in another way; see data_dir and "
                            "the keys that begin with journal"};
constexpr Subject sockets = {"Socket options", no_effect,
                             "this socket option is not set; the system's default counts"};
constexpr Subject protocols = {
    "Other protocols", no_effect,
    "only AMQP 0-9-1 is spoken: clients of MQTT, STOMP, AMQP 1.0, the stream protocol or WebSocket "
    "cannot connect"};
constexpr Subject plugins = {"Other plugins", no_effect, "this plugin is not there"};
constexpr Subject backend_options = {
    "Options of authentication plugins", no_effect,
    "without auth_backends that name the plugin these keys do nothing in RabbitMQ either"};
constexpr Subject tls_details = {
    "Details of TLS", no_effect,
    "OpenSSL decides this: curves by ssl_options.honor_cipher_order, sessions by tickets, memory "
    "by what is under way"};
constexpr Subject backend_details = {"Details of authentication backends", no_effect,
                                     "this option of the http backend and its cache is not there"};
constexpr Subject client_tls = {
    "TLS of RabbitMQ's own clients", no_effect,
    "shovels take the TLS options of their URIs; federation links do not run"};
constexpr Subject definitions_details = {
    "Import of definitions", no_effect,
    "definitions.skip_if_unchanged compares the SHA-256 of the files"};
constexpr Subject deprecated = {"Deprecated features", no_effect,
                                "nothing is switched off: features work as COMPATIBILITY.md says"};
constexpr Subject log_targets = {
    "Log targets", no_effect,
    "the log goes to the console, to log.file and to the journal of systemd (log.journald)"};
constexpr Subject log_format = {"Log format", no_effect,
                                "log.file.formatter and log.console.formatter choose plaintext or "
                                "json; fields have fixed names, see "
                                "operations/logs.md"};
constexpr Subject log_rotation = {
    "Log rotation", no_effect,
    "the broker does not rotate its log: let logrotate rename the file and send SIGHUP"};
constexpr Subject log_categories = {
    "Log categories", no_effect,
    "lines have the categories connection, channel, queue and default and go to one file"};

constexpr Subject token_pages = {
    "Pages of an OAuth 2 provider", no_effect,
    "the web interface sends nobody to a provider to log in: these keys are for that only"};

constexpr std::string_view infinity = "infinity";

constexpr auto keys = std::to_array<RabbitmqKey>({
    {"ssl_options", &tls, "none"},
    {"ssl_options.cacerts.$name", &tls},
    {"ssl_options.cert", &tls},
    {"ssl_options.crl_check", &tls, "false"},
    {"ssl_options.dh", &tls},
    {"ssl_options.dhfile", &tls},
    {"ssl_options.key.$type", &tls},
    {"ssl_options.psk_identity", &tls},
    {"ssl_options.verify_fun", &tls},
    {"ssl_options.client_renegotiation", &renegotiation, "false"},
    {"prometheus.ssl.secure_renegotiate", &renegotiation, "true"},
    {"management.ssl.secure_renegotiate", &renegotiation, "true"},
    {"management.ssl.client_renegotiation", &renegotiation, "false"},
    {"prometheus.ssl.client_renegotiation", &renegotiation, "false"},
    {"ssl_options.secure_renegotiate", &renegotiation, "true"},

    {"auth_http.ssl_options.*", &backend_tls},
    {"auth_oauth2.authorization_endpoint", &token_pages},
    {"auth_oauth2.end_session_endpoint", &token_pages},
    {"auth_oauth2.token_endpoint", &token_pages},
    {"auth_oauth2.oauth_providers.$id.authorization_endpoint", &token_pages},
    {"auth_oauth2.oauth_providers.$id.end_session_endpoint", &token_pages},
    {"auth_oauth2.oauth_providers.$id.token_endpoint", &token_pages},
    {"auth_oauth2.https.crl_check", &token_details, "false"},
    {"auth_oauth2.https.depth", &token_details, "10"},
    {"auth_oauth2.https.fail_if_no_peer_cert", &token_details, "true,false"},
    {"auth_oauth2.https.hostname_verification", &token_details, "wildcard"},
    {"auth_oauth2.oauth_providers.$id.https.crl_check", &token_details, "false"},
    {"auth_oauth2.oauth_providers.$id.https.depth", &token_details, "10"},
    {"auth_oauth2.oauth_providers.$id.https.fail_if_no_peer_cert", &token_details, "true,false"},
    {"auth_oauth2.oauth_providers.$id.https.hostname_verification", &token_details, "wildcard"},
    {"auth_oauth2.scope_pattern_syntax", &token_details, "wildcard"},
    {"auth_oauth2.resource_servers.$id.scope_pattern_syntax", &token_details, "wildcard"},
    {"auth_oauth2.https.*", &token_details},
    {"auth_oauth2.introspection_client_auth_method", &token_details},
    {"auth_oauth2.introspection_client_id", &token_details},
    {"auth_oauth2.introspection_client_secret", &token_details},
    {"auth_oauth2.introspection_endpoint", &token_details},
    {"auth_oauth2.opaque_token_signing_key.*", &token_details},
    {"auth_oauth2.oauth_providers.$id.https.*", &token_details},
    {"auth_oauth2.oauth_providers.$id.introspection_client_auth_method", &token_details},
    {"auth_oauth2.oauth_providers.$id.introspection_client_id", &token_details},
    {"auth_oauth2.oauth_providers.$id.introspection_client_secret", &token_details},
    {"auth_oauth2.oauth_providers.$id.introspection_endpoint", &token_details},
    {"password_hashing_module", &hashing, "rabbit_password_hashing_sha256"},

    {"channel_max_per_node", &limits, infinity},
    {"cluster_exchange_limit", &limits, infinity},
    {"cluster_queue_limit", &limits, infinity},
    {"ranch_connection_max", &limits, infinity},
    {"runtime_parameters.limits.$category", &limits},
    {"vhost_max", &limits, infinity},
    {"default_limits.vhosts.*", &vhost_limits},
    {"default_policies.operator.*", &operator_policies},

    {"definitions.https.url", &definitions_source},
    {"exchange_types.$type.enabled", &queue_types, "true"},
    {"queue_types.$type.enabled", &queue_types, "true"},
    {"quorum_queue.property_equivalence.relaxed_checks_on_redeclaration", &queue_types, "false"},
    {"message_interceptors.*", &interceptors},

    {"management.restrictions.*", &restrictions, "false"},
    {"management.listener.ssl", &old_listener, "false"},
    {"management.listener.ssl_opts", &old_listener, "none"},
    {"management.listener.ssl_opts.*", &old_listener},
    {"management.ssl.crl_check", &http_tls, "false"},
    {"management.ssl.dhfile", &http_tls},
    {"prometheus.authentication.enabled", &metrics_login, "false"},

    {"management.rates_mode", &statistics, "basic,detailed"},
    {"management.sample_retention_policies.*", &statistics},
    {"management.db_cache_multiplier", &statistics},
    {"management.delegate_count", &statistics},
    {"management_agent.*", &statistics},
    {"collect_statistics", &statistics},
    {"management.oauth_authorization_endpoint_params.$name", &oauth_page},
    {"management.oauth_client_id", &oauth_page},
    {"management.oauth_client_secret", &oauth_page},
    {"management.oauth_disable_basic_auth", &oauth_page},
    {"management.oauth_enabled", &oauth_page, "false"},
    {"management.oauth_initiated_logon_type", &oauth_page},
    {"management.oauth_metadata_url", &oauth_page},
    {"management.oauth_provider_url", &oauth_page},
    {"management.oauth_resource_servers.*", &oauth_page},
    {"management.oauth_response_type", &oauth_page},
    {"management.oauth_scopes", &oauth_page},
    {"management.oauth_token_endpoint_params.$name", &oauth_page},
    {"management.require_auth_for_api_reference", &oauth_page, "false"},
    {"management.http_log_dir", &http_details, "none"},
    {"management.tcp.*", &http_details},
    {"management.ssl.*", &http_details},
    {"management.listener.server.*", &http_details},
    {"rabbitmq_management.*", &http_details},
    {"web_dispatch.*", &http_details},
    {"http_dispatch.*", &http_details},
    {"prometheus.tcp.*", &http_details},
    {"prometheus.ssl.*", &http_details},

    {"cluster_formation.*", &cluster},
    {"cluster_keepalive_interval", &cluster},
    {"cluster_partition_handling", &cluster},
    {"cluster_partition_handling.pause_if_all_down.nodes.$name", &cluster},
    {"cluster_partition_handling.pause_if_all_down.recover", &cluster},
    {"cluster_tags.$tag", &cluster},
    {"consumer_disconnected_timeout", &cluster},
    {"delegate_count", &cluster},
    {"distribution.listener.*", &cluster},
    {"net_ticktime", &cluster},
    {"node_tags.$tag", &cluster},
    {"prevent_startup_if_node_was_reset", &cluster, "false"},

    {"classic_queue.default_version", &replicas},
    {"mirroring_sync_batch_size", &replicas},
    {"mirroring_sync_max_throughput", &replicas},
    {"queue_leader_locator", &replicas},
    {"queue_master_locator", &replicas},
    {"quorum_queue.*", &replicas},
    {"quorum_commands_soft_limit", &replicas},

    {"background_gc_enabled", &runtime, "false"},
    {"background_gc_target_interval", &runtime},
    {"channel_interceptor.priorities.$name", &runtime},
    {"default_worker_pool_size", &runtime},
    {"erlang.*", &runtime},
    {"hipe_compile", &runtime, "false"},
    {"memory_monitor_interval", &runtime},
    {"num_acceptors.ssl", &runtime},
    {"num_acceptors.tcp", &runtime},
    {"reverse_dns_lookups", &runtime, "false"},
    {"socket_writer.gc_threshold", &runtime},
    {"sysmon_handler.*", &runtime},
    {"vm_memory_calculation_strategy", &runtime},

    {"channel_operation_timeout", &stores},
    {"message_store_shutdown_timeout", &stores},
    {"metadata_store.*", &stores},
    {"mnesia_table_loading_retry_limit", &stores},
    {"mnesia_table_loading_retry_timeout", &stores},
    {"motd_file", &stores},
    {"msg_store_credit_disc_bound", &stores},
    {"msg_store_file_size_limit", &stores},
    {"queue_index_embed_msgs_below", &stores},
    {"queue_index_max_journal_entries", &stores},
    {"raft.*", &stores},
    {"vhost_restart_strategy", &stores},

    {"tcp_listen_options", &sockets, "none"},
    {"tcp_listen_options.buffer", &sockets},
    {"tcp_listen_options.delay_send", &sockets, "false"},
    {"tcp_listen_options.dontroute", &sockets, "false"},
    {"tcp_listen_options.exit_on_close", &sockets},
    {"tcp_listen_options.fd", &sockets},
    {"tcp_listen_options.high_msgq_watermark", &sockets},
    {"tcp_listen_options.high_watermark", &sockets},
    {"tcp_listen_options.linger.on", &sockets, "false"},
    {"tcp_listen_options.linger.timeout", &sockets},
    {"tcp_listen_options.low_msgq_watermark", &sockets},
    {"tcp_listen_options.low_watermark", &sockets},
    {"tcp_listen_options.port", &sockets},
    {"tcp_listen_options.priority", &sockets},
    {"tcp_listen_options.send_timeout_close", &sockets},
    {"tcp_listen_options.tos", &sockets},

    {"amqp1_0.*", &protocols},
    {"link_max_per_session", &protocols},
    {"mqtt.*", &protocols},
    {"session_max_per_connection", &protocols},
    {"stomp.*", &protocols},
    {"stream.*", &protocols},
    {"web_mqtt.*", &protocols},
    {"web_stomp.*", &protocols},

    {"event_exchange.protocol", &plugins, "amqp_0_9_1"},
    {"federation.*", &plugins},
    {"queue_master_balancer.*", &plugins},
    {"shovel.*", &plugins},
    {"tracing.*", &plugins},
    {"trust_store.*", &plugins},

    {"auth_cache.*", &backend_details},
    {"auth_http.*", &backend_details},
    {"auth_internal_loopback.*", &backend_options},
    {"auth_ldap.*", &backend_options},
    {"ssl_allow_poodle_attack", &tls_details},
    {"ssl_options.bypass_pem_cache", &tls_details},
    {"ssl_options.hibernate_after", &tls_details},
    {"ssl_options.honor_ecc_order", &tls_details},
    {"ssl_options.log_alert", &tls_details},
    {"ssl_options.log_level", &tls_details},
    {"ssl_options.reuse_sessions", &tls_details},
    {"amqp10_client.*", &client_tls},
    {"amqp_client.*", &client_tls},
    {"definitions.tls.*", &client_tls},
    {"definitions.hashing.algorithm", &definitions_details},
    {"deprecated_features.permit.$feature", &deprecated},

    {"log.exchange", &log_targets, "false"},
    {"log.exchange.level", &log_targets},
    {"log.journald.fields", &log_targets},
    {"log.syslog", &log_targets, "false"},
    {"log.syslog.facility", &log_targets},
    {"log.syslog.formatter", &log_targets},
    {"log.syslog.formatter.*", &log_targets},
    {"log.syslog.host", &log_targets},
    {"log.syslog.identity", &log_targets},
    {"log.syslog.ip", &log_targets},
    {"log.syslog.level", &log_targets},
    {"log.syslog.multiline_mode", &log_targets},
    {"log.syslog.port", &log_targets},
    {"log.syslog.protocol", &log_targets},
    {"log.syslog.ssl_options.*", &log_targets},
    {"log.syslog.transport", &log_targets},

    {"log.console.color_esc_seqs.$level", &log_format},
    {"log.console.formatter.*", &log_format},
    {"log.console.use_colors", &log_format, "off,false"},
    {"log.error_logger_format_depth", &log_format},
    {"log.exchange.formatter", &log_format},
    {"log.exchange.formatter.*", &log_format},
    {"log.file.formatter.*", &log_format},
    {"log.summarize_process_state", &log_format},
    {"log.$category.rotation.compress", &log_rotation, "false"},
    {"log.$category.rotation.count", &log_rotation},
    {"log.$category.rotation.date", &log_rotation},
    {"log.$category.rotation.size", &log_rotation, "0"},
    {"log.channel.file", &log_categories, "false"},
    {"log.connection.file", &log_categories, "false"},
    {"log.default.file", &log_categories, "false"},
    {"log.federation.$output", &log_categories},
    {"log.ldap.$output", &log_categories},
    {"log.mirroring.$output", &log_categories},
    {"log.osiris.$output", &log_categories},
    {"log.prelaunch.$output", &log_categories},
    {"log.queue.file", &log_categories, "false"},
    {"log.ra.$output", &log_categories},
    {"log.upgrade.$output", &log_categories},
    {"log.user.$output", &log_categories},
});

}  // namespace

std::span<const RabbitmqKey> rabbitmq_keys() { return keys; }

}  // namespace lepus::server
