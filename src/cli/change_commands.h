#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace sluice::cli {

struct ChangeOptions {
  int64_t number = 0;
  std::string state, requester;  ///< list: only those
  ProofOptions who;
  std::string file, rollback;  ///< submit: the scripts
  std::vector<std::string> targets;
  std::string title, reason, ticket;
  std::string lock_timeout, statement_timeout;
  bool preview = false, skip_conflicts = false;  ///< undo
};
Result<> change_submit(const Common& common, const ChangeOptions& options);
Result<> change_list(const Common& common, const ChangeOptions& options);
Result<> change_status(const Common& common, const ChangeOptions& options);
/// `what`: "run", "rollback" or "cancel". The first two wait for the end, and fail if it is not
/// good.
Result<> change_act(const Common& common, const ChangeOptions& options, const std::string& what);

/// What approval_undo does, of all that ran under the change's approval. kNotFound: it needed none.
Result<> change_undo(const Common& common, const ChangeOptions& options);

class CommandTree;
void add_change_commands(CommandTree& tree);

}  // namespace sluice::cli
