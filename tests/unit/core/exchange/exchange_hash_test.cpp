// Exchanges that give each message to one binding: shares, what stays when bindings change, what is
// hashed, and the words of refusals.
#include <map>
#include <string>

#include "core/message/properties.h"
#include "tests/unit/core/topology/topology_world.h"

namespace lepus::core::test {
namespace {

constexpr int key_count = 4000;

class HashRouter : public ::testing::Test {
 protected:
  void declare(std::string_view type, std::string arguments = {}) {
    TopologyRequest made = world_.exchange("x", type);
    made.arguments = std::move(arguments);
    world_.must(made);
  }
  void bind(std::string_view queue, std::string_view key) {
    world_.must(world_.queue(queue));
    world_.must(world_.bind("x", queue, key));
  }
  std::string chosen(const RouteInput& input) {
    const Names found = world_.route("x", input);
    EXPECT_EQ(found.size(), 1U);
    return found.empty() ? "" : found[0];
  }
  std::map<std::string, std::string> choices() {
    std::map<std::string, std::string> all;
    for (int i = 0; i < key_count; ++i) {
      const std::string key = "key." + std::to_string(i);
      all[key] = chosen(RouteInput{key, {}, {}});
    }
    return all;
  }
  static std::map<std::string, int> counts(const std::map<std::string, std::string>& choices) {
    std::map<std::string, int> found;
    for (const auto& [key, queue] : choices) ++found[queue];
    return found;
  }

  World world_;
};

TEST_F(HashRouter, SharesFollowTheWeights) {
  declare("x-consistent-hash");
  EXPECT_EQ(world_.route("x", "k"), Names{});
  bind("a", "1");
  bind("b", "1");
  bind("c", "2");
  const auto found = counts(choices());
  EXPECT_NEAR(found.at("a"), key_count / 4, key_count / 25);
  EXPECT_NEAR(found.at("b"), key_count / 4, key_count / 25);
  EXPECT_NEAR(found.at("c"), key_count / 2, key_count / 25);
}

TEST_F(HashRouter, ABindingThatComesOrGoesMovesOnlyItsOwn) {
  declare("x-consistent-hash");
  for (const char* name : {"a", "b", "c"}) bind(name, "10");
  const auto before = choices();
  bind("d", "10");
  for (const auto& [key, queue] : choices()) EXPECT_TRUE(queue == "d" || queue == before.at(key));
  world_.delete_queue("b");
  world_.delete_queue("d");
  for (const auto& [key, queue] : choices()) {
    if (before.at(key) != "b") {
      EXPECT_EQ(queue, before.at(key));
    }
  }
}

TEST_F(HashRouter, TheOrderOfBindingsMeansNothing) {
  declare("x-consistent-hash");
  for (const char* name : {"a", "b", "c"}) bind(name, "3");
  const auto before = choices();
  world_.delete_queue("a");
  bind("a", "3");
  EXPECT_EQ(choices(), before);
}

TEST_F(HashRouter, AHeaderCanBeHashed) {
  FieldTableWriter arguments;
  arguments.text("hash-header", "who");
  declare("x-consistent-hash", arguments.take());
  for (const char* name : {"a", "b", "c", "d"}) bind(name, "1");
  std::map<std::string, int> found;
  for (int i = 0; i < 200; ++i) {
    FieldTableWriter headers;
    headers.int32("who", i);
    const std::string bytes = headers.take();
    const std::string queue = chosen(RouteInput{"same", as_bytes(bytes), {}});
    EXPECT_EQ(chosen(RouteInput{"other", as_bytes(bytes), {}}), queue);
    ++found[queue];
  }
  EXPECT_EQ(found.size(), 4U);
  EXPECT_EQ(chosen(RouteInput{"k", {}, {}}), chosen(RouteInput{"other", {}, {}}));
  RouteResult result;
  world_.master.route(*world_.master.find_exchange(world_.vhost, "x"), RouteInput{"k", {}, {}},
                      result);
  EXPECT_TRUE(result.needs_headers());
}

TEST_F(HashRouter, AHeaderOfAnyTypeCanBeHashed) {
  FieldTableWriter arguments;
  arguments.text("hash-header", "who");
  declare("x-consistent-hash", arguments.take());
  for (const char* name : {"a", "b", "c", "d"}) bind(name, "1");
  // Of each type the bytes of one value, with the number `i` in it.
  const struct {
    char tag;
    std::string front;
    std::string back;
  } types[] = {{'S', "", ""},
               {'x', "", ""},
               {'I', {0, 0, 0}, ""},
               {'i', {0, 0, 0}, ""},
               {'B', "", ""},
               {'b', "", ""},
               {'s', {0}, ""},
               {'u', {0}, ""},
               {'l', {0, 0, 0, 0, 0, 0, 0}, ""},
               {'L', {0, 0, 0, 0, 0, 0, 0}, ""},
               {'d', {0x40}, {1, 1, 1, 1, 1, 1}},
               {'f', {0x40}, {1, 1}},
               {'D', {0, 0, 0, 0}, ""},
               {'T', {0, 0, 0, 0, 0, 0, 0}, ""},
               {'F', {1, 'k', 'B'}, ""},
               {'A', {'B'}, ""}};
  for (const auto& type : types) {
    std::map<std::string, int> found;
    for (int i = 0; i < 120; ++i) {
      const std::string bytes = type.front + static_cast<char>(i) + type.back;
      FieldTableWriter headers;
      headers.value("who", {type.tag, as_bytes(bytes)});
      const std::string table = headers.take();
      const std::string queue = chosen(RouteInput{"same", as_bytes(table), {}});
      EXPECT_EQ(chosen(RouteInput{"other", as_bytes(table), {}}), queue);
      ++found[queue];
    }
    EXPECT_EQ(found.size(), 4U) << type.tag;
  }
  for (const bool value : {false, true}) {
    FieldTableWriter headers;
    headers.boolean("who", value);
    const std::string table = headers.take();
    EXPECT_EQ(chosen(RouteInput{"a", as_bytes(table), {}}),
              chosen(RouteInput{"b", as_bytes(table), {}}));
  }
}

TEST_F(HashRouter, ManyBindingsLeaveAtOnce) {
  declare("x-modulus-hash", "");
  for (const char* name : {"a", "b", "c"}) bind(name, "1");
  world_.must(world_.queue("many"));
  for (int i = 0; i < 20'000; ++i) world_.must(world_.bind("x", "many", std::to_string(i)));
  world_.delete_queue("many");
  std::map<std::string, int> found;
  for (int i = 0; i < 300; ++i) ++found[chosen(RouteInput{std::to_string(i), {}, {}})];
  EXPECT_EQ(found.size(), 3U);
  EXPECT_EQ(found.count("many"), 0U);
}

TEST_F(HashRouter, APropertyCanBeHashed) {
  FieldTableWriter arguments;
  arguments.text("hash-property", "message_id");
  declare("x-consistent-hash", arguments.take());
  for (const char* name : {"a", "b", "c", "d"}) bind(name, "1");
  std::map<std::string, int> found;
  for (int i = 0; i < 200; ++i) {
    const std::string id = "m" + std::to_string(i);
    PropertiesView view;
    view.message_id = id;
    ++found[chosen(RouteInput{"same", {}, {}, &view})];
  }
  EXPECT_EQ(found.size(), 4U);
}

TEST_F(HashRouter, ModulusHashIsEvenAndStays) {
  declare("x-modulus-hash");
  for (const char* name : {"a", "b", "c", "d"}) bind(name, "");
  const auto before = choices();
  EXPECT_EQ(choices(), before);
  for (const auto& [queue, count] : counts(before)) EXPECT_NEAR(count, 1000, 150) << queue;
}

class RandomOneOf : public HashRouter, public ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Types, RandomOneOf, ::testing::Values("x-random", "x-local-random"),
                         [](const auto& one) { return one.index == 0 ? "Random" : "Local"; });

TEST_P(RandomOneOf, ReachesAllAndIsNotRemembered) {
  declare(GetParam());
  for (const char* name : {"a", "b", "c", "d"}) bind(name, "");
  for (const auto& [queue, count] : counts(choices())) EXPECT_NEAR(count, 1000, 150) << queue;
  RouteResult result;
  world_.master.route(*world_.master.find_exchange(world_.vhost, "x"), RouteInput{"k", {}, {}},
                      result);
  EXPECT_TRUE(result.needs_headers());
}

TEST_F(HashRouter, BadWeightsAndArguments) {
  declare("x-consistent-hash");
  world_.must(world_.queue("q"));
  EXPECT_EQ(world_.run(world_.bind("x", "q", "many")).error.detail,
            "The binding key must be an integer: <<\"many\">>");
  EXPECT_EQ(world_.run(world_.bind("x", "q", "")).error.detail,
            "The binding key must be an integer: <<\"\">>");
  EXPECT_EQ(world_.run(world_.bind("x", "q", "0")).error.detail,
            "The binding key must be greater than 0");
  EXPECT_EQ(world_.run(world_.bind("x", "q", "99999999999999999999")).kind, Answer::changes);
  TopologyRequest bad = world_.exchange("y", "x-consistent-hash");
  FieldTableWriter arguments;
  arguments.text("hash-property", "app_id");
  bad.arguments = arguments.take();
  EXPECT_EQ(world_.run(bad).error.detail, "Unsupported property: app_id");
  FieldTableWriter both;
  both.text("hash-property", "message_id");
  both.text("hash-header", "h");
  bad.arguments = both.take();
  EXPECT_EQ(world_.run(bad).error.detail, "hash-header and hash-property are mutually exclusive");
}

}  // namespace
}  // namespace lepus::core::test
