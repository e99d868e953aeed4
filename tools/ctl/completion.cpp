// See completion.h. Words are those of verbs, options and columns, which need no quotes; texts of
// the help are quoted.
#include "tools/ctl/completion.h"

#include <fmt/format.h>

#include "tools/ctl/options.h"
#include "tools/ctl/verbs.h"
#include "tools/server/admin/admin_rows.h"

namespace lepus::ctl {

namespace {

/// Options and columns of a verb, separated by blanks.
std::string words_of(const VerbSpec& verb) {
  std::string words;
  for (const OptionSpec& option : verb.options) words += fmt::format("--{} ", option.name);
  if (verb.has_vhost) words += "--vhost ";
  words += "--formatter --help";
  if (!verb.has_columns) return words;
  for (const std::string_view column : server::column_names(verb.name).all)
    words += fmt::format(" {}", column);
  return words;
}

std::string names_of_verbs() {
  std::string names;
  for (const VerbSpec& verb : verbs()) names += fmt::format("{} ", verb.name);
  return names;
}

/// Between single quotes of a shell.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) c == '\'' ? out += "'\\''" : out += std::string(1, c);
  return out;
}

std::string bash_script() {
  std::string cases;
  for (const VerbSpec& verb : verbs())
    cases += fmt::format("    {}) words='{}' ;;\n", verb.name, words_of(verb));
  return fmt::format(R"(# bash completion of lepusctl; source it, or put it into
# /etc/bash_completion.d/lepusctl.
_lepusctl() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} verb= words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      -p|--vhost|-n|--node|-t|--timeout|--socket|--formatter) ((i++)) ;;
      -*) ;;
      *) verb=${{COMP_WORDS[i]}}; break ;;
    esac
  done
  case $before in
    --formatter) words='table pretty_table csv json' ;;
    -p|--vhost) words=$("${{COMP_WORDS[0]}}" -q -s list_vhosts 2>/dev/null) ;;
    --socket|--file) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$word")); return; fi
  case $verb in
    '') words='{} --vhost --socket --formatter --quiet --silent --timeout' ;;
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _lepusctl lepusctl
)",
                     names_of_verbs(), cases);
}

/// A colon separates a word from its text.
std::string zsh_script() {
  std::string described;
  std::string cases;
  for (const VerbSpec& verb : verbs()) {
    described += fmt::format("    '{}:{}'\n", verb.name, quoted(verb.doc));
    cases += fmt::format("    {}) compadd -- {} ;;\n", verb.name, words_of(verb));
  }
  return fmt::format(R"(#compdef lepusctl
# zsh completion of lepusctl; put it as _lepusctl into a folder of $fpath.
_lepusctl() {{
  local -a verbs
  local verb= i
  verbs=(
{}  )
  for ((i = 2; i < CURRENT; i++)); do
    case ${{words[i]}} in
      -p|--vhost|-n|--node|-t|--timeout|--socket|--formatter) ((i++)) ;;
      -*) ;;
      *) verb=${{words[i]}}; break ;;
    esac
  done
  if [[ ${{words[CURRENT-1]}} == --formatter ]]; then
    compadd -- table pretty_table csv json
    return
  fi
  case $verb in
    '') _describe verb verbs ;;
{}  esac
}}
compdef _lepusctl lepusctl
)",
                     described, cases);
}

std::string fish_script() {
  std::string lines =
      "# fish completion of lepusctl; put it into\n"
      "# ~/.config/fish/completions/lepusctl.fish.\n"
      "complete -c lepusctl -f\n"
      "complete -c lepusctl -l formatter -x -a 'table pretty_table csv json'\n"
      "complete -c lepusctl -l socket -r -F\n"
      "complete -c lepusctl -s p -l vhost -x\n";
  for (const VerbSpec& verb : verbs()) {
    lines += fmt::format("complete -c lepusctl -n __fish_use_subcommand -a {} -d '{}'\n", verb.name,
                         quoted(verb.doc));
    const std::string seen = fmt::format("'__fish_seen_subcommand_from {}'", verb.name);
    for (const OptionSpec& option : verb.options)
      lines += fmt::format("complete -c lepusctl -n {} -l {}{} -d '{}'\n", seen, option.name,
                           option.takes.empty() ? "" : " -x", quoted(option.doc));
    std::string columns;
    if (verb.has_columns)
      for (const std::string_view column : server::column_names(verb.name).all)
        columns += fmt::format("{} ", column);
    if (!columns.empty())
      lines += fmt::format("complete -c lepusctl -n {} -a '{}'\n", seen, columns);
  }
  return lines;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  return {};
}

}  // namespace lepus::ctl
