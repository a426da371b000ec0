#include "sql/lineage.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <tuple>

namespace sluice::sql {
namespace {

/// More ways than these from one column to one value are told as one, "…".
constexpr size_t kMaxWays = 4;
constexpr size_t kMaxFunctions = 16;
/// A value of more base columns than these comes from `unknown` too.
constexpr size_t kMaxSources = 4096;

constexpr std::string_view kTooMany = "…";

bool before(const Source& a, const Source& b) {
  return std::tie(a.column, a.as_is, a.functions) < std::tie(b.column, b.as_is, b.functions);
}
bool equal(const Source& a, const Source& b) {
  return a.column == b.column && a.as_is == b.as_is && a.functions == b.functions;
}

/// Puts bounds to what was merged; afterwards sorted and unique again.
void bound(std::vector<Source>& sources, bool& unknown) {
  std::vector<Source> out;
  out.reserve(std::min(sources.size(), kMaxSources));
  for (size_t i = 0; i < sources.size();) {
    size_t end = i;
    while (end < sources.size() && sources[end].column == sources[i].column) ++end;
    if (end - i > kMaxWays) {
      out.push_back({sources[i].column, false, {std::string(kTooMany)}});
    } else {
      for (size_t k = i; k < end; ++k) out.push_back(std::move(sources[k]));
    }
    i = end;
    if (out.size() > kMaxSources) {
      unknown = true;
      break;
    }
  }
  sources = std::move(out);
}

void normalise(std::vector<Source>& sources, bool& unknown) {
  std::sort(sources.begin(), sources.end(), before);
  sources.erase(std::unique(sources.begin(), sources.end(), equal), sources.end());
  if (sources.size() > kMaxWays) bound(sources, unknown);
}

/// The outermost function is told first, and each at most twice: so even a recursive query's ways
/// end. Those that are left out are the outer ones: what they are given is told whole.
void put_outermost(Source& source, std::string_view function) {
  source.as_is = false;
  auto& functions = source.functions;
  if (!functions.empty() && (functions[0] == kTooMany || functions[0] == function)) return;
  if (std::count(functions.begin(), functions.end(), function) > 1) return;
  functions.insert(functions.begin(), std::string(function));
  if (functions.size() > kMaxFunctions) functions = {std::string(kTooMany)};
}

/// Whether an expression, as the server prints it, has this name in it as a word.
bool names(std::string_view expression, std::string_view name) {
  const auto in_word = [&](size_t at) {
    if (at >= expression.size()) return false;
    const auto c = static_cast<unsigned char>(expression[at]);
    return std::isalnum(c) != 0 || c == '_' || c == '$' || c >= 0x80;
  };
  for (size_t at = expression.find(name); at != std::string_view::npos;
       at = expression.find(name, at + 1)) {
    if ((at == 0 || !in_word(at - 1)) && !in_word(at + name.size())) return true;
  }
  return false;
}

/// A column's value; a generated one also comes from the columns that its expression names.
Value value_in(const catalog::Relation& table, const catalog::Column& column) {
  Value value = value_of({table.oid, column.number});
  if (!column.generated) return value;
  for (const catalog::Column& other : table.columns) {
    if (&other == &column || !names(column.default_text, other.name)) continue;
    value.add(value_of({table.oid, other.number}).through("generated"));
  }
  return value;
}

constexpr std::array<std::string_view, 6> kSystemColumns = {"ctid", "xmin", "xmax",
                                                            "cmin", "cmax", "tableoid"};

bool is_system_column(std::string_view name) {
  return std::find(kSystemColumns.begin(), kSystemColumns.end(), name) != kSystemColumns.end();
}

}  // namespace

void Value::add(const Value& other) {
  unknown = unknown || other.unknown;
  row.reset();
  made = made || other.made || (other.sources.empty() && !other.unknown);
  if (other.sources.empty()) return;
  if (sources.empty()) {
    sources = other.sources;
    return;
  }
  sources.insert(sources.end(), other.sources.begin(), other.sources.end());
  normalise(sources, unknown);
}

Value Value::through(std::string_view function) const {
  Value out;
  out.unknown = unknown;
  out.made = made;
  out.sources = sources;
  for (Source& source : out.sources) put_outermost(source, function);
  if (out.sources.size() > 1) normalise(out.sources, out.unknown);
  return out;
}

Value Value::scalar() const {
  Value out;
  out.sources = sources;
  out.unknown = unknown;
  out.made = made;
  return out;
}

bool is_presence(const Source& source) {
  return !source.functions.empty() &&
         (source.functions.back() == "count" || source.functions.back() == "IS NULL");
}

Value value_of(ColumnRef column) {
  Value value;
  value.sources.push_back({column, true, {}});
  return value;
}

Value unknown_value() {
  Value value;
  value.unknown = true;
  return value;
}

Value with_arguments(const Value& value, const std::vector<Value>& arguments) {
  Value out;
  out.unknown = value.unknown;
  out.made = value.made;
  for (const Source& source : value.sources) {
    if (!is_argument(source.column)) {
      out.sources.push_back(source);
      continue;
    }
    const size_t position = argument_position(source.column);
    if (position >= arguments.size()) continue;  // left to its default
    Value given = arguments[position].scalar();
    for (auto f = source.functions.rbegin(); f != source.functions.rend(); ++f) {
      given = given.through(*f);
    }
    if (!source.as_is && source.functions.empty()) given = given.through(kTooMany);
    out.unknown = out.unknown || given.unknown;
    out.made = out.made || given.made || given.sources.empty();
    for (Source& one : given.sources) out.sources.push_back(std::move(one));
  }
  normalise(out.sources, out.unknown);
  return out;
}

std::optional<Value> Rows::find(std::string_view name) const {
  if (table != nullptr) {
    if (const auto* column = table->column(name)) return value_in(*table, *column);
  } else {
    std::optional<Value> found;
    for (const NamedValue& column : columns) {
      if (column.name != name) continue;
      if (found) {
        found->add(column.value);
      } else {
        found = column.value;
      }
    }
    if (found) return found;
  }
  if (open) return rest;
  if (table != nullptr && is_system_column(name)) return Value{};
  return std::nullopt;
}

void Rows::append_to(std::vector<NamedValue>& out) const {
  if (table != nullptr) {
    for (const auto& column : table->columns) {
      out.push_back({column.name, value_in(*table, column)});
    }
  } else {
    out.insert(out.end(), columns.begin(), columns.end());
  }
  if (open) {
    NamedValue others{"*", rest, true};
    others.value.unknown = true;
    out.push_back(std::move(others));
  }
}

size_t Rows::told() const {
  const auto open_row = [](const NamedValue& column) {
    return column.others && column.value.unknown;
  };
  return static_cast<size_t>(std::find_if(columns.begin(), columns.end(), open_row) -
                             columns.begin());
}

Value Rows::at(size_t position) const {
  if (table != nullptr && position < table->columns.size()) {
    return value_in(*table, table->columns[position]);
  }
  const size_t known = told();
  if (position < known) return columns[position].value;
  Value value = rest;
  for (size_t i = known; i < columns.size(); ++i) value.add(columns[i].value);
  value.unknown = true;
  return value;
}

Value Rows::whole(const std::shared_ptr<const Rows>& self) const {
  Value value;
  if (table != nullptr) {
    value = value_of({table->oid, 0});
  } else {
    for (const NamedValue& column : columns) value.add(column.value);
  }
  if (open) value.add(rest);
  value.row = self;
  return value;
}

}  // namespace sluice::sql
