// Errors of JSON name the file, the place, what was expected and the nearest known key.
#include "tools/perf/json_reader.h"

#include <gtest/gtest.h>

#include "tools/perf/client/error.h"

namespace lepus::perf {

namespace {

std::string error_of(const std::string& json, void (*read)(JsonObject&)) {
  try {
    const JsonDocument document("mine.json", json);
    JsonObject root(document.root(), {&document.name(), ""});
    read(root);
    root.finish();
  } catch (const PerfError& error) {
    return error.what();
  }
  return "";
}

void read_rate(JsonObject& root) {
  double rate = 0;
  root.number("rate", rate, 0, 100);
  uint64_t count = 0;
  root.count("count", count, 1, 10);
  bool flag = false;
  root.flag("durable", flag);
}

}  // namespace

TEST(JsonReader, KnownKeysAreRead) {
  EXPECT_EQ(error_of(R"({"rate": 1.5, "count": 3, "durable": true})", read_rate), "");
}

TEST(JsonReader, UnknownKeysNameTheNearest) {
  EXPECT_EQ(error_of(R"({"ratte": 1})", read_rate),
            "mine.json: unknown key \"ratte\" (did you mean rate?)");
  EXPECT_EQ(error_of(R"({"zzzzzzzz": 1})", read_rate),
            "mine.json: unknown key \"zzzzzzzz\" (known: rate, count, durable)");
}

TEST(JsonReader, ValuesOutOfRangeNameTheirPlace) {
  EXPECT_EQ(error_of(R"({"rate": 101})", read_rate),
            "mine.json: rate: expected a number from 0 to 100, not 101");
  EXPECT_EQ(error_of(R"({"count": "many"})", read_rate),
            "mine.json: count: expected a whole number from 1 to 10, not the text \"many\"");
  EXPECT_EQ(error_of(R"({"durable": 1})", read_rate),
            "mine.json: durable: expected true or false, not 1");
}

TEST(JsonReader, AKeyThatIsThereTwiceIsAnError) {
  EXPECT_EQ(error_of(R"({"rate": 1, "rate": 2})", read_rate),
            "mine.json: rate: this key is there twice");
}

TEST(JsonReader, SyntaxErrorsNameTheLine) {
  const std::string error = error_of("{\n \"rate\": 1,\n \"count\": tru\n}", read_rate);
  EXPECT_NE(error.find("mine.json, line 3: this is no JSON"), std::string::npos) << error;
  EXPECT_NE(error_of("{", read_rate).find("mine.json"), std::string::npos);
  EXPECT_NE(error_of(std::string(100000, '['), read_rate).find("no JSON"), std::string::npos);
}

}  // namespace lepus::perf
