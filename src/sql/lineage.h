#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/statement_facts.h"

namespace sluice::sql {

struct Rows;

/// Where one value comes from: base columns, arguments of the function whose body is looked at, or
/// nowhere that can be known.
struct Value {
  std::vector<Source> sources;      ///< sorted, unique
  bool unknown = false;             ///< may come from elsewhere as well
  bool made = false;                ///< may be of no column as well: a constant, or made of some
  std::shared_ptr<const Rows> row;  ///< of a composite value: its fields

  bool empty() const { return sources.empty() && !unknown; }
  /// What also may be the value; its fields are not told apart any more.
  void add(const Value& other);
  /// The value that a function or operator makes of this one.
  Value through(std::string_view function) const;
  /// The same without its fields.
  Value scalar() const;
};

Value value_of(ColumnRef column);

/// Whether nothing is left of the value but whether it is NULL, or how many are not: the innermost
/// thing done to the column is `count` or IS NULL. So it is with all that is made of the answer.
bool is_presence(const Source& source);
Value unknown_value();

/// An argument of the function whose body is looked at stands as a column of no relation, until
/// the call's own value takes its place.
constexpr ColumnRef argument_ref(size_t position) {
  return {0, static_cast<int16_t>(-1 - static_cast<int>(position))};
}
constexpr bool is_argument(ColumnRef ref) { return ref.relation == 0 && ref.column < 0; }
constexpr size_t argument_position(ColumnRef ref) { return static_cast<size_t>(-1 - ref.column); }

/// `value` with the arguments of a call in their places.
Value with_arguments(const Value& value, const std::vector<Value>& arguments);

struct NamedValue {
  /// Of the catalog or of the parse tree: not to be looked at once that is gone.
  std::string_view name;
  Value value;
  bool others = false;  ///< stands for any number of columns, "*"
};

/// What a table, a query or a function yields: named columns.
struct Rows {
  const catalog::Relation* table = nullptr;  ///< of a base table: its columns as they are
  std::vector<NamedValue> columns;           ///< else
  bool open = false;                         ///< may have other columns, which come from `rest`
  Value rest;
  /// May be of many rows of a table: worth a condition when joined.
  bool many = false;

  /// The column of that name; none if there is none (system columns come from nowhere).
  std::optional<Value> find(std::string_view name) const;
  void append_to(std::vector<NamedValue>& out) const;
  /// How many of `columns` stand where they are told: before one that stands for any number, "*".
  size_t told() const;
  size_t count() const { return table != nullptr ? table->columns.size() : columns.size(); }
  Value at(size_t position) const;
  /// The row as one value.
  Value whole(const std::shared_ptr<const Rows>& self) const;
};

}  // namespace sluice::sql
