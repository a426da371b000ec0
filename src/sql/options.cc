#include "sql/options.h"

#include <algorithm>
#include <string>

namespace sluice::sql {
namespace {

bool off(const Node& value) {
  if (const auto text = field(value, "String")) {
    std::string word(text_field(*text, "sval"));
    std::transform(word.begin(), word.end(), word.begin(), ::tolower);
    return word == "false" || word == "off";
  }
  if (const auto boolean = field(value, "Boolean")) return !bool_field(*boolean, "boolval");
  // libpg_query leaves zeros out.
  if (const auto number = field(value, "Integer")) return !field(*number, "ival").has_value();
  return false;
}

}  // namespace

bool option_on(const Node& body, std::string_view list, std::string_view name) {
  bool on = false;
  for_each(body, list, [&](const Node& wrapper) {
    const auto option = field(wrapper, "DefElem");
    if (!option || text_field(*option, "defname") != name) return;
    const auto value = field(*option, "arg");
    on = !value || !off(*value);
  });
  return on;
}

}  // namespace sluice::sql
