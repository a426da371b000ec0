#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace sluice::cli {

/// Of how many at most: a whole number from 0. The library's own check shows where doubles end to
/// whoever writes another.
const CLI::Validator& whole_number();

/// The commands of `sluice` and their options. Files beside this one each add a group. This folder
/// is the one place that includes CLI11, which is slow to compile.
class CommandTree {
 public:
  CommandTree();

  CLI::App& app() { return app_; }
  Common& common() { return common_; }

  /// `sluice NAME`, of which only its subcommands can be run.
  CLI::App* group(const std::string& name, const std::string& help) {
    return group(app_, name, help);
  }
  CLI::App* group(CLI::App& parent, const std::string& name, const std::string& help);
  /// A command below `parent`; `action` is what it does once its options are parsed.
  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& help,
                const std::string& example, std::function<Result<>()> action);
  /// With -o.
  CLI::App* formatted(CLI::App* sub);
  /// With -o and --limit.
  CLI::App* listing(CLI::App* sub);

  /// A new T that options are read into; it lives as long as the tree.
  template <typename T>
  T& keep() {
    auto kept = std::make_shared<T>();
    kept_.push_back(kept);
    return *kept;
  }

  /// Parses the arguments and runs the command that they name; returns the exit code.
  int run(int argc, char** argv);

 private:
  CLI::App app_{"Sluice: an identity-aware gateway in front of every database"};
  Common common_;
  std::vector<std::shared_ptr<void>> kept_;
  std::function<Result<>()> action_;
};

/// Options by which somebody proves who they are.
void add_proof(CLI::App& sub, ProofOptions& who);

void add_gateway_commands(CommandTree& tree);
void add_user_commands(CommandTree& tree);
void add_credential_commands(CommandTree& tree);
void add_agent_commands(CommandTree& tree);
void add_audit_commands(CommandTree& tree);
void add_policy_commands(CommandTree& tree);
void add_data_commands(CommandTree& tree);
void add_approval_commands(CommandTree& tree);
void add_grant_commands(CommandTree& tree);
void add_provenance_commands(CommandTree& tree);

}  // namespace sluice::cli
