// Password hashes: known vectors, and what is refused. The vectors are Python's hashlib over the
// salt and the password; two are of RabbitMQ 3.10.8 itself.
#include "core/access/password_hash.h"

#include <gtest/gtest.h>

#include <string>

#include "net/amqp/settings.h"

namespace lepus::core {
namespace {

constexpr const char* sha256 = "rabbit_password_hashing_sha256";
constexpr const char* sha512 = "rabbit_password_hashing_sha512";

struct Vector {
  const char* algorithm;
  const char* hash;
  const char* password;
};

class PasswordVector : public ::testing::TestWithParam<Vector> {};

TEST_P(PasswordVector, OnlyThePasswordMatches) {
  PasswordHash hash;
  ASSERT_EQ(hash.read(GetParam().algorithm, GetParam().hash), "");
  const std::string password = GetParam().password;
  EXPECT_TRUE(hash.matches(password));
  EXPECT_FALSE(hash.matches(password + "x"));
  EXPECT_FALSE(hash.matches("x" + password));
  EXPECT_FALSE(hash.matches(GetParam().hash));
  if (!password.empty()) {
    EXPECT_FALSE(hash.matches(""));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Known, PasswordVector,
    ::testing::Values(
        Vector{sha256, "AAECAyNg/zJUtKzc71d2sm2DauJx8NMaF6gqGHg3PE7hf4Tt", "guest"},
        Vector{sha256, "c2FsdGNHmtaaCQslgnfsj7pvmUGaL/skiYFRBlfJRMzRFI6X", ""},
        Vector{sha256, "//4AgMxdatSaHYcYerc3kNKAyrco47gazq/q2W3HgU3HrzBZ",
               "gehaimnis mit \xc3\xa4"},
        Vector{sha256, "YWJjZN1QK7CxWPvJZakp9P+6lCxvcf25TO+azWhf3k7jRRDU",
               "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
               "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
               "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
               "xxxxxxxxxxxxxxxxxxxx"},
        Vector{sha512,
               "AAAAAFtaIo+SBFPiskt8aiaoI1BlE2xnt5dD9+zL60HazLqAXTjAg94krNu3VqGTdXmZw4"
               "ZfI1fPpiFOSovPkNHH2go=",
               "guest"},
        Vector{sha512,
               "kI3GChuNuIYf8lRbCCxZjgjKwsY19ns6+uFO0zcXRBGA/XGJPYD8OWMy7EB8TaOmAzjP2a"
               "zv84GbINYwX2cDWb4DHnc=",
               "test12"},
        // Written by RabbitMQ.
        Vector{sha256, "QD40KHedRZv6HA0ZRw7pvkS/EtCx7gjq3U7jyLfE/uWsjI2h", "s3cret"},
        Vector{sha512,
               "u8wkFNZIo4j+dLaXYCtKm7nqROI+DfQew4yEyeDD2UV/XabFa/0GoUQz8xo8APzYGJ1pPVfhMK/p7YKi"
               "wrZ69LIDTfE=",
               "sha512 pass"}));

TEST(PasswordHash, NothingIsRightWithoutAHash) {
  PasswordHash hash;
  EXPECT_FALSE(hash.matches(""));
  ASSERT_EQ(hash.read(sha256, "QD40KHedRZv6HA0ZRw7pvkS/EtCx7gjq3U7jyLfE/uWsjI2h"), "");
  ASSERT_EQ(hash.read(sha256, ""), "");
  EXPECT_FALSE(hash.matches(""));
  EXPECT_FALSE(hash.matches("s3cret"));
}

TEST(PasswordHash, RefusesWhatItCannotCheck) {
  struct Case {
    const char* algorithm;
    const char* hash;
    const char* why;
  };
  const std::string good = "QD40KHedRZv6HA0ZRw7pvkS/EtCx7gjq3U7jyLfE/uWsjI2h";
  const std::string cut = good.substr(0, 44);
  const std::string padded = good.substr(0, 44) + "/u=I";
  const std::string blank = " " + good.substr(1);
  const Case cases[] = {
      {"rabbit_password_hashing_md5", good.c_str(),
       "rabbit_password_hashing_md5 (MD5), which is not accepted"},
      {"rabbit_password_hashing_bcrypt", good.c_str(), "'rabbit_password_hashing_bcrypt' is not"},
      {"", good.c_str(), "'' is not known"},
      {sha256, "s3cret", "is not base64"},
      {sha256, padded.c_str(), "is not base64"},
      {sha256, blank.c_str(), "is not base64"},
      {sha256, "====", "is not base64"},
      {sha256, "AAECAwAAAAAAAAAAAAAAAAAAAAA=",
       "has 20 bytes, as a salt and a hash with rabbit_password_hashing_md5 have (MD5), which is "
       "not accepted"},
      {sha256, cut.c_str(), "has 33 bytes, a salt and a hash with rabbit_password_hashing_sha256"},
      {sha512, good.c_str(), "has 36 bytes"},
  };
  for (const Case& one : cases) {
    PasswordHash hash;
    const std::string why = hash.read(one.algorithm, one.hash);
    EXPECT_NE(why.find(one.why), std::string::npos)
        << one.algorithm << " " << one.hash << ": " << why;
    EXPECT_FALSE(hash.matches("s3cret"));
  }
}

TEST(PasswordHash, WhatIsHashedHereCanBeRead) {
  const std::string text = hash_password("s3cret", 0x01020304);
  EXPECT_NE(text, hash_password("s3cret", 0x01020305));
  PasswordHash hash;
  ASSERT_EQ(hash.read(sha256_name, text), "");
  EXPECT_TRUE(hash.matches("s3cret"));
  EXPECT_FALSE(hash.matches("s3cre"));
  EXPECT_FALSE(hash.matches(""));
}

}  // namespace
}  // namespace lepus::core
