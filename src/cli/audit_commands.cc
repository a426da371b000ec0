#include <atomic>
#include <charconv>
#include <ctime>
#include <iostream>
#include <optional>

#include <fmt/format.h>
#include <signal.h>

#include "audit/record_json.h"
#include "audit/search.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "cli/leave_word.h"
#include "config/config.h"
#include "config/units.h"

namespace sluice::cli {
namespace {

const std::vector<std::string> kColumns = {"id",   "time", "user", "database", "type",   "decision",
                                           "kind", "rows", "rule", "text",     "message"};

std::atomic<bool> interrupted{false};

Result<std::filesystem::path> audit_directory(const Common& common) {
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  const auto directory = config.state / "audit";
  if (!std::filesystem::exists(directory / "log")) {
    return fail(ErrorCode::kNotFound, "there is no audit log in " + directory.string() +
                                          " yet: it is made when the gateway first starts");
  }
  return directory;
}

Result<audit::Query> query_of(const Common& common, const AuditOptions& options) {
  audit::Query query = options.query;
  query.limit = common.limit;
  SLUICE_ASSIGN(query.since_micros, parse_time(options.since));
  SLUICE_ASSIGN(query.until_micros, parse_time(options.until));
  return query;
}

std::string line_of(const boost::json::object& record) {
  std::string line;
  for (const auto& column : kColumns) {
    const auto* value = record.if_contains(column);
    if (value == nullptr) continue;
    const std::string text = printable(plain(*value));
    if (!text.empty()) line += (line.empty() ? "" : "  ") + text;
  }
  return line;
}

/// ".5" to 500000; nothing for what is no fraction of up to six digits.
std::optional<int64_t> parse_fraction(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] != '.' || text.size() < 2 || text.size() > 7) return std::nullopt;
  int64_t micros = 0;
  for (size_t i = 1; i <= 6; ++i) {
    const char digit = i < text.size() ? text[i] : '0';
    if (digit < '0' || digit > '9') return std::nullopt;
    micros = micros * 10 + (digit - '0');
  }
  return micros;
}

/// A date, or a date and time of day as listings show them, in UTC.
std::optional<int64_t> parse_moment(const std::string& text) {
  std::tm utc{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::optional<int64_t> fraction;
  if (rest != nullptr) {
    std::string_view behind = rest;
    if (behind.ends_with('Z')) behind.remove_suffix(1);
    fraction = parse_fraction(behind);
  } else {
    utc = {};
    rest = strptime(text.c_str(), "%Y-%m-%d", &utc);
    if (rest != nullptr && *rest == '\0') fraction = 0;
  }
  if (!fraction) return std::nullopt;
  const int day = utc.tm_mday;
  const int64_t seconds = timegm(&utc);
  // The 31st of February would become a day in March.
  if (utc.tm_mday != day) return std::nullopt;
  return seconds * 1'000'000 + *fraction;
}

}  // namespace

Result<int64_t> parse_time(const std::string& text) {
  if (text.empty()) return 0;
  if (const auto ago = config::parse_duration(text)) {
    return wall_micros() - std::chrono::duration_cast<std::chrono::microseconds>(*ago).count();
  }
  if (const auto moment = parse_moment(text)) return *moment;
  return fail(
      ErrorCode::kInvalidInput,
      fmt::format(
          "expected a time such as 1h, 2d, 2026-11-24 or 2026-11-24T09:30:00Z (UTC), got \"{}\"",
          text));
}

Result<> audit_search(const Common& common, const AuditOptions& options) {
  SLUICE_ASSIGN(const auto directory, audit_directory(common));
  SLUICE_ASSIGN(const auto query, query_of(common, options));
  SLUICE_TRY(leave_word(common, "searched"));
  SLUICE_ASSIGN(const auto records, audit::search(directory, query));
  Listing listing{kColumns, {}};
  for (const auto& record : records) listing.rows.push_back(audit::to_json(record));
  print(std::cout, listing, common.format);
  return {};
}

Result<> audit_tail(const Common& common, const AuditOptions& options) {
  SLUICE_ASSIGN(const auto directory, audit_directory(common));
  SLUICE_ASSIGN(const auto query, query_of(common, options));
  SLUICE_TRY(leave_word(common, "followed"));
  struct sigaction action{};
  action.sa_handler = [](int) { interrupted = true; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  size_t seen = 0;
  return audit::tail(
      directory, query,
      [&](const audit::Record& record) {
        const auto json = audit::to_json(record);
        std::cout << (common.format == Format::kJson ? json_text(json) : line_of(json))
                  << std::endl;
        return ++seen < common.limit || common.limit == 0;
      },
      [] { return interrupted.load(); });
}

Result<> audit_show(const Common& common, uint64_t id) {
  SLUICE_ASSIGN(const auto directory, audit_directory(common));
  SLUICE_TRY(leave_word(common, fmt::format("record {}", id)));
  SLUICE_ASSIGN(const auto record, audit::show(directory, id));
  const auto json = audit::to_json(record);
  if (common.format == Format::kJson) {
    std::cout << json_text(json) << '\n';
    return {};
  }
  for (const auto& [name, value] : json) {
    std::cout << fmt::format("{:<20} {}\n", std::string_view(name), printable(plain(value)));
  }
  return {};
}

}  // namespace sluice::cli
