#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "cli/call_gateway.h"
#include "cli/commands.h"
#include "control/lint_json.h"
#include "gateway/big_stack_thread.h"
#include "sql/analyse.h"
#include "sql/lint.h"

namespace sluice::cli {
namespace {

/// psql takes the mark that some editors begin a file with for nothing, too.
Result<std::string> read_script(const std::string& file) {
  SLUICE_ASSIGN(std::string text, read_input(file));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

/// A field as text; empty where there is none.
std::string text_of(const boost::json::object& finding, std::string_view name) {
  const auto* value = finding.if_contains(name);
  return value == nullptr || value->is_null() ? std::string() : plain(*value);
}

bool is_set(const boost::json::object& finding, std::string_view name) {
  const auto* value = finding.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::string size_of(const boost::json::object& finding) {
  const std::string bytes = text_of(finding, "bytes");
  if (bytes.empty()) return "";
  const std::string rows = text_of(finding, "rows");
  return fmt::format(", {}: {}, {} bytes", text_of(finding, "table"),
                     rows.empty() ? "never counted" : "about " + rows + " rows", bytes);
}

/// What it costs, on one line; empty when it costs nothing.
std::string cost_of(const boost::json::object& finding) {
  std::string lock = text_of(finding, "lock");
  if (lock.empty()) return "";
  for (char& c : lock) c = c == '_' ? ' ' : static_cast<char>(std::toupper(c));
  std::string cost = "lock " + lock;
  if (is_set(finding, "rewrites")) {
    cost += ", rewrites the table";
  } else if (is_set(finding, "scans")) {
    cost += ", reads the whole table";
  }
  return cost + size_of(finding);
}

/// A report for people: one block a finding, with the safer statement to copy.
void print_report(const std::string& file, const boost::json::array& findings) {
  for (const auto& value : findings) {
    const auto& finding = value.get_object();
    std::cout << fmt::format("{}:{}: {}: {}: {}\n", printable(file), text_of(finding, "line"),
                             text_of(finding, "severity"), text_of(finding, "rule"),
                             printable(text_of(finding, "message")));
    if (const auto cost = cost_of(finding); !cost.empty()) {
      std::cout << "    " << printable(cost) << '\n';
    }
    std::cout << "    " << printable(text_of(finding, "why")) << '\n';
    const std::string safer = text_of(finding, "safer");
    if (safer.empty()) continue;
    std::cout << "    safer:\n";
    for (size_t begin = 0; begin < safer.size();) {
      const size_t end = std::min(safer.find('\n', begin), safer.size());
      std::cout << "      " << printable(safer.substr(begin, end - begin)) << '\n';
      begin = end + 1;
    }
  }
}

/// The verdict that becomes the exit code.
Result<> verdict(const boost::json::array& findings) {
  const auto count = [&](std::string_view severity) {
    return std::count_if(findings.begin(), findings.end(), [&](const auto& finding) {
      return text_of(finding.get_object(), "severity") == severity;
    });
  };
  const auto errors = count("error");
  const auto warnings = count("warning");
  if (errors + warnings == 0) return {};
  return fail(ErrorCode::kDenied, fmt::format("errors: {}, warnings: {}, advice: {}", errors,
                                              warnings, count("advice")));
}

/// Without a database: what the script says by itself.
boost::json::array lint_alone(const std::string& script) {
  std::vector<sql::Finding> findings;
  {
    // The parser recurses; the thread is joined here.
    const gateway::BigStackThread thread(sql::kAnalyserStackBytes, "lint",
                                         [&] { findings = sql::lint(script, sql::Scope{}); });
  }
  boost::json::array out;
  for (const auto& finding : findings) out.push_back(control::to_json(finding));
  return out;
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
  boost::json::array findings;
  if (options.database.empty()) {
    findings = lint_alone(script);
  } else {
    const boost::json::object question{{"database", options.database}, {"sql", script}};
    SLUICE_ASSIGN(auto answer,
                  call_gateway(common, "POST", "/api/v1/lint", boost::json::serialize(question)));
    findings = std::move(answer.as_array());
  }
  if (common.format == Format::kTable) {
    print_report(options.file, findings);
  } else {
    print(std::cout,
          Listing{{"line", "severity", "rule", "table", "lock", "rewrites", "scans", "message",
                   "dependents", "safer"},
                  findings},
          common.format);
  }
  std::cout.flush();
  return verdict(findings);
}

}  // namespace sluice::cli
