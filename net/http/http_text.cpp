// See http_text.h.
#include "net/http/http_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include <fmt/format.h>

#include "core/base/assert.h"

namespace lepus::net {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes the first element off `list`, up to `separator`.
std::string_view take_element(std::string_view& list, char separator) {
  const std::size_t end = std::min(list.find(separator), list.size());
  const std::string_view element = trimmed(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return element;
}

struct ReasonRow {
  unsigned status;
  std::string_view reason;
};
constexpr std::array reasons = {
    ReasonRow{100, "Continue"},
    ReasonRow{200, "OK"},
    ReasonRow{201, "Created"},
    ReasonRow{202, "Accepted"},
    ReasonRow{204, "No Content"},
    ReasonRow{206, "Partial Content"},
    ReasonRow{301, "Moved Permanently"},
    ReasonRow{302, "Found"},
    ReasonRow{303, "See Other"},
    ReasonRow{304, "Not Modified"},
    ReasonRow{307, "Temporary Redirect"},
    ReasonRow{308, "Permanent Redirect"},
    ReasonRow{400, "Bad Request"},
    ReasonRow{401, "Unauthorized"},
    ReasonRow{403, "Forbidden"},
    ReasonRow{404, "Not Found"},
    ReasonRow{405, "Method Not Allowed"},
    ReasonRow{406, "Not Acceptable"},
    ReasonRow{408, "Request Timeout"},
    ReasonRow{409, "Conflict"},
    ReasonRow{410, "Gone"},
    ReasonRow{411, "Length Required"},
    ReasonRow{412, "Precondition Failed"},
    ReasonRow{413, "Request Entity Too Large"},
    ReasonRow{414, "Request-URI Too Long"},
    ReasonRow{415, "Unsupported Media Type"},
    ReasonRow{416, "Requested Range Not Satisfiable"},
    ReasonRow{417, "Expectation Failed"},
    ReasonRow{422, "Unprocessable Entity"},
    ReasonRow{426, "Upgrade Required"},
    ReasonRow{429, "Too Many Requests"},
    ReasonRow{431, "Request Header Fields Too Large"},
    ReasonRow{500, "Internal Server Error"},
    ReasonRow{501, "Not Implemented"},
    ReasonRow{502, "Bad Gateway"},
    ReasonRow{503, "Service Unavailable"},
    ReasonRow{504, "Gateway Timeout"},
    ReasonRow{505, "HTTP Version Not Supported"},
    ReasonRow{507, "Insufficient Storage"},
};

/// Of an element of Accept-Encoding: "gzip;q=0.5" is 500. A weight that cannot be read is 0.
unsigned weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view one = take_element(parameters, ';');
    if (one.size() < 2 || lower(one[0]) != 'q') continue;
    one = trimmed(one.substr(1));
    if (one.empty() || one[0] != '=') continue;
    one = trimmed(one.substr(1));
    if (one.starts_with('1')) return 1000;
    if (!one.starts_with("0")) return 0;
    if (one.size() < 3 || one[1] != '.') return 0;
    std::string digits{one.substr(2, 3)};
    digits.resize(3, '0');
    unsigned weight = 0;
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), weight);
    return weight;
  }
  return 1000;
}

void append_json_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
}

}  // namespace

std::string_view http_reason(unsigned status) {
  const auto found =
      std::lower_bound(reasons.begin(), reasons.end(), status,
                       [](const ReasonRow& row, unsigned value) { return row.status < value; });
  return found != reasons.end() && found->status == status ? found->reason : "Unknown";
}

std::string http_date(std::int64_t seconds_since_1970) {
  static constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = seconds_since_1970;
  std::tm parts{};
  CHECK(gmtime_r(&time, &parts) != nullptr);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                     months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

bool is_same_word(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

const std::string* find_http_field(const HttpHeaders& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& field) {
    return is_same_word(field.first, name);
  });
  return found == headers.end() ? nullptr : &found->second;
}

bool has_list_element(std::string_view list, std::string_view element) {
  while (!list.empty())
    if (is_same_word(take_element(list, ','), element)) return true;
  return false;
}

bool names_entity_tag(std::string_view if_none_match, std::string_view tag) {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  std::string_view rest = if_none_match;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t,"), rest.size()));
    if (rest.starts_with('*')) return true;
    if (rest.starts_with("W/")) rest.remove_prefix(2);
    // A comma may be within the quotes.
    const std::size_t end = rest.starts_with('"') ? rest.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return false;
    if (rest.substr(0, end + 1) == tag) return true;
    rest.remove_prefix(end + 1);
  }
}

std::string_view http_coding_name(HttpCoding coding) {
  switch (coding) {
    case HttpCoding::identity:
      return "identity";
    case HttpCoding::gzip:
      return "gzip";
    case HttpCoding::deflate:
      return "deflate";
  }
  CHECK(false);
  return {};
}

HttpCoding accepted_coding(std::string_view accept_encoding) {
  unsigned gzip = 0;
  unsigned deflate = 0;
  while (!accept_encoding.empty()) {
    std::string_view element = take_element(accept_encoding, ',');
    const std::string_view name = take_element(element, ';');
    if (is_same_word(name, "gzip") || is_same_word(name, "x-gzip")) gzip = weight_of(element);
    if (is_same_word(name, "deflate")) deflate = weight_of(element);
  }
  if (gzip == 0 && deflate == 0) return HttpCoding::identity;
  return gzip >= deflate ? HttpCoding::gzip : HttpCoding::deflate;
}

bool is_compressible(std::string_view content_type) {
  const std::string_view type = take_element(content_type, ';');
  if (type.size() > 5 && is_same_word(type.substr(0, 5), "text/")) return true;
  return is_same_word(type, "application/json") || is_same_word(type, "application/javascript") ||
         is_same_word(type, "application/xml") || is_same_word(type, "image/svg+xml") ||
         is_same_word(type, "application/openmetrics-text");
}

std::string http_error_body(std::string_view error, std::string_view reason) {
  std::string body = "{\"error\":\"";
  append_json_text(body, error);
  body += "\",\"reason\":\"";
  append_json_text(body, reason);
  body += "\"}";
  return body;
}

}  // namespace lepus::net
