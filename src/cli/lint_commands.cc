#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "cli/commands.h"
#include "gateway/big_stack_thread.h"
#include "sql/analyse.h"
#include "sql/lint.h"
#include "sql/lock_level.h"

namespace sluice::cli {
namespace {

constexpr size_t kMaxScriptBytes = 64UL * 1024 * 1024;

Result<std::string> read_script(const std::string& file) {
  std::ifstream from_file;
  if (file != "-") {
    from_file.open(file, std::ios::binary);
    if (!from_file) return fail(ErrorCode::kInvalidInput, "cannot read " + file);
  }
  std::istream& in = file == "-" ? std::cin : from_file;
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) return fail(ErrorCode::kInvalidInput, "cannot read " + file);
  if (text.size() > kMaxScriptBytes) {
    return fail(ErrorCode::kInvalidInput, file + " is larger than 64 MiB: lint it in parts");
  }
  return text;
}

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

std::string size_of(const sql::Finding& finding) {
  if (!finding.known_table) return "";
  const std::string rows =
      finding.rows < 0 ? "never counted" : fmt::format("about {:.0f} rows", finding.rows);
  return fmt::format(", {}: {}, {:.1f} MB", finding.table, rows,
                     static_cast<double>(finding.bytes) / 1e6);
}

/// What it costs, on one line; empty when it costs nothing.
std::string cost_of(const sql::Finding& finding) {
  if (finding.lock == sql::LockLevel::kNone) return "";
  std::string cost = "lock " + std::string(sql::sql_name_of(finding.lock));
  if (finding.rewrites) {
    cost += ", rewrites the table";
  } else if (finding.scans) {
    cost += ", reads the whole table";
  }
  return cost + size_of(finding);
}

/// A report for people: one block a finding, with the safer statement to copy.
void print_report(const std::string& file, const std::vector<sql::Finding>& findings) {
  for (const auto& finding : findings) {
    std::cout << fmt::format("{}:{}: {}: {}: {}\n", printable(file), finding.line,
                             sql::name_of(finding.severity), finding.rule,
                             printable(finding.message));
    if (const auto cost = cost_of(finding); !cost.empty()) {
      std::cout << "    " << printable(cost) << '\n';
    }
    std::cout << "    " << finding.why << '\n';
    if (finding.safer.empty()) continue;
    std::cout << "    safer:\n";
    for (size_t begin = 0; begin < finding.safer.size();) {
      const size_t end = std::min(finding.safer.find('\n', begin), finding.safer.size());
      std::cout << "      " << printable(finding.safer.substr(begin, end - begin)) << '\n';
      begin = end + 1;
    }
  }
}

/// The verdict that becomes the exit code.
Result<> verdict(const std::vector<sql::Finding>& findings) {
  const auto count = [&](sql::Severity severity) {
    return std::count_if(findings.begin(), findings.end(),
                         [&](const auto& finding) { return finding.severity == severity; });
  };
  const auto errors = count(sql::Severity::kError);
  const auto warnings = count(sql::Severity::kWarning);
  if (errors + warnings == 0) return {};
  return fail(ErrorCode::kDenied, fmt::format("errors: {}, warnings: {}, advice: {}", errors,
                                              warnings, count(sql::Severity::kAdvice)));
}

Result<> print_rules(Format format) {
  Listing listing{{"id", "severity", "meaning", "why", "safer"}, {}};
  for (const auto& rule : sql::lint_rules()) {
    listing.rows.push_back(boost::json::object{{"id", rule.id},
                                               {"severity", sql::name_of(rule.severity)},
                                               {"meaning", rule.meaning},
                                               {"why", rule.why},
                                               {"safer", rule.safer}});
  }
  print(std::cout, listing, format);
  return {};
}

}  // namespace

Result<> lint(const Common& common, const LintOptions& options) {
  if (options.rules) return print_rules(common.format);
  if (options.file.empty()) {
    return fail(ErrorCode::kInvalidInput, "name a file to lint, - for standard input, or --rules");
  }
  SLUICE_ASSIGN(const std::string script, read_script(options.file));
  std::vector<sql::Finding> findings;
  {
    // The parser recurses; the thread is joined here.
    const gateway::BigStackThread thread(sql::kAnalyserStackBytes, "lint",
                                         [&] { findings = sql::lint(script, sql::Scope{}); });
  }
  if (common.format == Format::kTable) {
    print_report(options.file, findings);
  } else {
    Listing listing{{"line", "severity", "rule", "table", "lock", "rewrites", "scans", "message",
                     "dependents", "safer"},
                    {}};
    for (const auto& finding : findings) listing.rows.push_back(to_json(finding));
    print(std::cout, listing, common.format);
  }
  std::cout.flush();
  return verdict(findings);
}

}  // namespace sluice::cli
