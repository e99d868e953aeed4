// Filters, order, pages and columns of lists.
#include "tools/server/http_api/api_listing.h"

#include <chrono>

#include "tests/unit/tools/server/http_api/api_world.h"

namespace lepus::server {
namespace {

using test::ApiAnswer;

struct Thing {
  std::string name;
  int size = 0;
  bool is_there = true;
};
std::vector<Thing> things;
std::size_t written_count = 0;

struct ThingKind {
  using Id = std::size_t;
  using Row = Thing;
  const Row* find(Id id) const { return things[id].is_there ? &things[id] : nullptr; }
  std::string_view name(const Row& thing) const { return thing.name; }
  std::string_view vhost(const Row&) const { return "/"; }
  std::optional<SortKey> key(const Row& thing, std::string_view column) const {
    if (column == "size") return SortKey::of_number(thing.size);
    if (column == "is_there") return SortKey::of_boolean(true);
    if (column == "none") return SortKey::missing();
    return std::nullopt;
  }
  void write(const Row& thing, JsonWriter& json) const {
    ++written_count;
    json.begin_object();
    json.field("name", thing.name);
    json.field("size", thing.size);
    json.key("stats");
    json.raw("{\"negative\":" + std::to_string(-thing.size) + ",\"list\":[{\"a\":1,\"b\":2}]}");
    json.end_object();
  }
};

void list_things(ApiCall& call) {
  std::vector<std::size_t> ids(things.size());
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = i;
  reply_list(call, ThingKind{}, std::move(ids), {"vhost", "name"});
}

constexpr ApiRoute thing_routes[] = {{"GET", "/things", list_things}};

class ApiListingTest : public test::ApiTest {
 protected:
  ApiListingTest() {
    admin_->add_transport(with_things_);
    things = {{"bee", 3}, {"ant", 2}, {"Cat", 1}, {"ape", 3}};
  }
  std::unique_ptr<test::FakeExchange> begin_list(const std::string& query) {
    auto exchange = std::make_unique<test::FakeExchange>();
    exchange->edit().method = "GET";
    exchange->edit().path = "/api/things";
    exchange->edit().query = query;
    exchange->edit().headers = {{"authorization", "Basic Z3Vlc3Q6Z3Vlc3Q="}};
    with_things_.on_request(*exchange);
    return exchange;
  }
  std::string list(const std::string& query) {
    const auto exchange = begin_list(query);
    for (int i = 0; i < 100 && !exchange->is_over(); ++i) turn();
    return (exchange->status() == 200 ? "" : std::to_string(exchange->status()) + " ") +
           exchange->body();
  }

  static constexpr std::array<std::span<const ApiRoute>, 1> families_{thing_routes};
  ApiService with_things_{place_, families_};
};

std::string names(std::initializer_list<const char*> list) {
  std::string out = "[";
  for (const char* name : list)
    out += std::string(out.size() > 1 ? "," : "") + "{\"name\":\"" + name + "\"}";
  return out + "]";
}

TEST_F(ApiListingTest, RowsAreInTheOrderOfTheirNames) {
  EXPECT_EQ(list("columns=name"), names({"Cat", "ant", "ape", "bee"}));
  EXPECT_EQ(list("columns=name&sort_reverse=true"), names({"bee", "ape", "ant", "Cat"}));
}

TEST_F(ApiListingTest, ByAnyColumnAndThenByName) {
  EXPECT_EQ(list("columns=name&sort=size"), names({"Cat", "ant", "ape", "bee"}));
  EXPECT_EQ(list("columns=name&sort=size&sort_reverse=true"), names({"bee", "ape", "ant", "Cat"}));
  EXPECT_EQ(list("columns=name&sort=stats.negative"), names({"ape", "bee", "ant", "Cat"}));
  EXPECT_EQ(list("columns=name&sort=name"), names({"Cat", "ant", "ape", "bee"}));
  EXPECT_EQ(list("columns=name&sort=none"), names({"Cat", "ant", "ape", "bee"}));
  EXPECT_EQ(list("columns=name&sort=no.such"), names({"Cat", "ant", "ape", "bee"}));
}

TEST_F(ApiListingTest, ColumnsMayBeInsideOfOthers) {
  things = {{"a", 1}};
  EXPECT_EQ(list("columns=name,stats.list.b"), R"([{"name":"a","stats":{"list":[{"b":2}]}}])");
  EXPECT_EQ(list("columns=size,stats"),
            R"([{"size":1,"stats":{"negative":-1,"list":[{"a":1,"b":2}]}}])");
  EXPECT_EQ(list("columns=none"), "[{}]");
}

TEST_F(ApiListingTest, Pages) {
  EXPECT_EQ(list("page=1&page_size=3&columns=name"),
            R"({"filtered_count":4,"item_count":3,"page":1,"page_count":2,"page_size":3,)"
            R"("total_count":4,"items":)" +
                names({"Cat", "ant", "ape"}) + "}");
  EXPECT_EQ(list("page=2&page_size=3&columns=name"),
            R"({"filtered_count":4,"item_count":1,"page":2,"page_count":2,"page_size":3,)"
            R"("total_count":4,"items":)" +
                names({"bee"}) + "}");
  things.clear();
  EXPECT_EQ(list("page=1&pagination=false"),
            R"({"filtered_count":0,"item_count":0,"page":1,"page_count":0,"page_size":100,)"
            R"("total_count":0,"items":[]})");
}

TEST_F(ApiListingTest, NamesThatAreLookedFor) {
  const auto found = [&](const std::string& query) {
    const std::string answer = list("page=1&columns=name&" + query);
    return answer.substr(std::min(answer.find("\"items\":"), answer.size()));
  };
  EXPECT_EQ(found("name=A"), "\"items\":" + names({"Cat", "ant", "ape"}) + "}");
  EXPECT_EQ(found("name=%5Ea&use_regex=true"), "\"items\":" + names({"ant", "ape"}) + "}");
  EXPECT_EQ(found("name=zzz"), "\"items\":[]}");
  EXPECT_EQ(list("name=A&columns=name"), names({"Cat", "ant", "ape", "bee"})) << "no page";
}

TEST_F(ApiListingTest, WrongPages) {
  const std::string invalid =
      R"(400 {"error":"bad_request","reason":"Pagination parameters are invalid"})";
  EXPECT_EQ(list("page=a"), invalid);
  EXPECT_EQ(list("page=1&page_size="), invalid);
  EXPECT_EQ(list("page=1&name=(&use_regex=true"), invalid);
  EXPECT_EQ(list("page=0"),
            R"(400 {"error":"invalid_pagination_parameters","reason":"Invalid pagination )"
            R"(parameters: page number 0, page size undefined"})");
  EXPECT_EQ(list("page=1&page_size=501"),
            R"(400 {"error":"invalid_pagination_parameters","reason":"Invalid pagination )"
            R"(parameters: page number 1, page size 501"})");
  EXPECT_EQ(list("page=3"),
            R"(400 {"error":"page_out_of_range","reason":"Page out of range, page: 3 page size: )"
            R"(100, len: 4"})");
}

TEST_F(ApiListingTest, RowsThatGoMeanwhileAreLeftOut) {
  const auto exchange = begin_list("columns=name");
  things[0].is_there = false;
  for (int i = 0; i < 10 && !exchange->is_over(); ++i) turn();
  EXPECT_EQ(exchange->body(), names({"Cat", "ant", "ape"}));
}

TEST_F(ApiListingTest, WhoDoesNotReadIsWaitedFor) {
  const auto exchange = begin_list("columns=name");
  exchange->set_room(false);
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_FALSE(exchange->is_over());
  exchange->set_room(true);
  turn();
  EXPECT_TRUE(exchange->is_over());
}

TEST_F(ApiListingTest, APageOfManyRowsIsQuick) {
  things.clear();
  for (int i = 0; i < 100'000; ++i) things.push_back({"q" + std::to_string(i), i * 7919 % 1'000});
  written_count = 0;
  const auto begun = std::chrono::steady_clock::now();
  const std::string page = list("page=1&page_size=100&sort=size&sort_reverse=true&columns=name");
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begun;
  EXPECT_NE(page.find("\"total_count\":100000"), std::string::npos);
  EXPECT_EQ(written_count, 100U);
  RecordProperty("milliseconds", std::to_string(taken.count()));
}

}  // namespace
}  // namespace lepus::server
