#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "policy/principal.h"
#include "sql/statement_facts.h"

namespace sluice::policy {

/// A statement's facts, and the catalog they were found with; it may be null.
struct Understood {
  std::shared_ptr<const sql::StatementFacts> facts;
  std::shared_ptr<const catalog::Catalog> catalog;
};

/// Analyses a text as a session of `target` would. The caller gives one that knows the databases'
/// catalogs, or one that knows none.
using Understand = std::function<Understood(const Target& target, std::string_view text)>;

}  // namespace sluice::policy
