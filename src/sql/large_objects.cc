#include "sql/large_objects.h"

#include <algorithm>

namespace sluice::sql {
namespace {

// No function is called so: with the spaces in it, lineage would write its schema before it.
constexpr std::string_view kWhole = "large object";
constexpr std::string_view kPart = "part of a large object";

}  // namespace

bool reads_large_object(const catalog::Function& function) {
  return function.name == "lo_get" || function.name == "loread";
}

Value large_object(const catalog::Catalog& catalog, const catalog::Function& function,
                   size_t arguments) {
  const catalog::Relation* pages = catalog.relation(kLargeObjects);
  const catalog::Column* data = pages == nullptr ? nullptr : pages->column("data");
  if (data == nullptr) return unknown_value();
  const bool whole = function.name == "lo_get" && arguments == 1;
  return value_of({kLargeObjects, data->number}).through(whole ? kWhole : kPart);
}

bool is_whole_large_object(const Source& source) {
  if (source.column.relation != kLargeObjects || source.functions.empty()) return false;
  return source.functions.back() == kWhole &&
         std::all_of(source.functions.begin(), source.functions.end() - 1,
                     [](std::string_view name) {
                       return name == "convert_from" || name == "::text" || name == "::varchar";
                     });
}

bool is_large_object_step(std::string_view function) {
  return function == kWhole || function == kPart;
}

}  // namespace sluice::sql
