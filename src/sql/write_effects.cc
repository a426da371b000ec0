// What follows from a write in the catalog: children, rules, triggers, foreign keys, defaults.
#include <algorithm>

#include "sql/harmless_text.h"
#include "sql/walker.h"

namespace sluice::sql {
namespace {

char rule_event(ActionKind kind) {
  switch (kind) {
    case ActionKind::kUpdate:
      return '2';
    case ActionKind::kInsert:
      return '3';
    case ActionKind::kDelete:
      return '4';
    default:
      return '0';
  }
}

/// TRIGGER_TYPE_… of pg_trigger.h, as the parse tree has them.
int64_t trigger_event(ActionKind kind) {
  switch (kind) {
    case ActionKind::kInsert:
      return 1 << 2;
    case ActionKind::kDelete:
      return 1 << 3;
    case ActionKind::kUpdate:
      return 1 << 4;
    case ActionKind::kTruncate:
      return 1 << 5;
    default:
      return 0;
  }
}

/// Whether a default calls nothing but harmless functions of pg_catalog.
bool harmless_default(const catalog::Catalog& catalog, std::string_view text) {
  if (text.starts_with("nextval('") && text.ends_with("'::regclass)") &&
      text.find('(') == text.rfind('(')) {
    return true;
  }
  return harmless_expression(catalog, text);
}

}  // namespace

void Walker::note_write(const Object& object) {
  if (!context_.explained && !context_.muted && !object.temporary) facts_.writes = true;
}

void Walker::add_reached(const catalog::Relation& relation, ActionKind kind) {
  const Object object = Resolver::object(relation, true);
  const size_t action = write_kind_ == kind ? write_action_ : shared_act(kind);
  gather_.add_target(action, object);
  Action& known = gather_.action(action);
  known.lock = std::max(known.lock, LockLevel::kRowExclusive);
  note_write(object);
}

void Walker::enter_code_of(const catalog::Relation* relation) {
  context_.owned = context_.fired = relation == nullptr || relation->persistence != 't';
}

void Walker::may_fire_unseen(std::string_view statement, const Node& body, const Object& object) {
  // What existing triggers and rules run may be another thing by then.
  const bool replaced = statement == "CreateFunctionStmt" && bool_field(body, "replace") &&
                        !resolver_.functions(name_in(body, "funcname")).empty();
  if ((!object.temporary && !replaced) || context_.explained) return;
  const auto has_code = [](const catalog::Relation* relation) {
    return relation != nullptr && !(relation->triggers.empty() && relation->rules.empty());
  };
  const bool own = has_code(resolver_.relation(object.oid));
  bool fires = replaced || statement == "CreateTrigStmt" || statement == "RuleStmt" ||
               (own && statement == "RenameStmt");
  if (field(body, "partbound")) {
    // A partition has the triggers of its table.
    for_each(body, "inhRelations", [&](const Node& parent) {
      const auto range = field(parent, "RangeVar");
      fires = fires || (range && has_code(resolver_.find_relation(name_of_range(*range))));
    });
  }
  for_each(body, "cmds", [&](const Node& wrapper) {
    const auto command = field(wrapper, "AlterTableCmd");
    const std::string_view what = command ? text_field(*command, "subtype") : std::string_view();
    fires = fires || what.starts_with("AT_Enable") || (own && what == "AT_AddInherit") ||
            (what == "AT_AttachPartition" && (own || has_code(attached(*command))));
  });
  unseen_fires_ = unseen_fires_ || fires;
  // Code may come by more than once, and write before that.
  if (fires && (context_.reached || context_.collected != nullptr))
    runs_unknown_sql(context_.function);
}

const catalog::Relation* Walker::attached(const Node& command) const {
  const auto definition = field(command, "def");
  const auto partition = definition ? field(*definition, "PartitionCmd") : definition;
  const auto named = partition ? field(*partition, "name") : partition;
  return named ? resolver_.find_relation(name_of_range(*named)) : nullptr;
}

void Walker::fires_unseen() {
  if (unseen_fires_ && !context_.explained) runs_unknown_sql(context_.function);
}

void Walker::effects(const Target& target, ActionKind kind, const std::vector<int16_t>* changed) {
  fires_unseen();
  if (target.relation == nullptr || !spend()) return;
  const auto kind_around = std::exchange(write_kind_, kind);
  const auto action_around = std::exchange(write_action_, target.action);
  if (kind == ActionKind::kUpdate) {
    // Generated columns are made anew.
    std::set<int16_t> kept;
    if (!std::exchange(met_.defaulted, false)) {
      for (const auto& column : target.relation->columns) kept.insert(column.number);
    }
    defaults(*target.relation, kept);
  }
  rules(*target.relation, kind);
  follow(*target.relation, kind, changed, target.only);
  write_kind_ = kind_around;
  write_action_ = action_around;
}

void Walker::follow(const catalog::Relation& relation, ActionKind kind,
                    const std::vector<int16_t>* changed, bool only) {
  if (relation.is_view()) through_view(relation, kind);
  triggers(relation, kind);
  foreign_keys(relation, kind, changed);
  if (kind != ActionKind::kDelete) stored_expressions(relation);
  const bool partitioned = relation.kind == catalog::RelationKind::kPartitionedTable;
  if (relation.children.empty() || (only && !partitioned) ||
      (kind == ActionKind::kInsert && !partitioned)) {
    return;
  }
  std::vector<const catalog::Relation*> children;
  descendants(relation, children);
  for (const auto* child : children) {
    if (gather_.failed()) return;
    add_reached(*child, kind);
    triggers(*child, kind);
    foreign_keys(*child, kind, changed);
    if (kind != ActionKind::kDelete) stored_expressions(*child);
    // A row whose key changes is deleted here and inserted there.
    if (partitioned && kind == ActionKind::kUpdate) {
      triggers(*child, ActionKind::kDelete);
      triggers(*child, ActionKind::kInsert);
    }
  }
}

void Walker::reach(const catalog::Relation& relation, ActionKind kind,
                   const std::vector<int16_t>* changed) {
  if (!enter_body()) return;
  add_reached(relation, kind);
  meet_relation(relation, kind != ActionKind::kDelete);
  if (!reached_writes_.insert({relation.oid, kind}).second) return;
  const Within within(*this);
  ++context_.depth;
  context_.reached = true;
  rules(relation, kind);
  follow(relation, kind, changed, false);
}

void Walker::through_view(const catalog::Relation& view, ActionKind kind) {
  if (view.schema == "pg_catalog" || view.schema == "information_schema") return;
  // A view that can be written to without rules and triggers is of one table.
  const catalog::Relation* table = nullptr;
  auto path = use_definition_path();
  const bool good = with_body(view.view_definition, [&](const Node& root) {
    Node range;
    simdjson::dom::array items;
    if (root.at_pointer("/stmts/0/stmt/SelectStmt/fromClause").get(items) != simdjson::SUCCESS ||
        items.size() != 1 || items.at(0).at_key("RangeVar").get(range) != simdjson::SUCCESS) {
      return;
    }
    table = resolver_.relation(name_of_range(range));
  });
  resolver_.use_path(std::move(path));
  if (!good) fail("view " + view.qualified_name() + " cannot be understood", "0A000");
  if (table != nullptr) reach(*table, kind, nullptr);
}

/// NEW and OLD: of a view what it yields.
RowsPtr Walker::rows_fired_for(const catalog::Relation& relation) {
  if (relation.kind == catalog::RelationKind::kView) return view_rows(relation);
  auto rows = std::make_shared<Rows>();
  rows->table = &relation;
  return rows;
}

void Walker::rules(const catalog::Relation& relation, ActionKind kind) {
  for (const catalog::Rule& rule : relation.rules) {
    if (rule.event != rule_event(kind) || rule.enabled == 'D' || !enter_body()) continue;
    const Within within(*this);
    ++context_.depth;
    context_.reached = true;
    enter_code_of(&relation);
    auto* around = std::exchange(gather_.arguments, nullptr);
    const RowsPtr rows = rows_fired_for(relation);
    Level level;
    for (const std::string_view name : {"new", "old"}) {
      level.from.entries.push_back({{}, name, rows, -1});
    }
    auto path = use_definition_path();
    const bool good = with_body(rule.definition, [&](const Node& root) {
      Node body;
      if (root.at_pointer("/stmts/0/stmt/RuleStmt").get(body) != simdjson::SUCCESS) return;
      condition(body, "whereClause", level, kUsedInPredicate);
      for_each(body, "actions", [&](const Node& action) {
        // Its rows are sent beside the statement's own, or in their place, and so are those of its
        // RETURNING: what is in them is read.
        rule_sends_ = rule_sends_ || field(action, "SelectStmt").has_value();
        std::vector<NamedValue> sent;
        rows_of(action, &level, nullptr)->append_to(sent);
        for (const NamedValue& column : sent) gather_.use(column.value, kUsedInOutput);
      });
    });
    resolver_.use_path(std::move(path));
    gather_.arguments = around;
    if (!good) fail("rule " + rule.name + " cannot be understood", "0A000");
  }
}

void Walker::triggers(const catalog::Relation& relation, ActionKind kind) {
  if (context_.explained) return;
  for (const catalog::Trigger& trigger : relation.triggers) {
    if (trigger.enabled == 'D' || !spend(16)) continue;
    bool fires = true;
    const bool good = with_body(trigger.definition, [&](const Node& root) {
      Node body;
      if (root.at_pointer("/stmts/0/stmt/CreateTrigStmt").get(body) != simdjson::SUCCESS) return;
      int64_t events = 0;
      if (const auto found = field(body, "events")) (void)found->get(events);
      fires = (events & trigger_event(kind)) != 0;
      if (!fires || !field(body, "whenClause")) return;
      const Within within(*this);
      context_.reached = true;
      enter_code_of(&relation);
      auto rows = std::make_shared<Rows>();
      rows->table = &relation;
      Level level;
      level.has_variables = true;
      for (const std::string_view name : {"new", "old"}) {
        level.from.entries.push_back({{}, name, rows, -1});
      }
      condition(body, "whenClause", level, kUsedInPredicate);
    });
    if (!fires || !spend()) continue;
    const auto* function = resolver_.catalog()->function(trigger.function);
    if (!good || function == nullptr) {
      facts_.unresolved = true;
    } else {
      trigger_body(*function, relation);
    }
  }
}

void Walker::foreign_keys(const catalog::Relation& relation, ActionKind kind,
                          const std::vector<int16_t>* changed) {
  if (context_.explained || (kind != ActionKind::kDelete && kind != ActionKind::kUpdate)) return;
  auto keys = resolver_.catalog()->referencing(relation.oid);
  for (const catalog::Constraint& own : relation.constraints) {
    if (own.type == 'f' && own.referenced == relation.oid) keys.emplace_back(&relation, &own);
  }
  for (const auto& [from, key] : keys) {
    if (!spend()) return;
    const char action = kind == ActionKind::kDelete ? key->on_delete : key->on_update;
    if (action != 'c' && action != 'n' && action != 'd') continue;
    const auto is_changed = [&](int16_t column) {
      return std::find(changed->begin(), changed->end(), column) != changed->end();
    };
    if (kind == ActionKind::kUpdate && changed != nullptr &&
        std::none_of(key->referenced_columns.begin(), key->referenced_columns.end(), is_changed)) {
      continue;
    }
    if (kind == ActionKind::kDelete && action == 'c') {
      reach(*from, ActionKind::kDelete, nullptr);
    } else {
      reach(*from, ActionKind::kUpdate, &key->columns);
    }
  }
}

void Walker::defaults(const catalog::Relation& relation, const std::set<int16_t>& given) {
  for (const catalog::Column& column : relation.columns) {
    if (!column.has_default && !column.generated && !given.contains(column.number)) {
      const std::string* text = domain_default(column.type);
      if (text != nullptr) note_written({relation.oid, column.number}, eval_list(*text, nullptr));
      continue;
    }
    const bool used = column.generated || (column.has_default && !given.contains(column.number));
    if (!used || column.default_text.empty() ||
        harmless_default(*resolver_.catalog(), column.default_text)) {
      continue;
    }
    if (!enter_body()) return;
    const Within within(*this);
    ++context_.depth;
    context_.reached = context_.owned = context_.fired = true;
    auto rows = std::make_shared<Rows>();
    rows->table = &relation;
    Level level;
    level.from.visible.push_back({rows, -1, {}});
    auto path = use_definition_path();
    const bool good = with_body("SELECT " + column.default_text, [&](const Node& root) {
      Node body;
      if (root.at_pointer("/stmts/0/stmt/SelectStmt").get(body) != simdjson::SUCCESS) return;
      Rows value;
      select_list(body, "targetList", level, value);
      if (value.count() == 1) note_written({relation.oid, column.number}, value.at(0));
    });
    resolver_.use_path(std::move(path));
    if (!good) facts_.unresolved = true;
  }
}

}  // namespace sluice::sql
