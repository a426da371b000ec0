#include "gateway/label_keeper.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::gateway {

namespace {

/// What could not be sampled is tried again after a while, then less and less often.
constexpr Duration kFirstPause = std::chrono::seconds(10), kLongestPause = std::chrono::hours(1);
/// What the last catalog does not have may belong to a transaction that is still open.
constexpr Duration kForgetAfter = std::chrono::minutes(1);

bool temporary(const catalog::Relation& relation) { return relation.persistence == 't'; }

/// Whether there is anything to find out about it. Temporary tables are known by their names.
bool is_classified(const catalog::Relation& relation) {
  if (is_sampled(relation)) return true;
  return !relation.system() && temporary(relation) &&
         relation.kind == catalog::RelationKind::kTable;
}

/// What a decision rests on besides the relation itself.
std::string surroundings_of(const catalog::Catalog& catalog, const catalog::Relation& relation) {
  std::string out;
  for (const auto& constraint : relation.constraints) {
    if (constraint.type != 'f') continue;
    out += fmt::format("{}({})", constraint.referenced, fmt::join(constraint.columns, ","));
    out += fmt::format("({})", fmt::join(constraint.referenced_columns, ","));
  }
  for (const auto& column : privacy::describe(relation).columns) out += column.key ? '1' : '0';
  for (const auto& column : relation.columns) {
    const auto* type = catalog.type(column.type);
    const auto* row = type == nullptr ? nullptr : catalog.relation(type->relation);
    if (row == nullptr) continue;
    for (const auto& part : row->columns) out += part.name + '\0';
  }
  return out;
}

bool same_decisions(const privacy::TableLabels& a, const privacy::TableLabels& b) {
  if (a.schema != b.schema || a.name != b.name) return false;
  return std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(),
                    [](const privacy::ColumnLabel& x, const privacy::ColumnLabel& y) {
                      return x.number == y.number && x.name == y.name && x.type == y.type &&
                             x.mixed == y.mixed && x.parts == y.parts && x.unproven == y.unproven &&
                             x.hidden == y.hidden && x.corrected_by == y.corrected_by &&
                             x.decision.shape == y.decision.shape &&
                             x.decision.cls == y.decision.cls &&
                             x.decision.key_column == y.decision.key_column &&
                             x.decision.people == y.decision.people;
                    });
}

/// Whether a new finding changes anything for anybody: decisions, or much more has been seen.
bool worth_telling(const privacy::TableLabels& old, const privacy::TableLabels& fresh) {
  return !same_decisions(old, fresh) || fresh.sampled > old.sampled + old.sampled / 2;
}

/// By names alone, but what was found of the same columns before remains.
privacy::TableLabels with_former(privacy::TableLabels fresh, const privacy::TableLabels& former) {
  if (fresh.schema != former.schema || fresh.name != former.name) return fresh;
  for (privacy::ColumnLabel& column : fresh.columns) {
    const auto* old = former.column(column.number);
    if (old == nullptr || old->name != column.name || old->type != column.type) continue;
    if (old->decision.shape == privacy::Shape::kByKey) continue;
    column = *old;
  }
  fresh.sampled = former.sampled;
  fresh.harmless = former.harmless;
  return fresh;
}

/// A column that was found to be sensitive under another name or type stays so: whoever may rename
/// it need not be one who may see it. People can say otherwise (a correction).
std::shared_ptr<const privacy::TableLabels> with_renamed(
    std::shared_ptr<const privacy::TableLabels> fresh, const privacy::TableLabels& former) {
  auto out = std::make_shared<privacy::TableLabels>(*fresh);
  bool any = false;
  for (privacy::ColumnLabel& column : out->columns) {
    const auto* old = former.column(column.number);
    if (old == nullptr || !old->decision.masked()) continue;
    const bool proven = column.decision.shape == privacy::Shape::kWhole && column.decision.masked();
    if (proven) continue;
    const bool same = old->name == column.name && old->type == column.type &&
                      fresh->name == former.name && old->formerly.empty();
    if (same) continue;
    column.formerly = old->formerly.empty() ? old->name : old->formerly;
    column.decision = old->decision;
    column.decision.evidence.insert(column.decision.evidence.begin(),
                                    "it was called " + column.formerly);
    column.unproven = false;
    any = true;
  }
  return any ? out : fresh;
}

/// By a foreign key: it changes with what is said of the column that this refers to.
bool is_inherited(const privacy::ColumnDecision& decision) {
  const auto& evidence = decision.evidence;
  return !evidence.empty() && evidence[0].find("foreign key") != std::string::npos;
}

/// Reading a table again makes none of its columns more visible: rows that somebody put there who
/// may not see it would do for that. People can say otherwise (a correction).
std::shared_ptr<const privacy::TableLabels> with_hidden(
    std::shared_ptr<const privacy::TableLabels> fresh, const privacy::TableLabels& former) {
  constexpr std::string_view kBefore = "found in its earlier rows";
  auto out = std::make_shared<privacy::TableLabels>(*fresh);
  bool any = false;
  for (privacy::ColumnLabel& column : out->columns) {
    const auto* old = former.column(column.number);
    const bool same = old != nullptr && old->type == column.type && old->name == column.name &&
                      fresh->name == former.name && fresh->schema == former.schema;
    if (!same || !old->decision.masked() || old->decision.shape == privacy::Shape::kByKey) continue;
    if (is_inherited(old->decision)) continue;
    const bool whole = old->decision.shape == privacy::Shape::kWhole;
    if (column.decision.masked() && (!whole || column.decision.shape == old->decision.shape))
      continue;
    column.decision = old->decision;
    column.unproven = false;
    auto& evidence = column.decision.evidence;
    if (evidence.empty() || evidence[0] != kBefore) evidence.emplace(evidence.begin(), kBefore);
    any = true;
  }
  return any ? out : fresh;
}

}  // namespace

LabelKeeper::LabelKeeper(Ask ask, Elsewhere elsewhere, std::vector<privacy::Correction> corrections)
    : ask_(std::move(ask)),
      elsewhere_(std::move(elsewhere)),
      labels_(std::make_shared<const privacy::Labels>()),
      corrections_(std::move(corrections)) {}

std::shared_ptr<const privacy::Labels> LabelKeeper::current() const {
  const std::lock_guard lock(mutex_);
  return labels_;
}

void LabelKeeper::when_known(const Catalog& catalog, const std::vector<catalog::Oid>& relations,
                             std::function<void(bool)> then, bool urgent) {
  bool at_once = false;
  {
    const std::lock_guard lock(mutex_);
    if (!built_in_) add_built_in(*catalog);
    std::vector<catalog::Oid> missing;
    for (const catalog::Oid oid : relations) {
      if (!is_known(catalog, oid)) {
        missing.push_back(oid);
      } else if (const auto* relation = catalog->relation(oid)) {
        add_built_in(*relation);
      }
    }
    for (const catalog::Oid oid : missing) want(catalog, oid, urgent);
    at_once = missing.empty();
    if (changed_) publish();
    if (!at_once) {
      waiting_.push_back({catalog, std::move(missing), Clock::now() + kPatience, std::move(then)});
    }
  }
  if (at_once) {
    then(true);
  } else {
    pump();
  }
}

void LabelKeeper::follow(const Catalog& catalog) {
  {
    const std::lock_guard lock(mutex_);
    catalog_ = catalog;
    add_built_in(*catalog);
    forget_gone(*catalog);
    for (const auto& relation : catalog->relations()) {
      if (!is_classified(relation)) continue;
      const auto known = known_.find(relation.oid);
      // What a transaction has made can be sampled now that it is committed.
      const auto once_more = [](const Known& what) {
        return !what.whole && (what.pause == kFirstPause || what.retry <= Clock::now());
      };
      if (!is_known(catalog, relation.oid) || once_more(known->second) ||
          known->second.surroundings != surroundings_of(*catalog, relation))
        want(catalog, relation.oid, false);
    }
    if (changed_) publish();
  }
  pump();
}

void LabelKeeper::set_corrections(std::vector<privacy::Correction> corrections) {
  {
    const std::lock_guard lock(mutex_);
    corrections_ = std::move(corrections);
    // What is said of a column is said for good: of what is copied there later, too.
    std::erase_if(copies_, [&](const privacy::Copy& copy) {
      return std::any_of(corrections_.begin(), corrections_.end(), [&](const auto& said) {
        const bool of_it =
            said.schema == copy.schema && said.table == copy.table && said.column == copy.column;
        const bool by_copy = said.by.starts_with(privacy::kCopyOf);
        return of_it &&
               (!by_copy || said.by.starts_with(std::string(privacy::kCopyOf) + copy.from));
      });
    });
    finish_all();
  }
  pump();
}

void LabelKeeper::finish_all() {
  std::vector<catalog::Oid> changed;
  for (const auto& [oid, known] : known_) {
    auto finished = finish(catalog_.get(), oid);
    auto& table = tables_[oid];
    if (same_decisions(*table, *finished)) continue;
    table = std::move(finished);
    changed.push_back(oid);
  }
  want_referencing(changed);
  changed_ |= !changed.empty();
  if (changed_) publish();
}

void LabelKeeper::look(const Catalog& catalog) {
  {
    const std::lock_guard lock(mutex_);
    if (!catalog || looking_ || known_.empty()) return;
    looking_ = true;
    forget_gone(*catalog);
    if (changed_) publish();
  }
  ask_(written_query(), [this, catalog](auto answer) { looked(catalog, std::move(answer)); });
}

void LabelKeeper::looked(const Catalog& catalog, Result<std::vector<catalog::Rows>> answer) {
  {
    const std::lock_guard lock(mutex_);
    looking_ = false;
    if (!answer) return;
    const auto written = read_written(*answer);
    const auto now = Clock::now();
    for (auto& [oid, known] : known_) {
      const auto* relation = catalog->relation(oid);
      if (relation == nullptr || !is_sampled(*relation)) continue;
      bool again = !known.whole && known.retry <= now;
      if (!again && known.sampled && relation->kind != catalog::RelationKind::kForeignTable) {
        const uint64_t count = written_to(*catalog, *relation, written);
        const bool young = known.found->sampled < kSampleRows;
        // Counters that were set back tell nothing of what has happened since.
        again = count < known.written || (young && count > known.written) ||
                (count - known.written) * 2 > known.written;
      }
      if (again) want(catalog, oid, false);
    }
  }
  pump();
}

void LabelKeeper::tick(Clock::time_point now) {
  std::vector<std::function<void(bool)>> impatient;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(waiting_, [&](Waiter& waiter) {
      if (waiter.deadline > now) return false;
      impatient.push_back(std::move(waiter.then));
      return true;
    });
  }
  for (const auto& tell : impatient) tell(false);
}

bool LabelKeeper::is_known(const Catalog& catalog, catalog::Oid oid) const {
  const auto* relation = catalog->relation(oid);
  if (relation == nullptr || !is_classified(*relation)) return true;
  const auto it = known_.find(oid);
  if (it == known_.end()) return false;
  const Known& known = it->second;
  const auto& columns = known.found->columns;
  if (known.found->schema != relation->schema || known.found->name != relation->name ||
      known.comment != relation->comment)
    return false;
  // More may be known than this catalog has: what an open transaction has added.
  size_t at = 0;
  for (const auto& column : relation->columns) {
    while (at < columns.size() && columns[at].number < column.number) ++at;
    if (at == columns.size() || columns[at].number != column.number ||
        columns[at].name != column.name || columns[at].type != column.type_name ||
        known.comments[at] != column.comment)
      return false;
  }
  return true;
}

void LabelKeeper::take(const catalog::Catalog& catalog, const catalog::Relation& relation,
                       Found found) {
  const auto now = Clock::now();
  Known& known = known_[relation.oid];
  if (!found.sampled && known.found) {
    found.labels =
        std::make_shared<const privacy::TableLabels>(with_former(*found.labels, *known.found));
  }
  if (known.found) found.labels = with_renamed(std::move(found.labels), *known.found);
  if (known.found) found.labels = with_hidden(std::move(found.labels), *known.found);
  if (known.found) keep_words(relation);
  if (found.whole) {
    known.pause = {};
  } else {
    known.pause =
        known.pause == Duration{} ? kFirstPause : std::min(kLongestPause, known.pause * 2);
    known.retry = now + known.pause;
  }
  known.whole = found.whole;
  known.sampled = found.sampled;
  known.written = found.written;
  known.since = now;
  known.comment = relation.comment;
  known.comments.clear();
  for (const auto& column : relation.columns) known.comments.push_back(column.comment);
  known.surroundings = surroundings_of(catalog, relation);
  if (!known.found || worth_telling(*known.found, *found.labels)) {
    known.found = std::move(found.labels);
  } else {
    // Nobody needs to hear of it, but what is looked at for its age must be as it is.
    auto same = std::make_shared<privacy::TableLabels>(*known.found);
    same->sampled = found.labels->sampled;
    known.found = std::move(same);
  }
}

std::shared_ptr<const privacy::TableLabels> LabelKeeper::finish(const catalog::Catalog* catalog,
                                                                catalog::Oid oid) const {
  const auto& found = known_.at(oid).found;
  auto out = std::make_shared<privacy::TableLabels>(*found);
  const auto* relation = catalog == nullptr ? nullptr : catalog->relation(oid);
  std::vector<privacy::Correction> corrections;
  if (relation != nullptr) {
    const Family family = family_of(*catalog, *relation);
    for (const auto* relatives : {&family.ancestors, &family.descendants}) {
      for (const catalog::Oid relative : *relatives) {
        const auto it = known_.find(relative);
        if (it != known_.end()) privacy::take_stronger(*out, *it->second.found);
      }
    }
    // A word on a parent is one on its partitions; the nearest counts.
    for (auto it = family.ancestors.rbegin(); it != family.ancestors.rend(); ++it) {
      const auto* ancestor = catalog->relation(*it);
      for (const auto& correction : corrections_) {
        if (ancestor == nullptr || correction.schema != ancestor->schema ||
            correction.table != ancestor->name)
          continue;
        corrections.push_back(correction);
        corrections.back().schema = out->schema;
        corrections.back().table = out->name;
      }
    }
  }
  corrections.insert(corrections.end(), corrections_.begin(), corrections_.end());
  privacy::correct(*out, corrections);
  privacy::carry(*out, relation == nullptr ? copies_ : copies_of(*catalog, *relation));
  return out;
}

void LabelKeeper::finish_families(const catalog::Catalog& catalog,
                                  const std::vector<catalog::Oid>& relations) {
  std::vector<catalog::Oid> affected, changed;
  std::unordered_set<catalog::Oid> seen;
  const auto add = [&](catalog::Oid oid) {
    if (known_.contains(oid) && seen.insert(oid).second) affected.push_back(oid);
  };
  for (const catalog::Oid oid : relations) {
    add(oid);
    const Family family = family_of(catalog, *catalog.relation(oid));
    for (const catalog::Oid relative : family.ancestors) add(relative);
    for (const catalog::Oid relative : family.descendants) add(relative);
  }
  for (const catalog::Oid oid : affected) {
    auto finished = finish(&catalog, oid);
    auto& table = tables_[oid];
    if (table && !worth_telling(*table, *finished)) continue;
    if (table && !same_decisions(*table, *finished)) changed.push_back(oid);
    table = std::move(finished);
    changed_ = true;
  }
  want_referencing(changed);
}

void LabelKeeper::want_referencing(const std::vector<catalog::Oid>& changed) {
  if (!catalog_) return;
  for (const catalog::Oid oid : changed) {
    for (const auto& [relation, constraint] : catalog_->referencing(oid)) {
      if (relation->oid != oid && known_.contains(relation->oid))
        want(catalog_, relation->oid, false);
    }
  }
}

void LabelKeeper::add_built_in(const catalog::Relation& relation) {
  if (tables_.contains(relation.oid)) return;
  auto labels = privacy::built_in_labels(relation);
  if (!labels) return;
  tables_[relation.oid] = std::make_shared<const privacy::TableLabels>(std::move(*labels));
  changed_ = true;
}

void LabelKeeper::add_built_in(const catalog::Catalog& catalog) {
  for (const auto& relation : catalog.relations()) add_built_in(relation);
  built_in_ = true;
}

void LabelKeeper::forget_gone(const catalog::Catalog& catalog) {
  const auto now = Clock::now();
  std::erase_if(known_, [&](const auto& entry) {
    return catalog.relation(entry.first) == nullptr && now - entry.second.since > kForgetAfter;
  });
  changed_ |= std::erase_if(tables_, [&](const auto& entry) {
                return catalog.relation(entry.first) == nullptr && !known_.contains(entry.first);
              }) > 0;
}

void LabelKeeper::publish() {
  labels_ = std::make_shared<const privacy::Labels>(tables_);
  changed_ = false;
  version_.fetch_add(1, std::memory_order_acq_rel);
}

std::vector<std::function<void(bool)>> LabelKeeper::who_knows_now() {
  std::vector<std::function<void(bool)>> out;
  std::erase_if(waiting_, [&](Waiter& waiter) {
    std::erase_if(waiter.relations,
                  [&](catalog::Oid oid) { return is_known(waiter.catalog, oid); });
    if (!waiter.relations.empty()) return false;
    out.push_back(std::move(waiter.then));
    return true;
  });
  return out;
}

}  // namespace sluice::gateway
