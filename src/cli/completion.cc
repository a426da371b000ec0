#include "cli/completion.h"

#include <array>
#include <utility>

namespace sluice::cli {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 27> kCommands = {{
    {"",
     "serve user directory scim token login connect proxy mcp config-clients database session "
     "audit "
     "policy "
     "approval "
     "change request grant break-glass agent data provenance lint config version completion"},
    {"user", "add set list passwd link totp assertion-key disable enable remove"},
    {"directory", "check"},
    {"scim", "token adopt"},
    {"token", "create list revoke"},
    {"policy", "show check explain test replay diff save history rollback"},
    {"approval",
     "list show explain approve reject comment withdraw delegate delegations undelegate kept undo"},
    {"change", "submit list status run rollback cancel undo"},
    {"grant", "list show extend return revoke review"},
    {"agent", "runs run prompt erase-prompt budgets"},
    {"request", ""},
    {"break-glass", ""},
    {"data", "list explain set history"},
    {"provenance", "list show export verify contains affected"},
    {"database", "add set remove list check"},
    {"session", "list kill"},
    {"audit",
     "search searches forget-search tail show streams who-saw subjects transcript result history "
     "reconcile verify "
     "receipt "
     "export erase hold retention key"},
    {"config", "check"},
    {"completion", "bash zsh fish"},
    {"lint", ""},
    {"login", ""},
    {"connect", ""},
    {"proxy", ""},
    {"mcp", ""},
    {"config-clients", ""},
    {"serve", ""},
    {"version", ""},
}};

std::string bash() {
  std::string out = "_sluice() {\n  local words\n  case \"${COMP_WORDS[1]}\" in\n";
  for (const auto& [command, words] : kCommands) {
    if (command.empty() || words.empty()) continue;
    out.append("    ").append(command).append(") words=\"").append(words).append("\" ;;\n");
  }
  out.append("    *) words=\"\" ;;\n  esac\n  [ \"$COMP_CWORD\" -eq 1 ] && words=\"");
  out.append(kCommands[0].second);
  out.append(
      "\"\n  [ \"$COMP_CWORD\" -gt 2 ] && words=\"--config --output --limit --help\"\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n}\n"
      "complete -o default -F _sluice sluice\n");
  return out;
}

std::string fish() {
  std::string out;
  for (const auto& [command, words] : kCommands) {
    if (words.empty()) continue;
    out.append("complete -c sluice -f -n '");
    out.append(command.empty() ? "__fish_use_subcommand" : "__fish_seen_subcommand_from ");
    out.append(command).append("' -a '").append(words).append("'\n");
  }
  return out;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "fish") return fish();
  if (shell == "zsh") return "autoload -U +X bashcompinit && bashcompinit\n" + bash();
  return bash();
}

}  // namespace sluice::cli
