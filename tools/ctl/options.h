// The command line. Options may stand before and behind the verb, as rabbitmqctl takes them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tools/ctl/verbs.h"

namespace lepus::ctl {

// Exit codes of rabbitmqctl, which has them of sysexits.h.
inline constexpr int exit_ok = 0;
inline constexpr int exit_usage = 64;
inline constexpr int exit_data = 65;
inline constexpr int exit_no_user = 67;
inline constexpr int exit_unavailable = 69;
inline constexpr int exit_software = 70;
inline constexpr int exit_cannot_write = 73;
inline constexpr int exit_timeout = 75;
inline constexpr int exit_no_permission = 77;

/// Why a command line is not run: complete text for standard error.
struct Complaint {
  int exit_code = exit_ok;
  std::string text;
};

/// `words[0]` is the program's name. Nothing: `out` is good.
std::optional<Complaint> parse_command_line(std::span<const char* const> words, Invocation& out);

/// One verb's, or with "" that of all.
std::string help_text(const Invocation& invocation, std::string_view verb);
std::string usage_line(const Invocation& invocation, const VerbSpec& verb);

}  // namespace lepus::ctl
