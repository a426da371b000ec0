#include "cli/agent_commands.h"
#include "cli/tree/command_tree.h"

namespace sluice::cli {

void add_agent_commands(CommandTree& tree) {
  auto& options = tree.keep<AgentOptions>();
  auto* agents = tree.group("agent", "What agents were asked, and what they did for it");
  tree.listing(tree.add(*agents, "runs", "List runs that have registered prompts, newest first",
                        "sluice agent runs", [&] { return agent_runs(tree.common()); }));
  tree.formatted(tree.add(*agents, "budgets", "Show what is used and left of budgets",
                          "sluice agent budgets", [&] { return agent_budgets(tree.common()); }));
  auto* run = tree.formatted(
      tree.add(*agents, "run", "Show a run: prompts, calls, statements, columns and rows",
               "sluice agent run run-4f2a…", [&] { return agent_run(tree.common(), options); }));
  run->add_option("run", options.run, "From: sluice agent runs")->required();
  auto* prompt = tree.formatted(
      tree.add(*agents, "prompt", "Show a prompt with its text; that it was read is on the record",
               "sluice agent prompt ID", [&] { return agent_prompt(tree.common(), options); }));
  prompt->add_option("prompt", options.prompt, "Its id, from: sluice agent run")->required();
  auto* erase = tree.add(*agents, "erase-prompt", "Take a prompt's text away for good",
                         "sluice agent erase-prompt ID --reason 'asked for by its person'",
                         [&] { return agent_erase_prompt(tree.common(), options); });
  erase->add_option("prompt", options.prompt, "Its id, from: sluice agent run")->required();
  erase->add_option("--reason", options.reason, "Why; goes on the record")
      ->required()
      ->type_name("TEXT");
}

}  // namespace sluice::cli
