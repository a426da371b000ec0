#include "policy/covers.h"

#include <algorithm>

namespace sluice::policy {
namespace {

bool covers(const std::optional<Words>& wide, const std::optional<Words>& narrow) {
  return !wide || (narrow && wide->covers(*narrow));
}

bool covers(const std::vector<NamePattern>& wide, const std::vector<NamePattern>& narrow) {
  if (wide.empty()) return true;
  return !narrow.empty() &&
         std::all_of(narrow.begin(), narrow.end(), [&](const NamePattern& pattern) {
           return std::any_of(wide.begin(), wide.end(),
                              [&](const NamePattern& other) { return other.covers(pattern); });
         });
}

bool covers(const FunctionPatterns& wide, const FunctionPatterns& narrow) {
  return (narrow.risks & ~wide.risks) == 0 &&
         (narrow.names.empty() || (!wide.names.empty() && covers(wide.names, narrow.names)));
}

}  // namespace

bool covers(const Who& wide, const Who& narrow) {
  if (!covers(wide.users, narrow.users) || !covers(wide.groups, narrow.groups) ||
      !covers(wide.kinds, narrow.kinds) || !covers(wide.end_users, narrow.end_users))
    return false;
  // Groups that are excluded and groups that are wanted are about different groups of one person.
  if (wide.groups && !wide.groups->none.empty() && wide.groups->texts != narrow.groups->texts)
    return false;
  return std::all_of(wide.attributes.begin(), wide.attributes.end(), [&](const auto& attribute) {
    return std::any_of(narrow.attributes.begin(), narrow.attributes.end(), [&](const auto& own) {
      return own.first == attribute.first && attribute.second.covers(own.second);
    });
  });
}

bool covers(const On& wide, const On& narrow) {
  if (!covers(wide.databases, narrow.databases) || !covers(wide.environments, narrow.environments))
    return false;
  if (!wide.functions && !wide.names_relations()) return true;
  if (wide.functions.has_value() != narrow.functions.has_value() ||
      wide.names_relations() != narrow.names_relations())
    return false;
  return (!wide.functions || covers(*wide.functions, *narrow.functions)) &&
         covers(wide.schemas, narrow.schemas) && covers(wide.tables, narrow.tables) &&
         covers(wide.columns, narrow.columns) &&
         (!wide.classes || (narrow.classes && wide.classes->covers(*narrow.classes)));
}

}  // namespace sluice::policy
