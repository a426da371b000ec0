#include "policy/recorded_limits.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::policy {
namespace {

/// What is known of one figure of a statement.
struct Figure {
  std::string_view limit;
  uint64_t at_least = 0;
  bool exact = true;
  bool nothing = false;  ///< it does nothing that the limit is about
};

bool returns_rows(const sql::StatementFacts& facts) {
  return std::any_of(facts.results.begin(), facts.results.end(),
                     [](const sql::StatementResult& result) {
                       return result.returns_rows || result.copy.has_value();
                     });
}

class Comparing {
 public:
  Comparing(const RecordedStatement& statement, const sql::StatementFacts& facts)
      : statement_(statement), facts_(facts) {}

  template <typename T>
  void compare(const Figure& figure, const std::optional<Bound<T>>& most, uint64_t allowed) {
    if (!most || out_.passed) return;
    const auto& then = statement_.passed;
    PassedLimit now{std::string(figure.limit), allowed, figure.at_least};
    if (then && then->limit == figure.limit) {
      // How far it got before it was ended: what it would have been, or more than was allowed.
      if (then->got > 0 ? then->got > allowed : then->most >= allowed)
        return pass({now.limit, allowed, then->got}, most->rule);
      if (then->got == 0) doubt(figure.limit, "it was ended by a tighter one then");
      return;
    }
    if (figure.nothing) return;
    if (figure.at_least > allowed) return pass(std::move(now), most->rule);
    const bool ended = statement_.fate == Fate::kLimited;
    if (!figure.exact) doubt(figure.limit, "the record does not tell all that it changed");
    if (figure.exact && ended) doubt(figure.limit, "it was ended by another one then");
  }

  Figure rows() const { return {"rows", statement_.rows, true, !returns_rows(facts_)}; }
  Figure bytes() const { return {"bytes", statement_.bytes, true, !returns_rows(facts_)}; }
  Figure duration() const { return {"duration_ms", statement_.duration_micros / 1000}; }

  Figure rows_changed() const {
    uint64_t rows = 0;
    if (statement_.changed) {
      for (const auto& [table, count] : *statement_.changed)
        rows += std::min(count, UINT64_MAX - rows);
      return {"rows_changed", rows};
    }
    return unrecorded("rows_changed", statement_.rows);
  }
  Figure tables_changed() const {
    if (statement_.changed) return {"tables_changed", statement_.changed->size()};
    return unrecorded("tables_changed", statement_.rows > 0 ? 1 : 0);
  }

  Bounded take() { return std::move(out_); }

 private:
  /// Where the server was not asked what was changed, the command tag tells of one table at least.
  Figure unrecorded(std::string_view limit, uint64_t tagged) const {
    if (!facts_.writes || statement_.failed) return {limit, 0, true, true};
    static constexpr std::string_view kTagged[] = {"INSERT", "UPDATE", "DELETE", "MERGE"};
    const bool tells =
        std::find(std::begin(kTagged), std::end(kTagged), facts_.kind) != std::end(kTagged);
    if (!tells) return {limit, 0, false};
    return {limit, tagged, statement_.rows == 0};
  }

  void pass(PassedLimit limit, const std::string& rule) {
    out_.message = fmt::format(
        "{} of at most {} by rule \"{}\": {}", limit.limit, limit.most, rule,
        limit.got > 0 ? fmt::format("it was {}", limit.got) : std::string("it would be more"));
    out_.passed = std::move(limit);
    out_.rule = rule;
    out_.unknown.clear();
  }
  void doubt(std::string_view limit, std::string_view why) {
    if (out_.unknown.empty()) out_.unknown = fmt::format("limit {}: {}", limit, why);
  }

  const RecordedStatement& statement_;
  const sql::StatementFacts& facts_;
  Bounded out_;
};

}  // namespace

std::string_view name_of(Fate fate) {
  switch (fate) {
    case Fate::kAllow:
      return "allow";
    case Fate::kLimited:
      return "limited";
    case Fate::kHold:
      return "hold";
    case Fate::kDeny:
      break;
  }
  return "deny";
}

Bounded bound(const RecordedStatement& statement, const sql::StatementFacts& facts,
              const Limits& limits) {
  if (!statement.ran) return {};
  Comparing comparing(statement, facts);
  if (limits.rows_changed)
    comparing.compare(comparing.rows_changed(), limits.rows_changed, limits.rows_changed->most);
  if (limits.tables_changed)
    comparing.compare(comparing.tables_changed(), limits.tables_changed,
                      limits.tables_changed->most);
  if (limits.rows) comparing.compare(comparing.rows(), limits.rows, limits.rows->most);
  if (limits.bytes) comparing.compare(comparing.bytes(), limits.bytes, limits.bytes->most);
  if (limits.duration) {
    const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(limits.duration->most);
    comparing.compare(comparing.duration(), limits.duration, static_cast<uint64_t>(most.count()));
  }
  return comparing.take();
}

std::optional<Bounded> count_rate(const RecordedStatement& statement, const Limits& limits,
                                  RateLimiter& rates) {
  // What is only parsed, or controls transactions, is not counted.
  if (!limits.statements_per_minute || statement.sent == Sent::kParsed || statement.controls) {
    return std::nullopt;
  }
  const auto& most = *limits.statements_per_minute;
  const Clock::time_point then{std::chrono::microseconds(statement.time_micros)};
  if (rates.take(statement.principal.user, most.rule, most.most, then)) return std::nullopt;
  Bounded out;
  out.passed = PassedLimit{"statements_per_minute", most.most, 0};
  out.rule = most.rule;
  out.message =
      fmt::format("more than {} statements a minute by rule \"{}\"", most.most, most.rule);
  return out;
}

}  // namespace sluice::policy
