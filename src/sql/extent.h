#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "sql/picked.h"

namespace sluice::sql {

/// Which rows of a table a condition takes, as far as its form tells. Used by condition.h.
class Extent {
 public:
  Extent(const Picked& table, bool& looked_at_literal, bool plain_equals)
      : table_(table), looked_at_literal_(looked_at_literal), plain_equals_(plain_equals) {
    table_.looked_at_literal = &looked_at_literal;
  }

  /// Whether it takes all of them.
  bool all(const Node& condition);

 private:
  /// Whether it takes none of them, or tells none apart.
  bool none(const Node& condition);
  bool alike(const Node& a, const Node& b);
  bool same_value(const Node& a, const Node& b);
  /// Whether one of `field_name`'s nodes is as `node`, or all are.
  bool any_alike(const Node& list, std::string_view field_name, const Node& node, bool every);
  bool compared_all(const Node& expression);
  /// One side with the other, by an operator.
  bool operated_all(const Node& left, std::string_view name, const Node& right);
  /// One side with a list, a pattern or another kind of comparison.
  bool other_all(const Node& left, std::string_view kind, std::string_view name, const Node& right);
  /// x NOT IN (x + 1, x - 1), x <> ALL (ARRAY[x + 1]), x < ANY (ARRAY[x + 1]).
  bool listed_all(const Node& left, std::string_view name, const Node& list,
                  std::string_view field_name, bool every);
  /// x = (SELECT x), x <= (SELECT max(x) FROM the same table), x = ANY (ARRAY(SELECT x FROM it)).
  bool is_of_all(const Node& value, std::string_view name, const Node& other);
  bool same_for_all(const Node& node);
  /// x::text !~ '^$', x::text NOT LIKE '', t::text LIKE '(%', x::text ~ '[0-9]'.
  bool written_out_matches(const Node& left, std::string_view kind, std::string_view name,
                           const Node& right);
  /// greatest(x, y) >= x, least(x, y) <= x, abs(x) >= x, ARRAY[x] <@ ARRAY[x, y].
  bool is_extreme_of(const Node& left, std::string_view name, const Node& right);
  /// x LIKE x || '%'
  bool has_itself(const Node& value, const Node& pattern);
  /// x = ANY ((SELECT array_agg(x) FROM the same table)::int[])
  bool gathers_all(const Node& value, const Node& array);
  /// x >= ALL (SELECT min(x) FROM the same table), x >= ANY (SELECT x FROM it).
  bool is_end_of_all(const Node& value, std::string_view name, const Node& query, bool any);
  /// (SELECT count(*) FROM the same table o WHERE o.x = t.x) > 0.
  bool counts_itself(const Node& left, std::string_view name, const Node& right);
  /// Whether a query's only column is a call of one of these functions; sets its argument.
  static bool calls_alone(const Node& query, std::initializer_list<std::string_view> functions,
                          std::optional<Node>* argument = nullptr);
  /// x = (SELECT max(o.x) FROM the same table o WHERE o.x = t.x)
  bool is_own_extreme(const Node& value, const Node& query);
  /// x::text <> '' and length(x::text) > 0 of a number, a date and their like; and < 100.
  bool has_text(const Node& left, std::string_view name, const Node& right);
  /// A value compared with itself and something more.
  bool moved(const Node& a, const Node& b);
  /// x BETWEEN what is never above it AND what is never below it.
  bool lies_between(const Node& value, const Node& ends);
  /// x IN (true, false), of what is never NULL.
  bool names_both(const Node& value, const Node& list);
  /// x IS TRUE OR x IS FALSE, of what is never NULL; x IS TRUE OR x IS NOT TRUE.
  bool tests_both(const std::vector<Node>& arms);
  /// regexp_like(x, '.*'), textlike(x, '%').
  bool called_all(const Node& call);
  /// nullif(x = x, false).
  bool is_unchanged(const Node& expression);
  /// x = ANY (ARRAY[y] || x), x = ANY (array_append(y, x)).
  bool is_put_into(const Node& value, const Node& array, int depth = 0);
  /// Conditions that hold of each row, or of none, by their form alone: true, x = x.
  bool always_met(const Node& condition);
  bool never_met(const Node& condition);
  /// What a CASE may yield of some row; nothing: it may be NULL, as no arm takes it.
  std::optional<std::vector<Node>> outcomes_of(const Node& value);
  /// CASE … THEN 1 ELSE 2 END > 0, and IN (1, 2).
  bool each_outcome(const Node& left, std::string_view name, const Node& right);
  bool lists_outcomes(const Node& value, const Node& list);
  /// p <= true and p >= false, of what is never NULL.
  bool is_bound_of_truth(const Node& left, std::string_view name, const Node& right);
  /// ctid > '(0,0)'
  bool is_before_all(const Node& left, const Node& right);
  /// x * x >= 0
  bool is_any_magnitude(const Node& value, const Node& bound);
  /// x <> x and its like: true of no row.
  bool compared_none(const Node& expression);
  bool is_null(const Node& test, std::string_view kind);
  /// x IN (SELECT x FROM the same table), x <> ALL (SELECT … WHERE false).
  bool is_among_all(const Node& link);
  /// (SELECT true FROM the same table o WHERE o.x = t.x)
  bool yields_all(const Node& query);
  /// EXISTS (SELECT … FROM the same table o WHERE o.x = t.x).
  bool finds_itself(const Node& query);
  /// EXISTS (SELECT … FROM another table WHERE t.x IS NOT NULL): nothing in it is about the row.
  bool asks_nothing(const Node& select);
  /// Whether a column that may be the table's stands in it.
  bool mentions_row(const Node& node);
  /// Whether a query over the same table alone, beside the row at hand, finds that row itself.
  bool takes_itself(const Node& select);
  /// x IN (SELECT … WHERE false).
  bool is_among_none(const Node& link);
  bool is_empty(const Node& query);
  /// WHERE … AND false
  bool takes_never(const Node& where);
  bool equals_boolean(const Node& comparison);
  static bool is_boolean(const Node& node, bool which);
  static bool is_null_constant(const Node& node);
  bool tested(const Node& test);
  bool every_choice(const Node& node);
  static std::vector<Node> arms_of(const Node& boolean);

  Picked table_;
  bool& looked_at_literal_;
  bool plain_equals_;
};

}  // namespace sluice::sql
