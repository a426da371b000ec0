// sluice data: what columns hold, and people's word on it.
#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "cli/actor.h"
#include "cli/call_gateway.h"
#include "cli/commands.h"
#include "cli/told.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

/// The parts of a name with dots between them; a part with dots of its own stands in quotes, as in
/// SQL, but letters are taken as they are.
Result<std::vector<std::string>> parts_of(const std::string& name) {
  std::vector<std::string> parts = {""};
  bool quoted = false;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '"' && quoted && i + 1 < name.size() && name[i + 1] == '"') {
      parts.back() += name[i++];
    } else if (name[i] == '"') {
      quoted = !quoted;
    } else if (name[i] == '.' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += name[i];
    }
  }
  const bool empty =
      std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); });
  if (quoted || empty)
    return fail(ErrorCode::kInvalidInput, fmt::format("\"{}\" is not a name", name));
  return parts;
}

Result<json::object> column_of(const std::string& name, bool table_too) {
  SLUICE_ASSIGN(const auto parts, parts_of(name));
  if (parts.size() != 4 && !(table_too && parts.size() == 3)) {
    return fail(ErrorCode::kInvalidInput, fmt::format("\"{}\" is not DATABASE.SCHEMA.TABLE{}", name,
                                                      table_too ? "[.COLUMN]" : ".COLUMN"));
  }
  json::object out{{"database", parts[0]}, {"schema", parts[1]}, {"table", parts[2]}};
  if (parts.size() == 4) out["column"] = parts[3];
  return out;
}

bool flag(const json::object& row, std::string_view name) { return row.at(name).as_bool(); }

void print_explained(const json::object& row) {
  const std::string cls = plain(row.at("class")), shape = plain(row.at("shape"));
  std::cout << printable(fmt::format("{}.{}.{}.{} ({}): {}{}, {}", plain(row.at("database")),
                                     plain(row.at("schema")), plain(row.at("table")),
                                     plain(row.at("column")), plain(row.at("type")),
                                     cls.empty() ? "" : cls + ", ", shape,
                                     flag(row, "hidden")   ? "never shown"
                                     : flag(row, "masked") ? "masked by default"
                                                           : "shown by default"))
            << '\n';
  if (const auto by = plain(row.at("corrected_by")); by.empty()) {
    std::cout << fmt::format("  confidence {}; {} values in {} rows were looked at\n",
                             plain(row.at("confidence")), plain(row.at("values")),
                             plain(row.at("rows")));
  }
  for (const auto& line : row.at("evidence").as_array())
    std::cout << "  - " << printable(plain(line)) << '\n';
  if (flag(row, "unproven"))
    std::cout << "  - so few values prove nothing: each is searched as it passes\n";
}

}  // namespace

Result<> data_list(const Common& common, const DataOptions& options) {
  const json::object question{{"database", options.name},
                              {"class", options.cls},
                              {"all", options.all},
                              {"limit", common.limit}};
  SLUICE_ASSIGN(auto rows,
                call_gateway(common, "POST", "/api/v1/data/list", json::serialize(question)));
  Listing listing{{"database", "schema", "table", "column", "type", "shape", "class", "category",
                   "strength", "masked", "confidence", "evidence", "corrected_by"},
                  std::move(rows.as_array())};
  for (auto& row : listing.rows) {
    auto& evidence = row.as_object().at("evidence");
    const auto& lines = evidence.as_array();
    evidence = lines.empty() ? json::value("") : json::value(lines.front());
  }
  print(std::cout, listing, common.format);
  return {};
}

Result<> data_explain(const Common& common, const DataOptions& options) {
  SLUICE_ASSIGN(const auto question, column_of(options.name, true));
  SLUICE_ASSIGN(auto rows,
                call_gateway(common, "POST", "/api/v1/data/explain", json::serialize(question)));
  if (common.format == Format::kTable) {
    for (const auto& row : rows.as_array()) print_explained(row.as_object());
    return {};
  }
  print(std::cout,
        Listing{{"database", "schema", "table", "column", "type", "shape", "class", "category",
                 "strength", "masked", "hidden", "unproven", "confidence", "rows", "values",
                 "evidence", "corrected_by"},
                std::move(rows.as_array())},
        common.format);
  return {};
}

Result<> data_set(const Common& common, const DataOptions& options) {
  constexpr std::string_view kClass = "class=";
  if (!options.word.starts_with(kClass)) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("\"{}\" is not class=NAME; names are in: sluice data set --help",
                            options.word));
  }
  SLUICE_ASSIGN(auto question, column_of(options.name, false));
  question["class"] = options.word.substr(kClass.size());
  question["author"] = actor();
  question["comment"] = options.comment;
  SLUICE_ASSIGN(const auto saved,
                call_gateway(common, "PUT", "/api/v1/data/column", json::serialize(question)));
  told(common,
       {{"number", saved.at("number")},
        {"column", options.name},
        {"class", options.word.substr(kClass.size())}},
       fmt::format("correction {} saved and in force: {} {}", plain(saved.at("number")),
                   options.name, options.word));
  return {};
}

Result<> data_history(const Common& common) {
  SLUICE_ASSIGN(auto rows, call_gateway(common, "GET", "/api/v1/data/history"));
  Listing listing{
      {"number", "time", "database", "schema", "table", "column", "class", "author", "comment"},
      std::move(rows.as_array())};
  if (listing.rows.size() > common.limit) listing.rows.resize(common.limit);
  print(std::cout, listing, common.format);
  return {};
}

}  // namespace sluice::cli
