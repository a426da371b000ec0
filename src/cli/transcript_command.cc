// sluice audit transcript: what happened in a session, with its timing.
#include <functional>
#include <iostream>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "audit/record_json.h"
#include "audit/search.h"
#include "base/parse_time.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/kept_result.h"
#include "cli/leave_word.h"
#include "config/config.h"
#include "control/captured_result.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

/// Pages of it, so that a long session takes no more memory than a short one.
constexpr size_t kPage = 1000;
/// Over HTTP, where an answer has a longest.
constexpr size_t kPageElsewhere = 200;

/// A field of a record as audit::to_json has it; empty where it is not there.
std::string text_of(const json::object& record, std::string_view name) {
  const auto* value = record.if_contains(name);
  return value == nullptr ? std::string() : printable(plain(*value));
}

uint64_t number_of(const json::object& record, std::string_view name) {
  const auto* value = record.if_contains(name);
  return value == nullptr || !value->is_number() ? 0 : value->to_number<uint64_t>();
}

std::string seconds(int64_t micros) {
  return fmt::format("{:+.3f} s", static_cast<double>(micros) / 1e6);
}

void print_head(const json::object& record) {
  const std::string driver = text_of(record, "driver");
  std::cout << fmt::format(
      "session {}: {} ({}) on {} ({}) from {}, {}{}, {}\n", text_of(record, "session"),
      text_of(record, "user"), text_of(record, "principal_kind"), text_of(record, "database"),
      text_of(record, "environment"), text_of(record, "client"), text_of(record, "application"),
      driver.empty() ? "" : " (" + driver + ")", text_of(record, "time"));
}

/// Each of a list on a line of its own.
std::string lines_of(const json::object& record, std::string_view name, std::string_view word) {
  std::string out;
  const auto* list = record.if_contains(name);
  if (list == nullptr || !list->is_array()) return out;
  for (const auto& one : list->get_array())
    out += fmt::format("\n             {} {}", word, printable(plain(one)));
  return out;
}

void print_statement(const json::object& record, bool results) {
  std::string line = text_of(record, "text");
  if (record.contains("text_length")) line += " …";
  line += fmt::format("\n             {}, {} row(s), {:.3f} ms", text_of(record, "decision"),
                      number_of(record, "rows"),
                      static_cast<double>(number_of(record, "duration_us")) / 1e3);
  if (const auto rule = text_of(record, "rule"); !rule.empty()) line += ", rule " + rule;
  if (const auto state = text_of(record, "sqlstate"); !state.empty()) line += ", " + state;
  if (const auto said = text_of(record, "message"); !said.empty()) line += ": " + said;
  line += lines_of(record, "masked", "masked");
  if (record.contains("captured") && !results)
    line += fmt::format("\n             its result is kept: sluice audit result {}",
                        text_of(record, "id"));
  line += lines_of(record, "released", "shown");
  std::cout << line << '\n';
}

/// What was kept of what a statement returned, under its line.
void print_result(const Result<json::object>& result) {
  std::ostringstream text;
  if (result) {
    print_told(text, *result);
    print_kept(text, *result, Format::kTable);
    if (const auto left_out = number_of(*result, "left_out"); left_out > 0)
      text << fmt::format("{} bytes more were shown than are kept\n", left_out);
  } else {
    text << "its result cannot be shown: " << result.error().text << '\n';
  }
  std::istringstream lines(text.str());
  for (std::string line; std::getline(lines, line);) std::cout << "             " << line << '\n';
}

/// One record; `start` is the session's.
void print_line(const json::object& record, int64_t start, bool results) {
  const int64_t time = parse_time(text_of(record, "time")).value_or(start);
  std::cout << fmt::format("{:>12} ", seconds(time - start));
  if (text_of(record, "type") == "statement") return print_statement(record, results);
  std::cout << text_of(record, "type");
  if (const auto said = text_of(record, "message"); !said.empty()) std::cout << ": " << said;
  std::cout << '\n';
}

/// Prints records of a session as they come, the oldest first.
class Transcript {
 public:
  /// What was kept of the result of a statement, by its record's number.
  using KeptResult = std::function<Result<json::object>(uint64_t)>;

  /// `kept`: to show results beside what they are of; empty for none.
  Transcript(Format format, KeptResult kept) : format_(format), kept_(std::move(kept)) {}
  bool empty() const { return !start_; }
  /// Whether some of what was kept is not what it was, or cannot be read.
  bool damaged() const { return damaged_; }

  void add(const json::object& record) {
    if (text_of(record, "type") == "captured") return;  // Its statement tells of it.
    if (!start_) {
      start_ = parse_time(text_of(record, "time")).value_or(0);
      if (format_ != Format::kJson) print_head(record);
    }
    std::optional<Result<json::object>> result;
    if (kept_ && record.contains("captured")) {
      result = kept_(number_of(record, "id"));
      damaged_ = damaged_ || (!*result && result->error().code != ErrorCode::kNotFound);
    }
    if (format_ == Format::kJson) return print_json(record, result);
    print_line(record, *start_, static_cast<bool>(kept_));
    if (result) print_result(*result);
  }

 private:
  static void print_json(json::object record, const std::optional<Result<json::object>>& result) {
    if (result && *result) record["result"] = **result;
    if (result && !*result) record["result_problem"] = result->error().text;
    std::cout << json_text(record) << '\n';
  }

  const Format format_;
  const KeptResult kept_;
  bool damaged_ = false;
  std::optional<int64_t> start_;
};

Result<> transcript_elsewhere(uint64_t session, Transcript& told) {
  for (std::string cursor;;) {
    std::string path =
        fmt::format("/api/v1/audit/transcripts/{}?limit={}", session, kPageElsewhere);
    if (!cursor.empty()) path += "&cursor=" + percent_encoded(cursor);
    SLUICE_ASSIGN(const auto page, call_elsewhere("GET", path));
    for (const auto& record : page.at("records").as_array()) told.add(record.as_object());
    if (page.at("next").is_null()) return {};
    cursor = plain(page.at("next"));
  }
}

Result<> whole(const Transcript& told) {
  if (!told.damaged()) return {};
  return fail(ErrorCode::kDenied, "some of what was kept is not what it was, or cannot be read");
}

}  // namespace

Result<> audit_transcript(const Common& common, uint64_t session, bool results) {
  std::filesystem::path state;
  const auto kept = [&](uint64_t record) -> Result<json::object> {
    if (!is_elsewhere(common)) return control::captured_result(state, record);
    SLUICE_ASSIGN(auto found,
                  call_elsewhere("GET", fmt::format("/api/v1/audit/records/{}/result", record)));
    return std::move(found.as_object());
  };
  Transcript told(common.format, results ? Transcript::KeptResult(kept) : nullptr);
  if (is_elsewhere(common)) {
    SLUICE_TRY(transcript_elsewhere(session, told));
    return whole(told);
  }
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  state = config.state;
  SLUICE_TRY(leave_word(common, fmt::format("transcript of session {}{}", session,
                                            results ? " with the results that are kept" : "")));
  audit::Query query;
  query.session = session;
  query.order = audit::Order::kOldest;
  query.limit = kPage;
  do {
    SLUICE_ASSIGN(const auto page, audit::search_page(config.state / "audit", query));
    for (const auto& record : page.records) told.add(audit::to_json(record));
    query.after = page.next;
  } while (query.after);
  if (!told.empty()) return whole(told);
  return fail(ErrorCode::kNotFound, fmt::format("there is no session {} on the record", session));
}

}  // namespace sluice::cli
