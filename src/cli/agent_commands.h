#pragma once

#include <string>

#include "cli/commands.h"

namespace sluice::cli {

struct AgentOptions {
  std::string run;     ///< name of a run
  std::string prompt;  ///< id of a prompt
  std::string reason;  ///< why it is erased
};

/// Runs of agents that have registered prompts, the newest first.
Result<> agent_runs(const Common& common);
/// One of them: its prompts, what was called and run for each, and what that touched.
Result<> agent_run(const Common& common, const AgentOptions& options);
/// A prompt with its text; that it was read is on the record.
Result<> agent_prompt(const Common& common, const AgentOptions& options);
/// What agents, their runs and people have used of budgets, and what is left.
Result<> agent_budgets(const Common& common);
/// Takes a prompt's text away for good; for whoever keeps the state folder.
Result<> agent_erase_prompt(const Common& common, const AgentOptions& options);

}  // namespace sluice::cli
