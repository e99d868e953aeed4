// The rows of the table of keys. A builder per section; their order is the order in the documents.
#include <vector>

#include "tools/server/config/config_keys_section.h"

namespace lepus::server {

namespace {

constexpr std::string_view accepts_pattern = "a regular expression";

using Config = ServerConfig;

void add_network(std::vector<KeySpec>& rows) {
  const Section add(rows, "Network");
  add({"listeners.tcp.$name", "[address:]port or none",
       "Where AMQP clients connect; one line per address, e.g. listeners.tcp.default and "
       "listeners.tcp.2. A port alone listens on all IPv4 and IPv6 addresses. The first such line "
       "replaces the default."},
      restart, access::listener);
  add({"listeners.tcp", "none", "Turns all TCP listeners off that were named above this line."},
      restart, access::no_listeners);
  add({"listeners.ssl.$name", "[address:]port or none",
       "Where AMQP clients connect with TLS; otherwise as listeners.tcp.$name. There is no "
       "default."},
      restart, access::ssl_listener);
  add({"listeners.ssl", "none", "Turns all TLS listeners off that were named above this line."},
      restart, access::no_ssl_listeners);
  add({"listeners.unix.$name", "an absolute path or none",
       "A unix socket for AMQP clients of this machine. Who may write to the file may "
       "connect, and counts as a loopback client. There is no default."},
      restart, access::unix_listener_path);
  add({"listeners.unix.$name.mode", "an octal mode like 0660",
       "Permissions of the socket's file; those of its directory apply, too. 0660 if not "
       "set."},
      restart, access::unix_listener_mode);
  add({"proxy_protocol", accepts_bool,
       "Whether every TCP connection begins with a header of the PROXY protocol (1 or 2). "
       "The client's address in it is shown in the log and in lists, and decides for "
       "loopback_users. A connection without a header is closed."},
      restart, access::flag<&Config::tcp, &TcpOptions::proxy_protocol>);
  add({"proxy_protocol.trusted_sources", "ranges like 10.0.0.0/8 separated by commas, or all",
       "Addresses that may send such a header; connections from elsewhere are closed. "
       "RabbitMQ trusts all."},
      restart, access::proxy_sources);
  add({"tcp_listen_options.backlog", "a number from 1 to 65535",
       "Connections that the kernel queues until they are accepted; bounded by "
       "net.core.somaxconn."},
      restart, access::number<1, 65535, &Config::tcp, &TcpOptions::backlog>);
  add({"tcp_listen_options.nodelay", accepts_bool, "Send small segments at once (TCP_NODELAY)."},
      restart, access::flag<&Config::tcp, &TcpOptions::nodelay>);
  add({"tcp_listen_options.keepalive", accepts_bool,
       "Let the kernel find dead peers (SO_KEEPALIVE); heartbeats do it sooner."},
      restart, access::flag<&Config::tcp, &TcpOptions::keepalive>);
  add({"tcp_listen_options.sndbuf", "a size up to 1GiB, 0 = chosen by the kernel",
       "Send buffer of a socket (SO_SNDBUF)."},
      restart, access::size<0, 1ULL << 30, &Config::tcp, &TcpOptions::send_buffer_size>);
  add({"tcp_listen_options.recbuf", "a size up to 1GiB, 0 = chosen by the kernel",
       "Receive buffer of a socket (SO_RCVBUF)."},
      restart, access::size<0, 1ULL << 30, &Config::tcp, &TcpOptions::receive_buffer_size>);
  add({"tcp_listen_options.send_timeout", "milliseconds from 1 to 4294967295, or infinity",
       "A client that takes no data for this long, while data waits for it, is reset; its "
       "unacknowledged messages go back to their queues."},
      later, access::number_or_infinity<u32_max, &Config::tcp, &TcpOptions::send_timeout_ms>);
  add({"handshake_timeout", "milliseconds from 1 to 4294967295, or infinity",
       "Time limit from connecting to connection.open."},
      later, access::number_or_infinity<u32_max, &Config::handshake_timeout_ms>);
  add({"max_connections", "a number from 1 to 4294967295, or infinity",
       "Connections of the whole broker; further ones are closed at once."},
      at_once, access::number_or_infinity<u32_max, &Config::connections_max>);
  add({"connection_max", "a number from 1 to 4294967295, or infinity",
       "Another name of max_connections."},
      at_once, access::alias_of(access::number_or_infinity<u32_max, &Config::connections_max>));
}

void add_tls_certificates(const Section& add) {
  using net::TlsKeyFiles;
  using net::TlsOptions;
  constexpr auto tls = &Config::tls;
  constexpr auto options = &TlsConfig::options;
  constexpr auto own = &TlsOptions::own;
  add({"ssl_options.certfile", "a path",
       "The certificate in PEM form, followed by those of the authorities between it and the "
       "root. Read at the start, at a reload, and by lepusctl reload_certificates."},
      later, access::text<tls, options, own, &TlsKeyFiles::certfile>);
  add({"ssl_options.keyfile", "a path", "Its private key in PEM form."}, later,
      access::text<tls, options, own, &TlsKeyFiles::keyfile>);
  add({"ssl_options.password", "a password", "Password of the private key, if it is encrypted."},
      later, access::text<tls, options, own, &TlsKeyFiles::password>);
  add({"ssl_options.sni.$host.certfile", "a path",
       "As ssl_options.certfile, for clients that ask for this host (SNI), e.g. mq.example.com, or "
       "*.example.com for any name below example.com."},
      later, access::tls_host_certfile);
  add({"ssl_options.sni.$host.keyfile", "a path", "Its private key."}, later,
      access::tls_host_keyfile);
  add({"ssl_options.sni.$host.password", "a password", "Password of that private key."}, later,
      access::tls_host_password);
}

void add_tls_clients(const Section& add) {
  using net::TlsLoginRule;
  using net::TlsOptions;
  constexpr auto tls = &Config::tls;
  constexpr auto options = &TlsConfig::options;
  add({"ssl_options.cacertfile", "a path",
       "Certificates in PEM form of the authorities whose clients are trusted, with verify_peer."},
      later, access::text<tls, options, &TlsOptions::cacertfile>);
  add({"ssl_options.verify", "verify_peer or verify_none",
       "Whether clients are asked for a certificate. One that is shown must be valid."},
      later, access::tls_verify);
  add({"ssl_options.fail_if_no_peer_cert", accepts_bool,
       "Whether clients must show a certificate. Needs verify_peer."},
      later, access::flag<tls, options, &TlsOptions::fail_if_no_peer_cert>);
  add({"ssl_options.depth", "a number from 0 to 255",
       "Most certificates between a client's and a trusted one."},
      later, access::number<0, 255, tls, options, &TlsOptions::depth>);
  add({"ssl_options.crlfile", "a path",
       "Revocation lists in PEM form, one for each authority that issues clients' "
       "certificates. Revoked certificates are refused."},
      later, access::text<tls, options, &TlsOptions::crlfile>);
  add({"ssl_cert_login_from", "distinguished_name, common_name or subject_alternative_name",
       "Which part of a client's certificate names its user, for the mechanism EXTERNAL."},
      later, access::tls_login_part);
  add({"ssl_cert_login_san_type", "dns, ip, email, uri or other_name",
       "Type of the name, with subject_alternative_name."},
      later, access::tls_login_type);
  add({"ssl_cert_login_san_index", "a number from 0 to 1000", "Which name of that type."}, later,
      access::number<0, 1000, tls, options, &TlsOptions::login, &TlsLoginRule::index>);
}

void add_tls(std::vector<KeySpec>& rows) {
  const Section add(rows, "TLS");
  using net::TlsOptions;
  constexpr auto tls = &Config::tls;
  constexpr auto options = &TlsConfig::options;
  add_tls_certificates(add);
  add_tls_clients(add);
  add({"ssl_options.versions.$n", "tlsv1.3 or tlsv1.2",
       "One line for each version that is allowed; the first such line replaces the default, "
       "which is both."},
      later, access::tls_version);
  add({"ssl_options.ciphers.$n", "the name of a cipher suite",
       "One line for each cipher suite that may be used, by OpenSSL's name or that of the "
       "RFCs; the default is OpenSSL's choice. A version without a suite is not used."},
      later, access::tls_cipher);
  add({"ssl_options.honor_cipher_order", accepts_bool,
       "Whether the order of the suites here takes precedence over the client's."},
      later, access::flag<tls, options, &TlsOptions::honor_cipher_order>);
  add({"ssl_handshake_timeout", "milliseconds from 1 to 4294967295, or infinity",
       "Time limit from connecting to the end of the TLS handshake."},
      later, access::number_or_infinity<u32_max, tls, &TlsConfig::handshake_timeout_ms>);
}

void add_protocol(std::vector<KeySpec>& rows) {
  const Section add(rows, "Protocol");
  add({"heartbeat", "seconds from 0 to 65535, 0 = off",
       "Heartbeat interval that is offered to clients; the client's answer decides."},
      later, access::number<0, 65535, &Config::heartbeat_s>);
  add({"frame_max", "bytes from 4096 to 1048576, e.g. 131072 or 128KiB",
       "Largest frame, as offered to clients."},
      later, access::size<4096, 1 << 20, &Config::frame_max>);
  add({"initial_frame_max", "bytes from 4096 to 65536",
       "Largest frame during the login. A login by a token of OAuth 2 may need more."},
      later, access::size<4096, 64 << 10, &Config::auth, &AuthConfig::initial_frame_max>);
  add({"channel_max", "a number from 0 to 65535, 0 = no limit",
       "Channels of a connection, as offered to clients."},
      later, access::number<0, 65535, &Config::channel_max>);
  add({"max_channels_per_connection", "a number from 0 to 65535, 0 = no limit",
       "Another name of channel_max."},
      later, access::alias_of(access::number<0, 65535, &Config::channel_max>));
  add({"max_message_size", "a size from 1 to 512MiB", "Largest body of a message."}, later,
      access::size<1, core::limits::body_size_max_hard, &Config::message_size_max>);
  add({"consumer_max_per_channel", "a number from 1 to 4294967295, or infinity",
       "Consumers of a channel."},
      later, access::number_or_infinity<u32_max, &Config::consumers_per_channel_max>);
  add({"channel_flow", accepts_bool,
       "Whether channel.flow with active=false stops the consumers of its channel. If false, "
       "it is refused with 540, as by RabbitMQ, unless the client has the capability "
       "channel_flow."},
      later, access::flag<&Config::channel_flow>);
  add({"consumer_timeout", "milliseconds from 1, or infinity",
       "Time limit for the acknowledgement of a delivery. After it, the consumer is "
       "cancelled, and its messages go back to the queue. Policies, queues and consumers can "
       "have their own (x-consumer-timeout)."},
      later, access::number_or_infinity<UINT64_MAX, &Config::consumer_timeout_ms>);
  add({"message_interceptors.incoming.set_header_timestamp.overwrite", accepts_bool,
       "Adds the header timestamp_in_ms and the property timestamp to every incoming "
       "message. true: also replaces the publisher's; false: keeps those; not set: adds "
       "nothing."},
      later, access::interceptor<&Config::interceptors, &core::Interceptors::timestamp>);
  add({"message_interceptors.incoming.set_header_routing_node.overwrite", accepts_bool,
       "Adds the header x-routed-by with cluster_name to every incoming message. true, false "
       "and not set as above."},
      later, access::interceptor<&Config::interceptors, &core::Interceptors::routing_node>);
  add({"cluster_name", "a name",
       "Name that clients see; lepus@HOSTNAME if not set. lepusctl set_cluster_name "
       "overrides it."},
      later, access::text<&Config::cluster_name>);
  add({"product.name", "a name",
       "Product that clients see. Some clients depend on it: Celery sets prefetch limits in "
       "the way that works here if it reads RabbitMQ with a version from 3.3 to below 4.0."},
      later, access::text<&Config::product_name>);
  add({"product.version", "a version like 3.13.7", "Version that clients see; see product.name."},
      later, access::text<&Config::product_version>);
}

void add_users(std::vector<KeySpec>& rows) {
  const Section add(rows, "Users");
  add({"default_user", "a name",
       "Name of the first user. Users from the configuration are created only in a new data "
       "directory and never changed later. Environment: RABBITMQ_DEFAULT_USER."},
      once, access::default_user);
  add({"default_pass", "a password", "Its password. Environment: RABBITMQ_DEFAULT_PASS."}, once,
      access::default_pass);
  add({"default_user_tags.$tag", accepts_bool, "Gives the first user a tag, or takes it away."},
      once, access::default_user_tag);
  add({"default_permissions.configure", accepts_pattern,
       "Names that the first user may declare and delete."},
      once, access::default_configure);
  add({"default_permissions.read", accepts_pattern,
       "Names that it may consume from, purge, and bind from."},
      once, access::default_read);
  add({"default_permissions.write", accepts_pattern, "Names that it may publish and bind to."},
      once, access::default_write);
  add({"default_users.$name.password", "a password", "Adds a user."}, once, access::user_password);
  add({"default_users.$name.tags", "names separated by commas", "Tags of an added user."}, once,
      access::user_tags);
  add({"default_users.$name.vhost_pattern", accepts_pattern,
       "Virtual hosts that it may use, of those that exist when it is created."},
      once, access::user_vhost_pattern);
  add({"default_users.$name.configure", accepts_pattern, "As default_permissions.configure."}, once,
      access::user_configure);
  add({"default_users.$name.read", accepts_pattern, "As default_permissions.read."}, once,
      access::user_read);
  add({"default_users.$name.write", accepts_pattern, "As default_permissions.write."}, once,
      access::user_write);
  add({"default_vhost", "a name", "The first virtual host. Environment: RABBITMQ_DEFAULT_VHOST."},
      restart, access::default_vhost);
  add({"vhosts", "names separated by commas", "More virtual hosts."}, restart, access::vhosts);
  add({"vhosts.$n", "a name", "One more virtual host, also with commas or blanks in its name."},
      restart, access::vhost);
  add({"default_queue_type", "classic, quorum or stream",
       "Type of durable queues that are declared without x-queue-type. A virtual host "
       "without a default type gets this one when the broker starts or creates it, and keeps "
       "it."},
      restart, access::default_queue_type);
  add({"event_exchange.vhost", "a name, empty = default_vhost",
       "The virtual host that has amq.rabbitmq.event. Events cost nothing while no queue is "
       "bound."},
      restart, access::text<&Config::event_vhost>);
}

void add_memory(std::vector<KeySpec>& rows) {
  const Section add(rows, "Memory");
  const auto fraction = access::watermark_fraction;
  add({"vm_memory_high_watermark.relative", "a fraction above 0 up to 1, e.g. 0.6",
       "Fraction of available memory above which publishers are blocked."},
      at_once, fraction);
  add({"vm_memory_high_watermark", "a fraction above 0 up to 1, e.g. 0.6",
       "Another name of vm_memory_high_watermark.relative."},
      at_once, access::alias_of(fraction));
  add({"vm_memory_high_watermark.absolute", "a size, e.g. 4GiB",
       "The same as an amount; overrides the fraction."},
      at_once, access::watermark_size);
  add({"vm_memory_high_watermark_paging_ratio", "a fraction above 0 up to 1, e.g. 0.5",
       "Above this fraction of the watermark, all messages that can be on disk alone leave "
       "memory, transient ones, too."},
      at_once, access::paging_ratio);
  add({"total_memory_available_override_value", "a size, e.g. 16GiB",
       "Available memory, if neither the machine's nor the cgroup's amount is right."},
      at_once, access::total_memory);
  add({"recv_buffers", "a power of two from 1 to 32768",
       "Receive buffers of a shard, shared by its connections."},
      restart, access::recv_buffers);
  add({"recv_buffer_size", "a size from 4KiB to 1MiB", "Size of one of them."}, restart,
      access::size<4096, 1 << 20, &Config::recv_buffer_size>);
}

void add_threads(std::vector<KeySpec>& rows) {
  const Section add(rows, "Threads");
  add({"shards", "auto or a number from 1 to 1024",
       "Threads that serve connections and queues. auto: one for each core but one, within "
       "the cgroup's CPU quota, and at least one; with cpuset, one for each of its CPUs."},
      restart, access::shards);
  add({"cpuset", "CPU numbers like 2-5,8",
       "CPUs for the shards; naming SMT siblings uses them. Not set: one CPU of each core "
       "that the process may use."},
      restart, access::cpuset);
  add({"pin", "true, false or auto",
       "Bind each shard to its CPU. auto: unless the cgroup has a CPU quota or shards share CPUs."},
      restart, access::pin);
  add({"idle", "sleep, adaptive or poll",
       "What a shard without work does: sleep in the kernel, spin for idle.spin_us first, or "
       "spin always (uses the whole core)."},
      restart, access::idle);
  add({"idle.spin_us", "microseconds from 1 to 1000000", "How long adaptive spins."}, restart,
      access::number<1, 1'000'000, &Config::idle_spin_us>);
  add({"idle.disk_spin_us", "microseconds up to 1000000",
       "How long a shard polls for a journal write to finish before it sleeps. Confirms come "
       "sooner, for some CPU time at low rates; 0 saves that."},
      restart, access::number<0, 1'000'000, &Config::idle_disk_spin_us>);
  add({"io.driver", "auto, io_uring or epoll",
       "How the kernel is asked for input and output. auto: io_uring; if the kernel or a "
       "container's profile refuses it, epoll, which is slower, with a warning."},
      restart, access::io_driver);
}

void add_files(std::vector<KeySpec>& rows) {
  const Section add(rows, "Files and log");
  add({"data_dir", "a path",
       "Directory of this broker's data; created if missing; used by one broker only."},
      restart, access::text<&Config::data_dir>);
  add({"management.socket", "a path or none",
       "Unix socket for lepusctl, open to root and the broker's own user; lepus.sock in "
       "data_dir if not set."},
      restart, access::text<&Config::management_socket>);
  add({"journal.sync", "always, interval or os",
       "What a confirm of a persistent message means. always: it is on the disk. interval: "
       "the operating system has it, and writes it every journal.sync_interval; a power cut "
       "loses what came since, a crash of the broker nothing. os: the operating system has "
       "it, and writes it when it likes."},
      restart, access::journal_sync);
  add({"journal.sync_interval", "milliseconds from 1 to 60000",
       "The interval of journal.sync = interval."},
      restart, access::number<1, 60'000, &Config::journal_sync_interval_ms>);
  add({"journal.segment_size", "a multiple of 64KiB from 1MiB to 1GiB",
       "Size of a journal file. Each shard has at least two."},
      restart, access::segment_size);
  add({"disk_free_limit.absolute", "a size, e.g. 1GiB",
       "Space that must stay free on the disk of data_dir, besides room for one more journal "
       "file of each shard. With less, publishers are blocked."},
      at_once, access::disk_size);
  add({"disk_free_limit", "a size, e.g. 1GiB", "Another name of disk_free_limit.absolute."},
      at_once, access::alias_of(access::disk_size));
  add({"disk_free_limit.relative", "a factor above 0 up to 1000, e.g. 1.5",
       "The same as a multiple of available memory; disk_free_limit.absolute overrides it."},
      at_once, access::disk_factor);
  const auto definitions = access::text<&Config::load_definitions>;
  add({"load_definitions", "a path",
       "Definitions file as RabbitMQ exports it, or a directory of such files (*.json, in "
       "the order of their names). Loaded at every start; what exists and is equal is left "
       "alone."},
      restart, definitions);
  add({"load_definitions.on_unsupported", "refuse or skip",
       "What happens to elements of definitions that are not supported, in load_definitions "
       "and with lepusctl import_definitions. refuse: lists them all and imports nothing; "
       "skip: leaves them out and reports each."},
      at_once, access::on_unsupported);
  add({"definitions.skip_if_unchanged", accepts_bool,
       "Whether a start ignores load_definitions if the last import had the same content. "
       "Changes made since by operators and clients stay."},
      restart, access::flag<&Config::import_rules, &ImportRules::skips_unchanged>);
  add({"definitions.local.path", "a path", "Another name of load_definitions."}, restart,
      access::alias_of(definitions));
  add({"management.load_definitions", "a path", "Another name of load_definitions."}, restart,
      access::alias_of(definitions));
  add({"definitions.import_backend", "local_filesystem or local", "Where definitions come from."},
      restart, access::definitions_backend);
}

std::vector<KeySpec> make_rows() {
  std::vector<KeySpec> rows;
  add_network(rows);
  add_tls(rows);
  add_protocol(rows);
  add_users(rows);
  add_dpdk(rows);
  add_logins(rows);
  add_tokens(rows);
  add_http(rows);
  add_memory(rows);
  add_threads(rows);
  add_files(rows);
  add_log(rows);
  return rows;
}

}  // namespace

std::span<const KeySpec> config_keys() {
  static const std::vector<KeySpec> rows = make_rows();
  return rows;
}

}  // namespace lepus::server
