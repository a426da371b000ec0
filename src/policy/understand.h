#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "policy/principal.h"
#include "privacy/labels.h"
#include "sql/statement_facts.h"

namespace sluice::policy {

/// A statement's facts, the catalog they were found with and what its columns hold; the latter two
/// may be null.
struct Understood {
  std::shared_ptr<const sql::StatementFacts> facts;
  std::shared_ptr<const catalog::Catalog> catalog;
  std::shared_ptr<const privacy::Labels> labels = nullptr;
  bool masks = false;  ///< values of the database are masked at all
};

/// Analyses a text as a session of `target` would. The caller gives one that knows the databases'
/// catalogs, or one that knows none.
using Understand = std::function<Understood(const Target& target, std::string_view text)>;

}  // namespace sluice::policy
