#include "mask/catalog_types.h"

#include <string>
#include <vector>

namespace sluice::mask {
namespace {

/// Quoted literals in a list, as the catalog has the labels of an enum: 'a', 'it''s'.
std::vector<std::string> literals(const std::string& list) {
  std::vector<std::string> out;
  for (size_t at = list.find('\''); at != std::string::npos; at = list.find('\'', at)) {
    std::string& label = out.emplace_back();
    for (++at; at < list.size(); ++at) {
      if (list[at] != '\'') {
        label.push_back(list[at]);
      } else if (at + 1 < list.size() && list[at + 1] == '\'') {
        label.push_back(list[++at]);
      } else {
        ++at;
        break;
      }
    }
  }
  return out;
}

}  // namespace

CatalogTypes::CatalogTypes(const catalog::Catalog& catalog) {
  for (const catalog::Type& type : catalog.types()) {
    TypeInfo info;
    info.name = type.name;
    switch (type.kind) {
      case 'c': {
        info.kind = TypeKind::kComposite;
        const auto* relation = catalog.relation(type.relation);
        if (relation == nullptr) continue;
        for (const auto& column : relation->columns) {
          info.fields.push_back({column.name, {column.type, -1}});
        }
        break;
      }
      case 'd':
        info.kind = TypeKind::kDomain;
        info.inner.oid = type.base;
        break;
      case 'e':
        info.kind = TypeKind::kEnum;
        info.labels = literals(type.definition);
        break;
      case 'r':
        info.kind = TypeKind::kRange;
        info.inner.oid = type.subtype;
        break;
      case 'm':
        info.kind = TypeKind::kMultirange;
        info.inner.oid = type.subtype;
        if (info.inner.oid == 0) continue;
        break;
      default:
        // The server's own scalars are known; extensions' are told by their names.
        if (type.element == 0) break;
        // int2vector and its like have elements, and not the form of arrays.
        if (!type.name.starts_with('_')) continue;
        info.kind = TypeKind::kArray;
        info.inner.oid = type.element;
        if (type.name == "_box") info.delimiter = ';';
    }
    types_.emplace(type.oid, std::move(info));
  }
}

const TypeInfo* CatalogTypes::find(Oid oid) const {
  const auto it = types_.find(oid);
  return it == types_.end() ? nullptr : &it->second;
}

}  // namespace sluice::mask
