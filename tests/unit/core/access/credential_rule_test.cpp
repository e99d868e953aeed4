// Passwords that RabbitMQ's three validators take, and how others are refused.
#include "core/access/credential_rule.h"

#include <gtest/gtest.h>

namespace lepus::core {
namespace {

using RuleKind = CredentialRule::Kind;

TEST(CredentialRule, EverythingIsAcceptedUnlessTheOperatorWantsMore) {
  EXPECT_EQ(check_password({}, ""), "");
}

TEST(CredentialRule, APasswordMayHaveToBeLong) {
  const CredentialRule rule{RuleKind::min_length, 8};
  EXPECT_EQ(check_password(rule, "1234567"), "minimum required password length: 8");
  EXPECT_EQ(check_password(rule, "12345678"), "");
}

TEST(CredentialRule, APasswordMayHaveToMatch) {
  const CredentialRule rule{RuleKind::regexp, 0, "[0-9]"};
  EXPECT_EQ(check_password(rule, "letters"),
            "provided password does not match the validator regular expression");
  EXPECT_EQ(check_password(rule, "letters1"), "");
}

}  // namespace
}  // namespace lepus::core
