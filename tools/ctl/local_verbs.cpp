// hash_password and autocomplete know everything themselves; report runs other verbs one after the
// other.
#include "tools/ctl/local_verbs.h"

#include <array>
#include <ctime>
#include <random>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <simdjson.h>

#include "core/access/password_hash.h"
#include "core/base/assert.h"
#include "tools/ctl/backup/restore.h"
#include "tools/ctl/client.h"
#include "tools/ctl/completion.h"
#include "tools/ctl/live/tail.h"
#include "tools/ctl/password.h"
#include "tools/ctl/run.h"
#include "tools/ctl/top.h"
#include "tools/ctl/tune/tune.h"

namespace lepus::ctl {

namespace {

int print_password_hash(const Invocation& invocation) {
  std::optional<std::string> password;
  if (invocation.arguments.empty()) {
    password = read_password();
  } else {
    password = invocation.arguments[0];
  }
  if (!password || password->empty()) {
    fmt::print(stderr, "Error:\nno password: it is the argument, or one line of standard input\n");
    return exit_usage;
  }
  std::random_device device;
  fmt::print("{}\n", core::hash_password(*password, device()));
  return exit_ok;
}

/// A script for a shell, or the verbs that begin so.
int print_completions(const Invocation& invocation) {
  if (const std::string script = completion_script(invocation.arguments[0]); !script.empty()) {
    fmt::print("{}", script);
    return exit_ok;
  }
  for (const VerbSpec& verb : verbs())
    if (verb.name.starts_with(invocation.arguments[0])) fmt::print("{}\n", verb.name);
  return exit_ok;
}

/// Adds the names that a line of the answer has. Returns true if it is the last line.
bool add_names(std::string_view line, std::vector<std::string>& names) {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  simdjson::dom::array rows;
  if (parser.parse(line.data(), line.size()).get(root) != simdjson::SUCCESS) return true;
  if (root["rows"].get(rows) != simdjson::SUCCESS) return true;
  for (const simdjson::dom::element row : rows) {
    std::string_view name;
    if (row.at_pointer("/0").get(name) == simdjson::SUCCESS) names.emplace_back(name);
  }
  return false;
}

std::optional<ClientError> list_vhosts(Invocation invocation, std::vector<std::string>& names) {
  const VerbSpec* verb = find_verb("list_vhosts");
  CHECK(verb != nullptr);
  invocation.verb = verb->name;
  invocation.columns = {"name"};
  Client client{invocation.timeout_s};
  auto error = client.connect(find_socket(invocation), false);
  if (!error) error = client.send(request_line(invocation, *verb));
  std::string line;
  for (bool is_last = false; !error && !is_last;) {
    error = client.receive(line);
    if (!error) is_last = add_names(line, names);
  }
  return error;
}

/// A verb as part of the report. Its exit code.
int run_part(Invocation invocation, std::string_view verb) {
  invocation.verb = verb;
  fmt::print("\n");
  const int code = run(invocation);
  (void)std::fflush(stdout);
  return code;
}

/// What fails is said where it belongs, and the report goes on; the exit code is the first one.
int report(const Invocation& invocation) {
  constexpr std::array<std::string_view, 8> node_verbs{
      "status",           "cluster_status", "environment", "log_location",
      "list_connections", "list_channels",  "list_users",  "list_global_parameters"};
  constexpr std::array<std::string_view, 8> vhost_verbs{
      "list_queues",      "list_exchanges", "list_bindings",          "list_consumers",
      "list_permissions", "list_policies",  "list_operator_policies", "list_vhost_limits"};
  std::vector<std::string> vhosts;
  if (const auto error = list_vhosts(invocation, vhosts)) {
    fmt::print(stderr, "Error:\n{}\n", error->text);
    return error->exit_code;
  }
  fmt::print("Reporting server status on {:%Y-%m-%d %H:%M:%S} UTC\n",
             fmt::gmtime(std::time(nullptr)));
  int code = exit_ok;
  const auto note = [&code](int part_code) { code = code == exit_ok ? part_code : code; };
  for (const std::string_view verb : node_verbs) note(run_part(invocation, verb));
  Invocation of_vhost = invocation;
  for (const std::string& vhost : vhosts) {
    of_vhost.vhost = vhost;
    for (const std::string_view verb : vhost_verbs) note(run_part(of_vhost, verb));
  }
  return code;
}

}  // namespace

int run_local(const Invocation& invocation) {
  if (invocation.verb == "hash_password") return print_password_hash(invocation);
  if (invocation.verb == "autocomplete") return print_completions(invocation);
  if (invocation.verb == "tune") return tune(invocation);
  if (invocation.verb == "restore") return run_restore(invocation);
  if (invocation.verb == "top") return run_top(invocation);
  if (invocation.verb == "tail") return run_tail(invocation);
  CHECK(invocation.verb == "report");
  return report(invocation);
}

}  // namespace lepus::ctl
