// What lepusctl can do: one line of a table per verb, in rabbitmqctl's words. Parsing, help and the
// run of a verb follow it; a new verb is one more line and its answer's form.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lepus::ctl {

/// Headings of the help, in its order.
namespace section {
inline constexpr std::string_view help = "Help";
inline constexpr std::string_view nodes = "Nodes";
inline constexpr std::string_view access = "Access Control";
inline constexpr std::string_view monitoring = "Monitoring, observability and health checks";
inline constexpr std::string_view configuration = "Configuration and Environment";
inline constexpr std::string_view definitions = "Definitions";
inline constexpr std::string_view features = "Feature flags";
inline constexpr std::string_view operations = "Operations";
inline constexpr std::string_view policies = "Policies";
inline constexpr std::string_view parameters = "Parameters";
inline constexpr std::string_view limits = "Virtual hosts and limits";
inline constexpr std::string_view queues = "Queues";
inline constexpr std::string_view upgrade = "Maintenance and upgrades";
}  // namespace section

enum class Formatter : unsigned char { table, pretty_table, csv, json };

/// The command line, understood.
struct Invocation {
  std::string program = "lepusctl";  ///< As it was called.
  std::string verb;
  std::vector<std::string> arguments;
  std::vector<std::string> columns;
  std::map<std::string, std::string, std::less<>> options;  ///< The verb's own, by name.
  std::string vhost = "/";
  bool has_vhost = false;
  std::string node;
  std::string socket;
  Formatter formatter = Formatter::table;
  double timeout_s = 0;  ///< 0: none.
  bool quiet = false;
  bool silent = false;  ///< Quiet, and no headers.
  bool has_headers = true;
  bool longnames = false;
  bool help = false;
  bool version = false;

  bool has(std::string_view option) const { return options.find(option) != options.end(); }
  /// "Listing queues ..." and the like are to be shown.
  bool is_talkative() const {
    return !quiet && !silent &&
           (formatter == Formatter::table || formatter == Formatter::pretty_table);
  }
};

struct OptionSpec {
  std::string_view name;
  char letter;               ///< 0: none.
  std::string_view takes;    ///< What follows it; "": nothing does.
  std::string_view sent_as;  ///< In the request; "": it is for the tool alone.
  std::string_view doc;
};

/// What comes back, and how it is shown.
enum class Answer : unsigned char {
  local,    ///< Nobody is asked.
  nothing,  ///< Done.
  rows,     ///< A table, in pieces; which columns it has is known before.
  table,    ///< A small one, with its columns.
  status,   ///< The state of the node.
  cluster_status,
  connectivity,  ///< Listeners to connect to.
  environment,   ///< Names and values.
  messages,      ///< "... with N ready messages"
  value,         ///< Of an expression.
  peeked,        ///< One of the messages that come as rows.
  log_tail,      ///< The file that a value names.
  log_stream,    ///< The same, and what comes.
  closed,        ///< "Closed N connections"
  resolved,      ///< "N messages"
  published,     ///< "Message published"
  backup,        ///< How far it is, then what was copied.
  definitions,   ///< A text for a file.
  ping,
  end,  ///< The broker ends.
};

struct VerbSpec {
  std::string_view section;
  std::string_view name;
  std::string_view usage;  ///< What follows the name, as rabbitmqctl's usage line shows it.
  std::string_view doc;
  std::size_t arguments_min;
  std::size_t arguments_max;
  bool has_columns;
  bool has_vhost;
  Answer answer;
  /// Said before: {0} to {2} are arguments, {vhost} and {node} what they say. "": nothing.
  std::string_view banner;
  std::span<const OptionSpec> options = {};
};

/// All of them, by section.
const std::vector<VerbSpec>& verbs();
/// Those of diagnostics, queues, streams and upgrades (verbs_diagnostics.cpp).
std::span<const VerbSpec> diagnostic_verbs();
/// Those of shovels and of what is looked at live (verbs_shovels.cpp).
std::span<const VerbSpec> shovel_verbs();
std::span<const VerbSpec> backup_verbs();
/// nullptr: there is none.
const VerbSpec* find_verb(std::string_view name);
/// A verb of rabbitmqctl that is not there, with the reason; "": it is none of rabbitmqctl's.
std::string_view why_absent(std::string_view name);
std::vector<std::string_view> absent_verbs();
/// All names, for suggestions.
std::vector<std::string_view> verb_names();

}  // namespace lepus::ctl
