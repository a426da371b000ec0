#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "audit/record.h"
#include "base/result.h"

namespace sluice::audit {

// What has left to train models: records of type kProvenance, and whose values were in it.

struct TrainingQuery {
  std::string dataset, model, user, database;  ///< empty: any
  int64_t since_micros = 0, until_micros = 0;  ///< 0: no bound
  size_t limit = 100;                          ///< the newest
};

/// Receipts, oldest first. `audit_directory` is `<state>/audit`.
Result<std::vector<Record>> training_receipts(const std::filesystem::path& audit_directory,
                                              const TrainingQuery& query);
/// The record of one receipt, by its id.
Result<Record> training_receipt(const std::filesystem::path& audit_directory,
                                const std::string& id);

/// The id in Record::receipt.
std::string receipt_id(const Record& record);

/// Data that have left with a value in them.
struct Holding {
  std::string id;
  bool masked = false;   ///< it did not leave as it is
  bool certain = false;  ///< as Sighted::certain
  std::optional<Record>
      receipt;  ///< of kProvenance; none: the export was not completed, or it is erased
  Record seen;  ///< one that the value is told by
};

/// What holds any of these values, told by mask::sighting; one entry a receipt, the oldest first.
Result<std::vector<Holding>> training_holdings(const std::filesystem::path& audit_directory,
                                               const std::vector<uint64_t>& digests,
                                               int64_t since_micros, int64_t until_micros);

}  // namespace sluice::audit
