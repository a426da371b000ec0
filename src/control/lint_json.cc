#include "control/lint_json.h"

#include "sql/lock_level.h"

namespace sluice::control {

boost::json::object to_json(const sql::Finding& finding) {
  boost::json::object row{
      {"rule", finding.rule},
      {"severity", sql::name_of(finding.severity)},
      {"statement", finding.statement},
      {"line", finding.line},
      {"message", finding.message},
      {"lock", sql::name_of(finding.lock)},
      {"rewrites", finding.rewrites},
      {"scans", finding.scans},
      {"table", finding.table},
      {"rows", nullptr},
      {"bytes", nullptr},
      {"dependents", boost::json::array(finding.dependents.begin(), finding.dependents.end())},
      {"why", finding.why},
      {"safer", finding.safer}};
  if (finding.known_table) {
    if (finding.rows >= 0) row["rows"] = static_cast<int64_t>(finding.rows);
    row["bytes"] = finding.bytes;
  }
  return row;
}

}  // namespace sluice::control
