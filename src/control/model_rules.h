#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <boost/json.hpp>

#include "base/result.h"
#include "control/caller.h"
#include "gateway/gateway.h"
#include "policy/exposure.h"
#include "policy/ledger.h"

namespace sluice::control {

/// What the policy in force says of questions to models (docs/agents.md): for its rules a model is
/// the database "models/NAME" of the environment "models". Any thread.
class ModelRules {
 public:
  /// `audit_directory`: where it is found what was used of budgets before.
  ModelRules(gateway::Gateway& gateway, std::filesystem::path audit_directory)
      : gateway_(gateway), audit_directory_(std::move(audit_directory)) {}

  /// Who asks, which model, in which run.
  struct Question {
    const Caller& caller;
    std::string model, run;
  };

  static policy::Target target_of(const std::string& model);
  Result<policy::Principal> principal_of(const Question& question) const;

  /// How sensitive values are shown to the model: as to whoever asks, but what rules unmask for
  /// them stays masked unless they name models.
  Result<policy::Exposure> exposure(const Question& question) const;

  /// Lets a question be asked if all budgets of tokens have room for it. `path`, `body`: what is
  /// asked; what it says of the longest answer is reserved, and where it says nothing and a budget
  /// counts it, a bound is written into it. Null: no budget counts it. Blocking.
  Result<std::shared_ptr<policy::Spending>> begin(const Question& question, std::string_view path,
                                                  boost::json::object& body, size_t bytes);

 private:
  gateway::Gateway& gateway_;
  std::filesystem::path audit_directory_;
};

/// Tokens of a question and its answer, by the provider's own count: `found` as
/// models::AnswerReader has it. Where the provider tells none, every three bytes count as one; of
/// an answer that has no end ("stop") or was broken off, at least so many.
struct TokensUsed {
  uint64_t input = 0, output = 0;
};
TokensUsed tokens_of(const boost::json::object& found, size_t asked_bytes, size_t answered_bytes);

}  // namespace sluice::control
