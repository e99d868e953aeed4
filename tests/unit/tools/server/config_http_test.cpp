// Keys of management and prometheus: which ports are open, with which certificates, and what is
// wrong with them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tools/server/config/config.h"
#include "tools/server/config/config_keys.h"
#include "tools/server/config/config_value.h"
#include "tools/server/http/http_settings.h"
#include "tools/server/listeners/listening.h"

namespace lepus::server {
namespace {

ConfigResult load(std::vector<std::string> settings) {
  return load_config({.settings = std::move(settings), .host_name = "h"});
}

/// "management.tcp.port=[::]:15672 ..."
std::string ports(const std::vector<std::string>& settings) {
  const ConfigResult result = load(settings);
  std::string text;
  for (const ListenAddress& address : result.config.http_listeners())
    text += (text.empty() ? "" : " ") + listener_key(address) + "=" + shown_address(address);
  return text;
}

const std::string& only_error(const ConfigResult& result) {
  static const std::string none = "(not one error)";
  return result.errors.size() == 1 ? result.errors[0] : none;
}

TEST(ConfigHttp, BothDoorsAreOpenWhenNothingIsSaid) {
  EXPECT_EQ(ports({}), "management.tcp.port=[::]:15672 prometheus.tcp.port=[::]:15692");
  EXPECT_TRUE(load({}).ok());
}

TEST(ConfigHttp, EachDoorCanBeElsewhereOrNowhere) {
  EXPECT_EQ(ports({"management.tcp.port=none", "prometheus.tcp.port=none"}), "");
  EXPECT_EQ(
      ports({"management.tcp.port=8080", "management.tcp.ip=127.0.0.1", "prometheus.tcp.ip=::1"}),
      "management.tcp.port=127.0.0.1:8080 prometheus.tcp.port=[::1]:15692");
  EXPECT_EQ(ports({"management.listener.port=1", "prometheus.tcp.port=2"}),
            "management.tcp.port=[::]:1 prometheus.tcp.port=[::]:2");
}

TEST(ConfigHttp, OnlyTlsClosesThePlainPort) {
  const std::vector<std::string> files{"ssl_options.certfile=/c", "ssl_options.keyfile=/k"};
  std::vector<std::string> settings = files;
  settings.insert(settings.end(), {"management.ssl.port=15671", "prometheus.tcp.port=none"});
  EXPECT_EQ(ports(settings), "management.ssl.port=[::]:15671");
  EXPECT_TRUE(load(settings).ok());
  settings.emplace_back("management.tcp.port=15672");
  EXPECT_EQ(ports(settings), "management.tcp.port=[::]:15672 management.ssl.port=[::]:15671");
  EXPECT_EQ(ports({"prometheus.ssl.certfile=/c", "management.tcp.port=none"}),
            "prometheus.ssl.port=[::]:15691");
}

TEST(ConfigHttp, TlsNeedsACertificate) {
  EXPECT_EQ(load({"management.ssl.port=1"}).errors,
            (std::vector<std::string>{
                "ssl_options.certfile: it is not set, and management.ssl needs it",
                "ssl_options.keyfile: it is not set, and management.ssl needs it"}));
  EXPECT_EQ(only_error(load({"management.ssl.certfile=/c"})),
            "management.ssl.keyfile: it is not set, and management.ssl needs it");
  EXPECT_EQ(only_error(load({"prometheus.ssl.certfile=/c", "prometheus.ssl.keyfile=/k",
                             "prometheus.ssl.verify=verify_peer"})),
            "prometheus.ssl.cacertfile: it is not set, and prometheus.ssl.verify = verify_peer "
            "needs it");
}

TEST(ConfigHttp, TwoListenersCannotHaveOneAddress) {
  EXPECT_EQ(only_error(load({"management.tcp.port=5672"})),
            "management.tcp.port: another listener has the same address and port");
  EXPECT_EQ(only_error(load({"prometheus.tcp.port=15672"})),
            "prometheus.tcp.port: another listener has the same address and port");
}

TEST(ConfigHttp, BadValuesAreRefused) {
  for (const char* setting :
       {"management.tcp.port=0", "management.tcp.port=65536", "management.tcp.port=x",
        "management.tcp.ip=localhosts", "management.ssl.verify=maybe",
        "management.ssl.versions.1=tlsv1.1", "management.http.max_body_size=2GiB",
        "management.path_prefix=rabbitmq", "prometheus.path=/", "prometheus.path=metrics",
        "collect_statistics_interval=10", "management.cors.allow_origins=all",
        "prometheus.authentication.enabled=true", "management.listener.ssl=true",
        "management.restrictions.operator_policy_changes.disabled=true"})
    EXPECT_EQ(load({setting}).errors.size(), 1U) << setting;
}

TEST(ConfigHttp, ServicesAreToldWhatTheyNeed) {
  const ConfigResult result =
      load({"management.path_prefix=/rabbitmq/", "management.cors.allow_origins.1=https://a",
            "management.cors.allow_origins.2=https://b", "management.cors.max_age=7",
            "management.csp.policy=default-src 'self'", "management.hsts.policy=max-age=1",
            "management.headers.frame_options=DENY", "management.disable_basic_auth=true",
            "management.ssl_cert_login=true", "management.login_session_timeout=2",
            "prometheus.path=/m"});
  ASSERT_TRUE(result.ok()) << result.errors[0];
  const ApiSettings settings = make_api_settings(result.config);
  EXPECT_EQ(settings.path_prefix, "/rabbitmq");
  EXPECT_EQ(settings.allowed_origins, (std::vector<std::string>{"https://a", "https://b"}));
  EXPECT_EQ(settings.cors_max_age_s, 7U);
  EXPECT_EQ(settings.extra_headers,
            (net::HttpHeaders{{"content-security-policy", "default-src 'self'"},
                              {"strict-transport-security", "max-age=1"},
                              {"x-frame-options", "DENY"}}));
  EXPECT_FALSE(settings.takes_passwords);
  EXPECT_TRUE(settings.takes_certificates);
  EXPECT_EQ(settings.login_session_timeout_s, 120U);
  EXPECT_EQ(result.config.prometheus.path, "/m");
}

TEST(ConfigHttp, ListenersSayWhatTheySpeak) {
  const ConfigResult result =
      load({"management.ssl.certfile=/c", "management.ssl.keyfile=/k", "management.tcp.port=1"});
  const std::vector<ListenAddress> found = result.config.http_listeners();
  ASSERT_EQ(found.size(), 3U);
  const net::ListenerIdentity plain = listener_identity(found[0], result.config);
  EXPECT_EQ(net::protocol_name(plain.protocol), "http");
  EXPECT_EQ(plain.tls_settings, "");
  const net::ListenerIdentity tls = listener_identity(found[1], result.config);
  EXPECT_EQ(net::protocol_name(tls.protocol), "https");
  EXPECT_EQ(tls.tls_settings, "management.ssl");
  EXPECT_EQ(net::protocol_name(listener_identity(found[2], result.config).protocol),
            "http/prometheus");
}

}  // namespace
}  // namespace lepus::server
