// Reply codes: their names, their scope, and the text that fits a shortstr.
#include "core/amqp_error.h"

#include <gtest/gtest.h>

#include <array>

namespace lepus::core {
namespace {

struct Known {
  ReplyCode code;
  std::string_view name;
  bool channel_only;
};
constexpr std::array known_codes{
    Known{ReplyCode::no_route, "NO_ROUTE", false},
    Known{ReplyCode::connection_forced, "CONNECTION_FORCED", false},
    Known{ReplyCode::access_refused, "ACCESS_REFUSED", true},
    Known{ReplyCode::not_found, "NOT_FOUND", true},
    Known{ReplyCode::resource_locked, "RESOURCE_LOCKED", true},
    Known{ReplyCode::precondition_failed, "PRECONDITION_FAILED", true},
    Known{ReplyCode::frame_error, "FRAME_ERROR", false},
    Known{ReplyCode::syntax_error, "SYNTAX_ERROR", false},
    Known{ReplyCode::command_invalid, "COMMAND_INVALID", false},
    Known{ReplyCode::channel_error, "CHANNEL_ERROR", false},
    Known{ReplyCode::unexpected_frame, "UNEXPECTED_FRAME", false},
    Known{ReplyCode::resource_error, "RESOURCE_ERROR", false},
    Known{ReplyCode::not_allowed, "NOT_ALLOWED", false},
    Known{ReplyCode::not_implemented, "NOT_IMPLEMENTED", false},
    Known{ReplyCode::internal_error, "INTERNAL_ERROR", false},
};

TEST(AmqpError, NamesAndScopes) {
  for (const Known& one : known_codes) {
    const AmqpError error{one.code, "why"};
    EXPECT_EQ(error.text(), std::string{one.name} + " - why");
    EXPECT_EQ(error.channel_only(), one.channel_only) << one.name;
  }
}

TEST(AmqpError, AChannelCodeCanCloseTheConnection) {
  AmqpError error{ReplyCode::access_refused, "login"};
  EXPECT_TRUE(error.channel_only());
  error.whole_connection = true;
  EXPECT_FALSE(error.channel_only());
}

TEST(AmqpError, TextFitsAShortstr) {
  const AmqpError fits{ReplyCode::not_found, std::string(255 - 12, 'x')};
  EXPECT_EQ(fits.text().size(), 255U);
  const AmqpError cut{ReplyCode::not_found, std::string(5'000, 'x')};
  EXPECT_EQ(cut.text().size(), 255U);
  EXPECT_TRUE(cut.text().starts_with("NOT_FOUND - xxx"));
}

TEST(Result, HoldsEither) {
  Result<int> good{4};
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(good.value(), 4);
  EXPECT_DEATH((void)good.error(), "!ok");
  Result<int> bad{AmqpError{ReplyCode::not_found, "no"}};
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().detail, "no");
  EXPECT_DEATH((void)bad.value(), "ok");
}

}  // namespace
}  // namespace lepus::core
