#include "control/model_rules.h"

#include <algorithm>

#include "base/clock.h"
#include "gateway/budgets.h"
#include "gateway/identified.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

using policy::Amount;

/// Where nothing is told, tokens are taken to be so short: what is counted is rather too much.
constexpr size_t kBytesOfToken = 3;
constexpr uint64_t kMostTokens = 1'000'000'000'000;
/// Of a question that is still to be counted by its provider: rather too little, so that none is
/// refused that has room.
constexpr size_t kMostBytesOfToken = 8;

std::optional<uint64_t> number_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  if (value == nullptr || !value->is_int64() || value->get_int64() < 0) return std::nullopt;
  return std::min(static_cast<uint64_t>(value->get_int64()), kMostTokens);
}

bool counts_tokens(const policy::Budget& budget) {
  return budget.counts(Amount::kInputTokens) || budget.counts(Amount::kOutputTokens);
}

/// 1e5 is a number as well.
uint64_t asked_number(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  if (value == nullptr || !value->is_number()) return 0;
  const double number = value->to_number<double>();
  return number > 0 ? static_cast<uint64_t>(std::min(number, double{kMostTokens})) : 0;
}

/// How long the answers may be at most, as the question says, for each prompt and choice.
uint64_t longest_answer(const json::object& body) {
  uint64_t most = 1;
  for (const char* name : {"max_tokens", "max_completion_tokens", "max_output_tokens"})
    most = std::max(most, asked_number(body, name));
  uint64_t answers =
      std::max({uint64_t{1}, asked_number(body, "n"), asked_number(body, "best_of")});
  // A list of texts, not one text as a list of tokens.
  if (const auto* prompts = body.if_contains("prompt"); prompts != nullptr && prompts->is_array() &&
                                                        !prompts->get_array().empty() &&
                                                        !prompts->get_array().front().is_number())
    answers *= prompts->get_array().size();
  return most > kMostTokens / answers ? kMostTokens : most * answers;
}

}  // namespace

policy::Target ModelRules::target_of(const std::string& model) {
  return {"models/" + model, "models"};
}

Result<policy::Principal> ModelRules::principal_of(const Question& question) const {
  const auto directory = gateway_.directory();
  const auto* user = directory->find(question.caller.user);
  const auto* credential = directory->credential(question.caller.credential);
  if (user == nullptr || credential == nullptr)
    return fail(ErrorCode::kDenied, "this user or credential is gone");
  return gateway::principal_of(*directory, *user, credential, {}, wall_micros());
}

Result<policy::Exposure> ModelRules::exposure(const Question& question) const {
  SLUICE_ASSIGN(const auto principal, principal_of(question));
  policy::Circumstances now;
  now.now_micros = wall_micros();
  now.authenticated_micros = principal.authenticated_micros;
  now.run = !question.run.empty();
  return policy::exposure_elsewhere(gateway_.policy(), principal, target_of(question.model), now);
}

Result<std::shared_ptr<policy::Spending>> ModelRules::begin(const Question& question,
                                                            const json::object& body,
                                                            size_t bytes) {
  const auto in_force = gateway_.policy();
  if (in_force->budgets().empty()) return nullptr;
  SLUICE_ASSIGN(const auto principal, principal_of(question));
  const auto target = target_of(question.model);
  auto budgets = policy::Ledger::applying(*in_force, principal, target);
  std::erase_if(budgets, [](const auto* budget) { return !counts_tokens(*budget); });
  if (budgets.empty()) return nullptr;
  auto& ledger = gateway_.agents().ledger;
  const int64_t now = wall_micros();
  auto unknown = budgets;
  std::erase_if(unknown, [&](const auto* budget) { return ledger.counted(*budget); });
  if (!unknown.empty()) gateway::count_history(ledger, in_force, unknown, audit_directory_, now);
  policy::Amounts wanted{};
  wanted[static_cast<size_t>(Amount::kInputTokens)] =
      std::max<uint64_t>(bytes / kMostBytesOfToken, 1);
  wanted[static_cast<size_t>(Amount::kOutputTokens)] = std::max<uint64_t>(longest_answer(body), 1);
  auto spending =
      ledger.begin(in_force, budgets, policy::payer_of(principal, question.run), wanted, now);
  if (spending) return std::shared_ptr<policy::Spending>(std::move(*spending));
  const auto decision = gateway::refused_by(spending.error());
  return fail(ErrorCode::kDenied, decision->message + ". " + decision->hint);
}

TokensUsed tokens_of(const json::object& found, size_t asked_bytes, size_t answered_bytes) {
  const auto guess = [](size_t bytes) { return (bytes + kBytesOfToken - 1) / kBytesOfToken; };
  TokensUsed used;
  const auto input = number_of(found, "input_tokens");
  used.input =
      input ? *input + number_of(found, "cached_input_tokens").value_or(0) : guess(asked_bytes);
  used.output = number_of(found, "output_tokens").value_or(guess(answered_bytes));
  return used;
}

}  // namespace sluice::control
