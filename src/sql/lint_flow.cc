#include "sql/lint_flow.h"

#include <algorithm>

#include "sql/options.h"

namespace sluice::sql {
namespace {

/// So many statements may follow an exclusive lock in its transaction, if none of them is slow.
constexpr size_t kFewStatements = 5;

bool refused_in_block(const LintScript& script) {
  const auto& [number, line, text, node, body, lock] = script.statement();
  if (node == "IndexStmt" || node == "DropStmt") return bool_field(body, "concurrent");
  if (node == "VacuumStmt") return bool_field(body, "is_vacuumcmd");
  if (node == "ClusterStmt") return !field(body, "relation");
  if (node == "ReindexStmt") {
    return option_on(body, "params", "concurrently") || !field(body, "relation");
  }
  if (node == "AlterTableStmt") {
    const auto commands = script.commands();
    return std::any_of(commands.begin(), commands.end(), [](const AlterCommand& command) {
      return command.subtype == "AT_DetachPartition" &&
             command.lock == LockLevel::kShareUpdateExclusive;
    });
  }
  static constexpr std::string_view kOthers[] = {"AlterSystemStmt", "CreatedbStmt", "DropdbStmt",
                                                 "CreateTableSpaceStmt", "DropTableSpaceStmt"};
  return std::find(std::begin(kOthers), std::end(kOthers), node) != std::end(kOthers);
}

/// Whether a setting's value means "no limit".
bool is_zero(const Node& body) {
  bool zero = true;
  for_each(body, "args", [&](const Node& wrapper) {
    const auto constant = field(wrapper, "A_Const");
    if (!constant) return;
    const auto text = field(*constant, "sval");
    const auto number = field(*constant, "ival");
    if (text) {
      const std::string_view value = text_field(*text, "sval");
      zero = value.find_first_of("123456789") == std::string_view::npos;
    } else if (number) {
      zero = number_field(*number, "ival") == 0;
    } else {
      zero = false;
    }
  });
  return zero;
}

/// The existing tables that a statement locks strongly; with an empty name for one not named.
std::vector<LintTable> locked_tables(const LintScript& script) {
  const auto& statement = script.statement();
  const Node& body = statement.body;
  std::vector<LintTable> tables;
  bool named = false;
  const auto add = [&](const LintTable& table) {
    named = true;
    if (!table.created) tables.push_back(table);
  };
  const auto add_referenced = [&](const Node& wrapper) {
    const auto constraint = field(wrapper, "Constraint");
    const auto other = constraint ? field(*constraint, "pktable") : std::nullopt;
    if (other) add(script.table(*other));
  };
  if (statement.node == "CreateStmt") {
    if (field(body, "partbound")) {
      for_each(body, "inhRelations", [&](const Node& parent) { add(script.table(parent)); });
    }
    for_each(body, "tableElts", [&](const Node& element) {
      add_referenced(element);
      const auto column = field(element, "ColumnDef");
      if (column) for_each(*column, "constraints", add_referenced);
    });
    return tables;
  }
  if (statement.node == "ViewStmt") {
    const LintTable view = script.target("view");
    if (view.relation != nullptr) add(view);
    return tables;
  }
  for (const std::string_view name : {"relation", "table", "sequence"}) {
    if (const LintTable table = script.target(name); !table.name.empty()) add(table);
  }
  for_each(body, "relations", [&](const Node& wrapper) { add(script.table(wrapper)); });
  for_each(body, "objects", [&](const Node& wrapper) {
    const auto list = field(wrapper, "List");
    const auto parts = list ? names_in(*list, "items") : std::vector<std::string>{};
    if (parts.empty()) return;
    const std::string_view type = text_field(body, "removeType");
    // DROP TRIGGER, RULE and POLICY name the table before their own name.
    const bool part = type == "OBJECT_TRIGGER" || type == "OBJECT_RULE" || type == "OBJECT_POLICY";
    const size_t last = parts.size() - (part ? 2 : 1);
    if (last < parts.size()) add(script.table(last > 0 ? parts[last - 1] : "", parts[last]));
  });
  if (!named) tables.emplace_back();
  return tables;
}

bool works_on_rows(const LintScript& script) {
  const auto& statement = script.statement();
  if (statement.node == "InsertStmt") {
    const auto rows = field(statement.body, "selectStmt");
    const auto select = rows ? field(*rows, "SelectStmt") : std::nullopt;
    return select && !field(*select, "valuesLists");
  }
  static constexpr std::string_view kSlow[] = {
      "UpdateStmt", "DeleteStmt",        "MergeStmt",         "CopyStmt",
      "IndexStmt",  "CreateTableAsStmt", "RefreshMatViewStmt"};
  return std::find(std::begin(kSlow), std::end(kSlow), statement.node) != std::end(kSlow) &&
         !script.target().created;
}

}  // namespace

void LintFlow::before() {
  const std::string_view node = script_.statement().node;
  if (node == "TransactionStmt") on_transaction();
  if (node == "VariableSetStmt") on_setting();
  check_transaction_block();
  check_lock_timeout();
  check_validate();
}

void LintFlow::after(size_t first) {
  check_after_lock(first);
  note_created();
  note_keys();
}

void LintFlow::on_transaction() {
  const std::string_view kind = text_field(script_.statement().body, "kind");
  const bool begins = kind == "TRANS_STMT_BEGIN" || kind == "TRANS_STMT_START";
  const bool ends =
      kind == "TRANS_STMT_COMMIT" || kind == "TRANS_STMT_ROLLBACK" || kind == "TRANS_STMT_PREPARE";
  if (!begins && !ends) return;
  script_.in_transaction = begins;
  local_timeout_ = slow_reported_ = false;
  locked_by_.reset();
  since_lock_ = 0;
  added_here_.clear();
}

void LintFlow::on_setting() {
  const Node& body = script_.statement().body;
  const std::string_view name = text_field(body, "name");
  const bool local = bool_field(body, "is_local");
  const bool sets = text_field(body, "kind") == "VAR_SET_VALUE";
  if (name == "lock_timeout") {
    const bool limited = sets && !is_zero(body);
    // Outside a transaction SET LOCAL does nothing.
    if (local) local_timeout_ = script_.in_transaction && limited;
    if (!local) session_timeout_ = limited;
  } else if (name == "search_path" && sets) {
    std::vector<std::string> path = {"pg_catalog"};
    for_each(body, "args", [&](const Node& wrapper) {
      const auto constant = field(wrapper, "A_Const");
      const auto text = constant ? field(*constant, "sval") : std::nullopt;
      if (text) path.emplace_back(text_field(*text, "sval"));
    });
    script_.set_search_path(std::move(path));
  }
}

void LintFlow::check_transaction_block() {
  if (!script_.in_transaction) return;
  const auto& statement = script_.statement();
  const std::string alone = std::string(statement.text) + ";";
  if (refused_in_block(script_)) {
    script_.report("concurrently-in-transaction", script_.target(),
                   "PostgreSQL refuses this inside BEGIN … COMMIT",
                   "-- outside the transaction:\n" + alone);
  } else if (statement.node == "AlterEnumStmt" && text_field(statement.body, "oldVal").empty()) {
    script_.report(
        "enum-value-in-transaction", {},
        "value " + literal(text_field(statement.body, "newVal")) + " cannot be used before COMMIT",
        "-- before the transaction:\n" + alone);
  }
}

void LintFlow::check_lock_timeout() {
  const auto& statement = script_.statement();
  const bool limited = session_timeout_ || (local_timeout_ && script_.in_transaction);
  if (timeout_reported_ || limited || statement.lock < LockLevel::kShare) return;
  if (statement.node == "SelectStmt" || refused_in_block(script_)) return;
  const auto tables = locked_tables(script_);
  if (tables.empty()) return;
  timeout_reported_ = true;
  script_.report("no-lock-timeout", tables.front(),
                 "waits without limit for its lock, and everyone else waits behind it",
                 "SET lock_timeout = '2s';\n" + std::string(statement.text) + ";");
}

void LintFlow::check_validate() {
  const LintTable table = script_.target();
  for (const auto& command : script_.commands()) {
    const std::string key = table.display() + ":";
    if (command.subtype == "AT_AddConstraint") {
      const auto definition = field(command.node, "def");
      const auto constraint = definition ? field(*definition, "Constraint") : std::nullopt;
      if (constraint && bool_field(*constraint, "skip_validation") && script_.in_transaction) {
        added_here_.insert(key + std::string(text_field(*constraint, "conname")));
      }
    } else if (command.subtype == "AT_ValidateConstraint" &&
               added_here_.contains(key + std::string(command.name))) {
      auto& finding = script_.report(
          "validate-in-same-transaction", table, command,
          "the lock of ADD " + std::string(command.name) + " is held while the table is scanned",
          "-- after COMMIT:\nALTER TABLE " + table.sql + " " + std::string(command.text) + ";");
      finding.scans = true;
    }
  }
}

void LintFlow::check_after_lock(size_t first) {
  if (!script_.in_transaction) return;
  const auto& statement = script_.statement();
  if (locked_by_) {
    ++since_lock_;
    const bool heavy = std::any_of(
        script_.findings.begin() + static_cast<ptrdiff_t>(first), script_.findings.end(),
        [](const Finding& finding) { return finding.scans || finding.rewrites; });
    const bool slow = heavy || works_on_rows(script_);
    if (!slow_reported_ && (slow || since_lock_ > kFewStatements)) {
      slow_reported_ = true;
      script_.report("many-statements-after-exclusive-lock", locked_,
                     (locked_.name.empty() ? std::string("what") : locked_.sql) +
                         " was locked in line " + std::to_string(locked_by_->line) +
                         " and stays so while this runs",
                     "-- in a transaction before the one that takes the lock:\n" +
                         std::string(statement.text) + ";");
    }
  }
  if (!locked_by_ && statement.lock == LockLevel::kAccessExclusive) {
    const auto tables = locked_tables(script_);
    if (tables.empty()) return;
    locked_by_ = statement;
    locked_ = tables.front();
  }
}

void LintFlow::note_created() {
  const auto& [number, line, text, node, body, lock] = script_.statement();
  if (node == "CreateStmt" || node == "CreateSeqStmt") {
    const LintTable table = script_.target();
    if (bool_field(body, "if_not_exists") && table.relation != nullptr) return;
    script_.add_created(table);
  } else if (node == "CreateForeignTableStmt") {
    const auto base = field(body, "base");
    const auto relation = base ? field(*base, "relation") : std::nullopt;
    if (relation) script_.add_created(script_.table(*relation));
  } else if (node == "CreateTableAsStmt" || node == "SelectStmt") {
    const auto into = field(body, node == "SelectStmt" ? "intoClause" : "into");
    const auto relation = into ? field(*into, "rel") : std::nullopt;
    if (!relation) return;
    const LintTable table = script_.table(*relation);
    if (!bool_field(body, "if_not_exists") || table.relation == nullptr) script_.add_created(table);
  } else if (node == "ViewStmt") {
    const LintTable view = script_.target("view");
    if (view.relation == nullptr) script_.add_created(view);
  } else if (node == "IndexStmt" && script_.target().created) {
    script_.add_created(script_.table(script_.target().schema, text_field(body, "idxname")));
  }
}

void LintFlow::note_constraint(const LintTable& table, const Node& constraint,
                               const std::string& column, bool new_column) {
  const std::string_view kind = text_field(constraint, "contype");
  if (kind == "CONSTR_FOREIGN") {
    auto columns = names_in(constraint, "fk_attrs");
    if (columns.empty()) columns.push_back(column);
    foreign_keys_.push_back({script_.statement(), table, std::move(columns), new_column});
  } else if (kind == "CONSTR_PRIMARY" || kind == "CONSTR_UNIQUE") {
    auto columns = names_in(constraint, "keys");
    if (columns.empty()) columns.push_back(column);
    script_.indexes[table.display()].push_back(std::move(columns));
    if (kind == "CONSTR_PRIMARY") with_key_.insert(table.display());
  }
}

void LintFlow::note_new_table() {
  const Node& body = script_.statement().body;
  const LintTable table = script_.target();
  bool copied = field(body, "inhRelations").has_value() || field(body, "ofTypename").has_value();
  for_each(body, "tableElts", [&](const Node& element) {
    copied = copied || field(element, "TableLikeClause").has_value();
    if (const auto constraint = field(element, "Constraint")) {
      note_constraint(table, *constraint, "", true);
    }
    const auto column = field(element, "ColumnDef");
    if (!column) return;
    const std::string name(text_field(*column, "colname"));
    for_each(*column, "constraints", [&](const Node& wrapper) {
      if (const auto constraint = field(wrapper, "Constraint")) {
        note_constraint(table, *constraint, name, true);
      }
    });
  });
  const auto relation = field(body, "relation");
  const bool temporary = relation && text_field(*relation, "relpersistence") == "t";
  if (!copied && !temporary && table.created) new_tables_.push_back({script_.statement(), table});
}

void LintFlow::note_keys() {
  if (script_.statement().node == "CreateStmt") note_new_table();
  const LintTable table = script_.target();
  for (const auto& command : script_.commands()) {
    const auto definition = field(command.node, "def");
    if (!definition) continue;
    if (const auto constraint = field(*definition, "Constraint")) {
      note_constraint(table, *constraint, "", false);
    }
    const auto column = field(*definition, "ColumnDef");
    if (!column || command.subtype != "AT_AddColumn") continue;
    const std::string name(text_field(*column, "colname"));
    for_each(*column, "constraints", [&](const Node& wrapper) {
      if (const auto constraint = field(wrapper, "Constraint")) {
        note_constraint(table, *constraint, name, true);
      }
    });
  }
}

bool LintFlow::has_index(const ForeignKey& key) const {
  const auto leads = [&](std::vector<std::string> columns) {
    if (columns.size() < key.columns.size()) return false;
    columns.resize(key.columns.size());
    return std::is_permutation(columns.begin(), columns.end(), key.columns.begin());
  };
  const auto made = script_.indexes.find(key.table.display());
  if (made != script_.indexes.end() && std::any_of(made->second.begin(), made->second.end(), leads))
    return true;
  if (key.table.relation == nullptr) return false;
  for (const auto& index : key.table.relation->indexes) {
    std::vector<std::string> columns;
    for (const int16_t number : index.columns) {
      const auto* column = key.table.relation->column(number);
      columns.push_back(column == nullptr ? "" : column->name);
    }
    if (index.valid && leads(columns)) return true;
  }
  return false;
}

void LintFlow::finish() {
  for (const ForeignKey& key : foreign_keys_) {
    // Of an older column nobody knows without a catalog.
    const bool known = key.table.created || key.new_column || key.table.relation != nullptr;
    if (!known || has_index(key)) continue;
    script_.start(key.statement);
    script_
        .report("foreign-key-without-index", key.table,
                "no index of " + key.table.sql + " begins with " + joined(key.columns),
                "CREATE INDEX CONCURRENTLY ON " + key.table.sql + " (" + joined(key.columns) + ");")
        .lock = LockLevel::kNone;
  }
  for (const NewTable& fresh : new_tables_) {
    const bool kept = script_.table(fresh.table.schema, fresh.table.name).created;
    if (!kept || with_key_.contains(fresh.table.display())) continue;
    script_.start(fresh.statement);
    script_
        .report("missing-primary-key", fresh.table, fresh.table.sql + " has no primary key",
                "ALTER TABLE " + fresh.table.sql +
                    " ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;")
        .lock = LockLevel::kNone;
  }
}

}  // namespace sluice::sql
