// The configuration as the operator meets it: a text in, values or complete error lines out.
#include "tools/server/config/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace lepus::server {
namespace {

class ConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "lepus-config-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    sources_.host_name = "rabbit-hole";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ + "/" + name) << text;
  }
  /// Loads `text` as a file; the directory in messages is cut off.
  ConfigResult load(const std::string& text) {
    sources_.file = directory_ + "/lepus.conf";
    write("lepus.conf", text);
    ConfigResult result = load_config(sources_);
    for (auto* lines : {&result.errors, &result.warnings})
      for (std::string& line : *lines)
        for (std::size_t at; (at = line.find(directory_ + "/")) != std::string::npos;)
          line.erase(at, directory_.size() + 1);
    return result;
  }
  std::string only_error(const std::string& text) {
    const ConfigResult result = load(text);
    EXPECT_EQ(result.errors.size(), 1U) << text;
    return result.errors.empty() ? "" : result.errors[0];
  }

  ConfigSources sources_;
  std::string directory_;
};

TEST_F(ConfigTest, DefaultsWithoutAnySource) {
  const ConfigResult result = load_config({.host_name = "rabbit-hole"});
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result.files.empty());
  const ServerConfig& config = result.config;
  ASSERT_EQ(config.listeners.size(), 1U);
  EXPECT_EQ(config.listeners[0].port, 5672);
  EXPECT_EQ(config.listeners[0].host, "");
  EXPECT_EQ(config.users[0].name, "guest");
  EXPECT_TRUE(config.is_loopback_only("guest"));
  EXPECT_EQ(config.vhosts, std::vector<std::string>{"/"});
  EXPECT_EQ(config.cluster_name, "lepus@rabbit-hole");
}

TEST_F(ConfigTest, TakesValuesOfEveryKind) {
  const ConfigResult result = load(R"(
# a comment
   ## another
listeners.tcp.default = 127.0.0.1:21400   # behind a value
listeners.tcp.second=[::1]:21401
handshake_timeout = infinity
heartbeat = 0
frame_max = 64KiB
max_message_size = 16MB
max_connections = 5000
tcp_listen_options.backlog = 4096
tcp_listen_options.nodelay = off
shards = 3
cpuset = 2-5,8
pin = auto
idle = adaptive
idle.spin_us = 20
idle.disk_spin_us = 0
vm_memory_high_watermark.absolute = 2GiB
disk_free_limit.relative = 1.5
default_user = admin
default_pass = 'a # b'
default_user_tags.management = true
default_users.jill.password = secret
default_users.jill.tags = monitoring, policymaker
vhosts = one, two,one
vhosts.1 = three, four
log.file = lepus.log
log.connection.level = warning
)");
  ASSERT_TRUE(result.ok()) << result.errors[0];
  EXPECT_TRUE(result.warnings.empty());
  const ServerConfig& config = result.config;
  ASSERT_EQ(config.listeners.size(), 2U);
  EXPECT_EQ(config.listeners[0], (ListenAddress{"default", "127.0.0.1", 21400}));
  EXPECT_EQ(config.listeners[1], (ListenAddress{"second", "::1", 21401}));
  EXPECT_EQ(config.handshake_timeout_ms, 0U);
  EXPECT_EQ(config.heartbeat_s, 0U);
  EXPECT_EQ(config.frame_max, 65536U);
  EXPECT_EQ(config.message_size_max, 16'000'000U);
  EXPECT_EQ(config.connections_max, 5000U);
  EXPECT_EQ(config.tcp.backlog, 4096U);
  EXPECT_FALSE(config.tcp.nodelay);
  EXPECT_EQ(config.shards, 3U);
  EXPECT_EQ(config.cpuset, (std::vector<unsigned>{2, 3, 4, 5, 8}));
  EXPECT_EQ(config.idle, IdleMode::adaptive);
  EXPECT_EQ(config.idle_spin_us, 20U);
  EXPECT_EQ(config.idle_disk_spin_us, 0U);
  EXPECT_EQ(config.memory_watermark.size, 2ULL << 30);
  EXPECT_FALSE(config.memory_watermark.is_relative);
  EXPECT_TRUE(config.disk_free_limit.is_relative);
  EXPECT_EQ(config.disk_free_limit.factor, 1.5);
  EXPECT_EQ(config.users[0].name, "admin");
  EXPECT_EQ(config.users[0].password, "a # b");
  EXPECT_EQ(config.users[0].tags, (std::vector<std::string>{"administrator", "management"}));
  ASSERT_NE(config.find_user("jill"), nullptr);
  EXPECT_EQ(config.find_user("jill")->password, "secret");
  EXPECT_EQ(config.find_user("jill")->tags,
            (std::vector<std::string>{"monitoring", "policymaker"}));
  EXPECT_EQ(config.find_user("guest"), nullptr);
  EXPECT_EQ(config.vhosts, (std::vector<std::string>{"/", "one", "two", "three, four"}));
  EXPECT_EQ(config.log.file, "lepus.log");
  EXPECT_EQ(config.log.category_levels[1], core::LogLevel::warning);
}

TEST_F(ConfigTest, NamedListenerReplacesTheDefault) {
  EXPECT_EQ(load("listeners.tcp.1 = 21400").config.listeners,
            (std::vector<ListenAddress>{{"1", "", 21400}}));
  EXPECT_TRUE(load("listeners.tcp = none").config.listeners.empty());
  EXPECT_TRUE(load("listeners.tcp.default = none").config.listeners.empty());
}

TEST_F(ConfigTest, LoopbackUsers) {
  EXPECT_FALSE(load("loopback_users.guest = false").config.is_loopback_only("guest"));
  EXPECT_FALSE(load("loopback_users = none").config.is_loopback_only("guest"));
  const ServerConfig config = load("loopback_users.admin = true").config;
  EXPECT_TRUE(config.is_loopback_only("admin"));
  EXPECT_TRUE(config.is_loopback_only("guest"));
}

TEST_F(ConfigTest, SettingsOutweighEnvironmentOutweighsFile) {
  sources_.environment = {{"RABBITMQ_DEFAULT_USER", "from-env"},
                          {"RABBITMQ_DEFAULT_PASS", "env#1"}};
  sources_.settings = {"heartbeat=7", "default_user = from-set"};
  const ConfigResult result =
      load("heartbeat = 5\ndefault_user = from-file\ndefault_pass = file\ndefault_vhost = /v\n");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.config.heartbeat_s, 7U);
  EXPECT_EQ(result.config.users[0].name, "from-set");
  EXPECT_EQ(result.config.users[0].password, "env#1");
  EXPECT_EQ(result.config.vhosts[0], "/v");
}

TEST_F(ConfigTest, ErrorsNameFileLineAndKey) {
  EXPECT_EQ(only_error("\nlistners.tcp.default = 1"),
            "lepus.conf:2: unknown key 'listners.tcp.default', did you mean "
            "'listeners.tcp.default'?");
  EXPECT_EQ(only_error("log.cosnole.level = info"),
            "lepus.conf:1: unknown key 'log.cosnole.level', did you mean 'log.console.level'?");
  EXPECT_EQ(only_error("fancy_new_thing = 1"),
            "lepus.conf:1: unknown key 'fancy_new_thing', see lepus --list-config");
  EXPECT_EQ(
      only_error("heartbeat = 70000"),
      "lepus.conf:1: bad value '70000' for key 'heartbeat': expected seconds from 0 to 65535, "
      "0 = off");
  EXPECT_EQ(only_error("listeners.tcp.default = 300.1.1.1:1"),
            "lepus.conf:1: bad value '300.1.1.1:1' for key 'listeners.tcp.default': expected "
            "[address:]port or none");
  EXPECT_EQ(load("default_permissions.write = ^x").config.users[0].write, "^x");
  EXPECT_EQ(only_error("default_permissions.write = *x"),
            "lepus.conf:1: bad value '*x' for key 'default_permissions.write': expected a regular "
            "expression; no argument for repetition operator: *");
  EXPECT_EQ(only_error("just words"), "lepus.conf:1: expected 'key = value', found 'just words'");
  EXPECT_EQ(only_error("default_pass = 'open"),
            "lepus.conf:1: default_pass: a value that starts with a quote must end with one");
  EXPECT_EQ(only_error("= 5"), "lepus.conf:1: there is no key before '='");
}

TEST_F(ConfigTest, ErrorsOfSetArguments) {
  sources_.settings = {"heartbeet=1", "nothing", "frame_max=1"};
  const ConfigResult result = load("");
  EXPECT_EQ(result.errors,
            (std::vector<std::string>{
                "--set: expected key=value, found 'nothing'",
                "--set: unknown key 'heartbeet', did you mean 'heartbeat'?",
                "--set: bad value '1' for key 'frame_max': expected bytes from 4096 to 1048576, "
                "e.g. 131072 or 128KiB"}));
}

TEST_F(ConfigTest, AllErrorsAreShownAtOnce) {
  EXPECT_EQ(load("heartbeat = x\nshards = 0\nfoo\n").errors.size(), 3U);
}

TEST_F(ConfigTest, RepeatedKeyWarnsAndTheLastCounts) {
  const ConfigResult result = load("heartbeat = 5\n\nheartbeat = 6\n");
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.config.heartbeat_s, 6U);
  EXPECT_EQ(result.warnings,
            std::vector<std::string>{
                "lepus.conf:3: key 'heartbeat' is set at lepus.conf:1 already; this value counts"});
}

TEST_F(ConfigTest, CommentsAndQuotes) {
  const auto password = [&](const std::string& value) {
    return load("default_pass = " + value).config.users[0].password;
  };
  EXPECT_EQ(password("a#b"), "a#b");
  EXPECT_EQ(password("a#b # comment"), "a#b");
  EXPECT_EQ(password("a #b"), "a");
  EXPECT_EQ(password("a\t#b"), "a");
  EXPECT_EQ(password("'a #b' # comment"), "a #b");
  EXPECT_EQ(password("'''a\n# b\n'''\nheartbeat = 7"), "a\n# b");
  EXPECT_EQ(load("default_pass = '''a\n'''\nheartbeat = 7").config.heartbeat_s, 7U);
  EXPECT_EQ(load("default_pass = a#b").warnings,
            std::vector<std::string>{
                "lepus.conf:1: the '#' in the value of 'default_pass' is part of it; RabbitMQ "
                "takes it for a comment: put the value between single quotes, or a blank before "
                "the comment"});
  EXPECT_EQ(only_error("\ndefault_pass = '''a\nb"),
            "lepus.conf:2: default_pass: a value that starts with ''' must end with '''");
  EXPECT_EQ(load("\xEF\xBB\xBFheartbeat = 7\r\n").config.heartbeat_s, 7U);
  EXPECT_NE(load(R"(default_users.a\.b.password = x)").config.find_user("a.b"), nullptr);
}

TEST_F(ConfigTest, EnvironmentVariablesInValues) {
  sources_.environment = {{"SEED", "s3"}, {"PORT", "21400"}};
  const ConfigResult result = load("default_pass = '$(SEED)-x$(SEED)'\nlisteners.tcp.1 = $(PORT)");
  EXPECT_EQ(result.config.users[0].password, "s3-xs3");
  EXPECT_EQ(result.config.listeners[0].port, 21400);
  EXPECT_EQ(only_error("\ndefault_pass = $(NOPE)"),
            "lepus.conf:2: default_pass: there is no environment variable 'NOPE'");
  EXPECT_EQ(load("default_pass = $(open").config.users[0].password, "$(open");
}

TEST_F(ConfigTest, FilesOfTheDirectoryBesideCountLater) {
  std::filesystem::create_directory(directory_ + "/conf.d");
  write("conf.d/20.conf", "heartbeat = 20\nchannel_max = 20");
  write("conf.d/10.conf", "heartbeat = 10\nframe_max = 8192");
  write("conf.d/30.conf.bak", "heartbeat = 30");
  const ConfigResult result = load("heartbeat = 1\nmax_connections = 5");
  ASSERT_TRUE(result.ok()) << result.errors[0];
  EXPECT_TRUE(result.warnings.empty());
  EXPECT_EQ(result.config.heartbeat_s, 20U);
  EXPECT_EQ(result.config.channel_max, 20U);
  EXPECT_EQ(result.config.frame_max, 8192U);
  EXPECT_EQ(result.config.connections_max, 5U);
  EXPECT_EQ(result.files.size(), 3U);
  write("conf.d/20.conf", "heartbeat = x");
  EXPECT_EQ(load("").errors.at(0).substr(0, 33), "conf.d/20.conf:1: bad value 'x' f");
}

TEST_F(ConfigTest, DirectoryInPlaceOfAFile) {
  write("20.conf", "heartbeat = 20");
  write("10.conf", "heartbeat = 10");
  sources_.file = directory_;
  EXPECT_EQ(load_config(sources_).config.heartbeat_s, 20U);
  std::filesystem::create_directory(directory_ + "/none");
  sources_.file = directory_ + "/none";
  EXPECT_EQ(load_config(sources_).warnings.size(), 1U);
  // Without a file the directory beside the one that is not there counts.
  std::filesystem::create_directory(directory_ + "/conf.d");
  write("conf.d/a.conf", "heartbeat = 3");
  sources_.file.reset();
  sources_.fallback_file = directory_ + "/lepus.conf";
  EXPECT_EQ(load_config(sources_).config.heartbeat_s, 3U);
}

TEST_F(ConfigTest, AbsoluteLimitsOutweighRelativeOnes) {
  const ConfigResult result = load(
      "disk_free_limit.absolute = 2GB\ndisk_free_limit.relative = 1.5\n"
      "vm_memory_high_watermark.relative = 0.4");
  EXPECT_FALSE(result.config.disk_free_limit.is_relative);
  EXPECT_EQ(result.config.memory_watermark.fraction, 0.4);
  EXPECT_EQ(result.warnings,
            std::vector<std::string>{"lepus.conf:2: key 'disk_free_limit.relative' does not count: "
                                     "'disk_free_limit.absolute' is set at lepus.conf:1"});
  sources_.settings = {"disk_free_limit.relative=2"};
  EXPECT_TRUE(load("disk_free_limit.absolute = 2GB").config.disk_free_limit.is_relative);
}

TEST_F(ConfigTest, MechanismsThatAreNamedReplaceBoth) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(load("").config.auth.mechanisms, (Names{"PLAIN", "AMQPLAIN"}));
  EXPECT_EQ(load("auth_mechanisms.1 = PLAIN").config.auth.mechanisms, (Names{"PLAIN"}));
  const ConfigResult some = load("auth_mechanisms.1 = PLAIN\nauth_mechanisms.2 = GSSAPI");
  EXPECT_TRUE(some.ok());
  EXPECT_EQ(some.warnings, (Names{"auth_mechanisms: 'GSSAPI' is not offered: only PLAIN, AMQPLAIN, "
                                  "EXTERNAL and ANONYMOUS are"}));
  EXPECT_EQ(only_error("auth_mechanisms.1 = RABBIT-CR-DEMO"),
            "auth_mechanisms: no client could log in; name PLAIN, AMQPLAIN or both");
}

TEST_F(ConfigTest, BackendsAreAChain) {
  using Backend = core::AuthBackend;
  const AuthConfig one = load("auth_backends.1 = rabbit_auth_backend_internal").config.auth;
  EXPECT_EQ(one.backends, AuthConfig{}.backends);
  const AuthConfig two =
      load(
          "auth_backends.2 = internal\nauth_backends.1.authn = http\nauth_backends.1.authz = "
          "internal")
          .config.auth;
  ASSERT_EQ(two.backends.size(), 2U);
  EXPECT_EQ(two.backends.at(1), (AuthStepConfig{Backend::http, Backend::internal}));
  EXPECT_EQ(two.backends.at(2), (AuthStepConfig{Backend::internal, {}}));
  EXPECT_EQ(only_error("auth_backends.1.authz = internal"),
            "auth_backends.1.authz: who lets users log in is not said; set auth_backends.1.authn, "
            "too");
  EXPECT_EQ(only_error("auth_backends.1 = ldap"),
            "lepus.conf:1: bad value 'ldap' for key 'auth_backends.1': expected internal, http, "
            "oauth2 or cache (kept answers of http); other backends are not there");
}

TEST_F(ConfigTest, AValidatorNeedsItsMeasure) {
  const std::string key =
      "credential_validator.validation_backend = rabbit_credential_validator_min_password_length\n";
  EXPECT_EQ(only_error(key),
            "credential_validator.validation_backend: set credential_validator.min_length, too");
  const AuthConfig config = load(key + "credential_validator.min_length = 10").config.auth;
  EXPECT_EQ(config.passwords.kind, core::CredentialRule::Kind::min_length);
  EXPECT_EQ(config.passwords.min_length, 10U);
}

TEST_F(ConfigTest, ValuesOfRabbitmqFiles) {
  EXPECT_EQ(load("consumer_timeout = 31622400000").config.consumer_timeout_ms, 31'622'400'000U);
  EXPECT_EQ(load("default_queue_type = rabbit_quorum_queue").config.default_queue_type, "quorum");
  EXPECT_EQ(only_error("listeners.tcp.1 = unix:/run/amqp:0"),
            "lepus.conf:1: bad value 'unix:/run/amqp:0' for key 'listeners.tcp.1': expected "
            "[address:]port or none; a unix socket is named by listeners.unix");
  EXPECT_EQ(only_error("default_pass = encrypted:abc"),
            "lepus.conf:1: bad value 'encrypted:abc' for key 'default_pass': expected a password; "
            "encrypted values cannot be read");
  EXPECT_EQ(only_error("%% old\n[\n {rabbit, []}\n].\n"),
            "lepus.conf: this is a file in Erlang's format (rabbitmq.config, advanced.config); "
            "write its settings as lines of 'key = value'");
}

TEST_F(ConfigTest, InputIsBounded) {
  std::string text;
  while (text.size() < 200'000) text += "k" + std::to_string(text.size()) + " = 1\n";
  EXPECT_EQ(load(text).errors.size(), config_errors_max + 1);
  const ConfigResult large = load(std::string(config_file_size_max + 1, '#'));
  ASSERT_EQ(large.errors.size(), 1U);
  EXPECT_EQ(large.errors[0],
            "lepus.conf: cannot read the configuration file: it has more than 1048576 bytes");
}

TEST_F(ConfigTest, MissingFile) {
  const ConfigResult named = load_config({.file = "/nowhere/lepus.conf"});
  ASSERT_EQ(named.errors.size(), 1U);
  EXPECT_EQ(named.errors[0],
            "/nowhere/lepus.conf: cannot read the configuration file: No such file or directory");
  EXPECT_TRUE(load_config({.fallback_file = "/nowhere/lepus.conf"}).ok());
}

TEST_F(ConfigTest, WhatShowsOnlyAtTheEnd) {
  EXPECT_EQ(only_error("default_users.ann.tags = management"),
            "user 'ann' has no password; set default_users.ann.password");
  EXPECT_EQ(only_error("default_users.ann.password = x\ndefault_user = ann"),
            "user 'ann' is both default_user and one of default_users; name it once");
  EXPECT_EQ(only_error("listeners.tcp.a = 21400\nlisteners.tcp.b = 21400"),
            "listeners.tcp.b: another listener has the same address and port");
}

TEST_F(ConfigTest, UnixListeners) {
  const ConfigResult result = load(
      "listeners.unix.b.mode = 0600\nlisteners.unix.a = /run/a\nlisteners.unix.b = /run/b\n"
      "listeners.unix.c = /run/c\nlisteners.unix.c = none");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.config.listeners,
            (std::vector<ListenAddress>{{"default", "", 5672},
                                        {"b", "", 0, ListenerKind::unix_socket, "/run/b", 0600},
                                        {"a", "", 0, ListenerKind::unix_socket, "/run/a", 0660}}));
  EXPECT_EQ(only_error("listeners.unix.a.mode = 0600"),
            "listeners.unix.a.mode: there is no such listener; set listeners.unix.a to a path");
  EXPECT_EQ(only_error("listeners.unix.a = /run/a\nlisteners.unix.b = /run/a"),
            "listeners.unix.b: another listener has the same path");
  for (const char* line :
       {"listeners.unix.a = run/a", "listeners.unix.a = /run/", "listeners.unix.a.mode = 9",
        "listeners.unix.a.mode = 1777", "listeners.unix.a.mode = 0888", "listeners.unix.a ="})
    EXPECT_FALSE(load(line).ok()) << line;
}

TEST_F(ConfigTest, Proxies) {
  EXPECT_FALSE(load("").config.tcp.proxy_protocol);
  EXPECT_TRUE(load("proxy_protocol = on").config.tcp.proxy_protocol);
  const auto sources = [this](std::string_view value) {
    return load("proxy_protocol.trusted_sources = " + std::string{value})
        .config.tcp.proxy_trusted_sources;
  };
  EXPECT_TRUE(net::is_in_any(load("").config.tcp.proxy_trusted_sources, "10.0.0.1"));
  EXPECT_FALSE(net::is_in_any(load("").config.tcp.proxy_trusted_sources, "192.0.2.1"));
  EXPECT_FALSE(net::is_in_any(sources("192.0.2.0/24, ::1"), "10.0.0.1"));
  EXPECT_TRUE(net::is_in_any(sources("192.0.2.0/24, ::1"), "192.0.2.1"));
  EXPECT_TRUE(net::is_in_any(sources("all"), "2001:db8::1"));
  EXPECT_EQ(only_error("proxy_protocol.trusted_sources = 10.0.0.1/8"),
            "lepus.conf:1: bad value '10.0.0.1/8' for key 'proxy_protocol.trusted_sources': "
            "expected ranges like 10.0.0.0/8 separated by commas, or all; '10.0.0.1/8' is no such "
            "range");
}

TEST_F(ConfigTest, ListenersOfSeveralKinds) {
  const ConfigResult result = load("listeners.ssl.a = 21401\nlisteners.ssl.b = [::1]:21402");
  EXPECT_EQ(result.config.listeners,
            (std::vector<ListenAddress>{{"default", "", 5672},
                                        {"a", "", 21401, ListenerKind::ssl},
                                        {"b", "::1", 21402, ListenerKind::ssl}}));
  EXPECT_EQ(result.errors, (std::vector<std::string>{
                               "ssl_options.certfile: it is not set, and listeners.ssl needs it",
                               "ssl_options.keyfile: it is not set, and listeners.ssl needs it"}));
  EXPECT_TRUE(load("listeners.ssl.a = 21401\nlisteners.ssl = none").ok());
  EXPECT_EQ(load("net.dpdk.enabled = true\nnet.dpdk.ssl_port = 5671").errors,
            (std::vector<std::string>{
                "ssl_options.certfile: it is not set, and net.dpdk.ssl_port needs it",
                "ssl_options.keyfile: it is not set, and net.dpdk.ssl_port needs it"}));
  EXPECT_TRUE(load("net.dpdk.ssl_port = 5671").ok());
  EXPECT_TRUE(load("listeners.ssl.a = 21401\nlisteners.ssl.a = none").ok());
  EXPECT_EQ(load("listeners.tcp.a = 21400\nlisteners.ssl.b = 21400").errors[0],
            "listeners.ssl.b: another listener has the same address and port");
}

TEST_F(ConfigTest, OptionsOfTls) {
  const ConfigResult result = load(
      "listeners.ssl.default = 5671\nssl_options.certfile = /c\nssl_options.keyfile = /k\n"
      "ssl_options.cacertfile = /a\nssl_options.verify = verify_peer\n"
      "ssl_options.fail_if_no_peer_cert = true\nssl_options.depth = 2\n"
      "ssl_options.versions.1 = tlsv1.2\nssl_options.ciphers.1 = A\nssl_options.ciphers.2 = B\n"
      "ssl_options.honor_cipher_order = true\nssl_options.sni.mq.example.com.certfile = /s\n"
      "ssl_options.sni.mq.example.com.keyfile = /t\nssl_cert_login_from = common_name\n"
      "ssl_cert_login_san_type = email\nssl_cert_login_san_index = 3\n"
      "ssl_handshake_timeout = infinity");
  ASSERT_TRUE(result.ok()) << result.errors[0];
  const TlsConfig& tls = result.config.tls;
  EXPECT_EQ(tls.handshake_timeout_ms, 0U);
  using Rule = net::TlsLoginRule;
  EXPECT_EQ(tls.options,
            (net::TlsOptions{.own = {"/c", "/k", ""},
                             .hosts = {{"mq.example.com", {"/s", "/t", ""}}},
                             .cacertfile = "/a",
                             .verify_peer = true,
                             .fail_if_no_peer_cert = true,
                             .depth = 2,
                             .crlfile = "",
                             .has_tls12 = true,
                             .has_tls13 = false,
                             .ciphers = {"A", "B"},
                             .honor_cipher_order = true,
                             .login = {Rule::Part::common_name, Rule::AlternativeName::email, 3}}));
  EXPECT_EQ(only_error("ssl_options.versions.1 = tlsv1.1"),
            "lepus.conf:1: bad value 'tlsv1.1' for key 'ssl_options.versions.1': expected tlsv1.3 "
            "or tlsv1.2; this version of TLS is broken and not spoken");
  const std::string listener =
      "listeners.ssl.a = 1\nssl_options.certfile = /c\nssl_options.keyfile = /k\n";
  EXPECT_EQ(only_error(listener + "ssl_options.verify = verify_peer"),
            "ssl_options.cacertfile: it is not set, and ssl_options.verify = verify_peer needs it");
  EXPECT_EQ(only_error(listener + "ssl_options.fail_if_no_peer_cert = true"),
            "ssl_options.fail_if_no_peer_cert: clients are not asked for a certificate; set "
            "ssl_options.verify = verify_peer");
}

}  // namespace
}  // namespace lepus::server
