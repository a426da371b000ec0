// sluice audit transcript: what happened in a session, with its timing.
#include <iostream>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "audit/decision.h"
#include "audit/record_json.h"
#include "audit/search.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/kept_result.h"
#include "cli/leave_word.h"
#include "config/config.h"
#include "control/captured_result.h"

namespace sluice::cli {
namespace {

/// Pages of it, so that a long session takes no more memory than a short one.
constexpr size_t kPage = 1000;

std::string seconds(int64_t micros) {
  return fmt::format("{:+.3f} s", static_cast<double>(micros) / 1e6);
}

void print_head(const audit::Record& record) {
  const auto& who = record.context;
  std::cout << printable(fmt::format("session {}: {} ({}) on {} ({}) from {}, {}{}, {}",
                                     who.session_id, who.user, who.kind, who.database,
                                     who.environment, who.client_address, who.application,
                                     who.driver.empty() ? "" : " (" + who.driver + ")",
                                     format_time(record.time_micros)))
            << '\n';
}

void print_statement(const audit::Record& record, bool results) {
  std::string line = printable(record.text);
  if (record.text_length > record.text.size()) line += " …";
  line += fmt::format("\n             {}, {} row(s), {:.3f} ms",
                      audit::decision_of(record.phase, record.outcome), record.rows,
                      static_cast<double>(record.duration_micros) / 1e3);
  if (!record.rule.empty()) line += ", rule " + printable(record.rule);
  if (!record.sqlstate.empty()) line += ", " + printable(record.sqlstate);
  if (!record.message.empty()) line += ": " + printable(record.message);
  for (const auto& one : record.masked) line += "\n             masked " + printable(one);
  if (!record.captured.empty() && !results)
    line +=
        fmt::format("\n             its result is kept: sluice audit result {}", record.sequence);
  for (const auto& one : record.released) line += "\n             shown " + printable(one);
  std::cout << line << '\n';
}

/// What was kept of what a statement returned, under its line. False: what is there is not what
/// was kept.
bool print_result(const std::filesystem::path& state, const audit::Record& record) {
  const auto result = control::captured_result(state, record.sequence);
  std::ostringstream text;
  if (result) {
    print_told(text, *result);
    print_kept(text, *result, Format::kTable);
    if (const auto left_out = result->at("left_out").to_number<uint64_t>(); left_out > 0)
      text << fmt::format("{} bytes more were shown than are kept\n", left_out);
  } else {
    text << "its result cannot be shown: " << result.error().text << '\n';
  }
  std::istringstream lines(text.str());
  for (std::string line; std::getline(lines, line);) std::cout << "             " << line << '\n';
  return result || result.error().code == ErrorCode::kNotFound;
}

/// As JSON, with what was kept of it. False: as above.
bool print_json(const std::filesystem::path& state, const audit::Record& record, bool results) {
  auto object = audit::to_json(record);
  bool whole = true;
  if (results && !record.captured.empty()) {
    auto result = control::captured_result(state, record.sequence);
    whole = result || result.error().code == ErrorCode::kNotFound;
    if (result) {
      object["result"] = std::move(*result);
    } else {
      object["result_problem"] = result.error().text;
    }
  }
  std::cout << json_text(object) << '\n';
  return whole;
}

/// One record; `start` is the session's.
void print_line(const audit::Record& record, int64_t start, bool results) {
  std::cout << fmt::format("{:>12} ", seconds(record.time_micros - start));
  if (record.type == audit::EventType::kStatement) return print_statement(record, results);
  std::cout << audit::name_of(record.type);
  if (!record.message.empty()) std::cout << ": " << printable(record.message);
  std::cout << '\n';
}

}  // namespace

Result<> audit_transcript(const Common& common, uint64_t session, bool results) {
  SLUICE_TRY(only_here(common,
                       fmt::format("read its records: sluice audit search --session {}", session)));
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  SLUICE_TRY(leave_word(common, fmt::format("transcript of session {}{}", session,
                                            results ? " with the results that are kept" : "")));
  audit::Query query;
  query.session = session;
  query.order = audit::Order::kOldest;
  query.limit = kPage;
  std::optional<int64_t> start;
  bool whole = true;
  do {
    SLUICE_ASSIGN(const auto page, audit::search_page(config.state / "audit", query));
    for (const auto& record : page.records) {
      if (record.type == audit::EventType::kCaptured) continue;  // Its statement tells of it.
      if (!start) {
        start = record.time_micros;
        if (common.format != Format::kJson) print_head(record);
      }
      if (common.format == Format::kJson) {
        whole = print_json(config.state, record, results) && whole;
      } else {
        print_line(record, *start, results);
        if (results && !record.captured.empty())
          whole = print_result(config.state, record) && whole;
      }
    }
    query.after = page.next;
  } while (query.after);
  if (!whole)
    return fail(ErrorCode::kDenied, "some of what was kept is not what it was, or cannot be read");
  if (start) return {};
  return fail(ErrorCode::kNotFound, fmt::format("there is no session {} on the record", session));
}

}  // namespace sluice::cli
