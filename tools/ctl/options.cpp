// See options.h.
#include "tools/ctl/options.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "tools/ctl/tool_names.h"
#include "tools/server/admin/admin_rows.h"

namespace lepus::ctl {

namespace {

constexpr double list_queues_timeout_s = 60;  // rabbitmqctl's.

constexpr std::array general_options{
    OptionSpec{"help", '?', "", "", ""},
    OptionSpec{"longnames", 'l', "", "", ""},
    OptionSpec{"no-table-headers", 0, "", "", ""},
    OptionSpec{"quiet", 'q', "", "", ""},
    OptionSpec{"silent", 's', "", "", ""},
    OptionSpec{"formatter", 0, "formatter", "", ""},
    OptionSpec{"node", 'n', "node", "", ""},
    OptionSpec{"socket", 0, "path", "", ""},
    OptionSpec{"timeout", 't', "seconds", "", ""},
    OptionSpec{"vhost", 'p', "vhost", "", ""},
    OptionSpec{"version", 0, "", "", ""},
    // Of Erlang, taken as scripts give them: nothing here needs them.
    OptionSpec{"erlang-cookie", 0, "cookie", "", ""},
    OptionSpec{"print-stacktrace", 0, "", "", ""},
    OptionSpec{"script-name", 0, "name", "", ""},
    OptionSpec{"no-color", 0, "", "", ""},
};
constexpr std::array options_without_effect{
    std::string_view{"erlang-cookie"}, std::string_view{"print-stacktrace"},
    std::string_view{"script-name"}, std::string_view{"no-color"}};

class Parser {
 public:
  Parser(std::span<const char* const> words, Invocation& out) : words_(words), out_(out) {}

  std::optional<Complaint> parse();

 private:
  struct Given {
    const OptionSpec* spec = nullptr;
    bool is_general = false;
    std::string value;
    std::string shown;  ///< As it was written.
  };
  std::optional<Complaint> read_words();
  void read_option(std::string_view word, std::size_t& index);
  const OptionSpec* find(std::string_view word, bool& is_general) const;
  void find_verb_word();
  std::optional<Complaint> take(const Given& given);
  std::optional<Complaint> take_value(const Given& given);
  std::optional<Complaint> check_verb();
  std::optional<Complaint> check_columns();
  Complaint wrong(std::string_view label) const;

  std::span<const char* const> words_;
  Invocation& out_;
  const VerbSpec* verb_ = nullptr;
  std::string unknown_;  ///< Options nobody knows.
};

bool takes_value(std::span<const OptionSpec> options, std::string_view word) {
  return std::any_of(options.begin(), options.end(), [&](const OptionSpec& option) {
    const bool is_it = word == fmt::format("--{}", option.name) ||
                       (option.letter != 0 && word == fmt::format("-{}", option.letter));
    return is_it && !option.takes.empty();
  });
}

bool is_option(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

/// The verb is the first word that is neither an option nor the value of a general one: which
/// options there are depends on it.
void Parser::find_verb_word() {
  for (std::size_t i = 1; i < words_.size(); ++i) {
    const std::string_view word = words_[i];
    if (!is_option(word)) {
      out_.verb = word;
      verb_ = find_verb(word);
      return;
    }
    if (takes_value(general_options, word)) ++i;
  }
}

const OptionSpec* Parser::find(std::string_view word, bool& is_general) const {
  const auto search = [&](std::span<const OptionSpec> options) -> const OptionSpec* {
    for (const OptionSpec& option : options) {
      if (word == fmt::format("--{}", option.name)) return &option;
      if (option.letter != 0 && word == fmt::format("-{}", option.letter)) return &option;
    }
    return nullptr;
  };
  is_general = false;
  if (verb_ != nullptr)
    if (const OptionSpec* own = search(verb_->options)) return own;
  is_general = true;
  return search(general_options);
}

std::optional<Complaint> Parser::parse() {
  out_.program = words_.empty() ? "lepusctl" : std::string_view(words_[0]);
  out_.program = out_.program.substr(out_.program.rfind('/') + 1);
  find_verb_word();
  if (auto complaint = read_words()) return complaint;
  if (out_.help || out_.version || out_.verb.empty() || out_.verb == "help") return std::nullopt;
  return check_verb();
}

std::optional<Complaint> Parser::read_words() {
  bool seen_verb = false;
  bool only_arguments = false;
  for (std::size_t i = 1; i < words_.size(); ++i) {
    const std::string_view word = words_[i];
    if (only_arguments || !is_option(word)) {
      if (seen_verb) out_.arguments.emplace_back(word);
      seen_verb = true;
      continue;
    }
    if (word == "--") {
      only_arguments = true;
      continue;
    }
    Given given;
    const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string_view::npos;
    given.shown = word.substr(0, equals);
    given.spec = find(given.shown, given.is_general);
    if (given.spec == nullptr) {
      unknown_ += fmt::format("\n{} : {}", given.shown,
                              equals == std::string_view::npos ? "" : word.substr(equals + 1));
      continue;
    }
    if (equals != std::string_view::npos) {
      given.value = word.substr(equals + 1);
    } else if (!given.spec->takes.empty()) {
      if (++i == words_.size())
        return wrong(fmt::format("{} needs a {}.", given.shown, given.spec->takes));
      given.value = words_[i];
    }
    if (auto complaint = take(given)) return complaint;
  }
  return std::nullopt;
}

std::optional<Complaint> Parser::take(const Given& given) {
  const std::string_view name = given.spec->name;
  if (given.spec->takes.empty() && !given.value.empty())
    return wrong(fmt::format("{} takes no value.", given.shown));
  if (!given.is_general) {
    if (name == "format" && given.spec->takes == "json" && given.value != "json")
      return wrong(fmt::format("Format '{}' is not supported; json is.", given.value));
    out_.options[std::string{name}] = given.value;
    return std::nullopt;
  }
  if (std::find(options_without_effect.begin(), options_without_effect.end(), name) !=
      options_without_effect.end())
    return std::nullopt;
  if (name == "help") {
    out_.help = true;
  } else if (name == "version") {
    out_.version = true;
  } else if (name == "longnames") {
    out_.longnames = true;
  } else if (name == "no-table-headers") {
    out_.has_headers = false;
  } else if (name == "quiet") {
    out_.quiet = true;
  } else if (name == "silent") {
    out_.silent = true;
    out_.has_headers = false;
  } else {
    return take_value(given);
  }
  return std::nullopt;
}

std::optional<Complaint> Parser::take_value(const Given& given) {
  const std::string_view name = given.spec->name;
  if (name == "vhost") {
    out_.vhost = given.value;
    out_.has_vhost = true;
  } else if (name == "node") {
    out_.node = given.value;
  } else if (name == "socket") {
    out_.socket = given.value;
  } else if (name == "timeout") {
    if (given.value == "infinity") return std::nullopt;
    const char* end = given.value.data() + given.value.size();
    const auto read = std::from_chars(given.value.data(), end, out_.timeout_s);
    if (read.ec != std::errc{} || read.ptr != end || !(out_.timeout_s > 0))
      return wrong(fmt::format("Timeout '{}' is not a number of seconds above 0, or infinity.",
                               given.value));
  } else {
    constexpr std::array<std::string_view, 4> names{"table", "pretty_table", "csv", "json"};
    const auto found = std::find(names.begin(), names.end(), given.value);
    if (found == names.end())
      return wrong(
          fmt::format("Formatter '{}' is not supported; there are table, pretty_table, "
                      "csv and json.",
                      given.value));
    out_.formatter = static_cast<Formatter>(found - names.begin());
  }
  return std::nullopt;
}

std::optional<Complaint> Parser::check_verb() {
  if (verb_ == nullptr) {
    if (const std::string_view why = why_absent(out_.verb); !why.empty())
      return Complaint{exit_unavailable, fmt::format("Error: command '{}' is not there: {}. See "
                                                     "docs/COMPATIBILITY.md.\n",
                                                     out_.verb, why)};
    const std::string nearest = server::nearest_name(out_.verb, verb_names());
    return Complaint{
        exit_usage,
        fmt::format("\nCommand '{}' not found. \n{}\n'{} help' lists them.\n", out_.verb,
                    nearest.empty() ? "" : fmt::format("Did you mean '{}'? \n", nearest),
                    out_.program)};
  }
  if (!unknown_.empty()) return wrong("Invalid options for this command:" + unknown_);
  if (out_.arguments.size() < verb_->arguments_min) return wrong("not enough arguments.");
  if (out_.arguments.size() > verb_->arguments_max) return wrong("too many arguments.");
  if (out_.verb == "list_queues" && out_.timeout_s == 0) out_.timeout_s = list_queues_timeout_s;
  return verb_->has_columns ? check_columns() : std::nullopt;
}

/// Also "name,messages" and "name, messages", as rabbitmqctl takes them.
std::optional<Complaint> Parser::check_columns() {
  const server::ColumnNames known = server::column_names(out_.verb);
  std::string wrong_ones;
  for (const std::string& argument : std::exchange(out_.arguments, {})) {
    std::size_t begin = 0;
    while (begin <= argument.size()) {
      const std::size_t end = std::min(argument.find(',', begin), argument.size());
      const std::string name = argument.substr(begin, end - begin);
      begin = end + 1;
      if (name.empty()) continue;
      out_.columns.push_back(name);
      if (std::find(known.all.begin(), known.all.end(), name) != known.all.end()) continue;
      const std::string nearest = server::nearest_name(name, known.all);
      wrong_ones += (wrong_ones.empty() ? "" : ", ") + name;
      if (!nearest.empty()) wrong_ones += fmt::format(" (did you mean {}?)", nearest);
    }
  }
  if (wrong_ones.empty()) return std::nullopt;
  return wrong(fmt::format("Info key(s) {} are not supported", wrong_ones));
}

Complaint Parser::wrong(std::string_view label) const {
  std::string text = fmt::format("Error (argument validation): {}\nArguments given:\n\t", label);
  for (std::size_t i = 1; i < words_.size(); ++i)
    text += fmt::format("{}{}", i > 1 ? " " : "", words_[i]);
  text += '\n';
  if (verb_ != nullptr) text += fmt::format("\nUsage\n\n{}\n", usage_line(out_, *verb_));
  return {exit_usage, text};
}

}  // namespace

std::optional<Complaint> parse_command_line(std::span<const char* const> words, Invocation& out) {
  return Parser{words, out}.parse();
}

std::string usage_line(const Invocation& invocation, const VerbSpec& verb) {
  return fmt::format("{} [--node <node>] [--socket <path>] [--quiet] {}{}{}", invocation.program,
                     verb.name, verb.usage.empty() ? "" : " ", verb.usage);
}

namespace {

std::string all_verbs(const Invocation& invocation) {
  std::string text = fmt::format(
      "\nUsage\n\n{} [--node <node>] [--socket <path>] [--timeout <timeout>] [--quiet] <command> "
      "[<command options>]\n\nAvailable commands:\n",
      invocation.program);
  std::string_view section;
  for (const VerbSpec& verb : verbs()) {
    if (!is_listed(invocation.program, verb.name)) continue;
    if (verb.section != section) text += fmt::format("\n{}:\n\n", verb.section);
    section = verb.section;
    text += fmt::format("   {:<29} {}\n", verb.name, verb.doc);
  }
  return text + fmt::format("\nUse '{} help <command>' to learn more about a specific command\n",
                            invocation.program);
}

constexpr std::string_view general_help = R"(
General Options

short            | long               | description
-----------------|--------------------|--------------------------------
-?               | --help             | displays command help
                 | --version          | displays the version of this tool
-n <node>        | --node <node>      | node to ask; it must be on this machine
                 | --socket <path>    | the broker's socket; else LEPUS_SOCKET, else
                                      | /var/lib/lepus/lepus.sock, /run/lepus/lepus.sock,
                                      | or data/lepus.sock of this directory
-t               | --timeout <n>      | give up after so many seconds
-q               | --quiet            | suppress informational messages
-s               | --silent           | suppress informational messages
                                      | and table header row
-p               | --vhost            | for commands that are scoped to a virtual host,
                                      | virtual host to use
                 | --no-table-headers | suppress the table header row
                 | --formatter        | table, pretty_table, csv or json
)";

std::string one_verb(const Invocation& invocation, const VerbSpec& verb) {
  std::string text = fmt::format("\nUsage\n\n{}\n\n{}.\n", usage_line(invocation, verb), verb.doc);
  if (verb.has_columns || !verb.options.empty()) text += "\nArguments and Options\n";
  if (verb.has_columns) {
    std::vector<std::string_view> names = server::column_names(verb.name).all;
    std::sort(names.begin(), names.end());
    text += fmt::format("\n<column>\n\tmust be one of {}\n", fmt::join(names, ", "));
  }
  for (const OptionSpec& option : verb.options) {
    const std::string letter = option.letter == 0 ? "" : fmt::format(" | -{}", option.letter);
    text += fmt::format("\n--{}{}{}\n\t{}\n", option.name,
                        option.takes.empty() ? "" : fmt::format(" <{}>", option.takes), letter,
                        option.doc);
  }
  return text + std::string{general_help};
}

}  // namespace

std::string help_text(const Invocation& invocation, std::string_view verb) {
  const VerbSpec* found = find_verb(verb);
  return found == nullptr ? all_verbs(invocation) : one_verb(invocation, *found);
}

}  // namespace lepus::ctl
