#pragma once

#include <cstdint>

#include "privacy/classes.h"
#include "privacy/columns.h"

namespace sluice::privacy {

/// What a column's type lets its values be.
enum class TypeKind : uint8_t {
  kText,
  kInteger,
  kDecimal,
  kBoolean,
  kDate,
  kTimestamp,
  kUuid,
  kNetwork,  ///< inet, cidr
  kMac,
  kPoint,
  kBytes,
  kArray,
  kDocument,  ///< json, jsonb, xml, hstore
  kComposite,
  kOther,  ///< enumerations, ranges, intervals, …
};

TypeKind type_kind(const ColumnInput& column);

/// Whether a column of the type can hold values of the class.
bool fits(TypeKind type, Class cls);

/// Whether values of the type are worth looking at when the name says nothing.
bool may_hold_identifiers(TypeKind type);

}  // namespace sluice::privacy
