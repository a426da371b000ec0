// Definitions and the rest: CREATE, ALTER, DROP, TRUNCATE, GRANT, LOCK, maintenance.
#include <algorithm>

#include "sql/harmless_text.h"
#include "sql/lock_level.h"
#include "sql/options.h"
#include "sql/statement_kinds.h"
#include "sql/walker.h"

namespace sluice::sql {
namespace {

bool concurrent_detach(const Node& command) {
  const auto definition = field(command, "def");
  const auto partition = definition ? field(*definition, "PartitionCmd") : std::nullopt;
  return partition && bool_field(*partition, "concurrent");
}

using Relations = std::vector<const catalog::Relation*>;

bool lists(const Relations& relations, const catalog::Relation* one) {
  return std::find(relations.begin(), relations.end(), one) != relations.end();
}

/// What goes with `dropped` under CASCADE, as far as the catalog tells: children, and views whose
/// definitions have a dropped name in them, which may be more than really depend on it. Of very
/// many, all views.
void add_dependents(const catalog::Catalog& catalog, Relations& dropped) {
  const auto add = [&](const catalog::Relation* one) {
    if (one != nullptr && !lists(dropped, one)) dropped.push_back(one);
  };
  constexpr size_t kMostNames = 64;
  for (size_t i = 0; i < dropped.size(); ++i) {
    for (const catalog::Oid child : dropped[i]->children) add(catalog.relation(child));
    if (i > kMostNames) continue;
    const std::string_view name = i < kMostNames ? dropped[i]->name : std::string_view();
    for (const catalog::Relation& view : catalog.relations()) {
      if (!view.is_view() || view.system() || view.view_definition.empty()) continue;
      if (view.view_definition.find(name) != std::string::npos) add(&view);
    }
  }
}

/// The table that has the index.
const catalog::Relation* table_of(const catalog::Catalog& catalog, catalog::Oid index) {
  for (const catalog::Relation& relation : catalog.relations()) {
    for (const catalog::Index& one : relation.indexes) {
      if (one.oid == index) return &relation;
    }
  }
  return nullptr;
}

}  // namespace

void Walker::schema_changed(bool temporary) {
  if (context_.explained || context_.muted) return;
  (temporary ? facts_.temporary_change : facts_.schema_change) = true;
}

void Walker::created_by_query(const Node& into, const RowsPtr& rows, std::string_view kind) {
  const auto range = field(into, "rel");
  if (!range) return;
  const Object object =
      resolver_.created(name_of_range(*range), text_field(*range, "relpersistence") == "t");
  const size_t action = act(ActionKind::kCreate, kind);
  gather_.add_target(action, object);
  schema_changed(object.temporary);
  note_write(object);
  resolver_.remember_created(object);
  write_created(rows);
}

void Walker::write_created(const RowsPtr& rows) {
  std::vector<NamedValue> columns;
  rows->append_to(columns);
  for (size_t i = 0; i < columns.size(); ++i) {
    note_written({0, static_cast<int16_t>(std::min<size_t>(i + 1, INT16_MAX))}, columns[i].value);
  }
}

void Walker::on_definition(std::string_view name, const Node& body) {
  if (name == "CreateTableAsStmt") {
    on_create_as(body);
  } else if (name == "ViewStmt") {
    on_create_view(body);
  } else if (name == "DropStmt") {
    on_drop(body);
  } else if (name == "TruncateStmt") {
    on_truncate(body);
  } else if (name == "AlterTableStmt") {
    on_alter_table(body);
  } else if (name == "GrantStmt" || name == "GrantRoleStmt") {
    on_grant(body);
  } else if (name == "LockStmt") {
    on_lock(body);
  } else if (find_statement_kind(name)->action == ActionKind::kMaintenance) {
    on_maintenance(name, body);
  } else {
    on_other_definition(name, body);
  }
}

void Walker::on_create_as(const Node& body) {
  const auto into = field(body, "into");
  const auto query = field(body, "query");
  if (!into || !query) return;
  RowsPtr rows;
  unwrap(*query, [&](std::string_view name, const Node& inner) {
    if (name == "ExecuteStmt") {
      on_prepared(name, inner);
      if (StatementResult* result = own_result()) {
        result->returns_rows = result->unknown_columns = false;
      }
      rows = unknown_rows();
    } else {
      rows = rows_of(*query, nullptr, nullptr);
    }
  });
  if (rows == nullptr) rows = unknown_rows();
  const bool stored = text_field(body, "objtype") == "OBJECT_MATVIEW";
  created_by_query(*into, rows, stored ? "materialized view" : "table");
}

void Walker::on_create_view(const Node& body) {
  const auto view = field(body, "view");
  const auto query = field(body, "query");
  if (!view || !query) return;
  Object object =
      resolver_.created(name_of_range(*view), text_field(*view, "relpersistence") == "t");
  if (bool_field(body, "replace")) {
    const catalog::Relation* known = resolver_.find_relation({object.schema, object.name});
    if (known != nullptr && known->schema == object.schema) object.oid = known->oid;
  }
  gather_.add_target(act(ActionKind::kCreate, "view"), object);
  schema_changed(object.temporary);
  resolver_.remember_created(object);
  const RowsPtr rows = rows_of(*query, nullptr, nullptr);
  std::vector<NamedValue> columns;
  rows->append_to(columns);
  // What the text does with the view by its name is not followed: all of it counts as shown.
  for (const NamedValue& column : columns) gather_.use(column.value, kUsedInOutput);
}

/// What a table takes over with LIKE and INHERITS runs in the same text when it is written to: its
/// own columns are not known yet.
void Walker::code_of_parents(const Node& body) {
  const auto take_over = [&](const Node& range) {
    const catalog::Relation* parent = resolver_.find_relation(name_of_range(range));
    if (parent == nullptr || parent->system()) return;
    stored_expressions(*parent);
    for (const catalog::Column& column : parent->columns) {
      if (!column.default_text.empty() && spend() &&
          !harmless_expression(*resolver_.catalog(), column.default_text))
        (void)eval_list(column.default_text, parent);
    }
  };
  for_each(body, "inhRelations", [&](const Node& wrapper) {
    const auto range = field(wrapper, "RangeVar");
    if (!range) return;
    take_over(*range);
    if (!field(body, "partbound")) alters_parent(*range);
  });
  for_each(body, "tableElts", [&](const Node& wrapper) {
    const auto like = field(wrapper, "TableLikeClause");
    const auto range = like ? field(*like, "relation") : std::nullopt;
    if (range && number_field(*like, "options") != 0) take_over(*range);
  });
}

/// Rows of a child are rows of its parent: the server asks for the parent's owner, whosever the
/// child is, also a temporary one.
void Walker::alters_parent(const Node& range_var) {
  const Name name = name_of_range(range_var);
  const Object parent = resolver_.object(name, resolver_.find_relation(name), context_.reached);
  if (parent.temporary) return;
  const size_t action = act(ActionKind::kAlter, "table");
  gather_.add_target(action, parent);
  gather_.action(action).lock = LockLevel::kShareUpdateExclusive;
  schema_changed(false);
}

void Walker::on_drop(const Node& body) {
  const std::string kind = object_kind_of(text_field(body, "removeType"));
  const size_t action = act(ActionKind::kDrop, kind);
  gather_.action(action).cascade = text_field(body, "behavior") == "DROP_CASCADE";
  gather_.action(action).lock = lock_of("DropStmt", body);
  const bool relation = kind == "table" || kind == "view" || kind == "materialized view" ||
                        kind == "foreign table" || kind == "sequence" || kind == "index" ||
                        kind == "trigger" || kind == "rule" || kind == "policy";
  const auto* catalog = resolver_.catalog();
  const bool cascade = gather_.action(action).cascade;
  bool temporary = true;
  Relations dropped;
  for_each(body, "objects", [&](const Node& object) {
    const Object target = named_object(kind, object);
    temporary = temporary && target.temporary;
    gather_.add_target(action, target, relation);
    const auto* known = catalog != nullptr && relation ? catalog->relation(target.oid) : nullptr;
    if (known != nullptr && kind == "index") known = table_of(*catalog, known->oid);
    if (known != nullptr && kind == "index") {
      gather_.add_target(action, Resolver::object(*known, true));
    } else if (known != nullptr && !lists(dropped, known) &&
               (kind == "table" || kind == "view" || kind == "materialized view" ||
                kind == "foreign table")) {
      dropped.push_back(known);
      // Partitions go with their table.
      if (known->kind == catalog::RelationKind::kPartitionedTable) descendants(*known, dropped);
    }
    if (resolver_.catalog() != nullptr && relation && target.oid == 0 &&
        !bool_field(body, "missing_ok")) {
      (void)resolver_.relation(Name{target.schema, target.name});
    }
  });
  if (cascade && !dropped.empty()) add_dependents(*catalog, dropped);
  for (const auto* one : dropped) gather_.add_target(action, Resolver::object(*one, true));
  schema_changed(temporary);
  if (bool_field(body, "concurrent")) facts_.outside_transaction = true;
}

void Walker::truncate(const catalog::Relation& relation, bool only, bool cascade, size_t action) {
  if (!enter_body()) return;
  if (!reached_writes_.insert({relation.oid, ActionKind::kTruncate}).second) return;
  const Within within(*this);
  ++context_.depth;
  fires_unseen();
  triggers(relation, ActionKind::kTruncate);
  std::vector<const catalog::Relation*> all = {&relation};
  if (!only) {
    descendants(relation, all);
    for (size_t i = 1; i < all.size(); ++i) {
      gather_.add_target(action, Resolver::object(*all[i], true));
      triggers(*all[i], ActionKind::kTruncate);
    }
  }
  if (!cascade) return;
  for (const auto* one : all) {
    for (const auto& [from, key] : resolver_.catalog()->referencing(one->oid)) {
      gather_.add_target(action, Resolver::object(*from, true));
      note_write(Resolver::object(*from, true));
      truncate(*from, false, true, action);
    }
  }
}

void Walker::on_truncate(const Node& body) {
  const size_t action = act(ActionKind::kTruncate);
  const bool cascade = text_field(body, "behavior") == "DROP_CASCADE";
  gather_.action(action).cascade = cascade;
  gather_.action(action).lock = lock_of("TruncateStmt", body);
  for_each(body, "relations", [&](const Node& wrapper) {
    const auto range = field(wrapper, "RangeVar");
    if (!range) return;
    const Name name = name_of_range(*range);
    const catalog::Relation* relation = resolver_.relation(name);
    const Object object = resolver_.object(name, relation, context_.reached);
    gather_.add_target(action, object);
    note_write(object);
    if (relation != nullptr) truncate(*relation, !bool_field(*range, "inh"), cascade, action);
  });
}

void Walker::on_alter_table(const Node& body) {
  const std::string kind = object_kind_of(text_field(body, "objtype"));
  const auto range = field(body, "relation");
  if (!range) return;
  const Name name = name_of_range(*range);
  const bool optional = bool_field(body, "missing_ok");
  const catalog::Relation* relation =
      optional ? resolver_.find_relation(name) : resolver_.relation(name);
  const Object object = resolver_.object(name, relation, context_.reached);
  const size_t action = act(ActionKind::kAlter, kind);
  gather_.add_target(action, object);
  gather_.action(action).lock = lock_of("AlterTableStmt", body);
  if (relation != nullptr && bool_field(*range, "inh")) {
    std::vector<const catalog::Relation*> children;
    descendants(*relation, children);
    for (const auto* child : children) {
      gather_.add_target(action, Resolver::object(*child, true));
    }
  }
  // It may write all rows anew.
  if (relation != nullptr) stored_expressions(*relation);
  schema_changed(object.temporary);
  may_fire_unseen("AlterTableStmt", body, object);
  for_each(body, "cmds", [&](const Node& wrapper) {
    const auto command = field(wrapper, "AlterTableCmd");
    if (!command) return;
    const std::string_view what = text_field(*command, "subtype");
    if (what == "AT_DropColumn") {
      const size_t drop = act(ActionKind::kDrop, "column");
      Object column = object;
      column.name.append(".").append(text_field(*command, "name"));
      gather_.add_target(drop, column, false);
      gather_.action(drop).cascade = text_field(*command, "behavior") == "DROP_CASCADE";
      gather_.action(drop).lock = lock_of_subcommand(*command);
    }
    if (what == "AT_AddInherit" || what == "AT_DropInherit") {
      const auto parent = field(*command, "def");
      if (const auto named = parent ? field(*parent, "RangeVar") : parent) alters_parent(*named);
    }
    if (what == "AT_AttachPartition") {
      // The table that becomes a partition is locked more strongly than the one it joins.
      const auto definition = field(*command, "def");
      const auto partition = definition ? field(*definition, "PartitionCmd") : definition;
      const auto named = partition ? field(*partition, "name") : partition;
      if (named && !text_field(*named, "relname").empty() && field(*partition, "bound")) {
        const Name joining = name_of_range(*named);
        const size_t joins = act(ActionKind::kAlter, kind);
        gather_.add_target(
            joins, resolver_.object(joining, resolver_.relation(joining), context_.reached));
        gather_.action(joins).lock = LockLevel::kAccessExclusive;
      }
    }
    if (what == "AT_DetachPartition" && concurrent_detach(*command)) {
      facts_.outside_transaction = true;
    }
  });
  walk_fields(body, "relation");
}

void Walker::on_grant(const Node& body) {
  const bool grant = bool_field(body, "is_grant");
  const std::string kind = object_kind_of(text_field(body, "objtype"));
  const size_t action = act(grant ? ActionKind::kGrant : ActionKind::kRevoke, kind);
  const bool of_objects = text_field(body, "targtype") == "ACL_TARGET_OBJECT";
  for_each(body, "objects", [&](const Node& object) {
    const bool relation = field(object, "RangeVar").has_value();
    gather_.add_target(action, named_object(of_objects ? kind : "schema", object), relation);
  });
  for_each(body, "granted_roles", [&](const Node& wrapper) {
    const auto role = field(wrapper, "AccessPriv");
    if (!role) return;
    Object object;
    object.name = text_field(*role, "priv_name");
    gather_.add_target(action, object, false);
  });
}

void Walker::on_lock(const Node& body) {
  const size_t action = act(ActionKind::kLock);
  gather_.action(action).lock = lock_of("LockStmt", body);
  for_each(body, "relations", [&](const Node& wrapper) {
    const auto range = field(wrapper, "RangeVar");
    if (!range) return;
    const Name name = name_of_range(*range);
    const catalog::Relation* relation = resolver_.relation(name);
    gather_.add_target(action, resolver_.object(name, relation, context_.reached));
    if (relation == nullptr) return;
    if (relation->is_view()) {
      // LOCK goes through a view to what it reads.
      (void)read(*relation, false, context_.reached);
      const Within within(*this);
      context_.owned = true;
      const auto body_read = bodies_.find(body_key(relation->oid));
      if (body_read == bodies_.end()) return;
      const auto reads = body_read->second.reads;
      for (const auto* one : reads) gather_.add_target(action, Resolver::object(*one, true));
      return;
    }
    if (!bool_field(*range, "inh")) return;
    std::vector<const catalog::Relation*> children;
    descendants(*relation, children);
    for (const auto* child : children) {
      gather_.add_target(action, Resolver::object(*child, true));
    }
  });
}

void Walker::on_maintenance(std::string_view name, const Node& body) {
  const size_t action = act(ActionKind::kMaintenance);
  gather_.action(action).lock = lock_of(name, body);
  // ANALYZE of columns evaluates no expression of an index, but what says which rows it has.
  const bool analyses = name == "VacuumStmt" && !bool_field(body, "is_vacuumcmd");
  const auto runs = [&](const catalog::Relation& relation, bool of_columns) {
    const auto& indexes = relation.indexes;
    const bool partial = std::any_of(indexes.begin(), indexes.end(),
                                     [](const catalog::Index& index) { return index.partial; });
    if (!of_columns || partial) stored_expressions(relation);
  };
  const auto add = [&](const Node& range, bool of_columns = false) {
    const Name named = name_of_range(range);
    const catalog::Relation* relation = resolver_.relation(named);
    const Object object = resolver_.object(named, relation, context_.reached);
    gather_.add_target(action, object);
    if (relation == nullptr) return;
    const auto* table = resolver_.catalog()->table_of_index(relation->oid);
    runs(table != nullptr ? *table : *relation, of_columns);
    if (name == "RefreshMatViewStmt") {
      note_write(object);
      const Within within(*this);
      (void)view_sources(*relation);
      return;
    }
    std::vector<const catalog::Relation*> children;
    descendants(*relation, children);
    for (const auto* child : children) {
      gather_.add_target(action, Resolver::object(*child, true));
      runs(*child, of_columns);
    }
  };
  const auto single = field(body, "relation");
  if (single) add(*single);
  for_each(body, "rels", [&](const Node& wrapper) {
    const auto one = field(wrapper, "VacuumRelation");
    const auto range = one ? field(*one, "relation") : std::nullopt;
    if (range) add(*range, analyses && field(*one, "va_cols"));
  });
  const bool whole = name == "ClusterStmt" && !single;
  const bool everything = !single && !field(body, "rels") && name != "CheckPointStmt";
  if (resolver_.catalog() != nullptr && everything) {
    // All tables of the database, or of a schema.
    for (const auto& relation : resolver_.catalog()->relations()) {
      if (!relation.system()) stored_expressions(relation);
    }
  }
  const bool reindex =
      name == "ReindexStmt" && (!single || option_on(body, "params", "concurrently"));
  if ((name == "VacuumStmt" && bool_field(body, "is_vacuumcmd")) || whole || reindex) {
    facts_.outside_transaction = true;
  }
}

void Walker::on_other_definition(std::string_view name, const Node& body) {
  const StatementKind* kind = find_statement_kind(name);
  std::string object_kind(kind->object_kind);
  if (name == "RenameStmt") object_kind = object_kind_of(text_field(body, "renameType"));
  if (name == "DefineStmt") object_kind = object_kind_of(text_field(body, "kind"));
  if (object_kind == "object") {
    for (const std::string_view key : {"objectType", "objtype"}) {
      if (!text_field(body, key).empty()) object_kind = object_kind_of(text_field(body, key));
    }
  }
  const size_t action = act(kind->action, object_kind);
  Object object;
  bool found = true;
  if (kind->action == ActionKind::kCreate) {
    object = created_object(name, body);
    if (name == "CreateStmt" || name == "CreateForeignTableStmt" || name == "CreateSeqStmt") {
      resolver_.remember_created(object);
    }
    code_of_parents(body);
  } else {
    found = altered_object(body, object);
    if (name == "CreateDomainStmt") found = true;
  }
  if (found && !object.name.empty()) {
    const bool relation = object.oid != 0 || field(body, "relation") || field(body, "view") ||
                          field(body, "sequence") || name == "CreateForeignTableStmt";
    gather_.add_target(action, object, relation);
  }
  gather_.action(action).lock = lock_of(name, body);
  for_each(body, "roles", [&](const Node& wrapper) {
    if (name == "DropRoleStmt" || name == "DropOwnedStmt") {
      gather_.add_target(action, named_object("role", wrapper), false);
    }
  });
  if (kind->action == ActionKind::kCreate || kind->action == ActionKind::kAlter ||
      kind->action == ActionKind::kDrop) {
    schema_changed(object.temporary);
  }
  may_fire_unseen(name, body, object);
  static constexpr std::string_view kOutside[] = {"CreatedbStmt",         "DropdbStmt",
                                                  "CreateTableSpaceStmt", "DropTableSpaceStmt",
                                                  "AlterSystemStmt",      "CreateSubscriptionStmt",
                                                  "DropSubscriptionStmt", "AlterSubscriptionStmt"};
  const bool outside =
      std::find(std::begin(kOutside), std::end(kOutside), name) != std::end(kOutside);
  if (outside || bool_field(body, "concurrent")) facts_.outside_transaction = true;
  // What it defines is not run now.
  const Within within(*this);
  static constexpr std::string_view kLater[] = {"CreateFunctionStmt", "RuleStmt",
                                                "CreateStmt",         "CreatePolicyStmt",
                                                "CreateTrigStmt",     "CreateDomainStmt"};
  if (std::find(std::begin(kLater), std::end(kLater), name) != std::end(kLater)) {
    context_.explained = true;
  }
  if (name == "CreateFunctionStmt") {
    if (const auto inner = field(body, "sql_body")) walk_definition(*inner);
    context_.explained = false;
    for_each(body, "options", [&](const Node& wrapper) {
      const auto option = field(wrapper, "DefElem");
      const auto value = option ? field(*option, "arg") : std::nullopt;
      const auto set = value ? field(*value, "VariableSetStmt") : std::nullopt;
      if (set) set_elsewhere(*set);
    });
    return;
  }
  const std::string_view own = field(body, "relation")   ? "relation"
                               : field(body, "sequence") ? "sequence"
                               : field(body, "table")    ? "table"
                                                         : "typevar";
  if (name == "CreateForeignTableStmt") return;
  walk_fields(body, own);
}

}  // namespace sluice::sql
