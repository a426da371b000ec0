#include "policy/demand.h"

#include <algorithm>
#include <cctype>

#include "policy/catalog_columns.h"

namespace sluice::policy {
namespace {

using sql::ActionKind;

constexpr sql::ColumnUses kReadUses =
    sql::kUsedInOutput | sql::kUsedInPredicate | sql::kUsedInJoin | sql::kUsedInGrouping |
    sql::kUsedInOrdering | sql::kProbed | sql::kGivenAway | sql::kArbiter;

/// How many statements of a text are SHOW, by its kind ("SET; SHOW").
size_t count_shows(std::string_view kind) {
  size_t count = 0;
  while (!kind.empty()) {
    const size_t end = std::min(kind.find("; "), kind.size());
    const std::string_view one = kind.substr(0, end);
    if (one == "SHOW") ++count;
    kind.remove_prefix(std::min(end + 2, kind.size()));
  }
  return count;
}

Verb plain_verb(ActionKind kind) {
  switch (kind) {
    case ActionKind::kRead:
      return Verb::kRead;
    case ActionKind::kReadCatalog:
      return Verb::kReadCatalog;
    case ActionKind::kInsert:
      return Verb::kInsert;
    case ActionKind::kUpdate:
      return Verb::kUpdate;
    case ActionKind::kDelete:
      return Verb::kDelete;
    case ActionKind::kMerge:
      return Verb::kMerge;
    case ActionKind::kTruncate:
      return Verb::kTruncate;
    case ActionKind::kCopyIn:
      return Verb::kCopyIn;
    case ActionKind::kCopyOut:
      return Verb::kCopyOut;
    case ActionKind::kCreate:
      return Verb::kCreate;
    case ActionKind::kAlter:
      return Verb::kAlter;
    case ActionKind::kDrop:
      return Verb::kDrop;
    case ActionKind::kGrant:
    case ActionKind::kRevoke:
      return Verb::kPrivileges;
    case ActionKind::kRoleChange:
      return Verb::kRoleChange;
    case ActionKind::kCall:
      return Verb::kCall;
    case ActionKind::kFunction:
      return Verb::kFunction;
    case ActionKind::kMaintenance:
      return Verb::kMaintenance;
    case ActionKind::kSessionSetting:
      return Verb::kSessionSetting;
    case ActionKind::kTransaction:
      return Verb::kTransaction;
    case ActionKind::kLock:
      return Verb::kLock;
    case ActionKind::kNotify:
      return Verb::kNotify;
    case ActionKind::kPrepare:
      return Verb::kPrepare;
    case ActionKind::kCursor:
      return Verb::kCursor;
    case ActionKind::kOther:
      return Verb::kOther;
  }
  return Verb::kOther;
}

sql::ColumnUses uses_of(Verb verb) {
  switch (verb) {
    case Verb::kRead:
      return kReadUses;
    case Verb::kInsert:
    case Verb::kUpdate:
    case Verb::kMerge:
    case Verb::kCopyIn:
      return sql::kWritten;
    default:
      return 0;
  }
}

/// Settings that load code, switch off what guards the data or hide what happens. PostgreSQL keeps
/// most of them for superusers; a gateway's role may be one. "*" is a setting that cannot be known.
/// Not restrict_nonsystem_relation_kind: pg_dump sets it, and its default is to restrict nothing.
bool guarded_setting(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "session_replication_role",  "allow_system_table_mods",  "session_preload_libraries",
      "local_preload_libraries",   "dynamic_library_path",     "jit_provider",
      "zero_damaged_pages",        "ignore_checksum_failure",  "ignore_system_indexes",
      "lo_compat_privileges",      "temp_file_limit",          "max_stack_depth",
      "backtrace_functions",       "jit_dump_bitcode",         "jit_debugging_support",
      "jit_profiling_support",     "wal_consistency_checking", "event_triggers",
      "allow_in_place_tablespaces"};
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view kFamilies[] = {
      "debug_print_", "log_",       "track_", "pgaudit.", "auto_explain.", "pg_stat_statements.",
      "sepgsql.",     "plperl.on_", "pltcl.", "plv8.",    "pljava."};
  return std::find(std::begin(kNames), std::end(kNames), lower) != std::end(kNames) ||
         lower == "*" ||
         std::any_of(std::begin(kFamilies), std::end(kFamilies),
                     [&](std::string_view one) { return lower.starts_with(one); });
}

/// Whether what is done to a temporary object stays in the session. A foreign table reads files and
/// runs programs, a function or a type may do anything, temporary or not.
bool stays_in_session(const sql::Action& action, Verb verb) {
  constexpr std::string_view kKinds[] = {"",       "table", "view",    "sequence", "index",
                                         "column", "rule",  "trigger", "comment"};
  return (bit(verb) & kSchemaChange) == 0 ||
         std::find(std::begin(kKinds), std::end(kKinds), action.object_kind) != std::end(kKinds);
}

/// The system's own relations tell about the database, not what is in it; those that give away
/// rows are reported as kRead with their functions' risk.
bool in_system_schema(std::string_view table) {
  return table.starts_with("pg_catalog.") || table.starts_with("information_schema.");
}

}  // namespace

std::string Demand::object_text() const {
  if (function != nullptr)
    return (function->schema.empty() ? "" : function->schema + ".") + function->name + "()";
  if (object == nullptr) return "";
  return object->display() + (column.empty() ? "" : "." + column);
}

Demands::Demands(const sql::StatementFacts& facts, const catalog::Catalog* catalog,
                 bool with_columns)
    : facts_(facts),
      catalog_(catalog),
      with_columns_(with_columns),
      shows_(count_shows(facts.kind)) {
  all_.reserve(facts.actions.size() * 2 + facts.functions.size() + 2);
  // Pointers into it must stay.
  extra_.reserve(facts.tables.size());
  for (const sql::Action& action : facts.actions) add_action(action);
  add_column_reads();
  if (with_columns_ && catalog_ != nullptr) add_written_sources();
  add_functions();
  add_unlisted_tables();
  if (copies_query_) add_copied_reads();
}

Demand& Demands::add(Verb verb, const sql::Action* action) {
  Demand& demand = all_.emplace_back();
  demand.verb = verb;
  demand.action = action;
  demand.needs_rule = (bit(verb) & kHarmless) == 0;
  return demand;
}

Verb Demands::verb_of(const sql::Action& action) {
  if (action.kind == ActionKind::kOther && shows_ > 0) {
    --shows_;
    return Verb::kShow;
  }
  return plain_verb(action.kind);
}

void Demands::add_action(const sql::Action& action) {
  const Verb verb = verb_of(action);
  // Functions are told one by one; an action alone says that there is one of unknown risk.
  if (verb == Verb::kFunction) {
    if (facts_.functions.empty()) add(verb, &action).risk = sql::FunctionRisk::kUnknown;
    return;
  }
  if (verb == Verb::kCopyIn || verb == Verb::kCopyOut) {
    if (action.object_kind == "program")
      add(Verb::kFunction, &action).risk = sql::FunctionRisk::kProgram;
    if (action.object_kind == "file") add(Verb::kFunction, &action).risk = sql::FunctionRisk::kFile;
  }
  if (verb == Verb::kCopyOut && action.targets.empty()) {
    copies_query_ = true;
    return;
  }
  if (action.targets.empty()) {
    Demand& demand = add(verb, &action);
    // Reading no relation at all, as in SELECT 1, gives nothing away.
    if (verb == Verb::kRead) {
      demand.needs_rule = false;
      demand.part = ColumnPart::kNone;
    }
    return;
  }
  for (const sql::Object& object : action.targets) {
    if (verb == Verb::kSessionSetting && guarded_setting(object.name)) {
      add(Verb::kOther, &action).object = &object;
      continue;
    }
    if (object.temporary && (bit(verb) & kOnRelations) != 0 && verb != Verb::kReadCatalog &&
        stays_in_session(action, verb)) {
      add(Verb::kTemporary, &action).object = &object;
      continue;
    }
    add_target(action, object, verb);
    // As in PostgreSQL, COPY needs the right to read or insert as well.
    if (verb == Verb::kCopyOut) add_target(action, object, Verb::kRead);
    if (verb == Verb::kCopyIn) add_target(action, object, Verb::kInsert);
  }
}

void Demands::add_target(const sql::Action& action, const sql::Object& object, Verb verb) {
  if (verb == Verb::kRead && action.kind == sql::ActionKind::kRead && catalog_ != nullptr &&
      reads_plain_columns_only(object, facts_, *catalog_))
    verb = Verb::kReadCatalog;
  Demand demand;
  demand.verb = verb;
  demand.action = &action;
  demand.object = &object;
  demand.needs_rule = (bit(verb) & kHarmless) == 0;
  const sql::ColumnUses uses = uses_of(verb);
  if (with_columns_ && uses != 0 && action.kind != ActionKind::kCopyOut) {
    add_columns(std::move(demand), object, uses);
  } else {
    all_.push_back(std::move(demand));
  }
}

void Demands::add_columns(Demand demand, const sql::Object& object, sql::ColumnUses uses) {
  const catalog::Relation* relation =
      catalog_ == nullptr || object.oid == 0 ? nullptr : catalog_->relation(object.oid);
  if (relation == nullptr) {
    all_.push_back(std::move(demand));
    return;
  }
  const size_t before = all_.size();
  for (const sql::UsedColumn& used : facts_.columns) {
    if (used.column.relation != object.oid || (used.uses & uses) == 0) continue;
    const catalog::Column* column = relation->column(used.column.column);
    Demand one = demand;
    if (column != nullptr) {
      one.part = ColumnPart::kOne;
      one.column = column->name;
    }
    all_.push_back(std::move(one));
  }
  if (all_.size() > before) return;
  // Columns are told of base tables only: through a view, or of a table that is reached some other
  // way, any may have been used. A write that tells no column writes the row.
  const bool base = relation->kind == catalog::RelationKind::kTable ||
                    relation->kind == catalog::RelationKind::kPartitionedTable;
  if (demand.verb == Verb::kRead && base && !object.reached) demand.part = ColumnPart::kNone;
  all_.push_back(std::move(demand));
}

/// As in PostgreSQL, a column used in WHERE or RETURNING of an UPDATE is read.
void Demands::add_column_reads() {
  const auto told = [&](sql::Oid relation) {
    return std::any_of(all_.begin(), all_.end(), [&](const Demand& demand) {
      return (demand.verb == Verb::kRead || demand.verb == Verb::kReadCatalog ||
              demand.verb == Verb::kTemporary) &&
             demand.object != nullptr && demand.object->oid == relation;
    });
  };
  for (const sql::UsedColumn& used : facts_.columns) {
    if ((used.uses & kReadUses) == 0 || used.column.relation == 0 || told(used.column.relation))
      continue;
    for (const sql::Action& action : facts_.actions) {
      const auto object = std::find_if(
          action.targets.begin(), action.targets.end(),
          [&](const sql::Object& target) { return target.oid == used.column.relation; });
      if (object == action.targets.end()) continue;
      add_target(action, *object, Verb::kRead);
      break;
    }
  }
}

/// As in PostgreSQL, SET a = b reads b. What a column is made of itself tells nobody more of it.
void Demands::add_written_sources() {
  for (const sql::WrittenColumn& written : facts_.written) {
    if (written.fired) continue;
    for (const sql::Source& source : written.sources) {
      if (source.column == written.target) continue;
      const catalog::Relation* relation = catalog_->relation(source.column.relation);
      const catalog::Column* column =
          relation == nullptr ? nullptr : relation->column(source.column.column);
      if (column != nullptr) add_source(source.column.relation, column->name);
    }
  }
}

void Demands::add_source(sql::Oid relation, const std::string& column) {
  const bool told = std::any_of(all_.begin(), all_.end(), [&](const Demand& demand) {
    return (demand.verb == Verb::kRead || demand.verb == Verb::kTemporary) &&
           demand.object != nullptr && demand.object->oid == relation &&
           (demand.part == ColumnPart::kWhole || demand.column == column);
  });
  if (told) return;
  for (const sql::Action& action : facts_.actions) {
    for (const sql::Object& object : action.targets) {
      if (object.oid != relation) continue;
      Demand& demand = add(object.temporary ? Verb::kTemporary : Verb::kRead, &action);
      demand.object = &object;
      demand.part = ColumnPart::kOne;
      demand.column = column;
      return;
    }
  }
}

void Demands::add_functions() {
  for (const sql::FunctionUse& use : facts_.functions) {
    Demand& demand = add(Verb::kFunction, nullptr);
    demand.function = &use;
    // What a function whose body is known does, is among the actions.
    demand.needs_rule = use.risk != sql::FunctionRisk::kNone;
  }
  for (const sql::FunctionUse& use : facts_.plain_functions) {
    Demand& demand = add(Verb::kFunction, nullptr);
    demand.function = &use;
    demand.plain_function = true;
    demand.needs_rule = false;
  }
  if (facts_.dynamic_sql) add(Verb::kDynamicSql, nullptr);
}

/// COPY (query) TO copies out what the query reads.
void Demands::add_copied_reads() {
  const size_t before = all_.size();
  for (size_t i = 0; i < before; ++i) {
    if (all_[i].verb != Verb::kRead && all_[i].verb != Verb::kReadCatalog) continue;
    Demand copied = all_[i];
    if (copied.object == nullptr) continue;
    copied.verb = Verb::kCopyOut;
    copied.needs_rule = true;
    all_.push_back(std::move(copied));
  }
}

/// A table that is said to be reached, but by no action, is read as far as we know.
void Demands::add_unlisted_tables() {
  const auto reads_catalog = std::any_of(
      facts_.actions.begin(), facts_.actions.end(),
      [](const sql::Action& action) { return action.kind == ActionKind::kReadCatalog; });
  for (const std::string& table : facts_.tables) {
    const bool listed =
        std::any_of(facts_.actions.begin(), facts_.actions.end(), [&](const sql::Action& action) {
          return std::any_of(action.targets.begin(), action.targets.end(),
                             [&](const sql::Object& object) { return object.display() == table; });
        });
    if (listed || (reads_catalog && in_system_schema(table))) continue;
    sql::Object& object = extra_.emplace_back();
    const size_t dot = table.find('.');
    if (dot != std::string::npos) object.schema = table.substr(0, dot);
    object.name = table.substr(dot == std::string::npos ? 0 : dot + 1);
    object.reached = true;
    add(Verb::kRead, nullptr).object = &object;
  }
}

}  // namespace sluice::policy
