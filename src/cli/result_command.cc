// sluice audit result: what a statement returned.
#include <iostream>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/kept_result.h"
#include "cli/leave_word.h"
#include "config/config.h"
#include "control/captured_result.h"

namespace sluice::cli {
namespace json = boost::json;

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
  print_kept(std::cout, result, common.format);
  if (common.format != Format::kJson) print_told(std::cerr, result);
  if (const int64_t left_out = result.at("left_out").to_number<int64_t>(); left_out > 0) {
    std::cerr << fmt::format("sluice: {} bytes more were shown than are kept\n", left_out);
  }
  return {};
}

}  // namespace sluice::cli
