#pragma once

#include <memory>
#include <unordered_map>

#include "catalog/catalog.h"
#include "mask/type.h"

namespace sluice::mask {

/// The types that a catalog holds. Stands by itself afterwards.
class CatalogTypes : public TypeSource {
 public:
  explicit CatalogTypes(const catalog::Catalog& catalog);
  const TypeInfo* find(Oid oid) const override;

 private:
  std::unordered_map<Oid, TypeInfo> types_;
};

}  // namespace sluice::mask
