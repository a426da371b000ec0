// sluice audit transcript: what happened in a session, with its timing.
#include <functional>
#include <iostream>
#include <optional>

#include <fmt/format.h>

#include "audit/record_json.h"
#include "audit/search.h"
#include "base/parse_time.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/leave_word.h"
#include "config/config.h"

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

void print_statement(const json::object& record) {
  std::string line = text_of(record, "text");
  if (record.contains("text_length")) line += " …";
  line += fmt::format("\n             {}, {} row(s), {:.3f} ms", text_of(record, "decision"),
                      number_of(record, "rows"),
                      static_cast<double>(number_of(record, "duration_us")) / 1e3);
  if (const auto rule = text_of(record, "rule"); !rule.empty()) line += ", rule " + rule;
  if (const auto state = text_of(record, "sqlstate"); !state.empty()) line += ", " + state;
  if (const auto said = text_of(record, "message"); !said.empty()) line += ": " + said;
  line += lines_of(record, "masked", "masked");
  if (record.contains("captured"))
    line += fmt::format("\n             its result is kept: sluice audit result {}",
                        text_of(record, "id"));
  line += lines_of(record, "released", "shown");
  std::cout << line << '\n';
}

/// One record; `start` is the session's.
void print_line(const json::object& record, int64_t start) {
  const int64_t time = parse_time(text_of(record, "time")).value_or(start);
  std::cout << fmt::format("{:>12} ", seconds(time - start));
  if (text_of(record, "type") == "statement") return print_statement(record);
  std::cout << text_of(record, "type");
  if (const auto said = text_of(record, "message"); !said.empty()) std::cout << ": " << said;
  std::cout << '\n';
}

/// Prints records of a session as they come, the oldest first.
class Transcript {
 public:
  explicit Transcript(Format format) : format_(format) {}
  bool empty() const { return !start_; }

  void add(const json::object& record) {
    if (text_of(record, "type") == "captured") return;  // Its statement tells of it.
    if (!start_) {
      start_ = parse_time(text_of(record, "time")).value_or(0);
      if (format_ != Format::kJson) print_head(record);
    }
    if (format_ == Format::kJson) {
      std::cout << json_text(record) << '\n';
    } else {
      print_line(record, *start_);
    }
  }

 private:
  const Format format_;
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

}  // namespace

Result<> audit_transcript(const Common& common, uint64_t session) {
  Transcript told(common.format);
  if (is_elsewhere(common)) return transcript_elsewhere(session, told);
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  SLUICE_TRY(leave_word(common, fmt::format("transcript of session {}", session)));
  audit::Query query;
  query.session = session;
  query.order = audit::Order::kOldest;
  query.limit = kPage;
  do {
    SLUICE_ASSIGN(const auto page, audit::search_page(config.state / "audit", query));
    for (const auto& record : page.records) told.add(audit::to_json(record));
    query.after = page.next;
  } while (query.after);
  if (!told.empty()) return {};
  return fail(ErrorCode::kNotFound, fmt::format("there is no session {} on the record", session));
}

}  // namespace sluice::cli
