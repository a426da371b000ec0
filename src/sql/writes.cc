// INSERT, UPDATE, DELETE, MERGE: what they change, from what, and what they return.
#include <algorithm>

#include "sql/condition.h"
#include "sql/walker.h"

namespace sluice::sql {

bool Walker::limits(const Node& body, std::string_view field_name, const Level& level,
                    const Picked& picked, ColumnUses use) {
  const auto own = resolver_.operators({{}, "="});
  const bool plain_equals =
      std::none_of(own.begin(), own.end(), [&](const auto* op) { return has_operands(*op); });
  const auto where = field(body, field_name);
  const bool limited = where && arm_limits(*where, level, picked, use, plain_equals);
  return limited || context_.explained;
}

/// Whether the table, or where it stands beside itself, was looked at since last asked.
bool Walker::touches(const Level& level, const Picked& picked) {
  bool touched = false;
  for (const Entry& entry : level.from.entries)
    if (picked.is_named(entry.name)) touched = level.joins->take_touched(entry.index) || touched;
  return touched;
}

/// Of several conditions one that is on this table and not on all of its rows is enough. A
/// condition about other tables only takes all rows of this one, or none.
bool Walker::arm_limits(const Node& arm, const Level& level, const Picked& picked, ColumnUses use,
                        bool plain_equals) {
  const auto boolean = field(arm, "BoolExpr");
  if (boolean && text_field(*boolean, "boolop") == "AND_EXPR") {
    bool limited = false;
    for_each(*boolean, "args", [&](const Node& each) {
      limited = arm_limits(each, level, picked, use, plain_equals) || limited;
    });
    return limited;
  }
  (void)touches(level, picked);
  condition_arm(arm, level, use);
  const bool touched = touches(level, picked);
  if (field(arm, "CurrentOfExpr")) return true;
  if (!touched && reads_row(arm)) return false;
  bool ignored = false;
  return !always_true(arm, picked, context_.reached ? ignored : facts_.depends_on_literals,
                      plain_equals);
}

/// The table whose rows are picked, and where else in FROM it stands as a whole.
Picked Walker::picked_in(const Node& body, const Level& level, const Target& target) const {
  Picked picked{.relation = target.relation, .name = target.entry.name};
  if (!context_.reached) picked.looked_at_literal = &facts_.depends_on_literals;
  if (target.relation == nullptr) return picked;
  const std::string_view name = target.relation->name;
  picked.named_before = find_cte(level.ctes, name).cte != nullptr ||
                        resolver_.find_relation(Name{{}, name}) != target.relation;
  for (const CteFrame* frame = level.ctes; frame != nullptr; frame = frame->outer) {
    std::vector<CommonQuery> commons;
    for (size_t i = 0; i < std::min(frame->visible, frame->ctes.size()); ++i) {
      const Cte& cte = frame->ctes[i];
      CommonQuery common{.name = cte.name, .query = std::nullopt};
      if (cte.definition) {
        common.query = field(*cte.definition, "ctequery");
        common.renamed = field(*cte.definition, "aliascolnames").has_value();
      }
      commons.push_back(common);
    }
    picked.commons.insert(picked.commons.begin(), commons.begin(), commons.end());
  }
  const auto add = [&](const Node& wrapper) {
    const std::string_view twin = name_of_each_row(wrapper, picked);
    if (!twin.empty()) picked.twins.push_back(twin);
  };
  for_each(body, "usingClause", add);
  for_each(body, "fromClause", add);
  if (const auto source = field(body, "sourceRelation")) add(*source);
  return picked;
}

Walker::Target Walker::write_target(const Node& range_var, ActionKind kind) {
  Target target;
  target.name = name_of_range(range_var);
  target.relation = resolver_.relation(target.name);
  target.only = !bool_field(range_var, "inh");
  target.action = act(kind);
  const Object object = resolver_.object(target.name, target.relation, context_.reached);
  // Nobody sees through those of the system to the tables that they would change.
  if (target.relation != nullptr && target.relation->is_view() && target.relation->system())
    fail("a write through a view of the system", "42501");
  ++facts_.range_items;
  gather_.add_target(target.action, object);
  Action& action = gather_.action(target.action);
  action.lock = std::max(action.lock, LockLevel::kRowExclusive);
  note_write(object);
  if (target.relation != nullptr) {
    meet_relation(*target.relation, kind != ActionKind::kDelete);
    policies(*target.relation);
  }
  auto rows = std::make_shared<Rows>();
  rows->many = true;
  if (target.relation == nullptr) {
    rows->open = true;
    rows->rest = unknown_value();
    target.entry.rows = rows;
  } else if (target.relation->is_view() && target.relation->schema != "pg_catalog" &&
             target.relation->schema != "information_schema") {
    target.entry.rows = view_rows(*target.relation);
  } else {
    rows->table = target.relation;
    target.entry.rows = rows;
  }
  const auto alias = field(range_var, "alias");
  target.entry.name = alias ? text_field(*alias, "aliasname") : target.name.name;
  if (!alias) {
    target.entry.schema =
        target.relation != nullptr ? std::string_view(target.relation->schema) : target.name.schema;
  }
  return target;
}

void Walker::write_column(const Target& target, std::string_view name, const Value& value,
                          std::vector<int16_t>* changed) {
  if (target.relation == nullptr) {
    note_written({0, 0}, value);
    return;
  }
  const catalog::Column* column = target.relation->column(name);
  if (column == nullptr) {
    facts_.unresolved = true;
    note_written({target.relation->oid, 0}, value);
    return;
  }
  if (changed != nullptr) changed->push_back(column->number);
  note_written({target.relation->oid, column->number}, value);
  if (target.entry.rows->table != nullptr) return;
  // Through a view: into the table's own column.
  if (const auto behind = target.entry.rows->find(name)) {
    for (const Source& source : behind->sources) {
      if (source.as_is && !is_argument(source.column)) note_written(source.column, value);
    }
  }
}

void Walker::insert_values(const Node& body, const Target& target, const RowsPtr& rows) {
  std::vector<std::string_view> names;
  for_each(body, "cols", [&](const Node& wrapper) {
    if (const auto item = field(wrapper, "ResTarget")) names.push_back(text_field(*item, "name"));
  });
  std::set<int16_t> given;
  if (names.empty() && target.relation != nullptr) {
    for (const auto& column : target.relation->columns) {
      if (names.size() == rows->count() && !rows->open) break;
      names.push_back(column.name);
    }
  }
  (void)spend(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    write_column(target, names[i], rows->at(i), nullptr);
    const auto* column = target.relation != nullptr ? target.relation->column(names[i]) : nullptr;
    if (column != nullptr) given.insert(column->number);
  }
  if (target.relation == nullptr && names.empty()) note_written({0, 0}, rows->whole(rows));
  if (std::exchange(met_.defaulted, false)) given.clear();
  if (target.relation != nullptr) defaults(*target.relation, given);
}

RowsPtr Walker::insert(const Node& body, const Level* outer, CteFrame* ctes) {
  if (!spend()) return unknown_rows();
  CteFrame frame;
  CteFrame* inner = with(body, outer, ctes, frame);
  Target target = write_target(*field(body, "relation"), ActionKind::kInsert);
  RowsPtr rows = std::make_shared<Rows>();
  if (const auto query = field(body, "selectStmt")) rows = rows_of(*query, outer, inner);
  insert_values(body, target, rows);
  Level level;
  Joins joins;
  level.outer = outer;
  level.ctes = inner;
  level.joins = &joins;
  target.entry.index = joins.add_table();
  level.from.visible.push_back({target.entry.rows, target.entry.index, {}});
  level.from.entries.push_back(target.entry);
  if (const auto clause = field(body, "onConflictClause")) {
    on_conflict(body, *clause, target, rows, level);
  }
  effects(target, ActionKind::kInsert, nullptr);
  return returning(body, target, level);
}

/// Whether each row of the table is inserted into it once more, and so is in conflict with itself.
bool Walker::inserts_itself(const Node& body, const Node& clause, const Picked& picked) {
  const auto query = field(body, "selectStmt");
  if (!query || picked.relation == nullptr) return false;
  std::vector<std::string_view> into;
  for_each(body, "cols", [&](const Node& wrapper) {
    if (const auto item = field(wrapper, "ResTarget")) into.push_back(text_field(*item, "name"));
  });
  if (into.empty())
    for (const auto& column : picked.relation->columns) into.push_back(column.name);
  const auto from = columns_of_all(*query, picked);
  const auto stays = [&](std::string_view name) {
    const auto at = std::find(into.begin(), into.end(), name);
    const size_t i = static_cast<size_t>(at - into.begin());
    return at != into.end() && i < from.size() && from[i] == name;
  };
  size_t keys = 0;
  bool all = true;
  if (const auto infer = field(clause, "infer")) {
    for_each(*infer, "indexElems", [&](const Node& wrapper) {
      const auto item = field(wrapper, "IndexElem");
      ++keys;
      all = all && item && stays(text_field(*item, "name"));
    });
  }
  return keys > 0 ? all : std::any_of(into.begin(), into.end(), stays);
}

/// Whether a value of these columns is there already is what ON CONFLICT tells.
void Walker::arbiter(const Node& infer, const Target& target) {
  const auto use = [&](std::string_view name) {
    if (const auto value = target.entry.rows->find(name)) gather_.use(*value, kArbiter);
  };
  for_each(infer, "indexElems", [&](const Node& wrapper) {
    if (const auto item = field(wrapper, "IndexElem")) use(text_field(*item, "name"));
  });
  const std::string_view name = text_field(infer, "conname");
  if (name.empty() || target.relation == nullptr) return;
  const auto& all = target.relation->constraints;
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const auto& constraint) { return constraint.name == name; });
  if (found == all.end()) {
    gather_.use({target.relation->oid, 0}, kArbiter);
    return;
  }
  // Column 0 is an expression, which may be of any.
  for (const int16_t number : found->columns) gather_.use({target.relation->oid, number}, kArbiter);
}

void Walker::on_conflict(const Node& body, const Node& clause, const Target& target,
                         const RowsPtr& inserted, Level& level) {
  if (const auto infer = field(clause, "infer")) {
    // It names an index, and is not evaluated.
    const Within within(*this);
    context_.owned = true;
    condition(*infer, "whereClause", level, kUsedInPredicate);
    for_each(*infer, "indexElems", [&](const Node& wrapper) {
      if (const auto item = field(wrapper, "IndexElem")) {
        gather_.use(eval_field(*item, "expr", level), kUsedInPredicate);
      }
    });
    arbiter(*infer, target);
  }
  if (text_field(clause, "action") != "ONCONFLICT_UPDATE") return;
  const size_t action = act(ActionKind::kUpdate);
  gather_.add_target(action, resolver_.object(target.name, target.relation, context_.reached));
  gather_.action(action).lock = LockLevel::kRowExclusive;
  // The row that was to be inserted: what it would have been, and by its columns' names.
  auto excluded = std::make_shared<Rows>();
  Value any = inserted->whole(inserted).scalar();
  if (target.relation != nullptr) {
    for (const auto& column : target.relation->columns) {
      Value value = any;
      value.add(target.entry.rows->find(column.name).value_or(Value()));
      excluded->columns.push_back({column.name, std::move(value)});
    }
  } else {
    excluded->open = true;
    excluded->rest = unknown_value();
  }
  Level both = level;
  both.from.entries.push_back({{}, "excluded", excluded, -1});
  std::vector<int16_t> changed;
  Target updated = target;
  updated.action = action;
  assignments(clause, updated, both, changed);
  const Picked picked = picked_in(body, level, target);
  const bool limited = limits(clause, "whereClause", both, picked, kUsedInPredicate);
  if (!limited && inserts_itself(body, clause, picked)) gather_.action(action).without_where = true;
  effects(updated, ActionKind::kUpdate, &changed);
}

void Walker::assignments(const Node& body, const Target& target, const Level& level,
                         std::vector<int16_t>& changed) {
  RowsPtr several;  // of the (a, b) = (…) at hand
  for_each(body, "targetList", [&](const Node& wrapper) {
    const auto item = field(wrapper, "ResTarget");
    const auto expression = item ? field(*item, "val") : std::nullopt;
    if (!expression || !spend()) return;
    Value value;
    if (const auto part = field(*expression, "MultiAssignRef")) {
      // Each column has a copy of the source: it is looked at with the first.
      int64_t number = 1;
      if (const auto column = field(*part, "colno")) (void)column->get(number);
      if (number == 1 || several == nullptr) {
        Value source = eval_field(*part, "source", level);
        several = source.row;
        if (several == nullptr) several = single_column({}, source.scalar());
      }
      value = several->at(static_cast<size_t>(number - 1));
    } else {
      value = eval(*expression, level);
    }
    for_each(*item, "indirection", [&](const Node& step) {
      if (const auto indices = field(step, "A_Indices")) {
        tell(eval_field(*indices, "lidx", level), kUsedInPredicate);
        tell(eval_field(*indices, "uidx", level), kUsedInPredicate);
      }
    });
    write_column(target, text_field(*item, "name"), value, &changed);
  });
}

RowsPtr Walker::update(const Node& body, const Level* outer, CteFrame* ctes) {
  if (!spend()) return unknown_rows();
  CteFrame frame;
  CteFrame* inner = with(body, outer, ctes, frame);
  Target target = write_target(*field(body, "relation"), ActionKind::kUpdate);
  Level level;
  Joins joins;
  level.outer = outer;
  level.ctes = inner;
  level.joins = &joins;
  target.entry.index = joins.add_table();
  for_each(body, "fromClause",
           [&](const Node& item) { level.from.append(from_item(item, level)); });
  level.from.visible.insert(level.from.visible.begin(),
                            Visible{target.entry.rows, target.entry.index, {}});
  level.from.entries.insert(level.from.entries.begin(), target.entry);
  const bool limited =
      limits(body, "whereClause", level, picked_in(body, level, target), kUsedInPredicate);
  if (!limited) gather_.action(target.action).without_where = true;
  std::vector<int16_t> changed;
  assignments(body, target, level, changed);
  if (!context_.reached && !joins.connected()) facts_.cartesian = true;
  effects(target, ActionKind::kUpdate, &changed);
  return returning(body, target, level);
}

RowsPtr Walker::erase(const Node& body, const Level* outer, CteFrame* ctes) {
  if (!spend()) return unknown_rows();
  CteFrame frame;
  CteFrame* inner = with(body, outer, ctes, frame);
  Target target = write_target(*field(body, "relation"), ActionKind::kDelete);
  Level level;
  Joins joins;
  level.outer = outer;
  level.ctes = inner;
  level.joins = &joins;
  target.entry.index = joins.add_table();
  for_each(body, "usingClause",
           [&](const Node& item) { level.from.append(from_item(item, level)); });
  level.from.visible.insert(level.from.visible.begin(),
                            Visible{target.entry.rows, target.entry.index, {}});
  level.from.entries.insert(level.from.entries.begin(), target.entry);
  const bool limited =
      limits(body, "whereClause", level, picked_in(body, level, target), kUsedInPredicate);
  if (!limited) gather_.action(target.action).without_where = true;
  if (!context_.reached && !joins.connected()) facts_.cartesian = true;
  effects(target, ActionKind::kDelete, nullptr);
  return returning(body, target, level);
}

RowsPtr Walker::merge(const Node& body, const Level* outer, CteFrame* ctes) {
  if (!spend()) return unknown_rows();
  CteFrame frame;
  CteFrame* inner = with(body, outer, ctes, frame);
  Target target = write_target(*field(body, "relation"), ActionKind::kMerge);
  Level level;
  Joins joins;
  level.outer = outer;
  level.ctes = inner;
  level.joins = &joins;
  target.entry.index = joins.add_table();
  if (const auto source = field(body, "sourceRelation")) {
    level.from.append(from_item(*source, level));
  }
  level.from.visible.push_back({target.entry.rows, target.entry.index, {}});
  level.from.entries.push_back(target.entry);
  const Picked picked = picked_in(body, level, target);
  const bool all_rows = !limits(body, "joinCondition", level, picked, kUsedInJoin);
  if (!context_.reached && !joins.connected()) facts_.cartesian = true;
  for_each(body, "mergeWhenClauses", [&](const Node& wrapper) {
    const auto clause = field(wrapper, "MergeWhenClause");
    if (!clause) return;
    const bool limited = limits(*clause, "condition", level, picked, kUsedInPredicate);
    const std::string_view command = text_field(*clause, "commandType");
    if (command == "CMD_NOTHING") return;
    const ActionKind kind = command == "CMD_DELETE"   ? ActionKind::kDelete
                            : command == "CMD_UPDATE" ? ActionKind::kUpdate
                                                      : ActionKind::kInsert;
    Target changed_target = target;
    changed_target.action = act(kind);
    gather_.add_target(changed_target.action,
                       resolver_.object(target.name, target.relation, context_.reached));
    Action& action = gather_.action(changed_target.action);
    action.lock = LockLevel::kRowExclusive;
    action.without_where = kind != ActionKind::kInsert && all_rows && !limited;
    std::vector<int16_t> changed;
    if (kind == ActionKind::kInsert) {
      auto rows = std::make_shared<Rows>();
      for_each(*clause, "values",
               [&](const Node& value) { rows->columns.push_back({{}, eval(value, level)}); });
      std::vector<std::string_view> names;
      for_each(*clause, "targetList", [&](const Node& item) {
        if (const auto one = field(item, "ResTarget")) names.push_back(text_field(*one, "name"));
      });
      if (names.empty() && target.relation != nullptr) {
        for (const auto& column : target.relation->columns) names.push_back(column.name);
      }
      std::set<int16_t> given;
      for (size_t i = 0; i < names.size() && i < rows->count(); ++i) {
        write_column(changed_target, names[i], rows->at(i), &changed);
      }
      if (!std::exchange(met_.defaulted, false)) given.insert(changed.begin(), changed.end());
      if (target.relation != nullptr) defaults(*target.relation, given);
      effects(changed_target, kind, nullptr);
    } else {
      assignments(*clause, changed_target, level, changed);
      effects(changed_target, kind, kind == ActionKind::kUpdate ? &changed : nullptr);
    }
  });
  return returning(body, target, level);
}

namespace {

bool returned_by_rule(const catalog::Relation& relation) {
  return std::any_of(relation.rules.begin(), relation.rules.end(), [](const catalog::Rule& rule) {
    return rule.definition.find(" RETURNING ") != std::string::npos;
  });
}

}  // namespace

RowsPtr Walker::returning(const Node& body, const Target& target, const Level& level) {
  auto rows = std::make_shared<Rows>();
  rows->many = true;
  if (!field(body, "returningList")) return rows;
  // A rule's RETURNING stands for the statement's: what it names need not be what is sent.
  const bool replaced = target.relation != nullptr && returned_by_rule(*target.relation);
  rule_sends_ = rule_sends_ || (replaced && !context_.reached);
  // Rows come back: that is reading them.
  if (target.relation != nullptr) {
    (void)read(*target.relation, target.only, context_.reached);
  } else {
    note_read(resolver_.object(target.name, nullptr, context_.reached), nullptr);
  }
  select_list(body, "returningList", level, *rows);
  for (NamedValue& column : rows->columns) column.value.unknown |= replaced;
  return rows;
}

}  // namespace sluice::sql
