// Statements: which they are, in what order, and those that are neither queries nor definitions.
#include <algorithm>
#include <utility>

#include "sql/lock_level.h"
#include "sql/options.h"
#include "sql/plpgsql_source.h"
#include "sql/statement_kinds.h"
#include "sql/walker.h"

namespace sluice::sql {
namespace {

constexpr size_t kBaseBudget = 400'000;
constexpr size_t kStepsPerByte = 8;

bool has_limit(const Node& body) {
  const auto limit = field(body, "limitCount");
  const auto constant = limit ? field(*limit, "A_Const") : std::nullopt;
  return limit && !(constant && bool_field(*constant, "isnull"));
}

TransactionEffect effect_of(std::string_view kind) {
  using enum TransactionEffect;
  if (kind == "TRANS_STMT_BEGIN" || kind == "TRANS_STMT_START") return kBegin;
  if (kind == "TRANS_STMT_COMMIT") return kCommit;
  if (kind == "TRANS_STMT_ROLLBACK") return kRollback;
  if (kind == "TRANS_STMT_SAVEPOINT") return kSavepoint;
  if (kind == "TRANS_STMT_RELEASE") return kRelease;
  if (kind == "TRANS_STMT_ROLLBACK_TO") return kRollbackTo;
  if (kind == "TRANS_STMT_PREPARE") return kPrepareTransaction;
  if (kind == "TRANS_STMT_COMMIT_PREPARED") return kCommitPrepared;
  if (kind == "TRANS_STMT_ROLLBACK_PREPARED") return kRollbackPrepared;
  return kNone;
}

bool is_query(std::string_view name) {
  return name == "SelectStmt" || name == "InsertStmt" || name == "UpdateStmt" ||
         name == "DeleteStmt" || name == "MergeStmt";
}

}  // namespace

Walker::Walker(StatementFacts& facts, const Scope& scope, const std::vector<Oid>& parameter_types,
               size_t text_bytes)
    : resolver_(scope, facts),
      gather_(facts),
      facts_(facts),
      budget_(kBaseBudget + kStepsPerByte * text_bytes),
      parameter_types_(parameter_types) {}

bool Walker::spend(size_t steps) {
  if (gather_.failed()) return false;
  if (steps > budget_) {
    fail("the statement is too complex to be analysed", "54001");
    return false;
  }
  budget_ -= steps;
  return true;
}

size_t Walker::act(ActionKind kind, std::string_view object_kind) {
  // What is only explained is looked at, not done.
  if (context_.explained || context_.muted) return gather_.shared_action(ActionKind::kRead);
  return gather_.add_action(kind, object_kind);
}

size_t Walker::shared_act(ActionKind kind, std::string_view object_kind) {
  if (context_.explained || context_.muted) return gather_.shared_action(ActionKind::kRead);
  return gather_.shared_action(kind, object_kind);
}

void Walker::add_text(const Node& root) {
  for_each(root, "stmts", [&](const Node& raw) {
    ++facts_.statements;
    facts_.results.emplace_back();
    const auto wrapper = field(raw, "stmt");
    if (!wrapper || gather_.failed()) return;
    gather_.begin_statement();
    resolver_.begin_statement();
    bodies_.clear();
    reached_writes_.clear();
    met_ = {};
    rule_sends_ = false;
    weight_ = 0;
    for (const Oid type : parameter_types_) meet_type(type, true);
    const bool settings_before = std::exchange(facts_.may_change_settings, false);
    unwrap(*wrapper, [&](std::string_view name, const Node& body) {
      kinds_.push_back(tag_of(name, body));
      statement(*wrapper);
      implicit_calls(name, body);
      after_statement(name, body);
      if (rule_sends_ && !facts_.results.back().explained) note_unknown_output();
    });
    facts_.may_change_settings = facts_.may_change_settings || settings_before;
  });
}

void Walker::finish() {
  constexpr size_t kMaxKinds = 8;
  for (size_t i = 0; i < kinds_.size(); ++i) {
    if (i > 0) facts_.kind += "; ";
    if (i == kMaxKinds) {
      facts_.kind += "…";
      break;
    }
    facts_.kind += kinds_[i];
  }
  if (facts_.dynamic_sql) {
    facts_.writes = facts_.schema_change = facts_.may_change_settings = true;
  }
  gather_.finish();
}

void Walker::statement(const Node& wrapper) {
  unwrap(wrapper, [&](std::string_view name, const Node& body) {
    if (!is_query(name)) {
      dispatch(name, body);
      return;
    }
    if (name == "MergeStmt") looked_at_literal();
    const bool select = name == "SelectStmt";
    const bool into = select && into_clause(body);
    if (select && !into) gather_.shared_action(ActionKind::kRead);
    const RowsPtr rows = rows_of(wrapper, nullptr, nullptr);
    if (into) return;
    StatementResult* result = note_columns(rows, select && has_limit(body));
    if (result != nullptr) result->returns_rows = select || field(body, "returningList");
  });
}

void Walker::dispatch(std::string_view name, const Node& body) {
  if (!spend()) return;
  if (find_statement_kind(name) == nullptr) {
    fail("statement of unknown kind " + std::string(name), "0A000");
    return;
  }
  looked_at_literal();
  const bool removes =
      name == "DropStmt" || name == "RenameStmt" || name == "AlterObjectSchemaStmt";
  // Code may come by more than once.
  if (removes && (context_.reached || context_.collected != nullptr)) resolver_.note_removed();
  if (name == "ExplainStmt") {
    on_explain(body);
  } else if (name == "DoStmt") {
    on_do(body);
  } else if (name == "CallStmt") {
    on_call(body);
  } else if (name == "CopyStmt") {
    on_copy(body);
  } else if (name == "TransactionStmt") {
    on_transaction(body);
  } else if (name == "VariableSetStmt") {
    on_set(body);
  } else if (name == "PrepareStmt" || name == "ExecuteStmt" || name == "DeallocateStmt") {
    on_prepared(name, body);
  } else if (name == "DeclareCursorStmt" || name == "FetchStmt" || name == "ClosePortalStmt") {
    on_cursor(name, body);
  } else if (name == "DiscardStmt" || name == "LoadStmt") {
    facts_.may_change_settings = true;
    if (name == "DiscardStmt") {
      const std::string_view what = text_field(body, "target");
      facts_.outside_transaction = facts_.outside_transaction || what == "DISCARD_ALL";
      if (what == "DISCARD_ALL") {
        resets_all();
        facts_.prepared.push_back({PreparedUse::What::kDeallocateAll, ""});
      }
      facts_.temporary_change = facts_.temporary_change || what != "DISCARD_PLANS";
    }
    act(find_statement_kind(name)->action);
  } else {
    on_definition(name, body);
    // Triggers that were put off run now, and may set anything.
    if (name == "ConstraintsSetStmt" && !bool_field(body, "deferred"))
      facts_.may_change_settings = true;
    if (removes) resolver_.note_removed();
    if (name == "VariableShowStmt") {
      if (own_result() != nullptr) own_result()->returns_rows = true;
      note_shown(text_field(body, "name"));
    }
  }
}

void Walker::after_statement(std::string_view name, const Node& body) {
  // What bodies without a path of their own did cannot be known.
  if (resolver_.bodies_uncertain()) {
    facts_.unresolved = true;
    runs_unknown_sql(nullptr);
  }
  // What a later statement of the text means may be another thing by then.
  static constexpr std::string_view kRenaming[] = {
      "RenameStmt", "AlterObjectSchemaStmt", "ViewStmt",     "RuleStmt", "CreateTrigStmt",
      "DropStmt",   "CreateFunctionStmt",    "DoStmt",       "CallStmt", "CreateExtensionStmt",
      "DefineStmt", "AlterExtensionStmt",    "DropOwnedStmt"};
  const bool changed = facts_.schema_change || facts_.temporary_change;
  if (changed &&
      std::find(std::begin(kRenaming), std::end(kRenaming), name) != std::end(kRenaming)) {
    resolver_.make_uncertain();
  }
  if (changed && name == "AlterTableStmt") {
    for_each(body, "cmds", [&](const Node& wrapper) {
      const auto command = field(wrapper, "AlterTableCmd");
      const std::string_view what = command ? text_field(*command, "subtype") : std::string_view();
      if (what == "AT_AttachPartition" || what == "AT_AddInherit" || what == "AT_EnableTrig" ||
          what == "AT_EnableRule") {
        resolver_.make_uncertain();
      }
    });
  }
  if (facts_.dynamic_sql) resolver_.make_uncertain();
  // The end of a transaction puts back what was set for it.
  const bool ends = name == "TransactionStmt" && !facts_.transaction.empty() &&
                    facts_.transaction.back() != TransactionEffect::kBegin &&
                    facts_.transaction.back() != TransactionEffect::kSavepoint &&
                    facts_.transaction.back() != TransactionEffect::kRelease;
  if (ends || (facts_.may_change_settings && name != "VariableSetStmt")) {
    resolver_.make_path_uncertain();
  }
}

void Walker::on_explain(const Node& body) {
  const Within within(*this);
  if (context_.reached || context_.collected != nullptr)
    return fail("EXPLAIN in code shows what cannot be followed", "42501");
  const bool analyze = option_on(body, "options", "analyze");
  context_.explained = context_.explained || !analyze;
  facts_.runs_explained = facts_.runs_explained || analyze;
  gather_.shared_action(ActionKind::kRead);
  const auto query = field(body, "query");
  if (!query) return;
  unwrap(*query, [&](std::string_view name, const Node& inner) {
    const RowsPtr rows = is_query(name) ? rows_of(*query, nullptr, nullptr) : nullptr;
    if (rows == nullptr) return dispatch(name, inner);
    // They are computed, and errors tell of them.
    std::vector<NamedValue> columns;
    if (analyze) rows->append_to(columns);
    for (const NamedValue& column : columns) gather_.use(column.value, kUsedInOutput);
  });
  if (StatementResult* result = own_result()) {
    StatementResult plan;
    plan.executes = std::move(result->executes);
    plan.explained = true;
    *result = std::move(plan);
  }
  note_output(single_column("QUERY PLAN", {}), false);
}

void Walker::on_do(const Node& body) {
  act(ActionKind::kCall);
  std::string_view code;
  std::string_view language = "plpgsql";
  for_each(body, "args", [&](const Node& wrapper) {
    const auto option = field(wrapper, "DefElem");
    const auto value = option ? field(*option, "arg") : std::nullopt;
    const auto text = value ? field(*value, "String") : std::nullopt;
    if (!text) return;
    (text_field(*option, "defname") == "as" ? code : language) = text_field(*text, "sval");
  });
  if (language != "plpgsql") {
    runs_unknown_sql(nullptr);
    return;
  }
  const Within within(*this);
  context_.arguments = 0;
  Level level;
  level.has_variables = true;
  Gather::ArgumentUses uses;
  const Ran ran = run_plpgsql(plpgsql_block(std::string(code)), level, "do", uses);
  if (!ran.good) fail("the code block cannot be understood: " + ran.why, "42601");
  write_again(uses);
}

void Walker::on_call(const Node& body) {
  const size_t action = act(ActionKind::kCall);
  const auto call = field(body, "funccall");
  if (!call) return;
  const Name name = name_in(*call, "funcname");
  for (const catalog::Function* function : resolver_.functions(name)) {
    if (function->kind != 'p') continue;
    gather_.add_target(
        action, {function->oid, function->schema, function->name, {}, false, context_.reached},
        false);
  }
  if (gather_.action(action).targets.empty()) {
    gather_.add_target(action, resolver_.object(name, nullptr, context_.reached), false);
  }
  const Called called = function_call(*call, {});
  if (context_.collected != nullptr) context_.collected->add(called.value);
  // A procedure's OUT arguments come back as a row, whose columns the server names.
  if (called.rows == nullptr) return;
  if (StatementResult* result = note_output(called.rows, false)) result->unknown_columns = true;
}

void Walker::on_transaction(const Node& body) {
  act(ActionKind::kTransaction);
  const TransactionEffect effect = effect_of(text_field(body, "kind"));
  if (effect == TransactionEffect::kCommitPrepared ||
      effect == TransactionEffect::kRollbackPrepared || context_.collected != nullptr) {
    facts_.outside_transaction = true;
  }
  if (context_.collected == nullptr && !context_.reached) facts_.transaction.push_back(effect);
}

void Walker::on_prepared(std::string_view name, const Node& body) {
  using What = PreparedUse::What;
  act(ActionKind::kPrepare);
  const std::string_view statement = text_field(body, "name");
  const What what = name == "PrepareStmt"   ? What::kPrepare
                    : name == "ExecuteStmt" ? What::kExecute
                    : statement.empty()     ? What::kDeallocateAll
                                            : What::kDeallocate;
  if (context_.reached || context_.collected != nullptr) {
    // Nobody is told when it happens.
    return fail("PREPARE, EXECUTE and DEALLOCATE in code cannot be followed", "42501");
  }
  facts_.prepared.push_back({what, std::string(statement)});
  if (what == What::kPrepare) {
    // Judged now, as if it ran: EXECUTE only names it.
    for_each(body, "argtypes", [&](const Node& wrapper) {
      if (const auto type = field(wrapper, "TypeName")) meet_type_name(*type);
    });
    if (const auto query = field(body, "query")) {
      note_columns(rows_of(*query, nullptr, nullptr), false);
    }
    if (StatementResult* result = own_result()) result->prepares = statement;
  } else if (what == What::kExecute) {
    fires_unseen();
    Level level;
    // Under EXPLAIN too.
    const bool explained = std::exchange(context_.explained, false);
    const Value given = eval_all(body, "params", level);
    tell(given, kUsedInPredicate);
    give_away(given);
    context_.explained = explained;
    note_unknown_output();
    if (StatementResult* result = own_result()) result->executes = statement;
  }
}

void Walker::on_cursor(std::string_view name, const Node& body) {
  act(ActionKind::kCursor);
  if (name == "DeclareCursorStmt") {
    const bool wrote = std::exchange(facts_.writes, false);
    if (const auto query = field(body, "query")) {
      note_columns(rows_of(*query, nullptr, nullptr), false);
    }
    constexpr int64_t kHold = 0x20;  // CURSOR_OPT_HOLD
    const bool held = (number_field(body, "options") & kHold) != 0;
    if (facts_.writes && held)
      fail("a cursor WITH HOLD over what writes runs at COMMIT, when nobody counts any more",
           "42501");
    facts_.writes = facts_.writes || wrote;
    if (StatementResult* result = own_result()) {
      result->declares = text_field(body, "portalname");
      result->held = held;
    }
  } else if (name == "FetchStmt") {
    const std::string_view cursor = text_field(body, "portalname");
    facts_.cursors.emplace_back(cursor);
    if (bool_field(body, "ismove")) return;
    if (context_.reached || context_.collected != nullptr)
      return fail("FETCH in code cannot be followed", "42501");
    note_unknown_output();
    if (StatementResult* result = own_result()) result->fetches = cursor;
  }
}

std::string Walker::tag_of(std::string_view name, const Node& body) const {
  const StatementKind* kind = find_statement_kind(name);
  if (kind == nullptr) return upper(name.substr(0, name.find("Stmt")));
  if (name == "DropStmt") return "DROP " + upper(object_kind_of(text_field(body, "removeType")));
  if (name == "TransactionStmt") {
    std::string_view what = text_field(body, "kind");
    if (what.starts_with("TRANS_STMT_")) what.remove_prefix(11);
    std::string tag(what);
    std::replace(tag.begin(), tag.end(), '_', ' ');
    return tag;
  }
  if (name == "GrantStmt" && !bool_field(body, "is_grant")) return "REVOKE";
  if (name == "GrantRoleStmt" && !bool_field(body, "is_grant")) return "REVOKE ROLE";
  if (name == "SelectStmt" && into_clause(body)) return "SELECT INTO";
  if (name == "VariableSetStmt" && text_field(body, "kind").starts_with("VAR_RESET"))
    return "RESET";
  if (name == "CreateTableAsStmt" && text_field(body, "objtype") == "OBJECT_MATVIEW") {
    return "CREATE MATERIALIZED VIEW";
  }
  if (name == "CreateFunctionStmt" && bool_field(body, "is_procedure")) return "CREATE PROCEDURE";
  if (name == "RenameStmt") return "ALTER " + upper(object_kind_of(text_field(body, "renameType")));
  return std::string(kind->tag);
}

}  // namespace sluice::sql
