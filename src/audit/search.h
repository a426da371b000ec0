#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "audit/query.h"
#include "audit/record.h"
#include "base/result.h"

namespace sluice::audit {

/// Some of the records that a query asks for.
struct Page {
  std::vector<Record> records;  ///< in the query's order; of Order::kNewest the oldest first
  std::optional<Rank> next;     ///< Query::after of the next page; empty: there is none
};

/// The first `query.limit` records of its order. Complete whatever the state of the index: what it
/// does not have yet is read from the log. `audit_directory` is `<state>/audit`.
Result<Page> search_page(const std::filesystem::path& audit_directory, const Query& query);

/// The records of one page.
Result<std::vector<Record>> search(const std::filesystem::path& audit_directory,
                                   const Query& query);

/// The places where complete segments are damaged, so that answers may lack what stood there, as
/// far as the index or the rest of the log tells: "file: damaged at byte …".
Result<std::vector<std::string>> known_damage(const std::filesystem::path& audit_directory);

/// One record by its sequence number.
Result<Record> show(const std::filesystem::path& audit_directory, uint64_t sequence);

/// Calls `each` for every matching record that is written from now on, until it returns false or
/// `stop` says so.
Result<> tail(const std::filesystem::path& audit_directory, const Query& query,
              const std::function<bool(const Record&)>& each, const std::function<bool()>& stop);

}  // namespace sluice::audit
