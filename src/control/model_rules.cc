#include "control/model_rules.h"

#include <algorithm>

#include "base/clock.h"
#include "gateway/budgets.h"
#include "gateway/identified.h"
#include "models/counts.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

using policy::Amount;

/// Where nothing is told, tokens are taken to be so short: what is counted is rather too much.
constexpr size_t kBytesOfToken = 3;
/// Of an answer that is not bounded by its question, where a budget counts it.
constexpr uint64_t kDefaultAnswer = 4096;
/// Of a question that is still to be counted by its provider: rather too little, so that none is
/// refused that has room.
constexpr size_t kMostBytesOfToken = 8;

bool counts_tokens(const policy::Budget& budget) {
  return budget.counts(Amount::kInputTokens) || budget.counts(Amount::kOutputTokens);
}

/// The members that bound an answer, the one to be used first. Those of another API bound nothing.
std::vector<std::string_view> bounds_of(std::string_view path) {
  if (path == "/v1/chat/completions") return {"max_completion_tokens", "max_tokens"};
  if (path == "/v1/responses") return {"max_output_tokens"};
  if (path == "/v1/completions" || path == "/v1/messages") return {"max_tokens"};
  return {};
}

uint64_t asked_number(const json::object& from, std::string_view name) {
  return models::count_of(from, name).value_or(0);
}

/// How many answers are asked for: choices, for each prompt. What is no number here may be one to
/// the provider.
Result<uint64_t> answers_of(const json::object& body) {
  for (const std::string_view name : {"n", "best_of"}) {
    const auto* value = body.if_contains(name);
    if (value != nullptr && !value->is_null() && !value->is_number())
      return fail(ErrorCode::kInvalidInput, "\"" + std::string(name) + "\" is a number");
  }
  uint64_t answers =
      std::max({uint64_t{1}, asked_number(body, "n"), asked_number(body, "best_of")});
  // A list of texts, not one text as a list of tokens.
  if (const auto* prompts = body.if_contains("prompt"); prompts != nullptr && prompts->is_array() &&
                                                        !prompts->get_array().empty() &&
                                                        !prompts->get_array().front().is_number())
    answers *= prompts->get_array().size();
  return std::min(answers, models::kMostCounted);
}

/// How long one answer may be at most, as the question says; 0: as long as the model likes.
uint64_t longest_answer(const json::object& body, const std::vector<std::string_view>& bounds) {
  uint64_t most = 0;
  for (const auto name : bounds) most = std::max(most, asked_number(body, name));
  return most;
}

/// Reserves what is left for each of the answers, up to the default, and has the provider stop
/// there.
void bound_answers(json::object& body, const std::vector<std::string_view>& bounds,
                   uint64_t answers, policy::Spending& spending) {
  const auto left = spending.left(Amount::kOutputTokens);
  if (!left) return;
  uint64_t most = std::min(kDefaultAnswer, *left / answers);
  // Others may have taken of it since it was looked at.
  while (most > 1 && spending.need(Amount::kOutputTokens, most * answers)) most /= 2;
  for (const auto name : bounds) body.erase(name);  // Null and -1 say that there is none.
  body[bounds.front()] = std::max<uint64_t>(most, 1);
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
                                                            std::string_view path,
                                                            json::object& body, size_t bytes) {
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
  if (!unknown.empty()) {
    const auto directory = gateway_.directory();
    gateway::count_history(ledger, in_force, unknown, *directory, audit_directory_, now);
  }
  policy::Amounts wanted{};
  wanted[static_cast<size_t>(Amount::kInputTokens)] =
      std::max<uint64_t>(bytes / kMostBytesOfToken, 1);
  const auto bounds = bounds_of(path);
  SLUICE_ASSIGN(const uint64_t answers, answers_of(body));
  const uint64_t longest = longest_answer(body, bounds);
  const uint64_t each = std::max<uint64_t>(longest, 1);
  wanted[static_cast<size_t>(Amount::kOutputTokens)] =
      each > models::kMostCounted / answers ? models::kMostCounted : each * answers;
  auto dues = policy::Ledger::due(*in_force, principal, target, question.run);
  std::erase_if(dues, [](const auto& due) { return !counts_tokens(*due.budget); });
  auto spending = ledger.begin(in_force, dues, wanted, now);
  if (spending) {
    if (longest == 0 && !bounds.empty() && *spending)
      bound_answers(body, bounds, answers, **spending);
    return std::shared_ptr<policy::Spending>(std::move(*spending));
  }
  const auto decision = gateway::refused_by(spending.error());
  return fail(ErrorCode::kDenied, decision->message + ". " + decision->hint);
}

TokensUsed tokens_of(const json::object& found, size_t asked_bytes, size_t answered_bytes) {
  const auto guess = [](size_t bytes) { return (bytes + kBytesOfToken - 1) / kBytesOfToken; };
  TokensUsed used;
  const auto input = models::count_of(found, "input_tokens");
  used.input = input ? *input + models::count_of(found, "cached_input_tokens").value_or(0)
                     : guess(asked_bytes);
  // What is told while an answer has not ended is how it began.
  const bool ended = found.contains("stop") && !found.contains("broken_off");
  const auto output = models::count_of(found, "output_tokens");
  used.output = ended && output ? *output : std::max(output.value_or(0), guess(answered_bytes));
  return used;
}

}  // namespace sluice::control
