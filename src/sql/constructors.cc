// Expressions that make values of others: rows, casts, XML.
#include "sql/walker.h"

namespace sluice::sql {

Value Walker::row_constructor(const Node& body, const Level& level) {
  auto rows = std::make_shared<Rows>();
  static constexpr std::string_view kNames[] = {"f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8"};
  size_t i = 0;
  for_each(body, "args", [&](const Node& item) {
    const auto reference = field(item, "ColumnRef");
    if (reference && ends_in_star(*reference)) {
      const Name name = name_of_strings(strings_in(*reference, "fields"));
      if (const Entry* entry = find_entry(&level, name.schema, name.name)) {
        entry->rows->append_to(rows->columns);
      }
    } else {
      rows->columns.push_back(
          {i < std::size(kNames) ? kNames[i] : std::string_view(), eval(item, level)});
    }
    ++i;
  });
  Value value;
  for (const NamedValue& column : rows->columns) value.add(column.value);
  value = value.through("row");
  value.row = rows;
  return value;
}

Value Walker::type_cast(const Node& body, const Level& level) {
  const auto type = field(body, "typeName");
  Value value = eval_field(body, "arg", level);
  const std::string cast = type ? cast_of(*type, value) : "::";
  gather_.compute(value, cast);
  Value out = value.through(cast);
  if (type) meet_type_name(*type);
  // The name of a type, for domain_in and the like.
  const auto literal = field(body, "arg");
  if (std::string_view text; type && literal && name_in(*type, "names").name == "regtype" &&
                             string_literal(*literal, text)) {
    meet_type_text(text);
  }
  // A cast to its own row type, or of NULL: fields of a type that is known.
  if (const auto* known = type ? resolver_.type(name_in(*type, "names")) : nullptr;
      known != nullptr && known->relation != 0) {
    auto rows = std::make_shared<Rows>();
    for (const std::string_view name : columns_of_type(known->oid)) {
      rows->columns.push_back({name, out.scalar()});
    }
    out.row = rows;
  }
  return out;
}

Value Walker::xml_expression(const Node& body, const Level& level) {
  Value value = eval_all(body, "args", level);
  for_each(body, "named_args", [&](const Node& wrapper) {
    if (const auto item = field(wrapper, "ResTarget")) value.add(eval_field(*item, "val", level));
  });
  // What is no document, or no name of an instruction, fails.
  const std::string_view op = text_field(body, "op");
  const bool parses = op == "IS_XMLPARSE" || op == "IS_XMLPI";
  if (parses) gather_.compute(value, "xmlparse");
  return value.through(parses ? "xmlparse" : "xml");
}

}  // namespace sluice::sql
