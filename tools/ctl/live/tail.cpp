// One request after the other on one connection; what is printed leaves before the next one.
#include "tools/ctl/live/tail.h"

#include <poll.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "tools/ctl/client.h"
#include "tools/ctl/live/tail_line.h"
#include "tools/ctl/options.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::ctl {

namespace dom = simdjson::dom;

namespace {

constexpr int tail_interval_ms = 200;
constexpr std::uint64_t piece_count = 100;  ///< Messages in one answer.
constexpr std::string_view shown_body_max = "65536";

class Tail {
 public:
  explicit Tail(const Invocation& invocation)
      : invocation_(invocation),
        client_(invocation.timeout_s),
        is_trace_(invocation.has("trace")),
        is_json_(invocation.formatter == Formatter::json) {}

  int run();

 private:
  int read_options();
  int complain(int code, std::string_view text) const;
  std::string request() const;
  /// Asks once and prints what comes. Returns nothing if it can go on.
  std::optional<int> look();
  bool print(dom::array cells);
  int on_error(dom::object error) const;
  void note_missed(std::uint64_t missed) const;
  void read_place(dom::object result);
  std::string_view option(std::string_view name) const {
    const auto found = invocation_.options.find(name);
    return found == invocation_.options.end() ? std::string_view{} : found->second;
  }

  const Invocation& invocation_;
  Client client_;
  dom::parser parser_;
  bool is_trace_;
  bool is_json_;
  std::uint64_t left_ = UINT64_MAX;  ///< Lines to print.
  std::string place_;                ///< Offset or cursor of the next piece.
  bool has_come_ = false;            ///< The last answer had messages.
  bool has_more_ = false;            ///< And there are more.
};

int Tail::complain(int code, std::string_view text) const {
  (void)std::fflush(stdout);
  fmt::print(stderr, "Error:\n{}\n", text);
  return code;
}

int Tail::read_options() {
  const bool has_queue = !invocation_.arguments.empty();
  if (is_trace_ == has_queue)
    return complain(exit_usage,
                    is_trace_ ? "--trace shows a whole virtual host: name a queue with --queue"
                              : "name a stream, or give --trace for what a virtual host's "
                                "firehose sees");
  for (const std::string_view name : {"exchange", "routing-key", "queue", "user"})
    if (!is_trace_ && invocation_.has(name))
      return complain(exit_usage, fmt::format("--{} goes with --trace", name));
  if (is_trace_ && invocation_.has("from"))
    return complain(exit_usage, "--from goes with a stream: a trace has no beginning");
  if (!is_trace_) place_ = invocation_.has("from") ? option("from") : "next";
  if (!invocation_.has("count")) return exit_ok;
  const std::string_view text = option("count");
  const auto read = std::from_chars(text.data(), text.data() + text.size(), left_);
  if (read.ec == std::errc{} && read.ptr == text.data() + text.size() && left_ > 0) return exit_ok;
  return complain(exit_usage, fmt::format("--count: '{}' is no number above 0", text));
}

std::string Tail::request() const {
  server::JsonWriter json;
  json.begin_object();
  json.field("verb", is_trace_ ? "trace_messages" : "browse");
  json.field("vhost", invocation_.vhost);
  json.key("arguments");
  json.begin_array();
  for (const std::string& argument : invocation_.arguments) json.text(argument);
  json.end_array();
  json.key("options");
  json.begin_object();
  if (!place_.empty()) json.field(is_trace_ ? "after" : "offset", place_);
  json.field("count", std::to_string(std::min(left_, piece_count)));
  if (!is_trace_) json.field("truncate", shown_body_max);
  if (invocation_.has("exchange")) json.field("exchange", option("exchange"));
  if (invocation_.has("routing-key")) json.field("routing_key", option("routing-key"));
  if (invocation_.has("queue")) json.field("queue", option("queue"));
  if (invocation_.has("user")) json.field("user", option("user"));
  json.end_object();
  json.end_object();
  return json.take() + "\n";
}

/// Returns false when standard output takes no more.
bool Tail::print(dom::array cells) {
  for (const dom::element cell : cells) {
    dom::object message;
    if (cell.get(message) != simdjson::SUCCESS || left_ == 0) continue;
    has_come_ = true;
    --left_;
    fmt::print("{}\n", is_json_    ? std::string{simdjson::minify(message)}
                       : is_trace_ ? trace_line(message)
                                   : stream_line(message));
  }
  return std::ferror(stdout) == 0;
}

int Tail::on_error(dom::object error) const {
  std::string_view fault;
  std::string_view text;
  if (error["fault"].get(fault) != simdjson::SUCCESS ||
      error["text"].get(text) != simdjson::SUCCESS)
    return complain(exit_software, "the broker's answer is not known to this version");
  int code = exit_software;
  if (fault == "usage") code = exit_usage;
  if (fault == "invalid" || fault == "not_found") code = exit_data;
  if (fault == "refused" || fault == "unavailable") code = exit_unavailable;
  return complain(code, text);
}

void Tail::note_missed(std::uint64_t missed) const {
  if (missed == 0) return;
  (void)std::fflush(stdout);
  fmt::print(stderr, "Warning: {} traced messages had gone before they were read\n", missed);
}

void Tail::read_place(dom::object result) {
  std::uint64_t number = 0;
  std::uint64_t end = 0;
  std::string_view cursor;
  if (result["next"].get(cursor) == simdjson::SUCCESS) place_ = cursor;
  if (result["missed"].get(number) == simdjson::SUCCESS) note_missed(number);
  if (result["more"].get(has_more_) != simdjson::SUCCESS) has_more_ = false;
  if (result["next_offset"].get(number) != simdjson::SUCCESS) return;
  place_ = std::to_string(number);
  if (result["end_offset"].get(end) == simdjson::SUCCESS) has_more_ = number < end;
}

std::optional<int> Tail::look() {
  has_come_ = false;
  if (const auto error = client_.send(request())) return complain(error->exit_code, error->text);
  std::string line;
  for (;;) {
    if (const auto error = client_.receive(line)) return complain(error->exit_code, error->text);
    dom::object root;
    if (parser_.parse(line).get(root) != simdjson::SUCCESS)
      return complain(exit_software, "the broker's answer is not JSON");
    dom::array rows;
    dom::object object;
    if (root["rows"].get(rows) == simdjson::SUCCESS) {
      for (const dom::element row : rows) {
        dom::array cells;
        if (row.get(cells) == simdjson::SUCCESS && !print(cells)) return exit_cannot_write;
      }
    } else if (root["error"].get(object) == simdjson::SUCCESS) {
      return on_error(object);
    } else if (root["done"].get(object) == simdjson::SUCCESS) {
      read_place(object);
      return std::nullopt;
    } else {
      return complain(exit_software, "the broker's answer is not known to this version");
    }
  }
}

int Tail::run() {
  if (const int code = read_options(); code != exit_ok) return code;
  if (const auto error = client_.connect(find_socket(invocation_), false))
    return complain(error->exit_code, error->text);
  for (;;) {
    if (const auto code = look()) return *code;
    if (std::fflush(stdout) != 0) return exit_cannot_write;
    if (left_ == 0 || (invocation_.has("once") && !has_more_)) return exit_ok;
    if (!has_come_ && !has_more_) (void)::poll(nullptr, 0, tail_interval_ms);
  }
}

}  // namespace

int run_tail(const Invocation& invocation) { return Tail{invocation}.run(); }

}  // namespace lepus::ctl
