#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/record.h"
#include "base/result.h"

namespace sluice::audit {

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
};

/// Whether a record is one of those.
bool matches(const Query& query, const RecordView& record);

/// The newest matching records, oldest first. Complete whatever the state of the index: what it
/// does not have yet is read from the log. `audit_directory` is `<state>/audit`.
Result<std::vector<Record>> search(const std::filesystem::path& audit_directory,
                                   const Query& query);

/// One record by its sequence number.
Result<Record> show(const std::filesystem::path& audit_directory, uint64_t sequence);

/// Calls `each` for every matching record that is written from now on, until it returns false or
/// `stop` says so.
Result<> tail(const std::filesystem::path& audit_directory, const Query& query,
              const std::function<bool(const Record&)>& each, const std::function<bool()>& stop);

}  // namespace sluice::audit
