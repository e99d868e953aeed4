// Rows in the forms of rabbitmqctl, and the state of a node as text.
#include "tools/ctl/table.h"

#include <gtest/gtest.h>

#include <memory>

#include "tools/ctl/client.h"
#include "tools/ctl/run.h"

namespace lepus::ctl {
namespace {

constexpr const char* rows_json = R"([
  ["q1", 3, true, {"table":[["x-max-length","signedint",5],["x-dlx","longstr","d\"x"],
    ["x-z","array",[["signedint",1],["longstr","a"],["table",[["k","bool",true]]]]],
    ["v","void",null]]}],
  ["t\ta,\"b\"", 0, false, {"table":[]}]])";

std::string print(const RowPrinter::Form& form, const char* json = rows_json) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  RowPrinter printer(form, {"name", "messages", "durable", "arguments"}, out);
  simdjson::dom::parser parser;
  for (const simdjson::dom::element row : parser.parse(std::string_view(json)).get_array())
    printer.row(row.get_array());
  printer.end();
  std::fclose(out);
  const std::unique_ptr<char, decltype(&std::free)> owned{text, &std::free};
  return {text, size};
}

TEST(CtlTable, Table) {
  EXPECT_EQ(print({Formatter::table, true}),
            "name\tmessages\tdurable\targuments\n"
            "q1\t3\ttrue\t[{\"x-max-length\",5},{\"x-dlx\",\"d\"x\"},"
            "{\"x-z\",[1,\"a\",[{\"k\",true}]]},{\"v\",undefined}]\n"
            "t\\ta,\"b\"\t0\tfalse\t[]\n");
  EXPECT_TRUE(print({Formatter::table, false}).starts_with("q1\t3\t"));
}

TEST(CtlTable, NoRowsNoHeader) {
  EXPECT_EQ(print({Formatter::table, true}, "[]"), "");
  EXPECT_EQ(print({Formatter::csv, true}, "[]"), "");
  EXPECT_EQ(print({Formatter::pretty_table, true}, "[]"), "");
  EXPECT_EQ(print({Formatter::json, true}, "[]"), "[\n]\n");
}

TEST(CtlTable, Csv) {
  const std::string text = print({Formatter::csv, true});
  EXPECT_TRUE(
      text.starts_with("\"name\",\"messages\",\"durable\",\"arguments\"\n"
                       "\"q1\",\"3\",\"true\",\"[{\"\"x-max-length\"\",5},"))
      << text;
  EXPECT_TRUE(text.ends_with("\n\"t\ta,\"\"b\"\"\",\"0\",\"false\",\"[]\"\n")) << text;
}

TEST(CtlTable, Json) {
  const std::string text = print({Formatter::json, true});
  EXPECT_TRUE(
      text.starts_with("[\n{\"name\":\"q1\",\"messages\":3,\"durable\":true,\"arguments\":"
                       "[[\"x-max-length\",\"signedint\",5],"))
      << text;
  EXPECT_TRUE(
      text.ends_with("\n,{\"name\":\"t\\ta,\\\"b\\\"\",\"messages\":0,\"durable\":false,"
                     "\"arguments\":[]}\n]\n"))
      << text;
}

TEST(CtlTable, PrettyTableHasEvenColumns) {
  const std::string text = print({Formatter::pretty_table, true},
                                 R"([["\u00e4", 1, true, ""], ["long name", 22, false, ""]])");
  EXPECT_NE(text.find("│ ä         │ 1        │ true    │           │\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("│ long name │ 22       │ false   │           │\n"), std::string::npos)
      << text;
}

TEST(CtlTable, ListsAndControls) {
  simdjson::dom::parser parser;
  EXPECT_EQ(cell_text(parser.parse(R"(["a","b"])"_padded)), "[a, b]");
  EXPECT_EQ(escape_controls("a\x1b[1m\r\n\x7f"), "a\\x1b[1m\\r\\n\\x7f");
}

TEST(CtlStatus, WhatIsNotKnownIsSaidSo) {
  const std::string text = status_text(
      R"({"pid":7,"alarms":["disk"],"disk_free":-1,"disk_free_limit":50000000,)"
      R"("vm_memory_high_watermark_limit":2000000000,"vm_memory_high_watermark_setting":)"
      R"({"relative":0.4},"listeners":[{"interface":"[::]","port":5672,"protocol":"amqp",)"
      R"("purpose":"AMQP 0-9-1"}]})");
  for (const char* line :
       {"OS PID: 7\n", "Alarms\n\n * disk\n", "Free disk space: unknown\n",
        "Low free disk space watermark: 0.0500 gb\n", "Queue count: unknown\n",
        "Memory high watermark setting: 0.4 of available memory, computed to: 2.0000 gb\n",
        "Interface: [::], port: 5672, protocol: amqp, purpose: AMQP 0-9-1\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST(CtlClient, NodesOfThisMachine) {
  for (const char* node : {"", "lepus", "lepus@box", "rabbit@box.lan", "x@localhost"})
    EXPECT_TRUE(is_local_node(node, "box.lan")) << node;
  for (const char* node : {"rabbit@other", "rabbit@box.wan", "rabbit@"})
    EXPECT_FALSE(is_local_node(node, "box.lan")) << node;
}

TEST(CtlClient, TheRequestSaysWhatWasGiven) {
  Invocation invocation;
  invocation.verb = "delete_queue";
  invocation.arguments = {"a\"b"};
  invocation.options = {{"if-empty", ""}};
  EXPECT_EQ(request_line(invocation, *find_verb("delete_queue")),
            "{\"verb\":\"delete_queue\",\"vhost\":\"/\",\"columns\":[],\"arguments\":[\"a\\\"b\"],"
            "\"options\":{\"if_empty\":\"true\"}}\n");
}

}  // namespace
}  // namespace lepus::ctl
