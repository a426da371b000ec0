#include "gateway/passing_changes.h"

#include <algorithm>

#include "gateway/explained.h"

namespace sluice::gateway {

namespace {

/// Those who watch traits of what a database has, and of its server.
std::vector<TraitKeeper*> watchers(Database& database) {
  std::vector<TraitKeeper*> out;
  for (TraitKeeper* one : {database.traits(), database.server_traits()}) {
    if (one != nullptr) out.push_back(one);
  }
  return out;
}

}  // namespace

bool may_be_watched(const sql::StatementFacts& facts) {
  using enum sql::ActionKind;
  return facts.schema_change ||
         std::any_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
           return action.kind == kGrant || action.kind == kRevoke;
         });
}

void change_started(Database& database, const Statement& statement) {
  // Privileges are in no catalog: it need not be read again for them.
  if (statement.facts().schema_change) database.catalog().change_started();
  for (TraitKeeper* one : watchers(database)) one->change_started();
}

void changes_ended(Database& database,
                   const std::vector<std::shared_ptr<const Statement>>& statements) {
  const auto explains = [statements](const catalog::Change& change) {
    return explained_by(statements, change);
  };
  bool told = false;
  for (const auto& statement : statements) {
    if (!statement->facts().schema_change) continue;
    database.catalog().change_ended(!told, explains);
    told = true;
  }
  for (TraitKeeper* one : watchers(database)) {
    for (size_t i = 1; i < statements.size(); ++i) one->change_ended(nullptr);
    if (!statements.empty()) one->change_ended(explains);
  }
}

OwnChange::OwnChange(Database& database) : database_(database) {
  database_.catalog().change_started();
  for (TraitKeeper* one : watchers(database_)) one->change_started();
}

OwnChange::~OwnChange() {
  const auto any = [](const catalog::Change&) { return true; };
  database_.catalog().change_ended(true, any);
  for (TraitKeeper* one : watchers(database_)) one->change_ended(any);
}

}  // namespace sluice::gateway
