// Parsing and printing of values; see config_value.h.
#include "tools/server/config/config_value.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace lepus::server {

namespace {

struct SizeUnit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array size_units = {
    SizeUnit{"b", 1},
    SizeUnit{"k", 1'000},
    SizeUnit{"kb", 1'000},
    SizeUnit{"ki", 1ULL << 10},
    SizeUnit{"kib", 1ULL << 10},
    SizeUnit{"m", 1'000'000},
    SizeUnit{"mb", 1'000'000},
    SizeUnit{"mi", 1ULL << 20},
    SizeUnit{"mib", 1ULL << 20},
    SizeUnit{"g", 1'000'000'000},
    SizeUnit{"gb", 1'000'000'000},
    SizeUnit{"gi", 1ULL << 30},
    SizeUnit{"gib", 1ULL << 30},
    SizeUnit{"t", 1'000'000'000'000},
    SizeUnit{"tb", 1'000'000'000'000},
    SizeUnit{"ti", 1ULL << 40},
    SizeUnit{"tib", 1ULL << 40},
    SizeUnit{"p", 1'000'000'000'000'000},
    SizeUnit{"pb", 1'000'000'000'000'000},
    SizeUnit{"pi", 1ULL << 50},
    SizeUnit{"pib", 1ULL << 50},
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

bool is_address(int family, const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> binary;
  return inet_pton(family, host.c_str(), binary.data()) == 1;
}

}  // namespace

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view part = trim(text.substr(0, comma));
    if (!part.empty()) parts.push_back(part);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return parts;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) return {};
  return value;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number(text.substr(0, digits));
  if (!number) return {};
  const std::string unit = lower(trim(text.substr(digits)));
  if (unit.empty()) return number;
  for (const SizeUnit& known : size_units) {
    if (known.name != unit) continue;
    std::uint64_t size = 0;
    if (__builtin_mul_overflow(*number, known.factor, &size)) return {};
    return size;
  }
  return {};
}

std::string format_size(std::uint64_t size) {
  constexpr std::array units = {
      SizeUnit{"PiB", 1ULL << 50}, SizeUnit{"PB", 1'000'000'000'000'000},
      SizeUnit{"TiB", 1ULL << 40}, SizeUnit{"TB", 1'000'000'000'000},
      SizeUnit{"GiB", 1ULL << 30}, SizeUnit{"GB", 1'000'000'000},
      SizeUnit{"MiB", 1ULL << 20}, SizeUnit{"MB", 1'000'000},
      SizeUnit{"KiB", 1ULL << 10}, SizeUnit{"KB", 1'000},
  };
  for (const SizeUnit& unit : units)
    if (size != 0 && size % unit.factor == 0)
      return fmt::format("{}{}", size / unit.factor, unit.name);
  return fmt::format("{}", size);
}

std::optional<double> parse_fraction(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end || !std::isfinite(value)) return {};
  return value;
}

std::optional<bool> parse_bool(std::string_view text) {
  if (text == "true" || text == "on" || text == "yes") return true;
  if (text == "false" || text == "off" || text == "no") return false;
  return {};
}

std::string_view format_bool(bool value) { return value ? "true" : "false"; }

std::optional<core::LogLevel> parse_log_level(std::string_view text) {
  using core::LogLevel;
  struct Name {
    std::string_view text;
    LogLevel level;
  };
  constexpr std::array names = {
      Name{"debug", LogLevel::debug},    Name{"info", LogLevel::info},
      Name{"notice", LogLevel::warning}, Name{"warning", LogLevel::warning},
      Name{"error", LogLevel::error},    Name{"critical", LogLevel::critical},
      Name{"alert", LogLevel::critical}, Name{"emergency", LogLevel::critical},
      Name{"none", LogLevel::none},
  };
  for (const Name& name : names)
    if (name.text == text) return name.level;
  return {};
}

std::string_view format_log_level(core::LogLevel level) {
  switch (level) {
    case core::LogLevel::debug:
      return "debug";
    case core::LogLevel::info:
      return "info";
    case core::LogLevel::warning:
      return "warning";
    case core::LogLevel::error:
      return "error";
    case core::LogLevel::critical:
      return "critical";
    case core::LogLevel::none:
      return "none";
  }
  return "none";
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto port = parse_number(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) return {};
  ListenAddress address{.name = {}, .host = {}, .port = static_cast<std::uint16_t>(*port)};
  if (colon == std::string_view::npos) return address;

  std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  address.host = host == "localhost" ? "127.0.0.1" : host;
  if (is_address(AF_INET6, address.host)) return address;
  if (!is_bracketed && is_address(AF_INET, address.host)) return address;
  return {};
}

std::string format_listen_address(const ListenAddress& address) {
  if (address.kind == ListenerKind::unix_socket) return address.path;
  if (address.host.empty()) return fmt::format("{}", address.port);
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", address.host, address.port)
                 : fmt::format("{}:{}", address.host, address.port);
}

std::string listener_key(const ListenAddress& address) {
  switch (address.kind) {
    case ListenerKind::tcp:
      return "listeners.tcp." + address.name;
    case ListenerKind::ssl:
      return "listeners.ssl." + address.name;
    case ListenerKind::unix_socket:
      return "listeners.unix." + address.name;
    case ListenerKind::management:
      return "management.tcp.port";
    case ListenerKind::management_ssl:
      return "management.ssl.port";
    case ListenerKind::prometheus:
      return "prometheus.tcp.port";
    case ListenerKind::prometheus_ssl:
      return "prometheus.ssl.port";
  }
  CHECK(false);
  return {};
}

std::optional<std::vector<unsigned>> parse_cpu_list(std::string_view text) {
  constexpr std::uint64_t cpu_max = 65535;
  std::vector<unsigned> cpus;
  for (const std::string_view part : split_list(text)) {
    const std::size_t dash = part.find('-');
    const auto first = parse_number(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number(part.substr(dash + 1));
    if (!first || !last || *first > *last || *last > cpu_max) return {};
    for (std::uint64_t cpu = *first; cpu <= *last; ++cpu)
      cpus.push_back(static_cast<unsigned>(cpu));
  }
  if (cpus.empty()) return {};
  std::sort(cpus.begin(), cpus.end());
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  return cpus;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::move(last);
    last = std::move(row);
  }
  return last[b.size()];
}

}  // namespace lepus::server
