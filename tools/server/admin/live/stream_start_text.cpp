// See stream_start_text.h. Times are read by hand: the C library's reader takes too much for good.
#include "tools/server/admin/live/stream_start_text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>

namespace lepus::server {

namespace {

/// Takes one part after the other from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool take(char letter) {
    if (text_.empty() || text_.front() != letter) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// Exactly so many digits, up to `max`.
  bool digits(std::size_t count, int max, int& out) {
    if (text_.size() < count) return false;
    const char* end = text_.data() + count;
    const auto [stopped, error] = std::from_chars(text_.data(), end, out);
    if (error != std::errc{} || stopped != end || text_.front() == '-' || out > max) return false;
    text_.remove_prefix(count);
    return true;
  }
  /// A fraction of a second, in milliseconds; what is finer is left out.
  bool fraction_ms(int& out) {
    const std::size_t size = std::min(text_.find_first_not_of("0123456789"), text_.size());
    if (size == 0 || size > 9) return false;
    for (std::size_t i = 0; i < 3; ++i) out = out * 10 + (i < size ? text_[i] - '0' : 0);
    text_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view text_;
};

/// "Z", "+01:00", "-0530"; nothing is UTC.
bool read_zone(Reader& reader, int& minutes) {
  if (reader.at_end() || reader.take('Z')) return true;
  const bool is_west = reader.take('-');
  if (!is_west && !reader.take('+')) return false;
  int hours = 0;
  int rest = 0;
  if (!reader.digits(2, 14, hours)) return false;
  (void)reader.take(':');
  if (!reader.at_end() && !reader.digits(2, 59, rest)) return false;
  minutes = (hours * 60 + rest) * (is_west ? -1 : 1);
  return true;
}

struct ClockTime {
  int hour = 0;
  int minute = 0;
  int second = 0;
  int ms = 0;
  int zone_minutes = 0;
};

bool read_clock(Reader& reader, ClockTime& out) {
  if (!reader.digits(2, 23, out.hour)) return false;
  if (!reader.take(':') || !reader.digits(2, 59, out.minute)) return false;
  if (reader.take(':')) {
    if (!reader.digits(2, 60, out.second)) return false;
    if (reader.take('.') && !reader.fraction_ms(out.ms)) return false;
  }
  return read_zone(reader, out.zone_minutes);
}

std::optional<std::uint64_t> parse_time_ms(std::string_view text) {
  namespace chrono = std::chrono;
  Reader reader{text};
  int year = 0;
  int month = 0;
  int day = 0;
  if (!reader.digits(4, 9999, year) || !reader.take('-')) return std::nullopt;
  if (!reader.digits(2, 12, month) || !reader.take('-')) return std::nullopt;
  if (!reader.digits(2, 31, day)) return std::nullopt;
  ClockTime clock;
  if (reader.take('T') || reader.take(' ')) {
    if (!read_clock(reader, clock)) return std::nullopt;
  }
  const chrono::year_month_day date{chrono::year{year}, chrono::month{static_cast<unsigned>(month)},
                                    chrono::day{static_cast<unsigned>(day)}};
  if (!reader.at_end() || !date.ok()) return std::nullopt;
  const std::int64_t days = chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t minutes = (days * 24 + clock.hour) * 60 + clock.minute - clock.zone_minutes;
  const std::int64_t time_ms = (minutes * 60 + clock.second) * 1000 + clock.ms;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time_ms, 0));
}

}  // namespace

std::optional<core::StreamStart> parse_stream_start(std::string_view text) {
  using Kind = core::StreamStart::Kind;
  if (text == "first") return core::StreamStart{Kind::first, 0};
  if (text == "last") return core::StreamStart{Kind::last, 0};
  if (text == "next") return core::StreamStart{Kind::next, 0};
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    std::uint64_t offset = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), offset);
    if (read.ec != std::errc{} || offset > INT64_MAX) return std::nullopt;
    return core::StreamStart{Kind::offset, offset};
  }
  if (const auto age_ms = core::parse_age_ms(text)) return core::StreamStart{Kind::age, *age_ms};
  if (const auto time_ms = parse_time_ms(text)) return core::StreamStart{Kind::time, *time_ms};
  return std::nullopt;
}

}  // namespace lepus::server
