// lepusctl: the operator's tool, with rabbitmqctl's verbs and output; also under that name. See
// verbs.cpp for what it can do.
#include <csignal>
#include <cstdio>
#include <span>

#include "tools/ctl/run.h"

int main(int argument_count, char** arguments) {
  std::signal(SIGPIPE, SIG_DFL);
  lepus::ctl::Invocation invocation;
  const std::span<const char* const> words(arguments, static_cast<std::size_t>(argument_count));
  if (const auto complaint = lepus::ctl::parse_command_line(words, invocation)) {
    std::fputs(complaint->text.c_str(), stderr);
    return complaint->exit_code;
  }
  return lepus::ctl::run(invocation);
}
