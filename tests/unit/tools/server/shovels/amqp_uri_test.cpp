// AMQP URIs: their parts, what is preset, and what is refused.
#include "tools/server/shovels/amqp_uri.h"

#include <gtest/gtest.h>

namespace lepus::server {
namespace {

AmqpUri read(std::string_view text) {
  AmqpUri uri;
  EXPECT_EQ(read_amqp_uri(text, uri), "") << text;
  return uri;
}
std::string refusal(std::string_view text) {
  AmqpUri uri;
  return read_amqp_uri(text, uri);
}

TEST(AmqpUri, WithoutAHostItIsThisBroker) {
  EXPECT_TRUE(read("amqp://").is_local);
  EXPECT_EQ(read("amqp://").vhost, "/");
  EXPECT_EQ(read("amqp://").user, "");
  EXPECT_EQ(read("amqp:///v").vhost, "v");
  EXPECT_EQ(read("amqp:///%2F").vhost, "/");
  const AmqpUri named = read("amqp://ann@/v");
  EXPECT_TRUE(named.is_local);
  EXPECT_EQ(named.user, "ann");
  EXPECT_EQ(named.shown(), "amqp:///v");
}

TEST(AmqpUri, PartsOfAnotherBroker) {
  const AmqpUri uri = read(
      "amqp://us%65r:s%3Acret@host:5673/v%2F1?heartbeat=5"
      "&connection_timeout=1500&channel_max=3");
  EXPECT_FALSE(uri.is_local);
  EXPECT_EQ(uri.user, "user");
  EXPECT_EQ(uri.password, "s:cret");
  EXPECT_EQ(uri.host, "host");
  EXPECT_EQ(uri.port, 5673);
  EXPECT_EQ(uri.vhost, "v/1");
  EXPECT_EQ(uri.heartbeat_s, 5);
  EXPECT_EQ(uri.connect_wait, 1500 * core::nanos_per_ms);
  EXPECT_EQ(uri.shown(), "amqp://host:5673/v%2F1") << "no secrets";
}

TEST(AmqpUri, Presets) {
  const AmqpUri uri = read("amqp://host/");
  EXPECT_EQ(uri.user, "guest");
  EXPECT_EQ(uri.password, "guest");
  EXPECT_EQ(uri.port, 5672);
  EXPECT_EQ(uri.vhost, "/");
  EXPECT_EQ(uri.heartbeat_s, 10);
  EXPECT_EQ(uri.shown(), "amqp://host");
}

TEST(AmqpUri, Tls) {
  const AmqpUri uri = read(
      "amqps://u:p@[::1]?cacertfile=%2Fca.pem&certfile=c&keyfile=k"
      "&password=s&depth=3&verify=verify_none");
  EXPECT_TRUE(uri.is_tls);
  EXPECT_EQ(uri.host, "::1");
  EXPECT_EQ(uri.port, 5671);
  EXPECT_EQ(uri.tls.cacertfile, "/ca.pem");
  EXPECT_EQ(uri.tls.certfile, "c");
  EXPECT_EQ(uri.tls.keyfile, "k");
  EXPECT_EQ(uri.tls.password, "s");
  EXPECT_EQ(uri.tls.depth, 3U);
  EXPECT_FALSE(uri.tls.verify_peer);
  EXPECT_EQ(uri.tls.server_name, "") << "an address is not asked for";
  EXPECT_EQ(uri.shown(), "amqps://[::1]");
  const AmqpUri named = read("amqps://host");
  EXPECT_TRUE(named.tls.verify_peer);
  EXPECT_EQ(named.tls.server_name, "host");
  EXPECT_EQ(named.tls.verified_host, "host");
  const AmqpUri other = read("amqps://host?server_name_indication=other");
  EXPECT_EQ(other.tls.server_name, "other");
  EXPECT_EQ(other.tls.verified_host, "other");
  EXPECT_EQ(read("amqps://h?server_name_indication=disable").tls.server_name, "");
  EXPECT_TRUE(read("amqps://h?auth_mechanism=external").uses_external);
}

TEST(AmqpUri, Refusals) {
  EXPECT_EQ(refusal("http://host"), "expected a URI that begins with amqp:// or amqps://");
  EXPECT_EQ(refusal(""), "expected a URI that begins with amqp:// or amqps://");
  EXPECT_EQ(refusal("amqp://host:0"), "the port is 0");
  EXPECT_EQ(refusal("amqp://host:x"), "the port: expected a number of at most 65535");
  EXPECT_EQ(refusal("amqp://host:70000"), "the port: expected a number of at most 65535");
  EXPECT_EQ(refusal("amqp://[::1"), "the address has no ']'");
  EXPECT_EQ(refusal("amqp://host/a/b"), "the virtual host is not percent-encoded ('/' is %2F)");
  EXPECT_EQ(refusal("amqp://host/%2"), "the virtual host is not percent-encoded ('/' is %2F)");
  EXPECT_EQ(refusal("amqp://%zz@host"), "user and password are not percent-encoded");
  EXPECT_EQ(refusal("amqp://host?odd=1"), "unknown key 'odd'");
  EXPECT_EQ(refusal("amqp://host?heartbeat=x"), "heartbeat: expected a number of at most 65535");
  EXPECT_EQ(refusal("amqp://host?cacertfile=x"), "'cacertfile' is for amqps://");
  EXPECT_EQ(refusal("amqps://"), "amqps:// needs a host");
  EXPECT_EQ(refusal("amqps://h?verify=maybe"), "verify: expected verify_peer or verify_none");
  EXPECT_EQ(refusal("amqp://h?auth_mechanism=external"), "auth_mechanism=external needs amqps://");
}

}  // namespace
}  // namespace lepus::server
