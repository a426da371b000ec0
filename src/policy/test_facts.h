#pragma once

#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.h"
#include "sql/statement_facts.h"

namespace sluice::policy {

/// Facts put together by hand, for tests of what is decided about them.
class FactsOf {
 public:
  explicit FactsOf(std::string kind = "SELECT") {
    facts_.kind = std::move(kind);
    facts_.statements = 1;
  }
  /// "schema.name" or "name"; `oid` 0 where the catalog does not have it.
  static sql::Object object(const std::string& name, sql::Oid oid = 0) {
    sql::Object object;
    const size_t dot = name.find('.');
    if (dot != std::string::npos) object.schema = name.substr(0, dot);
    object.name = name.substr(dot == std::string::npos ? 0 : dot + 1);
    object.oid = oid;
    return object;
  }
  FactsOf& act(sql::ActionKind kind, const std::string& name = "", sql::Oid oid = 0) {
    sql::Action& action = facts_.actions.emplace_back();
    action.kind = kind;
    if (!name.empty()) action.targets.push_back(object(name, oid));
    return *this;
  }
  FactsOf& object_kind(std::string kind) {
    facts_.actions.back().object_kind = std::move(kind);
    return *this;
  }
  FactsOf& without_where() {
    facts_.actions.back().without_where = true;
    return *this;
  }
  FactsOf& lock(sql::LockLevel level) {
    facts_.actions.back().lock = level;
    return *this;
  }
  FactsOf& temporary() {
    facts_.actions.back().targets.back().temporary = true;
    return *this;
  }
  FactsOf& reached() {
    facts_.actions.back().targets.back().reached = true;
    return *this;
  }
  FactsOf& uses(sql::Oid relation, int16_t column, int uses) {
    facts_.columns.push_back({{relation, column}, static_cast<sql::ColumnUses>(uses)});
    return *this;
  }
  FactsOf& calls(const std::string& name, sql::FunctionRisk risk, sql::Oid oid = 16000) {
    const sql::Object named = object(name);
    facts_.functions.push_back({oid, named.schema, named.name, 'v', risk, false});
    return *this;
  }
  FactsOf& dynamic() {
    facts_.dynamic_sql = true;
    return *this;
  }
  FactsOf& unresolved() {
    facts_.unresolved = true;
    return *this;
  }
  sql::StatementFacts& facts() { return facts_; }
  operator const sql::StatementFacts&() const { return facts_; }  // NOLINT: reads well in tests

 private:
  sql::StatementFacts facts_;
};

}  // namespace sluice::policy
