#include "catalog/diff.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "catalog/diff_report.h"

namespace sluice::catalog {

namespace {

using What = Change::What;

bool temporary_schema(std::string_view name) {
  return name.starts_with("pg_temp_") || name.starts_with("pg_toast_temp_");
}

template <typename T>
bool users_permanent(const T& item) {
  return !item.system() && !temporary_schema(item.schema);
}

/// Letters, digits and the like: what a qualifier may not follow directly.
bool part_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || c == '"' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

std::string moved_from(std::string_view schema, std::string_view name) {
  return "renamed from " + std::string(schema) + "." + std::string(name);
}

std::string type_name(const Catalog& catalog, Oid oid) {
  const Type* type = catalog.type(oid);
  if (type == nullptr) return std::to_string(oid);
  return type->schema == "pg_catalog" ? type->name : type->schema + "." + type->name;
}

/// "total(int4, text)"
std::string signature(const Catalog& catalog, const Function& function) {
  std::string out = function.name + "(";
  for (size_t i = 0; i < function.argument_types.size(); ++i) {
    if (i > 0) out += ", ";
    out += type_name(catalog, function.argument_types[i]);
  }
  return out + ")";
}

std::string_view kind_of(const Function& function) {
  switch (function.kind) {
    case 'p':
      return "procedure";
    case 'a':
      return "aggregate";
    default:
      return "function";
  }
}

std::string_view volatility_name(char volatility) {
  return volatility == 'i' ? "immutable" : volatility == 's' ? "stable" : "volatile";
}

std::vector<std::string> function_changes(const Catalog& before, const Catalog& after,
                                          const Function& a, const Function& b,
                                          const DiffReport& report) {
  std::vector<std::string> out;
  if (a.schema != b.schema || a.name != b.name) {
    out.push_back(moved_from(a.schema, signature(before, a)));
  }
  if (a.oid != b.oid) out.emplace_back("recreated");
  if (!report.same(a.source, b.source)) out.emplace_back("body changed");
  if (a.kind != b.kind) out.push_back("kind " + arrow(kind_of(a), kind_of(b)));
  if (a.language != b.language) out.push_back("language " + arrow(a.language, b.language));
  if (a.return_type != b.return_type || a.returns_set != b.returns_set ||
      a.result_columns != b.result_columns) {
    out.push_back("result " +
                  arrow((a.returns_set ? "setof " : "") + type_name(before, a.return_type),
                        (b.returns_set ? "setof " : "") + type_name(after, b.return_type)));
  }
  if (a.argument_types != b.argument_types || a.argument_names != b.argument_names ||
      a.defaults != b.defaults || a.variadic != b.variadic) {
    out.emplace_back("arguments changed");
  }
  if (a.volatility != b.volatility) {
    out.push_back(arrow(volatility_name(a.volatility), volatility_name(b.volatility)));
  }
  if (a.security_definer != b.security_definer) {
    out.emplace_back(b.security_definer ? "security definer" : "security invoker");
  }
  if (a.settings != b.settings) out.push_back("settings " + arrow(a.settings, b.settings));
  return out;
}

void diff_functions(const Catalog& before, const Catalog& after, DiffReport& report) {
  const auto id = [](const Function& item) { return item.oid; };
  const auto key = [](const Function& item) {
    std::string out = item.schema + '\0' + item.name;
    for (const Oid type : item.argument_types) out += '\0' + std::to_string(type);
    return out;
  };
  for (const auto& [a, b] : pair_up(pick(before.functions(), users_permanent<Function>),
                                    pick(after.functions(), users_permanent<Function>), id, key)) {
    if (b == nullptr) {
      report.add(What::kRemoved, kind_of(*a), a->schema, signature(before, *a), "");
    } else if (a == nullptr) {
      report.add(What::kAdded, kind_of(*b), b->schema, signature(after, *b),
                 "language " + b->language + (b->security_definer ? ", security definer" : ""));
    } else {
      for (auto& detail : function_changes(before, after, *a, *b, report)) {
        report.add(What::kAltered, kind_of(*b), b->schema, signature(after, *b), std::move(detail));
      }
    }
  }
}

/// Of users' own making: not an array, a multirange or a row type, which follow other objects.
bool type_of_its_own(const Type& type) {
  return type.oid >= kFirstUserOid && !temporary_schema(type.schema) && type.element == 0 &&
         type.kind != 'm' && type.kind != 'c';
}

std::string_view kind_of(const Type& type) { return type.kind == 'd' ? "domain" : "type"; }

void diff_types(const Catalog& before, const Catalog& after, DiffReport& report) {
  const auto id = [](const Type& item) { return item.oid; };
  const auto key = [](const Type& item) { return item.schema + '\0' + item.name; };
  for (const auto& [a, b] : pair_up(pick(before.types(), type_of_its_own),
                                    pick(after.types(), type_of_its_own), id, key)) {
    if (b == nullptr) {
      report.add(What::kRemoved, kind_of(*a), a->schema, a->name, "");
    } else if (a == nullptr) {
      report.add(What::kAdded, kind_of(*b), b->schema, b->name, b->definition);
    } else {
      const auto altered = [&, type = b](std::string detail) {
        report.add(What::kAltered, kind_of(*type), type->schema, type->name, std::move(detail));
      };
      if (a->schema != b->schema || a->name != b->name) altered(moved_from(a->schema, a->name));
      if (a->oid != b->oid) altered("recreated");
      if (!report.same(a->definition, b->definition)) {
        altered("definition " + arrow(a->definition, b->definition));
      }
    }
  }
}

void diff_operators(const Catalog& before, const Catalog& after, DiffReport& report) {
  const auto permanent = [](const Operator& item) { return !temporary_schema(item.schema); };
  const auto id = [](const Operator& item) { return item.oid; };
  const auto key = [](const Operator& item) {
    return item.schema + '\0' + item.name + '\0' + std::to_string(item.left) + '\0' +
           std::to_string(item.right);
  };
  const auto name = [](const Catalog& catalog, const Operator& item) {
    return item.name + "(" + (item.left == 0 ? "none" : type_name(catalog, item.left)) + ", " +
           type_name(catalog, item.right) + ")";
  };
  for (const auto& [a, b] :
       pair_up(pick(before.operators(), permanent), pick(after.operators(), permanent), id, key)) {
    if (b == nullptr) {
      report.add(What::kRemoved, "operator", a->schema, name(before, *a), "");
    } else if (a == nullptr) {
      report.add(What::kAdded, "operator", b->schema, name(after, *b), "");
    } else if (a->oid != b->oid) {
      report.add(What::kAltered, "operator", b->schema, name(after, *b), "recreated");
    } else if (a->schema != b->schema) {
      report.add(What::kAltered, "operator", b->schema, name(after, *b),
                 moved_from(a->schema, a->name));
    }
  }
}

void diff_schemas(const Catalog& before, const Catalog& after, DiffReport& report) {
  const std::set<std::string> old(before.schemas().begin(), before.schemas().end());
  const std::set<std::string> now(after.schemas().begin(), after.schemas().end());
  for (const std::string& name : now) {
    if (!old.contains(name) && !temporary_schema(name)) {
      report.add(What::kAdded, "schema", "", name, "");
    }
  }
  for (const std::string& name : old) {
    if (!now.contains(name) && !temporary_schema(name)) {
      report.add(What::kRemoved, "schema", "", name, "");
    }
  }
}

}  // namespace

std::string Change::to_string() const {
  std::string out = object_kind + " " + (schema.empty() ? name : schema + "." + name);
  switch (what) {
    case What::kAdded:
      out += " added";
      break;
    case What::kRemoved:
      out += " removed";
      break;
    case What::kAltered:
      out += " altered";
      break;
  }
  return detail.empty() ? out : out + ": " + detail;
}

std::string arrow(std::string_view before, std::string_view after) {
  const auto shown = [](std::string_view text) { return text.empty() ? "none" : text; };
  return std::string(shown(before)) + " -> " + std::string(shown(after));
}

DiffReport::DiffReport(const Catalog& before, const Catalog& after) {
  if (before.definition_path() == after.definition_path()) return;
  std::set<std::string> schemas(before.definition_path().begin(), before.definition_path().end());
  schemas.insert(after.definition_path().begin(), after.definition_path().end());
  for (const std::string& schema : schemas) {
    qualifiers_.push_back(schema + ".");
    qualifiers_.push_back('"' + schema + "\".");
  }
}

std::string DiffReport::unqualified(std::string_view definition) const {
  std::string out;
  for (size_t at = 0; at < definition.size();) {
    const std::string_view rest = definition.substr(at);
    const bool starts = at == 0 || !part_of_name(definition[at - 1]);
    const auto found = std::find_if(
        qualifiers_.begin(), qualifiers_.end(),
        [&](const std::string& qualifier) { return starts && rest.starts_with(qualifier); });
    if (found != qualifiers_.end()) {
      at += found->size();
    } else {
      out += definition[at++];
    }
  }
  return out;
}

bool DiffReport::same(std::string_view before, std::string_view after) const {
  if (before == after) return true;
  return !qualifiers_.empty() && unqualified(before) == unqualified(after);
}

void DiffReport::add(What what, std::string_view kind, std::string_view schema, std::string name,
                     std::string detail) {
  changes_.push_back(
      {what, std::string(kind), std::string(schema), std::move(name), std::move(detail)});
}

std::vector<Change> DiffReport::take_sorted() && {
  std::sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
    return std::tie(a.schema, a.name, a.object_kind, a.what, a.detail) <
           std::tie(b.schema, b.name, b.object_kind, b.what, b.detail);
  });
  return std::move(changes_);
}

std::vector<Change> diff(const Catalog& before, const Catalog& after) {
  DiffReport report(before, after);
  diff_schemas(before, after, report);
  diff_relations(before, after, report);
  diff_functions(before, after, report);
  diff_types(before, after, report);
  diff_operators(before, after, report);
  return std::move(report).take_sorted();
}

}  // namespace sluice::catalog
