// The command completion. The scripts ask the program itself for options (--help) and scenarios
// (list), so they never lag behind it.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <string>

#include "tools/perf/client/error.h"
#include "tools/perf/commands/commands.h"
#include "tools/perf/commands/common_options.h"
#include "tools/perf/json_reader.h"

namespace lepus::perf {

namespace {

// Each has one @WORDS@: the modes and commands.
constexpr const char* bash_completion =
    R"sh(# bash completion of lepus-perf; source it, or put it into
# /etc/bash_completion.d/lepus-perf.
_lepus_perf() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} program=${COMP_WORDS[0]}
  local words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "@WORDS@ --help --version" -- "$word"))
    return
  fi
  case $word in
    -*) words=$("$program" "$command" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]+') ;;
    *)
      case $command in
        run|sweep|show) words=$("$program" list 2>/dev/null | cut -d' ' -f1) ;;
        completion) words='bash zsh fish' ;;
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  case $word:$command in
    -*|*:show|*:completion) ;;
    *) COMPREPLY+=($(compgen -f -- "$word")) ;;
  esac
}
complete -F _lepus_perf lepus-perf
)sh";

constexpr const char* zsh_completion = R"sh(#compdef lepus-perf
# zsh completion of lepus-perf; put it as _lepus-perf into a folder of $fpath.
_lepus_perf() {
  local program=${words[1]} command=${words[2]}
  if (( CURRENT == 2 )); then
    compadd -- @WORDS@ --help --version
  elif [[ ${words[CURRENT]} == -* ]]; then
    compadd -- ${(fu)"$($program $command --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]+')"}
  else
    case $command in
      run|sweep|show) compadd -- ${(f)"$($program list 2>/dev/null | cut -d' ' -f1)"} ;;
      completion) compadd -- bash zsh fish ;;
    esac
    [[ $command == show || $command == completion ]] || _files
  fi
}
compdef _lepus_perf lepus-perf
)sh";

constexpr const char* fish_completion = R"sh(# fish completion of lepus-perf; put it into
# ~/.config/fish/completions/lepus-perf.fish.
function __lepus_perf_options
  set -l words (commandline -opc)
  $words[1] $words[2] --help 2>/dev/null | string match -ar -- '--[a-z][a-z-]+' | sort -u
end
complete -c lepus-perf -n __fish_use_subcommand -f -a '@WORDS@'
complete -c lepus-perf -n '__fish_seen_subcommand_from run show sweep' \
  -a '(lepus-perf list | cut -d" " -f1)'
complete -c lepus-perf -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'
complete -c lepus-perf -n 'string match -q -- "-*" (commandline -ct)' -a '(__lepus_perf_options)'
)sh";

constexpr std::array<std::string_view, 3> shells{"bash", "zsh", "fish"};

}  // namespace

int run_completion_command(int argc, char** argv) {
  CLI::App app{"Prints a script that completes the command line of lepus-perf in a shell.",
               "lepus-perf completion"};
  std::string shell;
  app.add_option("shell", shell, "bash, zsh or fish")->required();
  if (const auto exit_code = parse_command(app, argc, argv)) return *exit_code;
  std::string words = "throughput latency drain rpc connections queues churn";
  for (const Command& command : commands()) words.append(" ").append(command.name);
  const auto script = [&](std::string text) {
    constexpr std::string_view mark = "@WORDS@";
    text.replace(text.find(mark), mark.size(), words);
    fmt::print("{}", text);
    return 0;
  };
  if (shell == "bash") return script(bash_completion);
  if (shell == "zsh") return script(zsh_completion);
  if (shell == "fish") return script(fish_completion);
  throw PerfError("completion: the shell is one of bash, zsh and fish, not ", shell,
                  suggestion(shell, shells));
}

}  // namespace lepus::perf
