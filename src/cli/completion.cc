#include "cli/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice::cli {
namespace {

/// Names of databases that the kept logins are good for: from a file, so nobody
/// waits.
constexpr const char* kDatabases = "sluice completion databases 2>/dev/null";

/// The path is found by going through the words up to the cursor: those that
/// are options, or their values, lead nowhere.
std::string bash(const std::vector<Completed>& all) {
  std::string paths, cases;
  for (const auto& one : all) {
    if (!one.path.empty()) paths += fmt::format("{}\" {}\"", paths.empty() ? "" : "|", one.path);
    cases += fmt::format("    \"{}\") words=\"{}\" options=\"{}\" databases={} ;;\n",
                         one.path.empty() ? "" : " " + one.path, fmt::join(one.commands, " "),
                         fmt::join(one.options, " "), one.takes_database ? 1 : 0);
  }
  return fmt::format(R"sh(_sluice() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  local path="" words="" options="" databases=0 i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path ${{COMP_WORDS[i]}}" in
      {}) path="$path ${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$path" in
{}  esac
  if [[ "$previous" == --database || ( "$databases" == 1 && "$cur" != -* ) ]]; then
    words="$({})"
  elif [[ "$cur" == -* ]]; then
    words="$options"
  elif [[ "$path" == " completion" ]]; then
    words="bash zsh fish"
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}}
complete -o default -F _sluice sluice
)sh",
                     paths, cases, kDatabases);
}

std::string fish(const std::vector<Completed>& all) {
  std::string out = R"sh(function __sluice_at
  set -l words (commandline -opc)[2..-1]
  test "$(string join ' ' -- (string match -v -- '-*' $words))" = "$argv[1]"
end
function __sluice_below
  set -l words (commandline -opc)[2..-1]
  string match -q -- "$argv[1] *" "$(string join ' ' -- (string match -v -- '-*' $words)) "
end
)sh";
  for (const auto& one : all) {
    if (!one.commands.empty()) {
      out += fmt::format("complete -c sluice -f -n '__sluice_at \"{}\"' -a '{}'\n", one.path,
                         fmt::join(one.commands, " "));
    }
    if (one.takes_database) {
      out += fmt::format("complete -c sluice -f -n '__sluice_at \"{}\"' -a '({})'\n", one.path,
                         kDatabases);
    }
    for (const auto& option : one.options) {
      if (one.path.empty()) continue;
      out += fmt::format("complete -c sluice -n '__sluice_below \"{}\"' -l {}\n", one.path,
                         option.substr(2));
    }
  }
  out += "complete -c sluice -f -n '__sluice_at completion' -a 'bash zsh fish'\n";
  out += "complete -c sluice -l config -r\n";
  return out;
}

}  // namespace

std::string completion_script(std::string_view shell, const std::vector<Completed>& all) {
  if (shell == "fish") return fish(all);
  if (shell == "zsh") return "autoload -U +X bashcompinit && bashcompinit\n" + bash(all);
  return bash(all);
}

}  // namespace sluice::cli
