#include "privacy/labels.h"

#include <algorithm>
#include <atomic>
#include <sstream>

#include "privacy/fold.h"

namespace sluice::privacy {
namespace {

/// Longer values are texts, whose words say nothing about names.
constexpr size_t kLongestWords = 60;

uint64_t next_id() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

void add_words(const std::string& value, WordSet& words) {
  std::istringstream in(fold(value));
  for (std::string word; in >> word;) words.insert(word);
}

}  // namespace

const ColumnLabel* TableLabels::column(int16_t number) const {
  const auto it = std::find_if(columns.begin(), columns.end(),
                               [&](const ColumnLabel& column) { return column.number == number; });
  return it == columns.end() ? nullptr : &*it;
}

Labels::Labels(Tables tables) : id_(next_id()), tables_(std::move(tables)) {}

const TableLabels* Labels::table(catalog::Oid oid) const {
  const auto it = tables_.find(oid);
  return it == tables_.end() ? nullptr : it->second.get();
}

TableLabels label(const catalog::Relation& relation, const TableInput& input,
                  const std::vector<Correction>& corrections) {
  TableLabels out;
  out.oid = relation.oid;
  out.schema = relation.schema;
  out.name = relation.name;
  const auto decisions = classify(input);
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    const ColumnInput& column = input.columns[i];
    ColumnLabel& label = out.columns.emplace_back();
    label.number = relation.columns[i].number;
    label.name = column.name;
    label.type = column.type;
    label.decision = decisions[i];
    label.parts = column.parts;
    out.sampled = std::max(out.sampled, column.sample.size());
    for (const auto& value : column.sample) {
      if (!value) continue;
      ++label.values;
      const bool harmless = decisions[i].shape == Shape::kNone && value->size() <= kLongestWords;
      if (harmless) add_words(*value, out.harmless);
    }
  }
  for (const Correction& correction : corrections) {
    if (correction.schema != out.schema || correction.table != out.name) continue;
    for (ColumnLabel& label : out.columns) {
      if (label.name != correction.column) continue;
      label.corrected_by = correction.by;
      label.decision = {};
      label.decision.cls = correction.cls;
      label.decision.shape = correction.cls == Class::kNone ? Shape::kNone : Shape::kWhole;
      label.decision.confidence = 1;
      label.decision.evidence = {"set by " + correction.by};
    }
  }
  return out;
}

}  // namespace sluice::privacy
