// The command line of lepusctl: what rabbitmqctl takes, and how wrong ones are told.
#include "tools/ctl/options.h"

#include <gtest/gtest.h>

#include <set>

#include "tools/server/admin/admin_audit.h"
#include "tools/server/admin/admin_operation.h"
#include "tools/server/admin/admin_rows.h"

namespace lepus::ctl {
namespace {

struct Parsed {
  Invocation invocation;
  std::optional<Complaint> complaint;
  int exit_code() const { return complaint ? complaint->exit_code : 0; }
  std::string text() const { return complaint ? complaint->text : ""; }
};

Parsed parse(std::vector<const char*> words) {
  words.insert(words.begin(), "/usr/bin/lepusctl");
  Parsed parsed;
  parsed.complaint = parse_command_line(words, parsed.invocation);
  return parsed;
}

TEST(CtlOptions, BeforeAndBehindTheVerb) {
  const Parsed one = parse(
      {"-q", "-p", "v", "list_queues", "name", "messages", "--formatter", "json", "--timeout=2.5"});
  ASSERT_EQ(one.text(), "");
  EXPECT_EQ(one.invocation.program, "lepusctl");
  EXPECT_EQ(one.invocation.verb, "list_queues");
  EXPECT_EQ(one.invocation.columns, (std::vector<std::string>{"name", "messages"}));
  EXPECT_EQ(one.invocation.vhost, "v");
  EXPECT_EQ(one.invocation.formatter, Formatter::json);
  EXPECT_EQ(one.invocation.timeout_s, 2.5);
  EXPECT_TRUE(one.invocation.quiet);
  EXPECT_FALSE(one.invocation.is_talkative());
  const Parsed two = parse({"delete_queue", "q", "-e", "--if-unused"});
  ASSERT_EQ(two.text(), "");
  EXPECT_TRUE(two.invocation.has("if-empty"));
  EXPECT_TRUE(two.invocation.has("if-unused"));
  EXPECT_EQ(two.invocation.vhost, "/");
}

TEST(CtlOptions, MessagesArePublishedAndShown) {
  const Parsed publish =
      parse({"publish", "--exchange", "x", "--routing-key=k", "--properties", "{}", "body"});
  ASSERT_EQ(publish.text(), "");
  EXPECT_EQ(publish.invocation.options.at("exchange"), "x");
  EXPECT_EQ(publish.invocation.options.at("routing-key"), "k");
  EXPECT_EQ(publish.invocation.arguments, std::vector<std::string>{"body"});
  EXPECT_EQ(parse({"publish", "a", "b"}).exit_code(), exit_usage) << "one body";
  const Parsed get = parse({"get", "q", "--count", "3", "--ack-mode", "ack"});
  ASSERT_EQ(get.text(), "");
  EXPECT_EQ(get.invocation.options.at("ack-mode"), "ack");
  EXPECT_EQ(parse({"get"}).exit_code(), exit_usage) << "which queue?";
  EXPECT_NE(help_text(get.invocation, "get").find("--truncate <bytes>"), std::string::npos);
}

TEST(CtlOptions, ColumnsInEveryForm) {
  for (const auto& words : std::vector<std::vector<const char*>>{
           {"list_queues", "name,messages"}, {"list_queues", "name,", "messages"}})
    EXPECT_EQ(parse(words).invocation.columns, (std::vector<std::string>{"name", "messages"}));
}

TEST(CtlOptions, SilentMeansNoHeadersToo) {
  EXPECT_FALSE(parse({"-s", "list_queues"}).invocation.has_headers);
  EXPECT_FALSE(parse({"list_queues", "--no-table-headers"}).invocation.has_headers);
  EXPECT_TRUE(parse({"-q", "list_queues"}).invocation.has_headers);
}

TEST(CtlOptions, ArgumentsThatLookLikeOptions) {
  const Parsed parsed = parse({"purge_queue", "--", "-q"});
  ASSERT_EQ(parsed.text(), "");
  EXPECT_EQ(parsed.invocation.arguments, std::vector<std::string>{"-q"});
}

TEST(CtlOptions, OnlyListQueuesHasATimeLimitOfItsOwn) {
  EXPECT_EQ(parse({"list_queues"}).invocation.timeout_s, 60);
  EXPECT_EQ(parse({"status"}).invocation.timeout_s, 0);
  EXPECT_EQ(parse({"-t", "infinity", "status"}).invocation.timeout_s, 0);
}

TEST(CtlOptions, WrongOnes) {
  struct Case {
    std::vector<const char*> words;
    const char* says;
  };
  for (const Case& one : std::vector<Case>{
           {{"nonsense"}, "Command 'nonsense' not found."},
           {{"list_queue"}, "Did you mean 'list_queues'?"},
           {{"delete_queue"}, "not enough arguments."},
           {{"delete_queue", "a", "b"}, "too many arguments."},
           {{"list_users", "x"}, "too many arguments."},
           {{"stop", "--foo"}, "Invalid options for this command:\n--foo : "},
           {{"list_queues", "--if-empty"}, "Invalid options for this command:\n--if-empty"},
           {{"list_queues", "nme"}, "Info key(s) nme (did you mean name?) are not supported"},
           {{"list_queues", "name", "xyzzyxyzzy"}, "Info key(s) xyzzyxyzzy are not supported"},
           {{"list_queues", "--formatter", "erlang"}, "Formatter 'erlang' is not supported"},
           {{"list_queues", "-t", "x"}, "Timeout 'x'"},
           {{"list_queues", "-t", "0"}, "Timeout '0'"},
           {{"list_queues", "-t"}, "-t needs a seconds."},
           {{"list_queues", "--quiet=1"}, "--quiet takes no value."},
           {{"export_definitions", "-", "--format", "erlang"}, "Format 'erlang'"}}) {
    const Parsed parsed = parse(one.words);
    EXPECT_EQ(parsed.exit_code(), exit_usage) << one.says;
    EXPECT_NE(parsed.text().find(one.says), std::string::npos) << parsed.text();
  }
  EXPECT_NE(parse({"delete_queue"}).text().find("Usage\n\nlepusctl [--node"), std::string::npos);
}

TEST(CtlOptions, VerbsThatAreNotThere) {
  for (const char* verb : {"list_ciphers", "reset", "join_cluster", "list_hashes"}) {
    const Parsed parsed = parse({verb, "whatever"});
    EXPECT_EQ(parsed.exit_code(), exit_unavailable) << verb;
    EXPECT_NE(parsed.text().find(verb), std::string::npos) << parsed.text();
  }
}

TEST(CtlOptions, HelpNeedsNoArguments) {
  EXPECT_TRUE(parse({"delete_queue", "--help"}).invocation.help);
  EXPECT_EQ(parse({"delete_queue", "--help"}).text(), "");
  EXPECT_EQ(parse({}).text(), "");
  const Invocation invocation;
  const std::string all = help_text(invocation, "");
  for (const VerbSpec& verb : verbs()) {
    EXPECT_NE(all.find(verb.name), std::string::npos);
    const std::string one = help_text(invocation, verb.name);
    EXPECT_NE(one.find(verb.doc), std::string::npos);
    if (!verb.has_columns) continue;
    for (const std::string_view column : server::column_names(verb.name).all)
      EXPECT_NE(one.find(column), std::string::npos) << verb.name << " " << column;
  }
}

/// The tables of the tool and of the broker go together.
TEST(CtlVerbs, TheBrokerKnowsThemAll) {
  std::set<std::string_view> seen;
  for (const std::string_view name : verb_names())
    EXPECT_TRUE(seen.insert(name).second) << name << " is twice in the tables";
  for (const VerbSpec& verb : verbs()) {
    EXPECT_EQ(why_absent(verb.name), "") << verb.name;
    const bool asks_another = verb.answer == Answer::peeked || verb.answer == Answer::log_tail ||
                              verb.answer == Answer::log_stream;
    EXPECT_EQ(server::find_operation(verb.name) != nullptr,
              verb.answer != Answer::local && !asks_another)
        << verb.name;
    const bool lists = !server::column_names(verb.name).all.empty();
    EXPECT_EQ(lists, verb.answer == Answer::rows) << verb.name;
    EXPECT_EQ(server::column_names(verb.name).preset.empty(), !lists) << verb.name;
  }
}

/// Each verb that changes something, as get may, is in the log; those that only look are not.
TEST(CtlVerbs, WhatChangesSomethingIsLogged) {
  for (const VerbSpec& verb : verbs()) {
    const bool lists = verb.answer == Answer::rows && verb.name != "get";
    const bool looks = lists || verb.answer == Answer::local || verb.answer == Answer::status ||
                       verb.answer == Answer::ping || verb.answer == Answer::cluster_status ||
                       verb.answer == Answer::connectivity || verb.answer == Answer::environment ||
                       verb.answer == Answer::table || verb.answer == Answer::peeked ||
                       verb.answer == Answer::log_tail || verb.answer == Answer::log_stream ||
                       verb.name == "await_startup" ||
                       (verb.answer == Answer::value && verb.name != "eval" &&
                        verb.name != "rotate_logs" && verb.name != "move_messages");
    EXPECT_EQ(server::is_logged_change(verb.name), !looks) << verb.name;
  }
}

TEST(CtlOptions, EachOfRabbitMqsToolsShowsItsOwnVerbs) {
  Invocation invocation;
  const auto lists = [&](const char* program, const char* verb) {
    invocation.program = program;
    return help_text(invocation, "").find(std::string("   ") + verb + " ") != std::string::npos;
  };
  EXPECT_TRUE(lists("rabbitmqctl", "add_user"));
  EXPECT_FALSE(lists("rabbitmqctl", "quorum_status"));
  EXPECT_TRUE(lists("rabbitmq-diagnostics", "memory_breakdown"));
  EXPECT_FALSE(lists("rabbitmq-diagnostics", "add_user"));
  EXPECT_TRUE(lists("rabbitmq-queues", "peek"));
  EXPECT_TRUE(lists("rabbitmq-streams", "stream_status"));
  EXPECT_TRUE(lists("rabbitmq-upgrade", "drain"));
  EXPECT_TRUE(lists("lepusctl", "drain"));
  for (const char* program : {"rabbitmqctl", "rabbitmq-queues", "rabbitmq-streams"})
    EXPECT_TRUE(lists(program, "help")) << program;
}

TEST(CtlOptions, OptionsOfErlangAreTaken) {
  const Parsed parsed = parse({"--erlang-cookie", "c", "--print-stacktrace", "-q", "list_vhosts"});
  EXPECT_EQ(parsed.text(), "");
  EXPECT_EQ(parsed.invocation.verb, "list_vhosts");
  EXPECT_EQ(parse({"cipher_suites", "--format", "iana"}).text(), "");
}

TEST(CtlOptions, TheVersionNeedsNoVerb) {
  EXPECT_TRUE(parse({"--version"}).invocation.version);
  EXPECT_TRUE(parse({"--version", "nonsense"}).invocation.version);
  EXPECT_EQ(parse({"--version", "nonsense"}).text(), "");
}

}  // namespace
}  // namespace lepus::ctl
