// From text to value and back, for the types that configuration keys have. Pure functions: nothing
// here knows a key or a file. An empty optional means "not such a value"; the caller says what
// would be one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/server/config/config.h"

namespace lepus::server {

std::string_view trim(std::string_view text);
/// Parts between commas, trimmed; empty parts are left out.
std::vector<std::string_view> split_list(std::string_view text);

std::optional<std::uint64_t> parse_number(std::string_view text);
/// A number of bytes: 1000, 64KB, 64KiB, 64Ki, up to PB and PiB. KB, MB, ... and K, M, ... alone
/// count in powers of 1000, KiB and Ki in powers of 1024, as in RabbitMQ since 3.13. Upper and
/// lower case are alike.
std::optional<std::uint64_t> parse_size(std::string_view text);
/// A number of bytes in the largest unit that leaves no remainder: "128MiB", "50MB", "1234".
std::string format_size(std::uint64_t size);
std::optional<double> parse_fraction(std::string_view text);
/// true, false, on, off, yes, no.
std::optional<bool> parse_bool(std::string_view text);
std::string_view format_bool(bool value);
/// RabbitMQ's names; those without a level of their own here (notice, alert, emergency) are rounded
/// to the next heavier level or the heaviest.
std::optional<core::LogLevel> parse_log_level(std::string_view text);
std::string_view format_log_level(core::LogLevel level);
/// "5672", "127.0.0.1:5672", "[::1]:5672", "::1:5672", "localhost:5672". The name is left empty.
std::optional<ListenAddress> parse_listen_address(std::string_view text);
/// "5672", "127.0.0.1:5672", "[::1]:5672"; of a unix socket its path.
std::string format_listen_address(const ListenAddress& address);
/// "listeners.tcp.default"
std::string listener_key(const ListenAddress& address);
/// "2-5,8" as sorted unique numbers; CPU numbers up to 65535.
std::optional<std::vector<unsigned>> parse_cpu_list(std::string_view text);

/// Least number of inserted, removed, replaced or swapped neighbouring characters.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace lepus::server
