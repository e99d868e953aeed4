// Tokens: how they are cut, and which signatures count.
#include "tools/server/auth/jwt.h"

#include <gtest/gtest.h>

#include "tests/unit/tools/server/token_maker.h"

namespace lepus::server {
namespace {

using test::base64url;
using test::TokenMaker;

bool verifies(const JwtKey& key, const std::string& text) {
  const JwtParsed parsed = parse_jwt(text);
  return parsed.error.empty() && key.verifies(parsed.token);
}

TEST(Base64url, HasNoPaddingAndNothingElse) {
  EXPECT_EQ(decode_base64url("aGVsbG8"), "hello");
  EXPECT_EQ(decode_base64url("-_8"), "\xfb\xff");
  EXPECT_EQ(decode_base64url(""), "");
  for (const char* bad : {"a", "aGVsbG8=", "a+b/", "aG V", "aGVsbG9"})
    EXPECT_EQ(decode_base64url(bad), std::nullopt) << bad;
  for (const std::string text : {"", "a", "ab", "abc", "abcd"})
    EXPECT_EQ(decode_base64url(base64url(text)), text);
}

TEST(Jwt, HasThreeParts) {
  for (const char* bad : {"", "a", "a.b", "e30.e30.e30.e30"})
    EXPECT_EQ(parse_jwt(bad).error, "it does not have three parts") << bad;
  EXPECT_EQ(parse_jwt("e30.e3=.e30").error, "a part of it is not base64url");
  EXPECT_EQ(parse_jwt("W10.e30.e30").error, "its header is not a JSON object");
  EXPECT_EQ(parse_jwt("e30.e30.e30").error, "its algorithm '' is not accepted");
}

TEST(Jwt, WhatIsNotSignedByAPublicKeyIsRefused) {
  for (const std::string name : {"none", "None", "HS256", "HS512", "RS1", ""}) {
    const std::string text = base64url(R"({"alg":")" + name + "\"}") + ".e30.";
    EXPECT_EQ(parse_jwt(text).error, "its algorithm '" + name + "' is not accepted");
  }
  const std::string critical = base64url(R"({"alg":"RS256","crit":["b64"]})") + ".e30.";
  EXPECT_TRUE(parse_jwt(critical).error.find("crit") != std::string::npos);
}

class JwtAlgorithmTest : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(All, JwtAlgorithmTest,
                         ::testing::Values("RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
                                           "ES256", "ES384", "ES512", "EdDSA"),
                         [](const auto& one) { return std::string{one.param}; });

TEST_P(JwtAlgorithmTest, ASignatureIsVerifiedWithEitherFormOfTheKey) {
  const TokenMaker maker{GetParam()};
  const std::string text = maker.make(R"({"sub":"ann"})");
  JwtKey pem;
  ASSERT_EQ(pem.read_pem(maker.pem()), "");
  EXPECT_TRUE(verifies(pem, text));
  std::string error;
  const auto keys = read_jwk_set(R"({"keys":[)" + maker.jwk("id") + "]}", error);
  ASSERT_EQ(keys.size(), 1U) << error;
  EXPECT_EQ(keys[0].id, "id");
  EXPECT_TRUE(verifies(keys[0].key, text));
  EXPECT_EQ(parse_jwt(text).token.payload, R"({"sub":"ann"})");
  EXPECT_EQ(parse_jwt(text).token.key_id, "k");
}

TEST_P(JwtAlgorithmTest, AnyOtherByteIsWrong) {
  const TokenMaker maker{GetParam()};
  JwtKey key;
  ASSERT_EQ(key.read_pem(maker.pem()), "");
  const std::string text = maker.make(R"({"sub":"ann"})");
  const std::string other = maker.make(R"({"sub":"bob"})");
  const std::string mixed = other.substr(0, other.rfind('.')) + text.substr(text.rfind('.'));
  EXPECT_FALSE(verifies(key, mixed));
  EXPECT_FALSE(verifies(key, text.substr(0, text.rfind('.') + 1)));
  const TokenMaker stranger{GetParam()};
  EXPECT_FALSE(verifies(key, stranger.make(R"({"sub":"ann"})")));
}

TEST_P(JwtAlgorithmTest, AKeyIsForItsOwnKindOnly) {
  const TokenMaker rsa{"RS256"};
  const TokenMaker ec{"ES256"};
  const TokenMaker maker{GetParam()};
  const std::string text = maker.make("{}");
  JwtKey key;
  ASSERT_EQ(
      key.read_pem((maker.algorithm()[1] == 'S' && maker.algorithm()[0] != 'E' ? ec : rsa).pem()),
      "");
  EXPECT_FALSE(verifies(key, text));
}

TEST(JwtKey, ACurveIsForItsAlgorithmOnly) {
  const TokenMaker maker{"ES256"};
  JwtKey key;
  ASSERT_EQ(key.read_pem(maker.pem()), "");
  EXPECT_FALSE(verifies(key, maker.sign(R"({"alg":"ES384"})", "{}")));
}

TEST(JwtKey, WhatIsNoKeyIsSaidSo) {
  JwtKey key;
  EXPECT_EQ(key.read_pem("garbage"), "it is neither a public key nor a certificate in PEM");
  EXPECT_NE(key.read_rsa("\x01", "\x03"), "");
  EXPECT_NE(key.read_ec("P-256", std::string(32, 1), std::string(32, 2)), "");
  EXPECT_NE(key.read_ec("P-257", "x", "y"), "");
  EXPECT_NE(key.read_okp("Ed25519", "short"), "");
  EXPECT_FALSE(verifies(key, TokenMaker{"ES256"}.make("{}")));
}

TEST(JwkSet, WhatCannotBeUsedIsLeftOut) {
  std::string error;
  EXPECT_TRUE(read_jwk_set("[]", error).empty());
  EXPECT_NE(error, "");
  error.clear();
  const auto keys = read_jwk_set(
      R"({"keys":[{"kty":"oct","k":"AA"},{"kty":"RSA"},7,{"kty":"EC","use":"enc"}]})", error);
  EXPECT_TRUE(keys.empty());
  EXPECT_EQ(error, "");
}

}  // namespace
}  // namespace lepus::server
