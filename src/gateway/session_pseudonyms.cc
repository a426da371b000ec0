// Session: a pseudonym that somebody pastes into a condition finds its row. What it stands for goes
// to the server as a parameter: it is never in a text, which others or the statement itself could
// read (pg_stat_activity, current_query(), EXPLAIN, views).
#include <algorithm>

#include "base/bound_values.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "mask/stands_for.h"
#include "sql/lexer.h"
#include "sql/literals.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/messages.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// Whether it only reads, once, and nothing of it is kept to be read later.
bool only_reads(const sql::StatementFacts& facts) {
  return facts.statements == 1 && facts.kind == "SELECT" && !facts.writes &&
         facts.results.size() == 1 && !facts.results[0].explained && facts.prepared.empty() &&
         facts.cursors.empty();
}

/// How often each parameter stands in a text; the first is $1.
size_t times_used(std::string_view text, uint32_t parameter) {
  const std::string name = "$" + std::to_string(parameter);
  size_t times = 0;
  sql::Lexer lexer(text);
  for (auto token = lexer.next(); token.kind != sql::TokenKind::kEnd; token = lexer.next())
    times += token.kind == sql::TokenKind::kParameter && token.text == name;
  return times;
}

/// What is compared, if it is a pseudonym that the session has been shown: it is then taken for the
/// value that it stands for, as whoever pastes it means it.
std::optional<std::string> behind(const mask::Substitutes& shown, const mask::Audience& audience,
                                  const mask::Permuter& permuter,
                                  const mask::ComparedPseudonym& compared, Bytes value) {
  if (!shown.has(mask::Substitutes::column(compared.column), value)) return std::nullopt;
  return mask::stands_for(audience, compared.with.column, value, permuter);
}

}  // namespace

Session::Pass Session::find_by_pseudonym(const Piece& piece, Expected& entry) {
  const bool none = !entry.masking || entry.masking->plan().compared.empty() ||
                    substitutes_.empty() || !piece.whole() || !only_reads(entry.text->facts()) ||
                    entry.text->facts().parameters != 0;
  if (none) return Pass::kForward;
  const Bytes text = pg::decode_query(piece.body())->text;
  const auto literals = sql::literals(text);
  std::string with_parameters;
  std::vector<std::optional<std::string>> values;
  size_t copied = 0;
  for (size_t i = 0; i < literals.size(); ++i) {
    if (!literals[i].plain) continue;
    const auto& all = entry.masking->plan().compared;
    const auto compared = std::find_if(all.begin(), all.end(),
                                       [&](const auto& one) { return one.with.literal == i + 1; });
    if (compared == all.end()) continue;
    auto real = behind(substitutes_, entry.audience->audience, *worker_.shared().permuter,
                       *compared, literals[i].value);
    if (!real) continue;
    values.push_back(std::move(real));
    with_parameters.append(text.substr(copied, literals[i].begin - copied));
    with_parameters.append(" $" + std::to_string(values.size()) + " ");
    copied = literals[i].begin + literals[i].size;
  }
  if (values.empty()) return Pass::kForward;
  with_parameters.append(text.substr(copied));
  entry.in_steps = true;
  replacement_.clear();
  pg::encode_parse(replacement_, "", with_parameters);
  pg::encode_bind(replacement_, "", "", values);
  pg::encode_describe(replacement_, 'P', "");
  pg::encode_execute(replacement_, "");
  // A simple query leaves none behind.
  pg::encode_close(replacement_, 'P', "");
  pg::encode_close(replacement_, 'S', "");
  pg::encode_sync(replacement_);
  return Pass::kReplace;
}

Session::Pass Session::bind_by_pseudonym(const Piece& piece, const Expected& entry) {
  const bool none = !entry.masking || entry.masking->plan().compared.empty() ||
                    substitutes_.empty() || !piece.whole() || !only_reads(entry.text->facts());
  if (none) return Pass::kForward;
  const Bytes body = piece.body();
  const auto prefix = pg::decode_bind_prefix(body);
  if (!prefix) return Pass::kForward;
  const auto values = bound_values(body.substr(prefix->parameters_offset));
  std::string changed;
  size_t copied = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i].bytes) continue;
    const auto& all = entry.masking->plan().compared;
    const auto compared = std::find_if(
        all.begin(), all.end(), [&](const auto& one) { return one.with.parameter == i + 1; });
    // What else it is used for could show it.
    if (compared == all.end() ||
        times_used(entry.text->recorded.text, static_cast<uint32_t>(i + 1)) != 1) {
      continue;
    }
    const auto real = behind(substitutes_, entry.audience->audience, *worker_.shared().permuter,
                             *compared, *values[i].bytes);
    if (!real) continue;
    const auto at = static_cast<size_t>(values[i].bytes->data() - body.data());
    changed.append(body.substr(copied, at - 4 - copied));
    append_be32(changed, static_cast<uint32_t>(real->size()));
    changed.append(*real);
    copied = at + values[i].bytes->size();
  }
  if (changed.empty()) return Pass::kForward;
  changed.append(body.substr(copied));
  replacement_.assign(1, pg::kBind);
  append_be32(replacement_, static_cast<uint32_t>(changed.size() + 4));
  replacement_.append(changed);
  return Pass::kReplace;
}

}  // namespace sluice::gateway
