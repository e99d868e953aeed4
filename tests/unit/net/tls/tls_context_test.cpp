// What options and files make, what is wrong with them, and what certificates say.
#include "net/tls/tls_context.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "net/tls/certificate.h"
#include "net/tls/ticket_keys.h"
#include "net/tls/tls_ciphers.h"
#include "net/tls/tls_failure.h"
#include "tests/unit/net/tls/test_authority.h"

namespace lepus::net {
namespace {

using testing_tls::TestAuthority;

std::string problem_of(const TlsOptions& options) {
  TlsProblem problem;
  return TlsContext::make(options, problem) ? "" : problem.text();
}

TEST(TlsContext, NamesTheOptionTheFileAndTheReason) {
  TestAuthority authority("ca");
  const TlsKeyFiles good = authority.issue();
  const TlsKeyFiles other = authority.issue();
  const std::string junk = authority.write("junk.pem", "junk");
  EXPECT_EQ(problem_of({.own = good}), "");
  EXPECT_EQ(problem_of({}), "ssl_options.certfile: it is not set");
  EXPECT_EQ(problem_of({.own = {"/nowhere", good.keyfile, ""}}),
            "ssl_options.certfile = /nowhere: cannot read it: No such file or directory");
  EXPECT_TRUE(problem_of({.own = {junk, good.keyfile, ""}})
                  .starts_with("ssl_options.certfile = " + junk + ": it holds no certificate"));
  EXPECT_EQ(problem_of({.own = {good.certfile, junk, ""}}),
            "ssl_options.keyfile = " + junk + ": it holds no private key in PEM form");
  EXPECT_TRUE(problem_of({.own = {good.certfile, other.keyfile, ""}})
                  .starts_with("ssl_options.keyfile = " + other.keyfile +
                               ": it is not the key of the certificate in " + good.certfile));
  EXPECT_EQ(problem_of({.own = good, .verify_peer = true}),
            "ssl_options.cacertfile: it is not set; verify = verify_peer needs it");
  EXPECT_EQ(problem_of({.own = good, .hosts = {{"a.example", {good.certfile, "/nowhere", ""}}}}),
            "ssl_options.sni.a.example.keyfile = /nowhere: cannot read it: No such file or "
            "directory");
  EXPECT_EQ(problem_of({.own = good, .ciphers = {"NONE"}}),
            "ssl_options.ciphers: there is no cipher suite 'NONE'");
  EXPECT_EQ(problem_of({.own = good, .has_tls12 = false, .ciphers = {"ECDHE-RSA-AES128-SHA"}}),
            "ssl_options.ciphers: none of them is for a version of TLS that is enabled");
}

TEST(TlsContext, OpensEncryptedKeysWithTheirPassword) {
  TestAuthority authority("ca");
  TlsKeyFiles files = authority.issue({.password = "secret"});
  EXPECT_EQ(problem_of({.own = files}), "");
  files.password = "wrong";
  EXPECT_NE(problem_of({.own = files}).find("cannot be read with this password"),
            std::string::npos);
  files.password.clear();
  EXPECT_NE(problem_of({.own = files}).find("if it is encrypted, it needs a password"),
            std::string::npos);
}

TEST(TlsContext, TellsOfItsCertificates) {
  TestAuthority authority("ca");
  TlsProblem problem;
  const auto context = TlsContext::make(
      {.own = authority.issue(), .hosts = {{"a.example", authority.issue({{{"CN", "a"}}})}}},
      problem);
  ASSERT_TRUE(context.has_value());
  const TlsContext copy = *context;
  ASSERT_EQ(copy.certificates().size(), 2U);
  EXPECT_EQ(copy.certificates()[0].subject, "CN=server");
  EXPECT_EQ(copy.certificates()[0].issuer, "CN=ca");
  EXPECT_EQ(copy.certificates()[1].option, "sni.a.example.certfile");
  EXPECT_GT(copy.certificates()[0].expires_at, 1'700'000'000);
}

TEST(TlsCiphers, TakesTheNamesOfOpensslAndOfTheRfcs) {
  const CipherLists lists =
      sort_ciphers({"TLS_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
                    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"});
  EXPECT_EQ(lists.unknown, "");
  EXPECT_EQ(lists.tls13, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(lists.tls12, "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256");
  EXPECT_EQ(sort_ciphers({"ECDHE-RSA-AES256-GCM-SHA384", "AES"}).unknown, "AES");
}

TEST(Certificate, NamesAreWrittenAsInRfc4514) {
  TestAuthority authority("ca");
  const X509Ptr made =
      testing_tls::read_certificate(authority
                                        .issue({.subject = {{"C", "DE"},
                                                            {"O", "Smith, Jones + \"Co\""},
                                                            {"OU", "#1 <a;b>\\"},
                                                            {"CN", " J\xc3\xb6rg "},
                                                            {"emailAddress", "a@b.c"}}})
                                        .certfile);
  EXPECT_EQ(describe_certificate(*made).subject,
            "EMAILADDRESS=a@b.c,CN=\\ J\\C3\\B6rg\\ ,OU=\\#1 \\<a\\;b\\>\\\\,O=Smith\\, Jones \\+ "
            "\\\"Co\\\",C=DE");
  const std::string validity = describe_certificate(*made).validity;
  EXPECT_EQ(validity.size(), std::string("2026-01-01T00:00:00Z - 2027-01-01T00:00:00Z").size());
}

TEST(Certificate, TheUserIsAPartOfIt) {
  TestAuthority authority("ca");
  const X509Ptr made = testing_tls::read_certificate(
      authority
          .issue({.subject = {{"O", "o"}, {"CN", "one"}, {"CN", "two"}},
                  .alternative_names = "DNS:a.example,DNS:b.example,email:m@x.y,URI:urn:u,"
                                       "IP:192.0.2.1,IP:2001:db8::1,"
                                       "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:user@realm"})
          .certfile);
  using Part = TlsLoginRule::Part;
  using Type = TlsLoginRule::AlternativeName;
  const auto alternative = [&](Type type, std::uint32_t index) {
    return login_name(*made, {Part::alternative_name, type, index});
  };
  EXPECT_EQ(login_name(*made, {}), "CN=two,CN=one,O=o");
  EXPECT_EQ(login_name(*made, {.part = Part::common_name}), "one,two");
  EXPECT_EQ(alternative(Type::dns, 0), "a.example");
  EXPECT_EQ(alternative(Type::dns, 1), "b.example");
  EXPECT_EQ(alternative(Type::dns, 2), "");
  EXPECT_EQ(alternative(Type::email, 0), "m@x.y");
  EXPECT_EQ(alternative(Type::uri, 0), "urn:u");
  EXPECT_EQ(alternative(Type::ip, 0), "192.0.2.1");
  EXPECT_EQ(alternative(Type::ip, 1), "2001:db8::1");
  EXPECT_EQ(alternative(Type::other_name, 0), "user@realm");
}

TEST(TicketKeys, FollowFromSecretAndTime) {
  constexpr core::Nanos period = core::limits::tls_ticket_period;
  TicketKeys one(TicketSecret{1});
  TicketKeys two(TicketSecret{1});
  TicketKeys other(TicketSecret{2});
  const TicketKey first = one.newest(10 * period);
  EXPECT_EQ(first.name, two.newest(10 * period + period - 1).name);
  EXPECT_EQ(first.cipher, two.newest(10 * period).cipher);
  EXPECT_EQ(other.find(first.name, 10 * period).key, nullptr);
  EXPECT_TRUE(two.find(first.name, 10 * period).is_newest);
  const TicketKeys::Found later = two.find(first.name, 11 * period);
  ASSERT_NE(later.key, nullptr);
  EXPECT_FALSE(later.is_newest);
  EXPECT_EQ(later.key->mac, first.mac);
  EXPECT_EQ(two.find(first.name, 12 * period).key, nullptr);
}

TEST(PlainText, IsToldFromTlsByItsFirstBytes) {
  const auto what = [](std::string_view text) { return describe_plain_text(core::as_bytes(text)); };
  EXPECT_EQ(what(""), "");
  EXPECT_EQ(what("\x16\x03\x01"), "");
  EXPECT_EQ(what("AM"), "");
  EXPECT_NE(what("AMQP").find("AMQP without TLS"), std::string::npos);
  EXPECT_EQ(what("GE"), "");
  EXPECT_NE(what("GET / HTTP").find("HTTP"), std::string::npos);
  EXPECT_NE(what("x").find("no TLS"), std::string::npos);
}

}  // namespace
}  // namespace lepus::net
