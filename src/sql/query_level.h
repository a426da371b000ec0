#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sql/lineage.h"
#include "sql/node.h"

namespace sluice::sql {

/// Something in FROM that columns can be asked of by its name.
struct Entry {
  std::string_view schema;  ///< empty when it has an alias
  std::string_view name;
  std::shared_ptr<const Rows> rows;
  int index = -1;  ///< among the tables of its level, for `Joins`; -1 for none
};

/// Columns that can be asked for without a name before them, in the order of `*`.
struct Visible {
  std::shared_ptr<const Rows> rows;
  int index = -1;
  std::vector<std::string_view> hidden;  ///< merged into columns of a JOIN … USING

  bool hides(std::string_view name) const;
};

struct FromItem {
  std::vector<Entry> entries;
  std::vector<Visible> visible;

  void append(FromItem&& other);
};

/// Which of the tables of one query level are joined by some condition.
class Joins {
 public:
  int add_table();
  void connect(int a, int b);
  /// A condition begins: what it looks at until `end` is connected.
  void begin();
  void touch(int index);
  void end();
  bool connected() const;
  /// Whether anything has looked at this table since last asked.
  bool take_touched(int index);

 private:
  int root(int index) const;
  std::vector<int> parents_;
  std::vector<std::vector<int>> open_;
  std::vector<bool> touched_;
};

struct CteFrame;

/// One query's names, inside of those of the queries around it.
struct Level {
  FromItem from;
  const Level* outer = nullptr;
  CteFrame* ctes = nullptr;
  Joins* joins = nullptr;
  /// Names that are nothing else are variables of a PL/pgSQL body.
  bool has_variables = false;
  /// Of a function: `name.field` may be a field of its argument.
  bool has_arguments = false;
};

/// One query in WITH.
struct Cte {
  enum class State : uint8_t { kNew, kBusy, kDone };
  std::string_view name;
  std::optional<Node> definition;  ///< CommonTableExpr; of a trigger's transition table none
  State state = State::kNew;
  std::shared_ptr<const Rows> rows;  ///< of a busy one: of its non-recursive part, if known
  bool referred_to_itself = false;
};

/// One WITH clause and those around it.
struct CteFrame {
  std::vector<Cte> ctes;
  size_t visible = 0;  ///< how many of them can be referred to yet
  CteFrame* outer = nullptr;
  const Level* level = nullptr;  ///< around the query that has the clause
};

/// The innermost query in WITH of that name, and where it stands.
struct FoundCte {
  Cte* cte = nullptr;
  CteFrame* frame = nullptr;
};
FoundCte find_cte(CteFrame* frame, std::string_view name);

/// What a column reference of up to three names refers to.
struct FoundColumn {
  enum class What : uint8_t { kNothing, kValue, kField, kVariable };
  What what = What::kNothing;
  Value value;  ///< kField: the row that has no such field (a function of it, maybe)
};
FoundColumn find_column(const Level* level, const std::vector<std::string_view>& names);
/// The entry that `name.*` refers to; null if there is none.
const Entry* find_entry(const Level* level, std::string_view schema, std::string_view name);

}  // namespace sluice::sql
