#pragma once

#include <string>
#include <vector>

#include "policy/names.h"
#include "policy/vocabulary.h"
#include "sql/statement_facts.h"

namespace sluice::policy {

/// Which columns of its object a demand is about.
enum class ColumnPart : uint8_t {
  kNone,   ///< no column's value: SELECT count(*)
  kOne,    ///< `column`
  kWhole,  ///< every column, or it cannot be told which
};

/// One thing that a statement asks to do to one object, function or column; what rules are matched
/// with. A statement is allowed when a rule covers each of its demands that need one.
struct Demand {
  Verb verb = Verb::kOther;
  const sql::Action* action = nullptr;  ///< where it comes from; may be null
  /// Null: done to no object, or to one that is not told.
  const sql::Object* object = nullptr;
  const sql::FunctionUse* function = nullptr;
  ColumnPart part = ColumnPart::kWhole;
  std::string column;
  /// A risk for which no function stands, such as COPY TO PROGRAM.
  sql::FunctionRisk risk = sql::FunctionRisk::kNone;
  /// A harmless function of pg_catalog: about it is only a rule that names it.
  bool plain_function = false;
  /// Refused unless some rule allows it.
  bool needs_rule = true;

  sql::FunctionRisk any_risk() const { return function != nullptr ? function->risk : risk; }
  std::string object_text() const;
};

/// All demands of a statement that could be analysed. They point into `facts` and `extra`.
class Demands {
 public:
  /// `with_columns`: one demand for each column (only needed where rules name columns).
  Demands(const sql::StatementFacts& facts, const catalog::Catalog* catalog, bool with_columns);
  Demands(const Demands&) = delete;
  Demands& operator=(const Demands&) = delete;
  const std::vector<Demand>& all() const { return all_; }

 private:
  void add_action(const sql::Action& action);
  void add_target(const sql::Action& action, const sql::Object& object, Verb verb);
  void add_columns(Demand demand, const sql::Object& object, sql::ColumnUses uses);
  void add_column_reads();
  void add_written_sources();
  void add_source(sql::Oid relation, const std::string& column);
  void add_functions();
  void add_unlisted_tables();
  void add_copied_reads();
  Verb verb_of(const sql::Action& action);
  Demand& add(Verb verb, const sql::Action* action);

  const sql::StatementFacts& facts_;
  const catalog::Catalog* catalog_;
  bool with_columns_;
  bool copies_query_ = false;  ///< COPY (query) TO
  size_t shows_;               ///< SHOW and EXPLAIN statements not yet accounted for
  std::vector<Demand> all_;
  std::vector<sql::Object> extra_;
};

}  // namespace sluice::policy
