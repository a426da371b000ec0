#include "audit/filters.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "audit/event.h"
#include "base/clock.h"
#include "base/parse_time.h"
#include "base/units.h"

namespace sluice::audit {
namespace {

constexpr int64_t kDayMicros = int64_t{24} * 3600 * 1'000'000;

template <std::string Query::* kMember>
Result<> set_text(Query& query, const std::string& value) {
  query.*kMember = value;
  return {};
}

Result<uint64_t> number_of(const std::string& value) {
  uint64_t number = 0;
  const char* const end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, number);
  if (read.ec == std::errc() && read.ptr == end && !value.empty()) return number;
  return fail(ErrorCode::kInvalidInput, "expected a number, got \"" + value + "\"");
}

template <std::optional<uint64_t> Query::* kMember>
Result<> set_number(Query& query, const std::string& value) {
  SLUICE_ASSIGN(query.*kMember, number_of(value));
  return {};
}

template <std::optional<uint64_t> Query::* kMember>
Result<> set_duration(Query& query, const std::string& value) {
  SLUICE_ASSIGN(const Duration duration, parse_duration(value));
  query.*kMember = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
  return {};
}

template <int64_t Query::* kMember>
Result<> set_time(Query& query, const std::string& value) {
  SLUICE_ASSIGN(query.*kMember, parse_time(value));
  return {};
}

Result<> set_day(Query& query, const std::string& value) {
  auto begin = parse_time(value + "T00:00:00Z");
  if (!begin) {
    return fail(ErrorCode::kInvalidInput,
                "expected a day such as 2026-11-27, got \"" + value + "\"");
  }
  query.since_micros = *begin;
  query.until_micros = *begin + kDayMicros - 1;
  return {};
}

template <std::string Query::* kMember>
Result<> set_name_of_number(Query& query, const std::string& value) {
  SLUICE_ASSIGN(const uint64_t number, number_of(value));
  query.*kMember = std::to_string(number);
  return {};
}

Result<> set_session(Query& query, const std::string& value) {
  SLUICE_ASSIGN(query.session, number_of(value));
  return {};
}

/// One that there is not would never fit: who searches would take it for an answer, and what a
/// legal hold is to keep would go.
Result<> set_type(Query& query, const std::string& value) {
  std::string known;
  for (int number = 1; number <= UINT8_MAX; ++number) {
    const auto name = name_of(static_cast<EventType>(number));
    if (name == "unknown") continue;
    known += (known.empty() ? "" : ", ") + std::string(name);
    if (name != value) continue;
    query.type = value;
    return {};
  }
  query.type.clear();
  if (value.empty()) return {};
  return fail(ErrorCode::kInvalidInput,
              "no record is of the type \"" + value + "\"; there are " + known);
}

const std::vector<Filter> kFilters = {
    {"user", "NAME", "Who", {}, set_text<&Query::user>},
    {"group", "NAME", "Who is in this group", {}, set_text<&Query::group>},
    {"principal_kind",
     "KIND",
     "human, service or agent",
     {"human", "service", "agent"},
     set_text<&Query::principal_kind>},
    {"actor",
     "NAME",
     "In the chain of those who act for a person: that person, an agent",
     {},
     set_text<&Query::actor>},
    {"session", "ID", "Session id", {}, set_session},
    {"run", "ID", "In this run of an agent", {}, set_text<&Query::run>},
    {"prompt", "ID", "For this prompt of an agent", {}, set_text<&Query::prompt>},
    {"database", "NAME", "Where", {}, set_text<&Query::database>},
    {"environment", "NAME", "Environment of the database", {}, set_text<&Query::environment>},
    {"application", "NAME", "What the client calls itself", {}, set_text<&Query::application>},
    {"address", "IP", "The client's; \"10.1.\" is a beginning", {}, set_text<&Query::address>},
    {"table", "NAME", "Statements that name this table", {}, set_text<&Query::table>},
    {"column",
     "NAME",
     "That return, filter by or write it: email, customers.email",
     {},
     set_text<&Query::column>},
    {"class",
     "NAME",
     "That touch data of this class: email, card_number",
     {},
     set_text<&Query::data_class>},
    {"action", "ACTION", "read, update, \"update orders\", …", {}, set_text<&Query::action>},
    {"kind",
     "KIND",
     "Statement kind, or its beginning: select, create",
     {},
     set_text<&Query::kind>},
    {"decision",
     "DECISION",
     "allowed, denied, limited, skipped, lost, or parsed: allowed, and nothing ran",
     {"allowed", "denied", "limited", "skipped", "lost", "parsed"},
     set_text<&Query::outcome>},
    {"rule", "NAME", "Rule that decided or matched", {}, set_text<&Query::rule>},
    {"approval", "N", "Under this request for approval", {}, set_name_of_number<&Query::approval>},
    {"change", "N", "A step of this change", {}, set_name_of_number<&Query::change>},
    {"ticket", "ID", "For this ticket", {}, set_text<&Query::ticket>},
    {"purpose", "TEXT", "For this purpose, as its client states it", {}, set_text<&Query::purpose>},
    {"type",
     "TYPE",
     "statement, session_start, session_end, login_failed, cancel, admin, …",
     {},
     set_type},
    {"text", "TEXT", "Contained in the statement", {}, set_text<&Query::text>},
    {"words",
     "WORDS",
     "Words of the statement, in any order; \"ord*\" begins one",
     {},
     set_text<&Query::words>},
    {"min_duration",
     "DURATION",
     "That took at least so long: 500ms",
     {},
     set_duration<&Query::min_duration_micros>},
    {"max_duration",
     "DURATION",
     "That took at most so long",
     {},
     set_duration<&Query::max_duration_micros>},
    {"min_rows", "N", "Of at least so many rows", {}, set_number<&Query::min_rows>},
    {"max_rows", "N", "Of at most so many rows", {}, set_number<&Query::max_rows>},
    {"min_subjects",
     "N",
     "That showed at least so many sensitive values",
     {},
     set_number<&Query::min_subjects>},
    {"since", "TIME", "1h, 2d or 2026-11-24T09:30:00Z", {}, set_time<&Query::since_micros>},
    {"until", "TIME", "The same", {}, set_time<&Query::until_micros>},
    {"day", "DATE", "On this day (UTC): 2026-11-27", {}, set_day},
};

void put_encoded(std::string& out, std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += {'%', kDigits[static_cast<uint8_t>(c) >> 4], kDigits[c & 15]};
    }
  }
}

Result<std::string> decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    uint8_t byte = 0;
    const char* const digits = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
      return fail(ErrorCode::kInvalidInput, "\"" + std::string(text) + "\" is not URL-encoded");
    }
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

}  // namespace

std::span<const Filter> filters() { return kFilters; }

Result<> set_filter(Query& query, std::string_view name, const std::string& value) {
  const auto filter = std::find_if(kFilters.begin(), kFilters.end(),
                                   [&](const Filter& known) { return known.name == name; });
  if (filter == kFilters.end()) {
    std::string known;
    for (const Filter& one : kFilters) known += (known.empty() ? "" : ", ") + std::string(one.name);
    return fail(ErrorCode::kInvalidInput,
                "there is no filter \"" + std::string(name) + "\"; there are " + known);
  }
  const auto& choices = filter->choices;
  const bool fits = choices.empty() || value.empty() ||
                    std::find(choices.begin(), choices.end(), value) != choices.end();
  auto set = fits ? filter->set(query, value)
                  : Result<>(fail(ErrorCode::kInvalidInput, "got \"" + value + "\""));
  if (set) return set;
  return fail(set.error().code, std::string(name) + ": " + set.error().text + " (" +
                                    std::string(filter->about) + ")");
}

Result<> check_times(const Query& query) {
  const bool until_now = query.until_micros == 0;
  if (until_now || query.since_micros <= query.until_micros) return {};
  return fail(ErrorCode::kInvalidInput,
              "since is later than until: " + format_time(query.since_micros) + " and " +
                  format_time(query.until_micros));
}

std::span<const std::string_view> orders() {
  static const auto kOrders = [] {
    std::vector<std::string_view> all = {"newest", "oldest"};
    for (const Field field : fields()) all.push_back(name_of(field));
    return all;
  }();
  return kOrders;
}

Result<> set_order(Query& query, std::string_view name) {
  const auto field = find_field(name);
  if (name.empty() || name == "newest" || name == "time") {
    query.order = Order::kNewest;
  } else if (name == "oldest") {
    query.order = Order::kOldest;
  } else if (field == Field::kDuration) {
    query.order = Order::kDuration;
  } else if (field == Field::kRows) {
    query.order = Order::kRows;
  } else if (field) {
    query.order = Order::kField;
    query.by = *field;
  } else {
    std::string known;
    for (const auto order : orders()) known += (known.empty() ? "" : ", ") + std::string(order);
    return fail(ErrorCode::kInvalidInput,
                "there is no order \"" + std::string(name) + "\"; there are " + known);
  }
  return {};
}

std::string to_query_string(const Given& given) {
  std::string out;
  for (const auto& [name, value] : given) {
    if (!out.empty()) out += '&';
    put_encoded(out, name);
    out += '=';
    put_encoded(out, value);
  }
  return out;
}

Result<Given> parse_query_string(std::string_view text) {
  Given given;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    SLUICE_ASSIGN(auto name, decoded(pair.substr(0, equals)));
    SLUICE_ASSIGN(auto value, decoded(pair.substr(std::min(pair.size(), equals + 1))));
    given.emplace_back(std::move(name), std::move(value));
  }
  return given;
}

}  // namespace sluice::audit
