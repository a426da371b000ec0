#include "sql/facts_builder.h"

#include <algorithm>

#include "sql/condition.h"
#include "sql/statement_kinds.h"

namespace sluice::sql {
namespace {

std::string qualified(const Node& range_var) {
  std::string name;
  for (const char* part : {"catalogname", "schemaname"}) {
    const std::string_view text = text_field(range_var, part);
    if (!text.empty()) name.append(text).push_back('.');
  }
  return name.append(text_field(range_var, "relname"));
}

/// The dotted name in a list of String nodes, or in one String node.
std::string dotted(const Node& node) {
  std::string name;
  const auto add = [&](const Node& part) {
    const auto text = field(part, "String");
    if (!text) return;
    if (!name.empty()) name.push_back('.');
    name.append(text_field(*text, "sval"));
  };
  if (const auto list = field(node, "List")) for_each(*list, "items", add);
  if (const auto object = field(node, "ObjectWithArgs")) for_each(*object, "objname", add);
  if (const auto type = field(node, "TypeName")) for_each(*type, "names", add);
  add(node);
  return name;
}

/// "OBJECT_MATVIEW" -> "materialized view"
std::string object_name(std::string_view type) {
  if (type.starts_with("OBJECT_")) type.remove_prefix(7);
  if (type == "MATVIEW") return "materialized view";
  if (type == "TABCONSTRAINT") return "constraint";
  std::string out;
  for (const char c : type) out.push_back(c == '_' ? ' ' : static_cast<char>(std::tolower(c)));
  return out;
}

Object named(std::string name) {
  Object object;
  object.name = std::move(name);
  return object;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// The one statement in a Node-typed field: {"DeleteStmt": {…}}.
template <typename Use>
void unwrap(const Node& wrapper, Use use) {
  simdjson::dom::object object;
  if (wrapper.get(object) != simdjson::SUCCESS) return;
  for (const auto [key, value] : object) use(key, value);
}

}  // namespace

void FactsBuilder::fail(std::string why, std::string_view sqlstate) {
  if (!facts_.unanalysable.empty()) return;
  facts_.unanalysable = std::move(why);
  facts_.unanalysable_sqlstate = sqlstate;
}

bool FactsBuilder::add_tree(const Node& root) {
  for_each(root, "stmts", [&](const Node& raw) {
    ++facts_.statements;
    if (const auto wrapper = field(raw, "stmt")) {
      unwrap(*wrapper, [&](std::string_view name, const Node& body) {
        kinds_.push_back(tag_of(name, body));
        dispatch(name, body);
      });
    }
  });
  return facts_.unanalysable.empty();
}

bool FactsBuilder::add_nested_tree(const Node& root) {
  for_each(root, "stmts", [&](const Node& raw) {
    if (const auto wrapper = field(raw, "stmt")) walk(*wrapper);
  });
  return facts_.unanalysable.empty();
}

void FactsBuilder::finish() {
  constexpr size_t kMaxKinds = 8;
  for (size_t i = 0; i < kinds_.size(); ++i) {
    if (i > 0) facts_.kind += "; ";
    if (i == kMaxKinds) {
      facts_.kind += "…";
      break;
    }
    facts_.kind += kinds_[i];
  }
  facts_.tables.assign(tables_.begin(), tables_.end());
}

std::string FactsBuilder::tag_of(std::string_view name, const Node& body) const {
  const StatementKind* kind = find_statement_kind(name);
  if (kind == nullptr) return upper(std::string(name.substr(0, name.find("Stmt"))));
  if (name == "DropStmt") return "DROP " + upper(object_name(text_field(body, "removeType")));
  if (name == "TransactionStmt") {
    std::string_view what = text_field(body, "kind");
    if (what.starts_with("TRANS_STMT_")) what.remove_prefix(11);
    std::string tag(what);
    std::replace(tag.begin(), tag.end(), '_', ' ');
    return tag;
  }
  if (name == "GrantStmt" && !bool_field(body, "is_grant")) return "REVOKE";
  if (name == "GrantRoleStmt" && !bool_field(body, "is_grant")) return "REVOKE ROLE";
  if (name == "SelectStmt" && field(body, "intoClause")) return "SELECT INTO";
  if (name == "VariableSetStmt" && text_field(body, "kind").starts_with("VAR_RESET"))
    return "RESET";
  if (name == "CreateTableAsStmt" && text_field(body, "objtype") == "OBJECT_MATVIEW") {
    return "CREATE MATERIALIZED VIEW";
  }
  if (name == "CreateFunctionStmt" && bool_field(body, "is_procedure")) return "CREATE PROCEDURE";
  if (name == "RenameStmt") return "ALTER " + upper(object_name(text_field(body, "renameType")));
  return std::string(kind->tag);
}

Action& FactsBuilder::act(ActionKind kind, std::string_view object_kind) {
  Action& action = facts_.actions.emplace_back();
  // What is only explained is looked at, not done.
  action.kind = explained_only_ ? ActionKind::kRead : kind;
  if (!explained_only_) action.object_kind = object_kind;
  return action;
}

void FactsBuilder::target(Action& action, const Node& statement, std::string_view field_name) {
  const auto relation = field(statement, field_name);
  if (!relation) return;
  const auto wrapped = field(*relation, "RangeVar");
  const std::string name = qualified(wrapped ? *wrapped : *relation);
  if (name.empty()) return;
  action.targets.push_back(named(name));
  tables_.insert(name);
}

void FactsBuilder::table(const Node& range_var) {
  const std::string_view name = text_field(range_var, "relname");
  const bool plain = text_field(range_var, "schemaname").empty();
  if (plain && std::find(ctes_.begin(), ctes_.end(), name) != ctes_.end()) return;
  tables_.insert(qualified(range_var));
}

void FactsBuilder::walk_with(const Node& with_clause) {
  std::vector<Node> ctes;
  for_each(with_clause, "ctes", [&](const Node& wrapper) {
    if (const auto cte = field(wrapper, "CommonTableExpr")) ctes.push_back(*cte);
  });
  const bool recursive = bool_field(with_clause, "recursive");
  if (recursive) {
    for (const Node& cte : ctes) ctes_.push_back(text_field(cte, "ctename"));
  }
  for (const Node& cte : ctes) {
    walk_fields(cte);
    if (!recursive) ctes_.push_back(text_field(cte, "ctename"));
  }
}

void FactsBuilder::walk_fields(const Node& node, std::string_view except) {
  simdjson::dom::object object;
  if (node.get(object) != simdjson::SUCCESS) return;
  const size_t scope = ctes_.size();
  if (const auto with = field(node, "withClause")) walk_with(*with);
  for (const auto [key, value] : object) {
    if (key != "withClause" && key != except) walk(value);
  }
  ctes_.resize(scope);
}

void FactsBuilder::walk(const Node& node) {
  simdjson::dom::array items;
  if (node.get(items) == simdjson::SUCCESS) {
    for (const Node item : items) walk(item);
    return;
  }
  simdjson::dom::object object;
  if (node.get(object) != simdjson::SUCCESS) return;
  if (field(node, "relname")) {
    table(node);
    return;
  }
  if (field(node, "withClause")) {
    walk_fields(node);
    return;
  }
  for (const auto [key, value] : object) {
    if (key.ends_with("Stmt") && key[0] >= 'A' && key[0] <= 'Z') {
      dispatch(key, value);
    } else {
      walk(value);
    }
  }
}

void FactsBuilder::dispatch(std::string_view name, const Node& body) {
  const StatementKind* kind = find_statement_kind(name);
  if (kind == nullptr) {
    // RawStmt, ReturnStmt and the like only hold others; a statement we do not know does not pass.
    if (name != "RawStmt" && name != "ReturnStmt" && name != "PLAssignStmt") {
      fail("statement of unknown kind " + std::string(name), "0A000");
    }
    walk_fields(body);
    return;
  }
  const bool plain =
      name == "SelectStmt" || name == "InsertStmt" || name == "UpdateStmt" || name == "DeleteStmt";
  if (!plain) facts_.depends_on_literals = true;
  if (name == "SelectStmt") {
    if (const auto into = field(body, "intoClause")) {
      target(act(ActionKind::kCreate, "table"), *into, "rel");
    } else if (facts_.actions.empty() || facts_.actions.back().kind != ActionKind::kRead) {
      act(ActionKind::kRead);
    }
    walk_fields(body);
  } else if (name == "InsertStmt" || name == "UpdateStmt" || name == "DeleteStmt") {
    on_write(name, body);
  } else if (name == "MergeStmt") {
    on_merge(body);
  } else if (name == "TruncateStmt") {
    on_truncate(body);
  } else if (name == "DropStmt") {
    on_drop(body);
  } else if (name == "AlterTableStmt") {
    on_alter_table(body);
  } else if (name == "ExplainStmt") {
    on_explain(body);
  } else if (name == "DoStmt") {
    on_do(body);
  } else if (name == "CopyStmt") {
    on_copy(body);
  } else if (name == "VariableSetStmt") {
    const std::string_view variable = text_field(body, "name");
    const bool role = variable == "role" || variable == "session_authorization";
    act(role ? ActionKind::kRoleChange : ActionKind::kSessionSetting);
  } else if (name == "GrantStmt" || name == "GrantRoleStmt") {
    act(bool_field(body, "is_grant") ? ActionKind::kGrant : ActionKind::kRevoke);
    walk_fields(body);
  } else {
    Action& action = act(kind->action, kind->object_kind);
    target(action, body);
    if (const auto into = field(body, "into")) target(action, *into, "rel");
    walk_fields(body, "relation");
  }
}

void FactsBuilder::on_write(std::string_view name, const Node& body) {
  const ActionKind kind = name == "InsertStmt"   ? ActionKind::kInsert
                          : name == "UpdateStmt" ? ActionKind::kUpdate
                                                 : ActionKind::kDelete;
  Action& action = act(kind);
  target(action, body);
  if (kind != ActionKind::kInsert) {
    const auto where = field(body, "whereClause");
    action.without_where =
        !explained_only_ && (!where || always_true(*where, facts_.depends_on_literals));
  }
  walk_fields(body, "relation");
}

void FactsBuilder::on_merge(const Node& body) {
  target(act(ActionKind::kMerge), body);
  const auto condition = field(body, "joinCondition");
  for_each(body, "mergeWhenClauses", [&](const Node& wrapper) {
    const auto clause = field(wrapper, "MergeWhenClause");
    if (!clause) return;
    const std::string_view command = text_field(*clause, "commandType");
    if (command != "CMD_DELETE" && command != "CMD_UPDATE") return;
    Action& action = act(command == "CMD_DELETE" ? ActionKind::kDelete : ActionKind::kUpdate);
    target(action, body);
    action.without_where = !explained_only_ && !field(*clause, "condition") &&
                           (!condition || always_true(*condition, facts_.depends_on_literals));
  });
  walk_fields(body, "relation");
}

void FactsBuilder::on_truncate(const Node& body) {
  Action& action = act(ActionKind::kTruncate);
  for_each(body, "relations", [&](const Node& wrapper) {
    if (const auto relation = field(wrapper, "RangeVar")) {
      action.targets.push_back(named(qualified(*relation)));
      tables_.insert(action.targets.back().name);
    }
  });
}

void FactsBuilder::on_drop(const Node& body) {
  const std::string kind = object_name(text_field(body, "removeType"));
  Action& action = act(ActionKind::kDrop, kind);
  const bool relation = kind == "table" || kind == "view" || kind == "materialized view" ||
                        kind == "foreign table" || kind == "sequence";
  for_each(body, "objects", [&](const Node& object) {
    action.targets.push_back(named(dotted(object)));
    if (relation) tables_.insert(action.targets.back().name);
  });
}

void FactsBuilder::on_alter_table(const Node& body) {
  target(act(ActionKind::kAlter, object_name(text_field(body, "objtype"))), body);
  for_each(body, "cmds", [&](const Node& wrapper) {
    const auto command = field(wrapper, "AlterTableCmd");
    if (!command || text_field(*command, "subtype") != "AT_DropColumn") return;
    Action& drop = act(ActionKind::kDrop, "column");
    target(drop, body);
    if (!drop.targets.empty())
      drop.targets[0].name.append(".").append(text_field(*command, "name"));
  });
  walk_fields(body, "relation");
}

void FactsBuilder::on_explain(const Node& body) {
  bool analyze = false;
  for_each(body, "options", [&](const Node& wrapper) {
    const auto option = field(wrapper, "DefElem");
    if (!option || text_field(*option, "defname") != "analyze") return;
    // The last one counts; anything but a plain false or 0 may mean yes.
    analyze = true;
    const auto value = field(*option, "arg");
    if (!value) return;
    if (const auto text = field(*value, "String")) {
      const std::string word = upper(std::string(text_field(*text, "sval")));
      analyze = word != "FALSE" && word != "OFF";
    } else if (const auto number = field(*value, "Integer")) {
      analyze = field(*number, "ival").has_value();
    }
  });
  const bool outer = explained_only_;
  explained_only_ = explained_only_ || !analyze;
  act(ActionKind::kRead);
  walk_fields(body);
  explained_only_ = outer;
}

void FactsBuilder::on_do(const Node& body) {
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
    facts_.dynamic_sql = true;
    return;
  }
  add_plpgsql_body(*this, facts_, code);
}

void FactsBuilder::on_copy(const Node& body) {
  const bool in = bool_field(body, "is_from");
  Action& action = act(in ? ActionKind::kCopyIn : ActionKind::kCopyOut,
                       bool_field(body, "is_program")         ? "program"
                       : text_field(body, "filename").empty() ? ""
                                                              : "file");
  target(action, body);
  walk_fields(body, "relation");
}

}  // namespace sluice::sql
