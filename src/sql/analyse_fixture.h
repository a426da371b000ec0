#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sql/analyse.h"
#include "sql/facts_text.h"
#include "sql/sample_catalog.h"

namespace sluice::sql {

inline const Scope& scope() {
  static const Scope scope{SampleCatalog::make(), {"pg_temp_3", "pg_catalog", "public"}};
  return scope;
}

inline std::shared_ptr<const StatementFacts> facts_of(std::string_view text) {
  const auto facts = analyse(text, {}, scope());
  EXPECT_EQ(facts->unanalysable, "") << text;
  return facts;
}

struct Case {
  const char* text;
  const char* expected;
};

using Print = std::string (*)(const StatementFacts&);

inline void check(const std::vector<Case>& cases, Print print) {
  for (const Case& one : cases) EXPECT_EQ(print(*facts_of(one.text)), one.expected) << one.text;
}

inline std::string actions(const StatementFacts& facts) { return actions_text(facts); }
inline std::string output(const StatementFacts& facts) {
  return output_text(facts, scope().catalog.get());
}
inline std::string uses(const StatementFacts& facts) {
  return uses_text(facts, scope().catalog.get());
}
inline std::string written(const StatementFacts& facts) {
  return written_text(facts, scope().catalog.get());
}

inline std::string resets(const StatementFacts& facts) {
  std::string out = facts.resets_settings ? "resets " : "";
  if (facts.resets_in_body) out += "in body ";
  for (const auto& where : facts.dynamic_in) out += "<" + where + ">";
  return out;
}

}  // namespace sluice::sql
