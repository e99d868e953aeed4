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
  made.own.id = "rabbitmq";
  return made;
}

ResourceServer server(const OAuth2Config& made = config()) {
  return resolve_resource_servers(made).front();
}

TEST(TokenClaims, NameTheUserTheScopesAndTheEnd) {
  const TokenClaims claims = read_claims(
      server(),
      R"({"sub":"ann","aud":["rabbitmq","other"],"exp":200,"scope":"rabbitmq.read:*/* openid"})",
      100);
  EXPECT_EQ(claims.error, "");
  EXPECT_EQ(claims.user, "ann");
  EXPECT_EQ(claims.scopes, Texts{"read:*/*"});
  EXPECT_EQ(claims.expires_at_s, 200);
}

TEST(TokenClaims, ATokenHasItsTime) {
  EXPECT_EQ(read_claims(server(), R"({"aud":"rabbitmq","exp":100})", 100).error,
            "Provided JWT token has expired at timestamp 100 (validated at 100)");
  EXPECT_NE(read_claims(server(), R"({"aud":"rabbitmq","nbf":101})", 100).error, "");
  EXPECT_EQ(read_claims(server(), R"({"aud":"rabbitmq","nbf":100})", 100).error, "");
  EXPECT_EQ(read_claims(server(), R"({"aud":"rabbitmq"})", 100).expires_at_s, 0);
  EXPECT_NE(read_claims(server(), R"({"aud":"rabbitmq","exp":"soon"})", 100).error, "");
  EXPECT_NE(read_claims(server(), R"({"aud":"rabbitmq","exp":1e300})", 100).error, "");
}

TEST(TokenClaims, TheOperatorSaysWhichClaimsCount) {
  OAuth2Config made = config();
  made.own.username_claims = {"email", "user_name"};
  made.own.additional_scopes_key = "roles groups";
  made.own.scope_prefix = "";
  made.own.aliases.by_name = {{"admin", "tag:administrator configure:*/*"}};
  const TokenClaims claims = read_claims(
      server(made),
      R"({"aud":"rabbitmq","user_name":"ann","sub":"1","roles":["admin"],"groups":"write:*/x"})",
      1);
  EXPECT_EQ(claims.user, "ann");
  EXPECT_EQ(claims.scopes, (Texts{"admin", "configure:*/*", "tag:administrator", "write:*/x"}));
  EXPECT_EQ(read_claims(server(made), R"({"aud":"rabbitmq","client_id":"app"})", 1).user, "app");
  EXPECT_EQ(read_claims(server(made), R"({"aud":"rabbitmq"})", 1).user, "unknown");
}

TEST(TokenClaims, AClaimIsFoundInsideOfOthers) {
  OAuth2Config made = config();
  made.own.additional_scopes_key = "access.roles https://x/y";
  const TokenClaims claims =
      read_claims(server(made),
                  R"({"access":[{"roles":["rabbitmq.read:a/b"]},7,)"
                  R"({"roles":{"rabbitmq":"write:a/b read:c/d"}}],)"
                  R"("https://x/y":"rabbitmq.read:e/f",)"
                  R"("authorization":{"permissions":[{"scopes":["rabbitmq.tag:monitoring"]}]}})",
                  1);
  EXPECT_EQ(claims.scopes,
            (Texts{"read:a/b", "read:c/d", "read:e/f", "tag:monitoring", "write:a/b"}));
}

TEST(TokenClaims, RichAuthorizationRequestsAreScopes) {
  constexpr std::string_view payload =
      R"({"authorization_details":[)"
      R"({"type":"rmq","locations":["cluster:rabbit*/vhost:v/queue:q","cluster:other"],)"
      R"("actions":["read","management","fly"]},)"
      R"({"type":"rmq","actions":"write",)"
      R"("locations":"cluster:rabbitmq/exchange:e/routing-key:k"},)"
      R"({"type":"rmq","locations":["cluster:*/queue:a/exchange:b"],"actions":["configure"]},)"
      R"({"type":"else","locations":["cluster:*"],"actions":["configure"]},7,{"type":"rmq"}]})";
  OAuth2Config made = config();
  EXPECT_EQ(read_claims(server(made), payload, 1).scopes, Texts{});
  made.own.type = "rmq";
  EXPECT_EQ(read_claims(server(made), payload, 1).scopes,
            (Texts{"read:v/q/*", "tag:management", "write:*/e/k"}));
}

TEST(TokenClaims, TooManyScopesAreRefused) {
  const auto with = [](int count) {
    std::string payload = R"({"scope":")";
    for (int i = 0; i < count; ++i) payload += "rabbitmq.read:*/" + std::to_string(i) + " ";
    return payload + "\"}";
  };
  EXPECT_EQ(read_claims(server(), with(2048), 1).error, "");
  EXPECT_EQ(read_claims(server(), with(2049), 1).error, "it has more than 2048 scopes");
}

TEST(TokenClaims, GarbageIsRefused) {
  for (const char* text : {"", "[]", "7", "{", "\xff"})
    EXPECT_EQ(read_claims(server(), text, 1).error, "its payload is not a JSON object") << text;
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
  verifier.set_fetched("", keys("k"));
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
  made.provider.jwks_url = "https://x/keys";
  TokenVerifier verifier{made};
  EXPECT_TRUE(verifier.verify(maker_.make(payload()), 1).wants_keys);
  verifier.set_fetched("", keys("other"));
  EXPECT_TRUE(verifier.verify(maker_.make(payload()), 1).wants_keys);
  verifier.set_fetched("", keys("k"));
  EXPECT_FALSE(verifier.verify(maker_.make(payload()), 1).wants_keys);
}

TEST_F(TokenVerifierTest, ATokenWithoutANameOfItsKeyTakesTheDefaultOrTheOnlyOne) {
  TokenVerifier verifier{config()};
  verifier.set_fetched("", keys("k"));
  EXPECT_EQ(verifier.verify(maker_.make(payload(), ""), 1).answer.kind, AuthAnswer::Kind::allowed);
  OAuth2Config made = config();
  made.provider.default_key = "other";
  TokenVerifier with_default{made};
  with_default.set_fetched("", keys("k"));
  EXPECT_EQ(with_default.verify(maker_.make(payload(), ""), 1).answer.kind,
            AuthAnswer::Kind::refused);
}

TEST_F(TokenVerifierTest, OnlyTheOperatorsAlgorithmsCount) {
  OAuth2Config made = config();
  made.provider.algorithms = {"RS256"};
  TokenVerifier verifier{made};
  verifier.set_fetched("", keys("k"));
  EXPECT_EQ(verifier.verify(maker_.make(payload()), 1).answer.kind, AuthAnswer::Kind::refused);
}

TEST_F(TokenVerifierTest, ATokenIsSignedByTheProviderOfItsResourceServer) {
  OAuth2Config made = config();
  made.resource_servers["b"].provider = "p";
  made.providers["p"].issuer = "https://p";
  TokenVerifier verifier{made};
  const std::string of_b = R"({"sub":"ann","aud":"b","scope":"b.read:*/*"})";
  verifier.set_fetched("", keys("k"));
  const auto unknown = verifier.verify(maker_.make(of_b), 1);
  EXPECT_EQ(unknown.answer.kind, AuthAnswer::Kind::refused) << "a key of the other provider";
  EXPECT_TRUE(unknown.wants_keys);
  EXPECT_EQ(unknown.provider, "p");
  verifier.set_fetched("p", keys("k"));
  const auto known = verifier.verify(maker_.make(of_b), 1);
  EXPECT_EQ(known.answer.kind, AuthAnswer::Kind::allowed) << known.answer.text;
  EXPECT_EQ(known.answer.token.scopes, Texts{"read:*/*"});
}

TEST_F(TokenVerifierTest, ATokenIsForSomebody) {
  TokenVerifier verifier{config()};
  verifier.set_fetched("", keys("k"));
  const auto verified = verifier.verify(maker_.make(R"({"sub":"ann","aud":"x"})"), 1);
  EXPECT_EQ(verified.answer.text,
            "the token is refused: it is not meant for 'rabbitmq': its claim 'aud' does not have "
            "that");
}

TEST_F(TokenVerifierTest, ABadKeyFileIsNamed) {
  OAuth2Config made = config();
  made.provider.key_files = {{"id", "/nowhere/key.pem"}};
  EXPECT_EQ(TokenVerifier{made}.load(),
            "auth_oauth2.signing_keys.id: cannot read '/nowhere/key.pem'");
}

}  // namespace
}  // namespace lepus::server
