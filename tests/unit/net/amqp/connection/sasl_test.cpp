// Which mechanisms are offered to whom, and what a response to each of them says.
#include "net/amqp/connection/sasl.h"

#include <gtest/gtest.h>

#include <string>

#include "core/message/field_table_writer.h"

namespace lepus::amqp {
namespace {

using namespace std::string_literals;
using Names = std::vector<std::string_view>;

class SaslTest : public ::testing::Test {
 protected:
  std::optional<Credentials> read(std::string_view mechanism, std::string_view response) {
    return read_credentials(mechanism, response, settings_, facts_);
  }

  Settings settings_;
  io::PeerName peer_;
  net::ConnectionSecurity security_;
  ConnectionFacts facts_{core::ConnectionId{1}, peer_, security_};
};

TEST_F(SaslTest, MechanismsAreOfferedInTheOperatorsOrder) {
  settings_.mechanisms = {"PLAIN", "ANONYMOUS", "AMQPLAIN"};
  settings_.login.anonymous_user = "nobody";
  EXPECT_EQ(offered_mechanisms(settings_, facts_), (Names{"PLAIN", "ANONYMOUS", "AMQPLAIN"}));
}

TEST_F(SaslTest, ExternalIsOfferedOverTlsOnly) {
  settings_.mechanisms = {"EXTERNAL", "PLAIN"};
  EXPECT_EQ(offered_mechanisms(settings_, facts_), Names{"PLAIN"});
  security_.is_tls = true;
  EXPECT_EQ(offered_mechanisms(settings_, facts_), (Names{"EXTERNAL", "PLAIN"}));
}

TEST_F(SaslTest, AnonymousIsOfferedWhenThereIsAUserForIt) {
  settings_.mechanisms = {"ANONYMOUS", "PLAIN"};
  settings_.login.anonymous_user = "";
  EXPECT_EQ(offered_mechanisms(settings_, facts_), Names{"PLAIN"});
}

TEST_F(SaslTest, PlainHasANameAndAPassword) {
  const auto read_in = read("PLAIN", "\0ann\0secret"s);
  ASSERT_TRUE(read_in);
  EXPECT_EQ(read_in->name, "ann");
  EXPECT_EQ(read_in->password, "secret");
  EXPECT_TRUE(read_in->has_password);
  EXPECT_FALSE(read("PLAIN", "ann\0ann\0secret"s)) << "an authzid";
  EXPECT_FALSE(read("PLAIN", "\0ann"s));
  EXPECT_FALSE(read("PLAIN", "\0ann\0sec\0ret"s));
  EXPECT_FALSE(read("PLAIN", ""));
}

TEST_F(SaslTest, AmqplainHasThemInATable) {
  core::FieldTableWriter table;
  table.text("LOGIN", "ann");
  table.text("PASSWORD", "secret");
  const auto read_in = read("AMQPLAIN", table.take());
  ASSERT_TRUE(read_in);
  EXPECT_EQ(read_in->name, "ann");
  EXPECT_EQ(read_in->password, "secret");
  core::FieldTableWriter half;
  half.text("LOGIN", "ann");
  EXPECT_FALSE(read("AMQPLAIN", half.take()));
  EXPECT_FALSE(read("AMQPLAIN", "garbage"));
}

TEST_F(SaslTest, ExternalIsWhoTheCertificateNames) {
  security_.peer_cert_login = "CN=ann";
  const auto read_in = read("EXTERNAL", "somebody else");
  ASSERT_TRUE(read_in);
  EXPECT_EQ(read_in->name, "CN=ann");
  EXPECT_FALSE(read_in->has_password);
}

TEST_F(SaslTest, AnonymousIsWhomTheOperatorNames) {
  settings_.login.anonymous_user = "nobody";
  settings_.login.anonymous_password = "pass";
  const auto read_in = read("ANONYMOUS", "me");
  ASSERT_TRUE(read_in);
  EXPECT_EQ(read_in->name, "nobody");
  EXPECT_EQ(read_in->password, "pass");
  EXPECT_TRUE(read_in->has_password);
}

}  // namespace
}  // namespace lepus::amqp
