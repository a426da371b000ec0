// LabelKeeper: classes that go along with values, and with what gets another name.
#include <algorithm>

#include "gateway/label_keeper.h"

namespace sluice::gateway {
namespace {

/// Copies that are waited for to become corrections.
constexpr size_t kMostCopies = 10'000;

/// Of which column a label says that it is a copy; empty: it says nothing of the kind.
std::string_view copied_from(const privacy::ColumnLabel& label) {
  const auto& evidence = label.decision.evidence;
  if (evidence.size() != 1 || !evidence[0].starts_with(privacy::kCopyOf)) return {};
  return std::string_view(evidence[0]).substr(privacy::kCopyOf.size());
}

}  // namespace

void LabelKeeper::carry(const std::vector<privacy::Copy>& copies) {
  {
    const std::lock_guard lock(mutex_);
    const size_t before = copies_.size();
    for (const privacy::Copy& copy : copies) {
      if (std::find(copies_.begin(), copies_.end(), copy) == copies_.end()) copies_.push_back(copy);
    }
    if (copies_.size() == before) return;
    // Of tables that never came to be.
    if (copies_.size() > kMostCopies)
      copies_.erase(copies_.begin(), copies_.end() - static_cast<ptrdiff_t>(kMostCopies));
    finish_all();
  }
  pump();
}

std::vector<privacy::Copy> LabelKeeper::carried(bool& more) const {
  std::vector<privacy::Copy> out;
  more = false;
  const std::lock_guard lock(mutex_);
  for (const privacy::Copy& copy : copies_) {
    bool there = false;
    for (const auto& [oid, known] : known_) {
      if (known.found->schema != copy.schema || known.found->name != copy.table) continue;
      there = true;
      for (const privacy::ColumnLabel& label : tables_.at(oid)->columns) {
        const auto& evidence = label.decision.evidence;
        const bool by_copy = label.corrected_by.empty() && evidence.size() == 1 &&
                             evidence[0] == std::string(privacy::kCopyOf) + copy.from;
        const bool told = std::any_of(out.begin(), out.end(), [&](const privacy::Copy& one) {
          return one.schema == copy.schema && one.table == copy.table && one.column == label.name;
        });
        if (!by_copy || told) continue;
        out.push_back(copy);
        out.back().column = label.name;
        out.back().cls = label.decision.cls;
        if (label.mixed && !copy.from.ends_with(privacy::kWithOthers))
          out.back().from += privacy::kWithOthers;
      }
    }
    more = more || !there;
  }
  return out;
}

/// Copies are told by names. What rows hold that are read through it, and it through others, counts
/// for it too: parents and partitions, by the names of their columns.
std::vector<privacy::Copy> LabelKeeper::copies_of(const catalog::Catalog& catalog,
                                                  const catalog::Relation& relation) const {
  std::vector<privacy::Copy> out = copies_;
  const Family family = family_of(catalog, relation);
  const auto add = [&](const catalog::Relation& relative, privacy::Copy copy) {
    if (copy.schema != relative.schema || copy.table != relative.name) return;
    if (copy.column.empty() && copy.number != 0) {
      const auto* column = relative.column(copy.number);
      if (column == nullptr) return;
      copy.column = column->name;
    }
    copy.schema = relation.schema;
    copy.table = relation.name;
    out.push_back(std::move(copy));
  };
  for (const auto* relatives : {&family.ancestors, &family.descendants}) {
    for (const catalog::Oid oid : *relatives) {
      const auto* relative = catalog.relation(oid);
      if (relative == nullptr) continue;
      for (const privacy::Copy& copy : copies_) add(*relative, copy);
      // People's words on a part are about that part; what came into it is in the whole.
      for (const privacy::Correction& said : corrections_) {
        if (relatives != &family.descendants || !said.by.starts_with(privacy::kCopyOf)) continue;
        add(*relative, {said.schema, said.table, said.column, 0, said.cls,
                        said.by.substr(privacy::kCopyOf.size()), true});
      }
    }
  }
  return out;
}

/// What people and copies say of a column, by its name, is said of it under another as well, where
/// it hides it. `relation`: as it is now.
void LabelKeeper::keep_words(const catalog::Relation& relation) {
  const auto it = tables_.find(relation.oid);
  if (it == tables_.end()) return;
  const privacy::TableLabels& before = *it->second;
  const bool moved = before.schema != relation.schema || before.name != relation.name;
  for (const privacy::ColumnLabel& label : before.columns) {
    const auto* column = relation.column(label.number);
    const std::string_view copied = copied_from(label);
    if (column == nullptr || (!moved && column->name == label.name) || !label.masked() ||
        (copied.empty() && label.corrected_by.empty()))
      continue;
    std::string from(copied);
    if (from.empty()) from = before.schema + "." + before.name + "." + label.name;
    privacy::Copy copy{relation.schema,    relation.name,   column->name, 0,
                       label.decision.cls, std::move(from), true};
    if (std::find(copies_.begin(), copies_.end(), copy) == copies_.end())
      copies_.push_back(std::move(copy));
  }
}

}  // namespace sluice::gateway
