#include "cli/kept_result.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/printable_lines.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

/// Each under a name of its own, as results may have two of one name.
std::vector<std::string> names_of(const json::object& result) {
  std::vector<std::string> names;
  for (const auto& column : result.at("columns").as_array()) {
    std::string name(column.at("name").as_string());
    if (std::find(names.begin(), names.end(), name) != names.end())
      name += fmt::format(" ({})", names.size() + 1);
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

void print_kept(std::ostream& out, const json::object& result, Format format) {
  if (format == Format::kJson) {
    out << json_text(result) << '\n';
    return;
  }
  if (const auto* copy = result.if_contains("copy")) {
    // A file takes it as it was; a table is for the terminal.
    const std::string_view text(copy->as_string());
    out << (format == Format::kTable ? printable_lines(text) : std::string(text));
    return;
  }
  if (result.at("columns").as_array().empty() && result.at("rows").as_array().empty()) return;
  Listing listing{names_of(result), {}};
  for (const auto& row : result.at("rows").as_array()) {
    json::object named;
    size_t i = 0;
    for (const auto& value : row.as_array()) {
      if (i == listing.columns.size()) listing.columns.push_back(fmt::format("column {}", i + 1));
      named[listing.columns[i++]] = value;
    }
    listing.rows.push_back(std::move(named));
  }
  print(out, listing, format);
}

void print_told(std::ostream& out, const json::object& result) {
  const auto* messages = result.if_contains("messages");
  if (messages == nullptr) return;  // From a gateway of before they were kept.
  for (const auto& one : messages->as_array()) {
    const auto& fields = one.as_object();
    const auto field = [&](std::string_view name) {
      const auto* value = fields.if_contains(name);
      return value == nullptr ? std::string() : printable(std::string_view(value->as_string()));
    };
    out << fmt::format("{} {} after {} row(s): {}\n", field("severity"), field("sqlstate"),
                       fields.at("after_rows").to_number<uint64_t>(), field("message"));
    for (const char* name : {"detail", "hint", "context"}) {
      if (const auto text = field(name); !text.empty())
        out << fmt::format("  {}: {}\n", name, text);
    }
  }
}

}  // namespace sluice::cli
