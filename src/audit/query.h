#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/field.h"
#include "audit/record_view.h"
#include "base/result.h"

namespace sluice::audit {

/// In which order records are wanted.
enum class Order : uint8_t {
  kNewest,    ///< the newest are found first, and told oldest first
  kOldest,    ///< from the first one on
  kDuration,  ///< the longest first
  kRows,      ///< those of most rows first
  kField,     ///< by Query::by: texts from A to Z, numbers from the highest; none is last
};

/// Where a record stands in an order: what ranks higher comes first.
struct Rank {
  uint64_t key = 0;
  uint64_t sequence = 0;
  std::string text = {};  ///< the smaller ones rank higher
  friend bool operator==(const Rank&, const Rank&) = default;
  friend std::strong_ordering operator<=>(const Rank& a, const Rank& b) {
    if (const auto by_key = a.key <=> b.key; by_key != 0) return by_key;
    if (const auto by_text = b.text.compare(a.text); by_text != 0) return by_text <=> 0;
    return a.sequence <=> b.sequence;
  }
};

/// "412.1177", or with a text in hexadecimal digits "1.1177.616c": where the next page goes on.
std::string to_text(const Rank& rank);
Result<Rank> parse_rank(std::string_view text);

/// Which records are wanted; empty means any.
struct Query {
  std::string user;
  std::string database;
  std::string table;    ///< as written in the statement: "orders" or "public.orders"
  std::string kind;     ///< beginning of the statement kind, any case: "select", "create"
  std::string text;     ///< contained in the statement text, any case
  std::string outcome;  ///< "allowed", "denied", "skipped", "lost"
  std::string type;     ///< "statement", "session_start", …
  uint64_t session = 0;
  int64_t since_micros = 0;
  int64_t until_micros = 0;  ///< 0: now
  size_t limit = 100;
  std::string words;           ///< each stands in the text, any case; "ord*" begins a word
  std::string run, prompt;     ///< of an agent
  std::string group;           ///< one of the principal's
  std::string principal_kind;  ///< "human", "service", "agent"
  std::string environment;
  std::string column;  ///< read, filtered by or written: "email", "customers.email", with schema
  std::string data_class;
  std::string action;            ///< "read", or with its target: "update orders"
  std::string rule;              ///< that decided, or matched
  std::string approval, change;  ///< their numbers
  std::string ticket;
  std::string purpose;  ///< as the client states it
  std::string actor;    ///< one in the chain of those who act for a person
  std::string application;
  std::string address;  ///< of the client, without port; "10.1." is a beginning
  std::optional<uint64_t> min_duration_micros, max_duration_micros;
  std::optional<uint64_t> min_rows, max_rows;
  std::optional<uint64_t> min_subjects;  ///< sensitive values that it showed as they are
  /// mask::sighting of values, ascending, one of which it returned; empty: not asked.
  std::vector<uint64_t> seen;
  bool seen_masked = false;  ///< also where that was masked
  Order order = Order::kNewest;
  Field by = Field::kUser;    ///< of Order::kField
  std::optional<Rank> after;  ///< only what comes behind this one
  friend bool operator==(const Query&, const Query&) = default;
};

/// Whether a record is one of those; its place in an order aside.
bool matches(const Query& query, const RecordView& record);

// Its parts, by what they look at. A record in which only those fields are set tells them.

/// Who and where.
bool matches_context(const Query& query, const RecordView& record);
/// What the statement is and does.
bool matches_statement(const Query& query, const RecordView& record);
/// What became of it.
bool matches_verdict(const Query& query, const RecordView& record);
/// Times, rows, session.
bool matches_numbers(const Query& query, const RecordView& record);
/// The text itself.
bool matches_text(const Query& query, const RecordView& record);

/// Whether the part looks at anything at all.
bool asks_context(const Query& query);
bool asks_statement(const Query& query);
bool asks_verdict(const Query& query);
bool asks_text(const Query& query);

/// The client's address without its port.
Bytes host_of(Bytes address);

/// Where a record stands in an order other than Order::kField.
Rank rank_of(Order order, uint64_t sequence, uint64_t duration_micros, uint64_t rows);
/// In that order: where one with these values of the field stands. Of several the first counts.
Rank rank_by(Field field, uint64_t sequence, const RecordView& record);
/// In the query's order.
Rank rank_of(const Query& query, uint64_t sequence, const RecordView& record);

}  // namespace sluice::audit
