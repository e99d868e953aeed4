// It asks for listings as other verbs do, so often as the interval says, and draws them.
//
//   look -> arrange -> draw -> keys until the interval is over -> look ...
//
//   1 2 3 views · arrows: row, column to sort by · r order · / filter · enter details · q end
#include "tools/ctl/top.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include <fmt/format.h>
#include <simdjson.h>

#include "tools/ctl/client.h"
#include "tools/ctl/table.h"
#include "tools/ctl/terminal.h"
#include "tools/ctl/top_frame.h"
#include "tools/server/admin/admin_rows.h"

namespace lepus::ctl {

namespace {

struct TopView {
  std::string_view name;
  std::string_view verb;
  std::array<std::string_view, 8> columns;  ///< Empty: no more.
};
constexpr std::array views{
    TopView{"queues",
            "list_queues",
            {"name", "messages", "messages_ready", "messages_unacknowledged", "consumers",
             "message_bytes", "memory", "state"}},
    TopView{"connections",
            "list_connections",
            {"name", "user", "channels", "state", "recv_oct", "send_oct", "send_pend", "vhost"}},
    TopView{"shards", "runtime_thread_stats", {}},
};

/// Adds the rows of an answer's line. Returns true if it is the last line; `error` is set when it
/// says that something is wrong.
bool add_rows(const std::string& line, TopRows& rows, std::string& error) {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  if (parser.parse(line).get(root) != simdjson::SUCCESS) {
    error = "the broker's answer is not JSON";
    return true;
  }
  simdjson::dom::array list;
  if (root["rows"].get(list) == simdjson::SUCCESS) {
    for (const simdjson::dom::element row : list) {
      simdjson::dom::array cells;
      if (row.get(cells) != simdjson::SUCCESS) continue;
      std::vector<std::string> texts;
      for (const simdjson::dom::element cell : cells)
        texts.push_back(escape_controls(cell_text(cell)));
      rows.cells.push_back(std::move(texts));
    }
    return false;
  }
  std::string_view text;
  if (root["error"]["text"].get(text) == simdjson::SUCCESS) error = text;
  return true;
}

class Top {
 public:
  explicit Top(const Invocation& invocation) : invocation_(invocation) {}

  int run();

 private:
  int read_options();
  std::string look();
  void choose_columns();
  std::string head() const;
  void draw();
  bool wait_for_keys();
  bool on_key(Key key);
  void edit_filter(Key key);
  int complain(int code, const std::string& text) const {
    fmt::print(stderr, "Error:\n{}\n", text);
    return code;
  }

  Invocation invocation_;
  std::size_t view_ = 0;
  double interval_s_ = 2;
  TopChoice choice_{.sort_column = 1};
  TopRows rows_;
  std::string problem_;
  bool is_editing_ = false;  ///< The filter.
};

int Top::read_options() {
  const auto option = [this](std::string_view name) -> const std::string* {
    const auto found = invocation_.options.find(name);
    return found == invocation_.options.end() ? nullptr : &found->second;
  };
  if (const std::string* name = option("view")) {
    for (view_ = 0; view_ < views.size() && views[view_].name != *name;) ++view_;
    if (view_ == views.size())
      return complain(exit_usage, "--view: expected queues, connections or shards");
  }
  if (const std::string* filter = option("filter")) choice_.filter = *filter;
  if (const std::string* text = option("interval")) {
    const auto read = std::from_chars(text->data(), text->data() + text->size(), interval_s_);
    constexpr double hour_s = 3600;
    if (read.ec != std::errc{} || !(interval_s_ >= 0.1) || interval_s_ > hour_s)
      return complain(exit_usage, "--interval: expected seconds from 0.1 to 3600");
  }
  choose_columns();
  if (const std::string* column = option("sort")) {
    const auto found = std::find(rows_.columns.begin(), rows_.columns.end(), *column);
    if (found == rows_.columns.end())
      return complain(exit_usage, fmt::format("--sort: there is no column {} in this view; there "
                                              "are {}",
                                              *column, fmt::join(rows_.columns, ", ")));
    choice_.sort_column = static_cast<std::size_t>(found - rows_.columns.begin());
  }
  return exit_ok;
}

/// A view without columns of its own has the preset ones of its listing.
void Top::choose_columns() {
  rows_.columns.clear();
  for (const std::string_view column : views[view_].columns)
    if (!column.empty()) rows_.columns.emplace_back(column);
  if (!rows_.columns.empty()) return;
  for (const std::string_view column : server::column_names(views[view_].verb).preset)
    rows_.columns.emplace_back(column);
}

/// Empty, or why there is no answer.
std::string Top::look() {
  rows_.cells.clear();
  Invocation asked = invocation_;
  asked.verb = views[view_].verb;
  asked.options.clear();
  asked.columns = rows_.columns;
  const VerbSpec* verb = find_verb(asked.verb);
  Client client{invocation_.timeout_s};
  auto failed = client.connect(find_socket(asked), false);
  if (!failed) failed = client.send(request_line(asked, *verb));
  std::string line;
  std::string error;
  while (!failed) {
    failed = client.receive(line);
    if (!failed && add_rows(line, rows_, error)) break;
  }
  if (failed) error = failed->text;
  arrange(rows_, choice_);
  return error;
}

std::string Top::head() const {
  return fmt::format("lepus {} · {} · {} rows{}{}", views[view_].name, invocation_.vhost,
                     rows_.cells.size(),
                     choice_.filter.empty() && !is_editing_ ? "" : " · filter: " + choice_.filter,
                     is_editing_ ? "_" : "");
}

void Top::draw() {
  const Terminal::Size size = Terminal::size();
  constexpr std::size_t own_lines = 3;
  const TopSize room{size.columns, size.rows > own_lines ? size.rows - own_lines : 1};
  const std::string body =
      problem_.empty() ? frame_of(rows_, choice_, room, true) : problem_ + "\n";
  fmt::print(
      "\x1b[H\x1b[2J{}\n{}\x1b[{};1H1 queues  2 connections  3 shards  arrows row, sort  "
      "r order  / filter  enter details  q end",
      head(), body, size.rows);
  (void)std::fflush(stdout);
}

void Top::edit_filter(Key key) {
  if (key == Key::enter || key == Key::escape) {
    if (key == Key::escape) choice_.filter.clear();
    is_editing_ = false;
  } else if (key == Key::backspace) {
    if (!choice_.filter.empty()) choice_.filter.pop_back();
  } else if (static_cast<int>(key) >= ' ' && static_cast<int>(key) < static_cast<int>(Key::up)) {
    choice_.filter.push_back(static_cast<char>(key));
  }
}

/// Returns false at the end.
bool Top::on_key(Key key) {
  if (key == Key::end_of_input) return false;
  if (is_editing_) {
    edit_filter(key);
    return true;
  }
  const std::size_t last = rows_.columns.size() - 1;
  const int code = static_cast<int>(key);
  if (key == Key::up && choice_.selected > 0) --choice_.selected;
  if (key == Key::down) ++choice_.selected;
  if (key == Key::left && choice_.sort_column > 0) --choice_.sort_column;
  if (key == Key::right) choice_.sort_column = std::min(choice_.sort_column + 1, last);
  if (key == Key::enter) choice_.is_detailed = !choice_.is_detailed;
  if (key == Key::escape) choice_.is_detailed = false;
  if (code == 'r') choice_.is_ascending = !choice_.is_ascending;
  if (code == '/') is_editing_ = true;
  if (key == Key::tab || (code >= '1' && code <= '3')) {
    view_ = key == Key::tab ? (view_ + 1) % views.size() : static_cast<std::size_t>(code - '1');
    choice_ = {.sort_column = 1};
    choose_columns();
  }
  return code != 'q';
}

/// Until the interval is over, or a key wants another look. Returns false at the end.
bool Top::wait_for_keys() {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(interval_s_));
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return true;
    const Key key = Terminal::read_key(static_cast<int>(left.count()));
    if (key == Key::none) continue;
    const bool was_editing = is_editing_;
    const std::size_t view = view_;
    if (!on_key(key)) return false;
    if (view_ != view || was_editing) return true;
    arrange(rows_, choice_);
    draw();
  }
}

int Top::run() {
  if (const int code = read_options(); code != exit_ok) return code;
  if (invocation_.has("once") || !Terminal::is_there()) {
    if (const std::string error = look(); !error.empty()) return complain(exit_unavailable, error);
    constexpr TopSize whole{SIZE_MAX, SIZE_MAX};
    fmt::print("{}\n{}", head(), frame_of(rows_, choice_, whole, false));
    return std::fflush(stdout) == 0 ? exit_ok : exit_cannot_write;
  }
  const Terminal terminal;
  do {
    problem_ = look();
    draw();
  } while (wait_for_keys());
  return exit_ok;
}

}  // namespace

int run_top(const Invocation& invocation) { return Top{invocation}.run(); }

}  // namespace lepus::ctl
