// See run.h.
//
//   text before -> connect -> request -> rows ... -> done     shown, exit 0
//                                                 -> error    told, its exit code
#include "tools/ctl/run.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "core/base/utf8.h"
#include "tools/ctl/backup/backup_answer.h"
#include "tools/ctl/banner.h"
#include "tools/ctl/client.h"
#include "tools/ctl/connectivity.h"
#include "tools/ctl/files.h"
#include "tools/ctl/live/kept_log.h"
#include "tools/ctl/local_verbs.h"
#include "tools/ctl/log_tail.h"
#include "tools/ctl/password.h"
#include "tools/ctl/small_answer.h"
#include "tools/ctl/table.h"
#include "tools/server/admin/admin_rows.h"
#include "tools/server/admin/message_json.h"

namespace lepus::ctl {

namespace dom = simdjson::dom;

namespace {

int complain(int exit_code, std::string_view text) {
  (void)std::fflush(stdout);
  fmt::print(stderr, "Error:\n{}\n", text);
  return exit_code;
}

/// "" when it is not there.
std::string_view text_of(dom::object object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

std::int64_t number_of(dom::object object, std::string_view name) {
  std::int64_t number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

/// What was done, but perhaps not as it was meant.
void print_warnings(dom::object result) {
  dom::array warnings;
  if (result["warnings"].get(warnings) != simdjson::SUCCESS) return;
  for (const dom::element warning : warnings) {
    std::string_view text;
    if (warning.get(text) == simdjson::SUCCESS)
      fmt::print(stderr, "Warning: {}\n", escape_controls(text));
  }
}

/// `form` has one place, for the number of this name.
void print_count(dom::object result, std::string_view name, const char* form) {
  fmt::print(fmt::runtime(form), number_of(result, name));
}

bool print_published(dom::object result, bool as_json) {
  bool is_routed = false;
  if (result["routed"].get(is_routed) != simdjson::SUCCESS) return false;
  if (as_json) fmt::print("{{\"routed\":{}}}\n", is_routed);
  if (!as_json) fmt::print("Message published{}\n", is_routed ? "" : " but NOT routed");
  return true;
}

class Run {
 public:
  Run(const Invocation& invocation, const VerbSpec& verb)
      : invocation_(invocation), verb_(verb), client_(invocation.timeout_s) {}

  int operator()();

 private:
  bool writes_data() const;
  bool wants_password() const;
  int check_texts() const;
  int prepare();
  int read_body();
  int fail(const ClientError& error) const;
  int converse();
  int on_error(dom::object error) const;
  int on_done(dom::object result);
  int check_connectivity(dom::object result) const;
  int prepare_peek();
  int print_peeked() const;
  int tail_log(dom::object result) const;
  const VerbSpec& asked_verb() const;
  int save(dom::object result) const;
  int wait_for_process(std::int64_t pid);
  std::vector<std::string> columns() const;

  Invocation invocation_;
  const VerbSpec& verb_;
  Client client_;
  std::string target_;  ///< File that definitions go to.
  PeekedMessage peeked_;
  SmallTable table_;
};

int Run::operator()() {
  if (!is_local_node(invocation_.node, host_name()))
    return complain(exit_unavailable,
                    fmt::format("node {} is not on this machine: {} talks to the broker here, over "
                                "its socket; run it there",
                                invocation_.node, invocation_.program));
  if (invocation_.has_vhost && !verb_.has_vhost)
    fmt::print(stderr, "Warning: --vhost has no effect on {}\n", verb_.name);
  if (invocation_.longnames)
    fmt::print(stderr, "Warning: --longnames has no effect: nodes have no names here\n");
  if (invocation_.is_talkative()) {
    if (verb_.name == "list_queues")
      fmt::print("Timeout: {:.1f} seconds ...\n", invocation_.timeout_s);
    if (!verb_.banner.empty() && !writes_data()) fmt::print("{}\n", banner(invocation_, verb_));
    (void)std::fflush(stdout);
  }
  if (const int code = prepare(); code != exit_ok) return code;
  if (const auto error = client_.connect(find_socket(invocation_), verb_.name == "await_startup"))
    return fail(*error);
  if (const auto error = client_.send(request_line(invocation_, asked_verb()))) return fail(*error);
  return converse();
}

/// Standard output gets data: nothing else may be in it.
bool Run::writes_data() const {
  return verb_.answer == Answer::definitions && invocation_.arguments[0] == "-";
}

/// Where a password may be left out it comes from standard input, as with rabbitmqctl.
bool Run::wants_password() const {
  const bool takes_one = verb_.name == "add_user" || verb_.name == "change_password" ||
                         verb_.name == "authenticate_user";
  return takes_one && invocation_.arguments.size() == 1;
}

/// A request is JSON, whose texts are UTF-8: other bytes would name something else.
int Run::check_texts() const {
  const auto complain_of = [](std::string_view label) {
    return complain(exit_usage, fmt::format("{}: its bytes are no UTF-8 text", label));
  };
  for (std::size_t i = 0; i < invocation_.arguments.size(); ++i) {
    if (core::is_utf8(invocation_.arguments[i])) continue;
    return complain_of(verb_.name == "import_definitions" ? std::string("the file")
                                                          : fmt::format("argument {}", i + 1));
  }
  if (!core::is_utf8(invocation_.vhost)) return complain_of("--vhost");
  for (const auto& [name, value] : invocation_.options)
    if (!core::is_utf8(value)) return complain_of("--" + name);
  return exit_ok;
}

/// What is done before anybody is asked.
int Run::prepare() {
  if (wants_password()) {
    std::optional<std::string> password = read_password();
    if (!password)
      return complain(exit_usage,
                      "no password: it is the second argument, or one line of standard "
                      "input");
    invocation_.arguments.push_back(std::move(*password));
  }
  if (verb_.answer == Answer::definitions) target_ = std::exchange(invocation_.arguments, {})[0];
  if (verb_.name == "import_definitions") {
    std::string text;
    if (!read_whole(invocation_.arguments[0], text))
      return complain(exit_data, fmt::format("cannot read {}: {}", invocation_.arguments[0],
                                             std::strerror(errno)));
    invocation_.arguments[0] = std::move(text);
  }
  if (verb_.answer == Answer::peeked)
    if (const int code = prepare_peek(); code != exit_ok) return code;
  if (verb_.answer == Answer::backup && !invocation_.arguments[0].empty())
    invocation_.arguments[0] = std::filesystem::absolute(invocation_.arguments[0]).string();
  if (verb_.answer == Answer::log_tail || verb_.answer == Answer::log_stream)
    invocation_.verb = "log_location";
  if (verb_.name == "publish")
    if (const int code = read_body(); code != exit_ok) return code;
  if (verb_.name == "stop" && !invocation_.arguments.empty())
    return complain(exit_usage, "a pid file is not needed: stop waits for the end by itself");
  return check_texts();
}

/// The verb that the broker knows.
const VerbSpec& Run::asked_verb() const {
  const VerbSpec* verb = find_verb(invocation_.verb);
  CHECK(verb != nullptr);
  return *verb;
}

/// The message at a position is the last of so many from the head.
int Run::prepare_peek() {
  const std::string position = invocation_.arguments[1];
  if (position.empty() || position.size() > 9 || position == "0" ||
      position.find_first_not_of("0123456789") != std::string::npos)
    return complain(exit_usage, fmt::format("'{}' is no position: they count from 1", position));
  invocation_.verb = "get";
  invocation_.options = {{"count", position}, {"ack-mode", "peek"}};
  invocation_.arguments.pop_back();
  target_ = position;
  return exit_ok;
}

int Run::print_peeked() const {
  if (std::to_string(peeked_.count()) != target_)
    return complain(
        exit_unavailable,
        fmt::format("queue '{}' in vhost '{}' has no message at position {}: {} are "
                    "ready",
                    invocation_.arguments[0], invocation_.vhost, target_, peeked_.count()));
  peeked_.print(invocation_, columns());
  return std::fflush(stdout) == 0 ? exit_ok : exit_cannot_write;
}

int Run::tail_log(dom::object result) const {
  const std::string path = log_file_of(text_of(result, "value"));
  const bool is_stream = verb_.answer == Answer::log_stream;
  const auto given = invocation_.options.find(is_stream ? "duration" : "number");
  double number = is_stream ? 0 : 50;
  if (given != invocation_.options.end()) {
    const char* end = given->second.data() + given->second.size();
    const auto read = std::from_chars(given->second.data(), end, number);
    constexpr double number_max = 1e9;
    if (read.ec != std::errc{} || read.ptr != end || !(number > 0) || number > number_max)
      return complain(exit_usage, fmt::format("'{}' is no number above 0", given->second));
  }
  if (path.empty())
    return is_stream ? print_kept_log_stream(invocation_, number)
                     : print_kept_log(invocation_, static_cast<std::uint64_t>(number));
  const std::string error =
      is_stream ? print_stream(path, number) : print_tail(path, static_cast<std::uint64_t>(number));
  return error.empty() ? exit_ok : complain(exit_unavailable, error);
}

/// Any bytes may be in it.
int Run::read_body() {
  const auto file = invocation_.options.find("file");
  if (file != invocation_.options.end() && !invocation_.arguments.empty())
    return complain(exit_usage, "the body is an argument or a file: give it once");
  std::string body;
  if (!invocation_.arguments.empty()) {
    body = invocation_.arguments[0];
  } else {
    const std::string path = file == invocation_.options.end() ? "-" : file->second;
    if (!read_whole(path, body))
      return complain(exit_data, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  invocation_.arguments = {server::encode_base64(core::as_bytes(body))};
  return exit_ok;
}

int Run::fail(const ClientError& error) const {
  if (verb_.name == "stop" && invocation_.has("idempotent") && error.exit_code == exit_unavailable)
    return exit_ok;
  return complain(error.exit_code, error.text);
}

std::vector<std::string> Run::columns() const {
  if (!invocation_.columns.empty()) return invocation_.columns;
  std::vector<std::string> names;
  for (const std::string_view name : server::column_names(asked_verb().name).preset)
    names.emplace_back(name);
  return names;
}

int Run::converse() {
  RowPrinter printer({invocation_.formatter, invocation_.has_headers}, columns(), stdout);
  const bool shows_rows = verb_.name != "list_queues" || !invocation_.has("offline");
  dom::parser parser;
  std::string line;
  for (;;) {
    if (const auto error = client_.receive(line)) return fail(*error);
    dom::object root;
    if (parser.parse(line).get(root) != simdjson::SUCCESS)
      return complain(exit_software, "the broker's answer is not JSON");
    dom::array rows;
    dom::object object;
    if (root["rows"].get(rows) == simdjson::SUCCESS) {
      for (const dom::element row : rows) {
        dom::array cells;
        if (!shows_rows || row.get(cells) != simdjson::SUCCESS) continue;
        if (verb_.answer == Answer::peeked) peeked_.row(cells);
        if (verb_.answer == Answer::table) table_.row(cells);
        if (verb_.answer == Answer::rows) printer.row(cells);
        if (verb_.answer == Answer::backup) print_backup_progress(cells);
      }
      continue;
    }
    if (root["error"].get(object) == simdjson::SUCCESS) return on_error(object);
    if (root["done"].get(object) != simdjson::SUCCESS)
      return complain(exit_software, "the broker's answer is not known to this version");
    if (verb_.answer == Answer::rows) printer.end();
    return on_done(object);
  }
}

/// rabbitmqctl's exit codes.
int Run::on_error(dom::object error) const {
  const std::string_view fault = text_of(error, "fault");
  const std::string_view text = text_of(error, "text");
  int exit_code = exit_software;
  if (fault == "usage") exit_code = exit_usage;
  if (fault == "invalid") exit_code = exit_data;
  if (fault == "unavailable") exit_code = exit_unavailable;
  if (fault == "refused")
    exit_code = verb_.name == "delete_queue" ? exit_usage : exit_no_permission;
  if (fault == "refused" &&
      (verb_.name == "get" || verb_.name == "peek" || verb_.name == "publish"))
    exit_code = exit_unavailable;
  if (fault == "exists") exit_code = exit_software;
  if (fault == "no_user") exit_code = exit_no_user;
  if (fault == "not_found") exit_code = exit_data;
  if (fault == "not_found" && verb_.name == "delete_queue") exit_code = exit_usage;
  if (fault == "not_found" && verb_.name == "purge_queue") exit_code = exit_unavailable;
  // rabbitmqctl counts a connection that is gone already as closed.
  if (fault == "not_found" && verb_.name == "close_connection") {
    fmt::print(stderr, "Warning: {}\n", text);
    return exit_ok;
  }
  return complain(exit_code, text);
}

int Run::on_done(dom::object result) {
  const bool as_json = invocation_.formatter == Formatter::json;
  print_warnings(result);
  switch (verb_.answer) {
    case Answer::local:
    case Answer::rows:
      break;
    case Answer::nothing:
      if (as_json) fmt::print("{{\"result\":\"ok\"}}\n");
      break;
    case Answer::table:
      if (!table_.print(invocation_, result)) return exit_software;
      break;
    case Answer::peeked:
      return print_peeked();
    case Answer::log_tail:
    case Answer::log_stream:
      return tail_log(result);
    case Answer::status:
      if (as_json) fmt::print("{}\n", std::string{simdjson::minify(result)});
      if (!as_json) fmt::print("{}", status_text(std::string{simdjson::minify(result)}));
      break;
    case Answer::cluster_status:
      if (as_json) fmt::print("{}\n", std::string{simdjson::minify(result)});
      if (!as_json) fmt::print("{}", cluster_status_text(std::string{simdjson::minify(result)}));
      break;
    case Answer::connectivity:
      return check_connectivity(result);
    case Answer::environment:
      if (as_json) fmt::print("{}\n", std::string{simdjson::minify(result)});
      for (const dom::key_value_pair pair : result)
        if (!as_json) fmt::print("{} = {}\n", pair.key, escape_controls(cell_text(pair.value)));
      break;
    case Answer::messages:
      if (as_json) fmt::print("{{\"messages\":{}}}\n", number_of(result, "messages"));
      if (!as_json && !invocation_.silent)
        fmt::print("Queue was successfully deleted with {} ready messages\n",
                   number_of(result, "messages"));
      break;
    case Answer::value: {
      std::string_view value;
      if (result["value"].get(value) != simdjson::SUCCESS) return exit_software;
      print_value(invocation_, value);
      break;
    }
    case Answer::closed:
      print_count(result, "closed", as_json ? "{{\"closed\":{}}}\n" : "Closed {} connections\n");
      break;
    case Answer::resolved:
      print_count(result, "messages", as_json ? "{{\"messages\":{}}}\n" : "{} messages\n");
      break;
    case Answer::published:
      if (!print_published(result, as_json)) return exit_software;
      break;
    case Answer::backup:
      print_backup(result, as_json);
      break;
    case Answer::definitions:
      return save(result);
    case Answer::ping:
      if (as_json) fmt::print("{{\"result\":\"ok\"}}\n");
      if (!as_json && !invocation_.silent) fmt::print("Ping succeeded\n");
      break;
    case Answer::end:
      return wait_for_process(number_of(result, "pid"));
  }
  return std::fflush(stdout) == 0 ? exit_ok : exit_cannot_write;
}

int Run::check_connectivity(dom::object result) const {
  dom::array listeners;
  if (result["listeners"].get(listeners) != simdjson::SUCCESS)
    return complain(exit_software, "the broker's answer has no listeners");
  const auto address = invocation_.options.find("address");
  std::string ports;
  std::string failures;
  for (const dom::element element : listeners) {
    dom::object listener;
    if (element.get(listener) != simdjson::SUCCESS) continue;
    Endpoint endpoint{std::string{text_of(listener, "interface")},
                      static_cast<std::uint16_t>(number_of(listener, "port"))};
    const bool is_unix = endpoint.address.starts_with('/');
    if (!is_unix && address != invocation_.options.end()) endpoint.address = address->second;
    ports += fmt::format("{}{}", ports.empty() ? "" : ", ",
                         is_unix ? endpoint.address : std::to_string(endpoint.port));
    if (const std::string why = try_connect(endpoint); !why.empty()) failures += "\n" + why;
  }
  const std::string node = node_of(invocation_);
  if (!failures.empty())
    return complain(exit_unavailable,
                    fmt::format("Connections to listeners of node {} failed:{}", node, failures));
  if (ports.empty())
    return complain(exit_unavailable, fmt::format("node {} has no listeners", node));
  const std::string text =
      fmt::format("Successfully connected to ports {} on node {}.", ports, node);
  if (!invocation_.silent) print_value(invocation_, text);
  return exit_ok;
}

int Run::save(dom::object result) const {
  std::string_view text;
  if (result["definitions"].get(text) != simdjson::SUCCESS)
    return complain(exit_software, "the broker's answer has no definitions");
  (void)std::fflush(stdout);
  if (write_whole(target_, text)) return exit_ok;
  return complain(exit_cannot_write,
                  fmt::format("cannot write {}: {}", target_, std::strerror(errno)));
}

/// The socket closes when connections and journals are closed; the process is gone a moment later.
int Run::wait_for_process(std::int64_t pid) {
  if (invocation_.has("no-wait")) return exit_ok;
  const auto fd = static_cast<int>(syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
  if (const auto error = client_.wait_for_end()) return fail(*error);
  if (fd < 0) return exit_ok;  // Gone already.
  pollfd wanted{fd, POLLIN, 0};
  while (::poll(&wanted, 1, -1) < 0 && errno == EINTR) continue;
  ::close(fd);
  return exit_ok;
}

}  // namespace

int run(const Invocation& invocation) {
  if (invocation.version || invocation.verb == "version") {
    fmt::print("{}\n", LEPUS_VERSION);
    return exit_ok;
  }
  if (invocation.help || invocation.verb.empty() || invocation.verb == "help") {
    const std::string_view about = invocation.verb != "help" ? std::string_view(invocation.verb)
                                   : invocation.arguments.empty()
                                       ? std::string_view{}
                                       : std::string_view(invocation.arguments[0]);
    const bool is_known = about.empty() || find_verb(about) != nullptr;
    const bool is_asked = invocation.help || invocation.verb == "help";
    fmt::print(is_asked && is_known ? stdout : stderr, "{}", help_text(invocation, about));
    return is_asked && is_known ? exit_ok : exit_usage;
  }
  const VerbSpec* verb = find_verb(invocation.verb);
  CHECK(verb != nullptr);
  if (verb->answer == Answer::local) return run_local(invocation);
  return Run{invocation, *verb}();
}

}  // namespace lepus::ctl
