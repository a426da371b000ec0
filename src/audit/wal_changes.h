#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Committed changes as PostgreSQL's output plugin test_decoding tells them. Pure: lines in,
/// transactions out.
namespace sluice::audit {

/// Rows of one table that a transaction changed.
struct TableChanges {
  uint64_t inserts = 0, updates = 0, deletes = 0, truncates = 0;
};

/// One transaction that the server has committed.
struct WalTransaction {
  uint32_t xid = 0;
  std::string lsn;                             ///< of its commit, "0/1927690"
  int64_t commit_micros = 0;                   ///< by the server's clock
  std::map<std::string, TableChanges> tables;  ///< by "schema.table", without quotes
  std::vector<std::string> stamps;             ///< messages with kStampPrefix that belong to it
};

/// The statement that reads from a slot, up to about `changes` changes at a time and always whole
/// transactions. Of changed rows it asks for table, action and number: no value leaves the server.
/// Its columns are what WalReader takes.
std::string wal_query(std::string_view slot, std::string_view up_to, unsigned changes);

/// One row of the answer to it.
struct WalRow {
  std::string lsn;
  std::string xid;
  std::string head;   ///< the line, without what stands behind the action of a change
  std::string count;  ///< how many lines were alike
};

/// Puts transactions together. An error for what test_decoding would not say.
class WalReader {
 public:
  /// A transaction where the row has ended one.
  Result<std::optional<WalTransaction>> take(const WalRow& row);
  /// Whether the rows so far end with a whole transaction.
  bool at_boundary() const { return !open_; }

 private:
  Result<> change(std::string_view head, std::string_view count);
  Result<> message(std::string_view head);
  Result<std::optional<WalTransaction>> commit(std::string_view head, const std::string& lsn);

  bool open_ = false;
  WalTransaction transaction_;
};

/// A place in the WAL, "16/B374D848", as a number that may be compared.
std::optional<uint64_t> parse_lsn(std::string_view text);

/// "public.orders: 2 inserted, 1 deleted; …": for people.
std::string describe(const std::map<std::string, TableChanges>& tables);

}  // namespace sluice::audit
