#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::mask {

/// PostgreSQL's object identifier.
using Oid = uint32_t;

/// What a type is made of.
enum class TypeKind : uint8_t { kBase, kArray, kComposite, kDomain, kEnum, kRange, kMultirange };

/// A type with its modifier, as a row description or pg_attribute names it.
struct TypeRef {
  Oid oid = 0;
  int32_t typmod = -1;
};

struct Field {
  std::string name;
  TypeRef type;
};

/// What is known of a type that is not one of the server's own scalars, which are known here.
struct TypeInfo {
  TypeKind kind = TypeKind::kBase;
  std::string name;  ///< tells extensions' types: "citext", "hstore"
  /// Of an array its elements, of a domain its base, of a range its bounds, of a multirange its
  /// ranges.
  TypeRef inner;
  char delimiter = ',';             ///< of an array's elements in text
  std::vector<Field> fields;        ///< of a composite, without dropped columns
  std::vector<std::string> labels;  ///< of an enum, in order
};

/// Where types come from; the catalog, in a gateway.
class TypeSource {
 public:
  virtual ~TypeSource() = default;
  /// Null when there is no such type. The pointer holds as long as the source.
  virtual const TypeInfo* find(Oid oid) const = 0;
};

}  // namespace sluice::mask
