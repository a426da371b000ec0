#include "audit/details.h"

#include <unordered_set>

#include "audit/fields.h"

namespace sluice::audit {
namespace {

/// The first of `values`, each once, as many as there is room for. False: some were left out.
bool bounded(const std::vector<std::string>& values, std::vector<std::string>& out) {
  std::unordered_set<Bytes> seen;
  size_t bytes = 0;
  for (const auto& value : values) {
    if (!seen.insert(value).second) continue;
    bytes += value.size();
    if (out.size() >= kMostDetails || bytes > kMostDetailBytes) return false;
    out.push_back(value);
  }
  return true;
}

}  // namespace

std::string encode_details(const StatementDetails& details) {
  std::string out;
  Fields fields(out);
  uint64_t cut = 0;
  const auto list = [&](Key key, const std::vector<std::string>& values, DetailsCut bit) {
    std::vector<std::string> kept;
    if (!bounded(values, kept)) cut |= bit;
    fields.list(key, kept);
  };
  fields.list(Key::kTables, details.tables);
  list(Key::kActions, details.actions, kActionsCut);
  list(Key::kOutputColumns, details.output_columns, kOutputColumnsCut);
  list(Key::kPredicateColumns, details.predicate_columns, kPredicateColumnsCut);
  list(Key::kWrittenColumns, details.written_columns, kWrittenColumnsCut);
  fields.list(Key::kClasses, details.classes);
  fields.number(Key::kDetailsCut, cut);
  return out;
}

std::vector<std::string> names_of_cut(uint64_t cut) {
  std::vector<std::string> names;
  if ((cut & kActionsCut) != 0) names.emplace_back("actions");
  if ((cut & kOutputColumnsCut) != 0) names.emplace_back("output_columns");
  if ((cut & kPredicateColumnsCut) != 0) names.emplace_back("predicate_columns");
  if ((cut & kWrittenColumnsCut) != 0) names.emplace_back("written_columns");
  return names;
}

}  // namespace sluice::audit
