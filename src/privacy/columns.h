#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "privacy/classes.h"

namespace sluice::catalog {
struct Relation;
}

namespace sluice::privacy {

/// A column and some of its values, in the text form of the server. The values of a table's columns
/// belong together by row: what stands beside a value helps to understand it.
struct ColumnInput {
  std::string name;
  std::string type;  ///< as format_type gives it: "character varying(20)", "jsonb", "text[]"
  std::string comment;
  bool key = false;  ///< of the primary key, or an identity column
  /// What a column that this one refers to (foreign key), is a copy or a view of holds; and its
  /// name.
  std::optional<Class> inherited;
  std::string inherited_from;
  std::vector<std::string> parts;  ///< of a composite type: the names of its parts
  std::vector<std::optional<std::string>> sample;
};

struct TableInput {
  std::string name;
  std::string comment;
  std::vector<ColumnInput> columns;
  /// The year of the sample: dates of birth lie behind it.
  int year = 2026;
};

/// Names, types and comments of a relation; samples are left to be filled in.
TableInput describe(const catalog::Relation& relation);

/// What is known of a column of another relation: none if that has not been classified.
using KnownColumns = std::function<std::optional<Class>(uint32_t relation, int16_t column)>;

/// Notes for each column of a foreign key what the column it refers to holds.
void inherit(TableInput& table, const catalog::Relation& relation, const KnownColumns& known);

/// How a column's values are to be treated.
enum class Shape : uint8_t {
  kNone,        ///< as they are
  kWhole,       ///< every value is of the class
  kFreeText,    ///< what find_sensitive finds in them
  kStructured,  ///< by the parts of JSON, XML, arrays, pairs (structured.h)
  kByKey,       ///< key-value table: each value is what the key beside it says
};
std::string_view name(Shape shape);

struct ColumnDecision {
  Shape shape = Shape::kNone;
  Class cls = Class::kNone;  ///< kWhole
  float confidence = 0;
  int key_column = -1;  ///< kByKey: index of the column with the keys
  /// kFreeText: whether people are looked for in it (Context::people). Titles of things have the
  /// form of names. kByKey: whether keys tell of people, so that a bare "name" is one's.
  bool people = true;
  std::vector<std::string> evidence;  ///< for people, the weightiest first

  /// Whether values of it may be shown as they are when no rule says otherwise.
  bool masked() const {
    return shape != Shape::kNone && (shape != Shape::kWhole || masked_by_default(cls));
  }
};

/// One decision for each column. Looks at no more than a few hundred values of each.
std::vector<ColumnDecision> classify(const TableInput& table);

}  // namespace sluice::privacy
