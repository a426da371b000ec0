#include "privacy/labels.h"

#include <algorithm>
#include <atomic>
#include <sstream>

#include "privacy/column_type.h"
#include "privacy/fold.h"

namespace sluice::privacy {
namespace {

/// Longer values are texts, whose words say nothing about names.
constexpr size_t kLongestWords = 60;

uint64_t next_id() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

/// Whether values of the type may be texts, or have texts as parts.
bool text_like(const ColumnInput& column) {
  ColumnInput bare;
  bare.type = column.type;
  bare.parts = column.parts;
  while (bare.type.ends_with("[]")) bare.type.resize(bare.type.size() - 2);
  switch (type_kind(bare)) {
    case TypeKind::kText:
    case TypeKind::kDocument:
    case TypeKind::kComposite:
    case TypeKind::kBytes:
      return true;
    default:
      return false;
  }
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
    label.type = relation.columns[i].type_name;
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
  for (size_t i = 0; i < out.columns.size(); ++i) {
    ColumnLabel& label = out.columns[i];
    label.unproven = label.decision.shape == Shape::kNone && label.values < kFewValues &&
                     text_like(input.columns[i]);
  }
  correct(out, corrections);
  return out;
}

namespace {

/// Whether a column may hold what `cls` does not say, by what was found in it.
bool may_hold_others(const ColumnLabel& found, Class cls) {
  const auto& decision = found.decision;
  return found.mixed || found.unproven ||
         (decision.shape != Shape::kNone &&
          (decision.shape != Shape::kWhole || decision.cls != cls));
}

}  // namespace

void correct(TableLabels& table, const std::vector<Correction>& corrections) {
  for (const Correction& correction : corrections) {
    if (correction.schema != table.schema || correction.table != table.name) continue;
    for (ColumnLabel& label : table.columns) {
      if (label.name != correction.column || label.hidden) continue;
      // A person knows what it holds; a copy only what came there.
      const bool by_copy = correction.by.starts_with(kCopyOf);
      label.mixed = by_copy && (correction.by.ends_with(kWithOthers) ||
                                may_hold_others(label, correction.cls));
      label.corrected_by = correction.by;
      label.unproven = false;
      label.decision = {};
      label.decision.cls = correction.cls;
      label.decision.shape = correction.cls == Class::kNone ? Shape::kNone : Shape::kWhole;
      label.decision.confidence = 1;
      label.decision.evidence = {by_copy ? correction.by : "set by " + correction.by};
    }
  }
}

bool Copy::tells_more(const ColumnLabel& label) const {
  const bool by_people = !label.corrected_by.empty() && !label.corrected_by.starts_with(kCopyOf);
  if (label.hidden || by_people) return false;
  if (!label.masked() || (alone && label.decision.shape != Shape::kWhole)) return true;
  // By another copy: that one does not say all.
  const auto& evidence = label.decision.evidence;
  return !label.mixed && label.decision.cls != cls && evidence.size() == 1 &&
         evidence[0].starts_with(kCopyOf);
}

void carry(TableLabels& table, const std::vector<Copy>& copies) {
  for (const Copy& copy : copies) {
    if (copy.schema != table.schema || copy.table != table.name) continue;
    for (ColumnLabel& label : table.columns) {
      const bool meant = copy.column.empty() ? copy.number == 0 || copy.number == label.number
                                             : copy.column == label.name;
      if (!meant || !copy.tells_more(label)) continue;
      label.mixed = copy.from.ends_with(kWithOthers) || may_hold_others(label, copy.cls);
      label.corrected_by.clear();
      label.unproven = false;
      label.decision = {};
      label.decision.cls = copy.cls;
      label.decision.shape = Shape::kWhole;
      label.decision.confidence = 1;
      label.decision.evidence = {std::string(kCopyOf) + copy.from};
    }
  }
}

void take_stronger(TableLabels& table, const TableLabels& relative) {
  const auto position = [&](std::string_view name) {
    const auto it = std::find_if(table.columns.begin(), table.columns.end(),
                                 [&](const ColumnLabel& column) { return column.name == name; });
    return it == table.columns.end() ? -1 : static_cast<int>(it - table.columns.begin());
  };
  for (const ColumnLabel& other : relative.columns) {
    if (!other.decision.masked()) continue;
    const int at = position(other.name);
    if (at < 0) continue;
    ColumnLabel& column = table.columns[static_cast<size_t>(at)];
    if (column.masked()) continue;
    column.decision = other.decision;
    column.unproven = false;
    column.decision.evidence.insert(column.decision.evidence.begin(),
                                    "as in " + relative.schema + "." + relative.name);
    if (other.decision.shape != Shape::kByKey) continue;
    const auto key = static_cast<size_t>(other.decision.key_column);
    column.decision.key_column =
        key < relative.columns.size() ? position(relative.columns[key].name) : -1;
    if (column.decision.key_column < 0) column.decision.shape = Shape::kFreeText;
  }
}

}  // namespace sluice::privacy
