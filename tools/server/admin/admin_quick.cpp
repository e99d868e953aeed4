// See admin_quick.h.
#include "tools/server/admin/admin_quick.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "tools/server/admin/admin_operation.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::server {

namespace {

const QuickVerb* find_quick_verb(std::string_view name) {
  for (const std::span<const QuickVerb> verbs : {machine_verbs(), cluster_verbs()}) {
    const auto found = std::find_if(verbs.begin(), verbs.end(),
                                    [&](const QuickVerb& verb) { return verb.name == name; });
    if (found != verbs.end()) return &*found;
  }
  return nullptr;
}

std::string rows_json(const QuickTable& table) {
  JsonWriter json;
  json.begin_array();
  for (const std::vector<std::string>& row : table.rows) {
    CHECK(row.size() == table.columns.size());
    json.begin_array();
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool is_number =
          std::find(table.numbers.begin(), table.numbers.end(), i) != table.numbers.end();
      if (is_number) json.raw(row[i]);
      if (!is_number) json.text(row[i]);
    }
    json.end_array();
  }
  json.end_array();
  return json.take();
}

std::string columns_json(const QuickTable& table) {
  JsonWriter json;
  json.begin_object();
  json.key("columns");
  json.begin_array();
  for (const std::string& column : table.columns) json.text(column);
  json.end_array();
  json.end_object();
  return json.take();
}

class Quick final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override {
    const QuickVerb* verb = find_quick_verb(request().verb);
    CHECK(verb != nullptr);
    const std::size_t count = request().arguments.size();
    if (count < verb->arguments_min || count > verb->arguments_max)
      return fail(AdminFault::usage, fmt::format("{} arguments are too {}", count,
                                                 count < verb->arguments_min ? "few" : "many"));
    QuickAnswer answer = verb->answer({request(), broker(), host(), node()});
    if (!answer.error.empty()) return fail(answer.fault, std::move(answer.error));
    if (!answer.table.columns.empty()) {
      if (!answer.table.rows.empty()) sink().on_rows(rows_json(answer.table));
      return done(columns_json(answer.table));
    }
    JsonWriter json;
    json.begin_object();
    json.field("value", answer.text);
    json.end_object();
    done(json.take());
  }
};

/// list_unresponsive_queues: a queue answers as its shard does. Done, with an empty list, when
/// every shard has answered; one that hangs leaves the request to its time limit.
class ListUnresponsiveQueues final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override { ask_acknowledgements(); }

 private:
  void on_all_acknowledged() override { done(columns_json({{"name"}, {}})); }
};

}  // namespace

std::string_view QuickPlace::option(std::string_view name) const {
  const auto found = request.options.find(name);
  return found == request.options.end() ? std::string_view{} : std::string_view{found->second};
}

QuickAnswer quick_table(QuickTable table) {
  QuickAnswer answer;
  answer.table = std::move(table);
  return answer;
}

QuickAnswer quick_error(AdminFault fault, std::string error) {
  QuickAnswer answer;
  answer.error = std::move(error);
  answer.fault = fault;
  return answer;
}

OperationMaker find_quick_operation(std::string_view verb) {
  if (verb == "list_unresponsive_queues") return make_operation<ListUnresponsiveQueues>;
  return find_quick_verb(verb) == nullptr ? nullptr : make_operation<Quick>;
}

}  // namespace lepus::server
