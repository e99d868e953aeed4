// See log_memory.h.
#include "tools/server/log/log_memory.h"

#include <algorithm>

#include "core/limits/live.h"

namespace lepus::server {

namespace {

std::size_t memory_of(const KeptLogLine& kept) { return sizeof kept + kept.line.text.size(); }

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
}

bool has_text(const std::string& line, const std::string& text) {
  return std::search(line.begin(), line.end(), text.begin(), text.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != line.end();
}

bool is_wanted(const KeptLogLine& kept, const LogQuestion& question) {
  return kept.line.level >= question.level &&
         (question.text.empty() || has_text(kept.line.text, question.text));
}

}  // namespace

void LogMemory::set_format(LogFormat format) {
  const std::lock_guard lock(mutex_);
  format_ = format;
}

void LogMemory::add(const LogLine& line) {
  const std::lock_guard lock(mutex_);
  if (line.format != format_) return;
  lines_.push_back({++last_number_, line});
  // The time, which is left out, is its first field.
  if (format_ == LogFormat::json) lines_.back().line.text.insert(0, "{");
  bytes_ += memory_of(lines_.back());
  drop_excess();
}

void LogMemory::drop_excess() {
  while (lines_.size() > core::limits::log_lines_kept || bytes_ > core::limits::log_bytes_kept) {
    bytes_ -= memory_of(lines_.front());
    lines_.pop_front();
  }
}

LogAnswer LogMemory::read(const LogQuestion& question) const {
  const std::lock_guard lock(mutex_);
  LogAnswer answer;
  answer.next = last_number_;
  if (!question.after) {
    for (auto kept = lines_.rbegin(); kept != lines_.rend(); ++kept)
      if (answer.lines.size() < question.count_max && is_wanted(*kept, question))
        answer.lines.push_back(*kept);
    std::reverse(answer.lines.begin(), answer.lines.end());
    return answer;
  }
  const std::uint64_t after = std::min(*question.after, last_number_);
  if (!lines_.empty() && lines_.front().number > after + 1)
    answer.missed = lines_.front().number - after - 1;
  for (const KeptLogLine& kept : lines_) {
    if (kept.number <= after || !is_wanted(kept, question)) continue;
    if (answer.lines.size() >= question.count_max) {
      answer.next = answer.lines.back().number;
      answer.has_more = true;
      break;
    }
    answer.lines.push_back(kept);
  }
  return answer;
}

}  // namespace lepus::server
