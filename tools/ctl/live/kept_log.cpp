// See kept_log.h. The verb log_lines is asked, as the page does.
#include "tools/ctl/live/kept_log.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <simdjson.h>

#include "tools/ctl/client.h"
#include "tools/ctl/live/tail_line.h"
#include "tools/ctl/options.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::ctl {

namespace dom = simdjson::dom;

namespace {

constexpr int kept_log_interval_ms = 200;
constexpr std::uint64_t kept_lines_max = 2000;

class KeptLog {
 public:
  explicit KeptLog(const Invocation& invocation)
      : invocation_(invocation), client_(invocation.timeout_s) {}

  int connect();
  /// Asks for lines behind the last one, or the newest ones. Prints them unless it `is_silent`.
  int ask(std::uint64_t count, bool is_silent);

 private:
  int complain(const ClientError& error) const {
    (void)std::fflush(stdout);
    fmt::print(stderr, "Error:\n{}\n", error.text);
    return error.exit_code;
  }
  std::string request(std::uint64_t count) const;

  const Invocation& invocation_;
  Client client_;
  dom::parser parser_;
  std::optional<std::uint64_t> after_;
};

int KeptLog::connect() {
  const auto error = client_.connect(find_socket(invocation_), false);
  return error ? complain(*error) : exit_ok;
}

std::string KeptLog::request(std::uint64_t count) const {
  server::JsonWriter json;
  json.begin_object();
  json.field("verb", "log_lines");
  json.key("options");
  json.begin_object();
  json.field("count", std::to_string(count));
  if (after_) json.field("after", std::to_string(*after_));
  json.end_object();
  json.end_object();
  return json.take() + "\n";
}

int KeptLog::ask(std::uint64_t count, bool is_silent) {
  if (const auto error = client_.send(request(count))) return complain(*error);
  std::string line;
  for (;;) {
    if (const auto error = client_.receive(line)) return complain(*error);
    dom::object root;
    dom::object object;
    dom::array rows;
    if (parser_.parse(line).get(root) != simdjson::SUCCESS)
      return complain({exit_software, "the broker's answer is not JSON"});
    if (root["rows"].get(rows) == simdjson::SUCCESS) {
      dom::object kept;
      for (const dom::element row : rows)
        if (!is_silent && row.at(0).get(kept) == simdjson::SUCCESS)
          fmt::print("{}\n", log_line(kept));
      continue;
    }
    std::uint64_t next = 0;
    std::string_view text = "the broker's answer is not known to this version";
    if (root["done"].get(object) != simdjson::SUCCESS ||
        object["next"].get(next) != simdjson::SUCCESS) {
      if (root["error"]["text"].get(text) != simdjson::SUCCESS)
        return complain({exit_software, std::string{text}});
      return complain({exit_unavailable, std::string{text}});
    }
    after_ = next;
    return std::fflush(stdout) == 0 ? exit_ok : exit_cannot_write;
  }
}

}  // namespace

int print_kept_log(const Invocation& invocation, std::uint64_t line_count) {
  KeptLog log{invocation};
  if (const int code = log.connect(); code != exit_ok) return code;
  return log.ask(std::min(line_count, kept_lines_max), false);
}

int print_kept_log_stream(const Invocation& invocation, double duration_s) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(duration_s));
  KeptLog log{invocation};
  int code = log.connect();
  if (code == exit_ok) code = log.ask(1, true);
  while (code == exit_ok && (duration_s == 0 || Clock::now() < end)) {
    code = log.ask(kept_lines_max, false);
    if (code == exit_ok) (void)::poll(nullptr, 0, kept_log_interval_ms);
  }
  return code;
}

}  // namespace lepus::ctl
