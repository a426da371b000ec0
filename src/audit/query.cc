#include "audit/query.h"

#include <algorithm>
#include <charconv>

#include "audit/decision.h"
#include "audit/record.h"
#include "audit/subject_set.h"
#include "audit/words.h"

namespace sluice::audit {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_letter(char a, char b) { return lower(a) == lower(b); }

bool contains(Bytes text, Bytes part) {
  return part.empty() ||
         std::search(text.begin(), text.end(), part.begin(), part.end(), same_letter) != text.end();
}

bool begins(Bytes text, Bytes part) {
  return text.size() >= part.size() &&
         std::equal(part.begin(), part.end(), text.begin(), same_letter);
}

/// "orders" names "orders" and "public.orders".
bool named(Bytes full, Bytes name) {
  return full == name || (full.size() > name.size() && full.ends_with(name) &&
                          full[full.size() - name.size() - 1] == '.');
}

/// "public.orders.*" holds every column that is named with its table.
bool column_named(Bytes full, Bytes name) {
  if (named(full, name)) return true;
  const size_t dot = name.rfind('.');
  return dot != Bytes::npos && full.ends_with(".*") &&
         named(full.substr(0, full.size() - 2), name.substr(0, dot));
}

bool action_named(Bytes full, Bytes wanted) {
  const size_t space = wanted.find(' ');
  const size_t at = full.find(' ');
  if (full.substr(0, at) != wanted.substr(0, space)) return false;
  return space == Bytes::npos ||
         (at != Bytes::npos && named(full.substr(at + 1), wanted.substr(space + 1)));
}

template <typename Wanted>
bool any(const TextList& list, Wanted wanted) {
  bool found = false;
  list.for_each([&](Bytes text) { found = found || wanted(text); });
  return found;
}

bool any_column(const RecordView& record, Bytes column) {
  const auto wanted = [&](Bytes full) { return column_named(full, column); };
  return any(record.output_columns, wanted) || any(record.predicate_columns, wanted) ||
         any(record.written_columns, wanted);
}

/// Nothing for what to_hex would not give.
std::optional<std::string> from_hex(std::string_view digits) {
  std::string out;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    uint8_t byte = 0;
    const char* const pair = digits.data() + i;
    if (std::from_chars(pair, pair + 2, byte, 16).ptr != pair + 2) return std::nullopt;
    out += static_cast<char>(byte);
  }
  return digits.empty() || digits.size() % 2 != 0 ? std::nullopt : std::optional(std::move(out));
}

bool from_address(Bytes address, Bytes wanted) {
  const Bytes host = host_of(address);
  const bool beginning = wanted.ends_with('.') || wanted.ends_with(':');
  return host == wanted || (beginning && host.starts_with(wanted));
}

}  // namespace

Bytes host_of(Bytes address) {
  if (address.starts_with('[')) {
    const size_t end = address.find(']');
    return end == Bytes::npos ? address : address.substr(1, end - 1);
  }
  const size_t colon = address.rfind(':');
  // More than one: an address of version 6 without a port.
  return colon == Bytes::npos || address.find(':') != colon ? address : address.substr(0, colon);
}

bool asks_context(const Query& q) {
  return !(q.user.empty() && q.database.empty() && q.environment.empty() && q.group.empty() &&
           q.principal_kind.empty() && q.application.empty() && q.address.empty() &&
           q.run.empty() && q.prompt.empty() && q.actor.empty());
}

bool asks_statement(const Query& q) {
  return !(q.table.empty() && q.kind.empty() && q.column.empty() && q.data_class.empty() &&
           q.action.empty());
}

bool asks_verdict(const Query& q) {
  return !(q.outcome.empty() && q.type.empty() && q.rule.empty() && q.approval.empty() &&
           q.change.empty() && q.ticket.empty() && q.purpose.empty());
}

bool asks_text(const Query& q) { return !(q.text.empty() && q.words.empty() && q.seen.empty()); }

bool matches_context(const Query& q, const RecordView& record) {
  return (q.user.empty() || record.user == q.user) &&
         (q.database.empty() || record.database == q.database) &&
         (q.environment.empty() || record.environment == q.environment) &&
         (q.principal_kind.empty() || record.principal_kind == q.principal_kind) &&
         (q.application.empty() || record.application == q.application) &&
         (q.run.empty() || record.run == q.run) &&
         (q.prompt.empty() || record.prompt == q.prompt) &&
         (q.actor.empty() || any(record.actors, [&](Bytes who) { return who == q.actor; })) &&
         (q.address.empty() || from_address(record.client_address, q.address)) &&
         (q.group.empty() || any(record.groups, [&](Bytes group) { return group == q.group; }));
}

bool matches_statement(const Query& q, const RecordView& record) {
  return begins(record.kind, q.kind) &&
         (q.table.empty() || any(record.tables, [&](Bytes t) { return named(t, q.table); })) &&
         (q.column.empty() || any_column(record, q.column)) &&
         (q.data_class.empty() ||
          any(record.classes, [&](Bytes cls) { return cls == q.data_class; })) &&
         (q.action.empty() ||
          any(record.actions, [&](Bytes action) { return action_named(action, q.action); }));
}

bool matches_verdict(const Query& q, const RecordView& record) {
  return (q.outcome.empty() || (record.type == EventType::kStatement &&
                                decision_of(record.phase, record.outcome) == q.outcome)) &&
         (q.type.empty() || name_of(record.type) == q.type) &&
         (q.approval.empty() || number_in(record.approval) == q.approval) &&
         (q.change.empty() || number_in(record.change) == q.change) &&
         (q.ticket.empty() || record.ticket == q.ticket) &&
         (q.purpose.empty() || record.purpose == q.purpose) &&
         (q.rule.empty() || record.rule == q.rule ||
          any(record.matched, [&](Bytes rule) { return rule == q.rule; }));
}

bool matches_numbers(const Query& q, const RecordView& record) {
  return (q.session == 0 || record.session_id == q.session) &&
         record.time_micros >= q.since_micros &&
         (q.until_micros == 0 || record.time_micros <= q.until_micros) &&
         (!q.min_duration_micros || record.duration_micros >= *q.min_duration_micros) &&
         (!q.max_duration_micros || record.duration_micros <= *q.max_duration_micros) &&
         (!q.min_rows || record.rows >= *q.min_rows) &&
         (!q.max_rows || record.rows <= *q.max_rows) &&
         (!q.min_subjects || subjects_of(record) >= *q.min_subjects);
}

bool has_seen(const Query& q, const RecordView& record) {
  return find_any(record.seen_shown, q.seen) ||
         (q.seen_masked && find_any(record.seen_masked, q.seen));
}

bool matches_text(const Query& q, const RecordView& record) {
  return contains(record.text, q.text) && (q.words.empty() || has_words(record.text, q.words)) &&
         (q.seen.empty() || has_seen(q, record));
}

bool matches(const Query& query, const RecordView& record) {
  return matches_numbers(query, record) && matches_context(query, record) &&
         matches_verdict(query, record) && matches_statement(query, record) &&
         matches_text(query, record);
}

Rank rank_of(Order order, uint64_t sequence, uint64_t duration_micros, uint64_t rows) {
  switch (order) {
    case Order::kNewest:
      return {0, sequence};
    case Order::kOldest:
      return {0, ~sequence};
    case Order::kDuration:
      return {duration_micros, sequence};
    case Order::kRows:
      return {rows, sequence};
    case Order::kField:
      break;
  }
  return {};
}

Rank rank_by(Field field, uint64_t sequence, const RecordView& record) {
  // More would only make a cursor long.
  constexpr size_t kCompared = 256;
  const auto values = values_of(field, record);
  if (field == Field::kSession || field == Field::kApproval || field == Field::kChange) {
    uint64_t number = 0;
    const auto& text = values.front();
    std::from_chars(text.data(), text.data() + text.size(), number);
    return {number, sequence};
  }
  const auto first = std::min_element(values.begin(), values.end());
  return {first->empty() ? 0U : 1U, sequence, first->substr(0, kCompared)};
}

Rank rank_of(const Query& query, uint64_t sequence, const RecordView& record) {
  return query.order == Order::kField
             ? rank_by(query.by, sequence, record)
             : rank_of(query.order, sequence, record.duration_micros, record.rows);
}

std::string to_text(const Rank& rank) {
  const std::string numbers = std::to_string(rank.key) + "." + std::to_string(rank.sequence);
  return rank.text.empty() ? numbers : numbers + "." + to_hex(rank.text);
}

Result<Rank> parse_rank(std::string_view text) {
  Rank rank;
  const char* const end = text.data() + text.size();
  const auto key = std::from_chars(text.data(), end, rank.key);
  if (key.ec == std::errc() && key.ptr != end && *key.ptr == '.') {
    const auto sequence = std::from_chars(key.ptr + 1, end, rank.sequence);
    if (sequence.ec == std::errc() && sequence.ptr == end) return rank;
    if (sequence.ec == std::errc() && sequence.ptr != end && *sequence.ptr == '.') {
      if (auto bytes = from_hex({sequence.ptr + 1, end})) {
        rank.text = std::move(*bytes);
        return rank;
      }
    }
  }
  return fail(ErrorCode::kInvalidInput,
              "\"" + std::string(text) + "\" is no cursor: take what the last page gave");
}

}  // namespace sluice::audit
