#include "change/script.h"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/big_stack_thread.h"
#include "sql/analyse.h"
#include "sql/split.h"

namespace sluice::change {
namespace {

constexpr size_t kMostSteps = 200;
constexpr std::string_view kBlanks = " \t\r\n\f\v;";

size_t line_at(std::string_view text, size_t position) {
  return 1 + static_cast<size_t>(std::count(
                 text.begin(),
                 text.begin() + static_cast<ptrdiff_t>(std::min(position, text.size())), '\n'));
}

}  // namespace

Result<std::vector<Step>> read_script(std::string_view script) {
  std::vector<std::string_view> statements;
  std::shared_ptr<const sql::StatementFacts> facts;
  {
    const gateway::BigStackThread thread(sql::kAnalyserStackBytes, "change", [&] {
      statements = sql::split_statements(script);
      if (statements.empty()) facts = sql::analyse(script, {}, {});
    });
  }
  if (statements.empty()) {
    if (facts->unanalysable.empty())
      return fail(ErrorCode::kInvalidInput, "the script has no statement");
    const auto position = static_cast<size_t>(std::max(facts->error_position, 1)) - 1;
    return fail(ErrorCode::kInvalidInput,
                fmt::format("line {}: {}", line_at(script, position), facts->unanalysable));
  }
  if (statements.size() > kMostSteps)
    return fail(ErrorCode::kInvalidInput,
                fmt::format("a script has at most {} statements", kMostSteps));
  std::vector<Step> steps;
  for (std::string_view text : statements) {
    const size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) continue;
    text = text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
    steps.push_back(
        {std::string(text), line_at(script, static_cast<size_t>(text.data() - script.data()))});
  }
  return steps;
}

std::vector<sql::Finding> lint_script(std::string_view script, const sql::Scope& scope,
                                      bool one_transaction) {
  // What the gateway puts before the script stands in its first line.
  const size_t before = one_transaction ? 2 : 1;
  std::string text = "SET lock_timeout = '1s'; ";
  if (one_transaction) text += "BEGIN; ";
  text += script;
  std::vector<sql::Finding> findings;
  {
    const gateway::BigStackThread thread(sql::kAnalyserStackBytes, "change",
                                         [&] { findings = sql::lint(text, scope); });
  }
  std::erase_if(findings, [&](const auto& finding) { return finding.statement <= before; });
  for (auto& finding : findings) finding.statement -= before;
  return findings;
}

}  // namespace sluice::change
