// From a token to whom it lets in, and for how long.
#include "tools/server/auth/token_verifier.h"

#include <gtest/gtest.h>

#include "tests/unit/tools/server/token_maker.h"
#include "tools/server/auth/token_claims.h"

namespace lepus::server {
namespace {

using core::AuthAnswer;
using test::TokenMaker;
using Texts = std::vector<std::string>;

OAuth2Config config() {
  OAuth2Config made;
  made.resource_server_id = "rabbitmq";
  return made;
}

TEST(TokenClaims, NameTheUserTheScopesAndTheEnd) {
  const TokenClaims claims = read_claims(
      config(),
      R"({"sub":"ann","aud":["rabbitmq","other"],"exp":200,"scope":"rabbitmq.read:*/* openid"})",
      100);
  EXPECT_EQ(claims.error, "");
  EXPECT_EQ(claims.user, "ann");
  EXPECT_EQ(claims.scopes, Texts{"read:*/*"});
  EXPECT_EQ(claims.expires_at_s, 200);
}

TEST(TokenClaims, ATokenHasItsTime) {
  EXPECT_EQ(read_claims(config(), R"({"aud":"rabbitmq","exp":100})", 100).error,
            "Provided JWT token has expired at timestamp 100 (validated at 100)");
  EXPECT_NE(read_claims(config(), R"({"aud":"rabbitmq","nbf":101})", 100).error, "");
  EXPECT_EQ(read_claims(config(), R"({"aud":"rabbitmq","nbf":100})", 100).error, "");
  EXPECT_EQ(read_claims(config(), R"({"aud":"rabbitmq"})", 100).expires_at_s, 0);
  EXPECT_NE(read_claims(config(), R"({"aud":"rabbitmq","exp":"soon"})", 100).error, "");
  EXPECT_NE(read_claims(config(), R"({"aud":"rabbitmq","exp":1e300})", 100).error, "");
}

TEST(TokenClaims, ATokenIsForSomebody) {
  EXPECT_NE(read_claims(config(), R"({"aud":"other"})", 1).error, "");
  EXPECT_NE(read_claims(config(), R"({"sub":"ann"})", 1).error, "");
  EXPECT_EQ(read_claims(config(), R"({"aud":"other rabbitmq"})", 1).error, "");
  OAuth2Config lax = config();
  lax.verifies_audience = false;
  EXPECT_EQ(read_claims(lax, R"({"sub":"ann"})", 1).error, "");
}

TEST(TokenClaims, TheOperatorSaysWhichClaimsCount) {
  OAuth2Config made = config();
  made.username_claims = {"email", "user_name"};
  made.additional_scopes_key = "roles groups";
  made.scope_prefix = "";
  made.scope_aliases = {{"admin", "tag:administrator configure:*/*"}};
  const TokenClaims claims = read_claims(
      made,
      R"({"aud":"rabbitmq","user_name":"ann","sub":"1","roles":["admin"],"groups":"write:*/x"})",
      1);
  EXPECT_EQ(claims.user, "ann");
  EXPECT_EQ(claims.scopes, (Texts{"tag:administrator", "configure:*/*", "write:*/x"}));
  EXPECT_EQ(read_claims(made, R"({"aud":"rabbitmq","client_id":"app"})", 1).user, "app");
  EXPECT_EQ(read_claims(made, R"({"aud":"rabbitmq"})", 1).user, "unknown");
}

TEST(TokenClaims, GarbageIsRefused) {
  for (const char* text : {"", "[]", "7", "{", "\xff"})
    EXPECT_EQ(read_claims(config(), text, 1).error, "its payload is not a JSON object") << text;
}

class TokenVerifierTest : public ::testing::Test {
 protected:
  std::vector<JwkSetKey> keys(std::string_view id) const {
    std::string error;
    return read_jwk_set(R"({"keys":[)" + maker_.jwk(id) + "]}", error);
  }
  static std::string payload() {
    return R"({"sub":"ann","aud":"rabbitmq","exp":200,)"
           R"("scope":"rabbitmq.tag:management"})";
  }

  TokenMaker maker_{"ES256"};
};

TEST_F(TokenVerifierTest, AKeyThatWasFetchedLetsIn) {
  TokenVerifier verifier{config()};
  verifier.set_fetched(keys("k"));
  const auto verified = verifier.verify(maker_.make(payload()), 100);
  EXPECT_EQ(verified.answer.kind, AuthAnswer::Kind::allowed) << verified.answer.text;
  EXPECT_EQ(verified.answer.tags, Texts{"management"});
  EXPECT_EQ(verified.answer.token.user, "ann");
  EXPECT_EQ(verified.answer.token.expires_at_s, 200);
  EXPECT_EQ(verifier.verify(maker_.make(payload()), 200).answer.kind, AuthAnswer::Kind::refused);
}

TEST_F(TokenVerifierTest, AnUnknownKeyMayBeFetched) {
  OAuth2Config made = config();
  EXPECT_FALSE(TokenVerifier{made}.verify(maker_.make(payload()), 1).wants_keys);
  made.jwks_url = "https://x/keys";
  TokenVerifier verifier{made};
  EXPECT_TRUE(verifier.verify(maker_.make(payload()), 1).wants_keys);
  verifier.set_fetched(keys("other"));
  EXPECT_TRUE(verifier.verify(maker_.make(payload()), 1).wants_keys);
  verifier.set_fetched(keys("k"));
  EXPECT_FALSE(verifier.verify(maker_.make(payload()), 1).wants_keys);
}

TEST_F(TokenVerifierTest, ATokenWithoutANameOfItsKeyTakesTheDefaultOrTheOnlyOne) {
  TokenVerifier verifier{config()};
  verifier.set_fetched(keys("k"));
  EXPECT_EQ(verifier.verify(maker_.make(payload(), ""), 1).answer.kind, AuthAnswer::Kind::allowed);
  OAuth2Config made = config();
  made.default_key = "other";
  TokenVerifier with_default{made};
  with_default.set_fetched(keys("k"));
  EXPECT_EQ(with_default.verify(maker_.make(payload(), ""), 1).answer.kind,
            AuthAnswer::Kind::refused);
}

TEST_F(TokenVerifierTest, OnlyTheOperatorsAlgorithmsCount) {
  OAuth2Config made = config();
  made.algorithms = {"RS256"};
  TokenVerifier verifier{made};
  verifier.set_fetched(keys("k"));
  EXPECT_EQ(verifier.verify(maker_.make(payload()), 1).answer.kind, AuthAnswer::Kind::refused);
}

TEST_F(TokenVerifierTest, ABadKeyFileIsNamed) {
  OAuth2Config made = config();
  made.key_files = {{"id", "/nowhere/key.pem"}};
  EXPECT_EQ(TokenVerifier{made}.load(),
            "auth_oauth2.signing_keys.id: cannot read '/nowhere/key.pem'");
}

}  // namespace
}  // namespace lepus::server
