// The end of the broker's log file, and what comes to it: the tool reads the file itself, which is
// on this machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lepus::ctl {

/// The first file among the lines of log_location; empty: the log goes nowhere that can be read.
std::string log_file_of(std::string_view locations);

/// Prints so many last lines. Empty, or why it cannot.
[[nodiscard]] std::string print_tail(const std::string& path, std::uint64_t line_count);
/// Prints what comes, for so long (0: without end), also when the file is replaced by another.
[[nodiscard]] std::string print_stream(const std::string& path, double duration_s);

}  // namespace lepus::ctl
