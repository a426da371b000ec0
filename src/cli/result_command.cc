// sluice audit result: what a statement returned.
#include <iostream>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/leave_word.h"
#include "cli/printable_lines.h"
#include "config/config.h"
#include "control/captured_result.h"

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

void print_result(const Common& common, const json::object& result) {
  if (common.format == Format::kJson) {
    std::cout << json_text(result) << '\n';
    return;
  }
  if (const auto* copy = result.if_contains("copy")) {
    // A file takes it as it was; a table is for the terminal.
    const std::string_view text(copy->as_string());
    std::cout << (common.format == Format::kTable ? printable_lines(text) : std::string(text));
    return;
  }
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
  print(std::cout, listing, common.format);
}

}  // namespace

Result<> audit_result(const Common& common, uint64_t record) {
  json::object result;
  if (is_elsewhere(common)) {
    SLUICE_ASSIGN(auto found,
                  call_elsewhere("GET", fmt::format("/api/v1/audit/records/{}/result", record)));
    result = std::move(found.as_object());
  } else {
    SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
    SLUICE_TRY(
        leave_word(common, fmt::format("read what was kept of the result of record {}", record)));
    SLUICE_ASSIGN(result, control::captured_result(config.state, record));
  }
  print_result(common, result);
  if (const int64_t left_out = result.at("left_out").to_number<int64_t>(); left_out > 0) {
    std::cerr << fmt::format("sluice: {} bytes more were shown than are kept\n", left_out);
  }
  return {};
}

}  // namespace sluice::cli
