#include "cli/change_commands.h"
#include "cli/tree/command_tree.h"

namespace sluice::cli {

int run(int argc, char** argv) {
  CommandTree tree;
  add_gateway_commands(tree);
  add_user_commands(tree);
  add_credential_commands(tree);
  add_audit_commands(tree);
  add_policy_commands(tree);
  add_data_commands(tree);
  add_approval_commands(tree);
  add_change_commands(tree);
  add_grant_commands(tree);
  add_agent_commands(tree);
  add_provenance_commands(tree);
  return tree.run(argc, argv);
}

}  // namespace sluice::cli
