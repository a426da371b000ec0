#pragma once

#include <memory>
#include <vector>

#include "gateway/database.h"
#include "gateway/statement.h"

namespace sluice::gateway {

/// Whether a statement may change what is watched for changes past the gateway: the schema, or who
/// may do what.
bool may_be_watched(const sql::StatementFacts& facts);

/// Such a statement has been sent to the server; to be paired with one of `changes_ended`.
void change_started(Database& database, const Statement& statement);

/// All of these are over, and may have taken effect.
void changes_ended(Database& database,
                   const std::vector<std::shared_ptr<const Statement>>& statements);

/// While it lives, whatever changes is the gateway's own doing.
class OwnChange {
 public:
  explicit OwnChange(Database& database);
  ~OwnChange();
  OwnChange(const OwnChange&) = delete;
  OwnChange& operator=(const OwnChange&) = delete;

 private:
  Database& database_;
};

}  // namespace sluice::gateway
