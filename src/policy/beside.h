#pragma once

#include <cstdint>
#include <vector>

#include "policy/demand.h"
#include "policy/rule.h"

namespace sluice::policy {

// What a statement returns without reading a table has no name that a rule could have in its
// `tables`. It is bounded as the widest of what its user may read: who may have a million rows of
// one table and ten of another may have a million of generate_series, and no more.

/// What a statement returns that is of no table.
enum class Beside : uint8_t {
  kNothing,   ///< whatever it returns is of tables, whose own rules bound it
  kCatalog,   ///< of the system's catalog and settings: there are as many rows as there are
  kAnything,  ///< what functions make, or what temporary tables hold
};

/// Of a statement with these demands.
Beside beside_tables(const sql::StatementFacts& facts, const std::vector<Demand>& demands);

/// Whether a rule says how much may be read, of whatever.
bool bounds_reading(const Rule& rule);

/// Collects such rules, and bounds as much as the widest of them.
class WidestReading {
 public:
  void take(const Rule& rule);
  /// The bounds of `limits` are made no wider.
  void bound(Beside beside, Limits& limits) const;

 private:
  std::vector<const Rule*> rules_;
};

}  // namespace sluice::policy
