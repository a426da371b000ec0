#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "audit/training.h"
#include "base/result.h"

namespace sluice::control {

// Answers about training data, as the command line and the API give them.

/// What a receipt says in short: id, dataset, model, time, user, database, rows, root, classes, …
boost::json::object summary(const audit::Record& receipt);

/// Values of one person: an e-mail address, a telephone number, a name. Never on the record.
struct Subject {
  std::vector<std::string> values;
  std::string dataset;  ///< contains: a data set, or the id of one receipt
  int64_t since_micros = 0, until_micros = 0;
};

/// Data sets that hold any of these values, and have to be made anew once they are erased: one
/// entry a receipt, with `seen` (shown, masked), `certain`, and `completed`. `secret` is the
/// installation's.
Result<boost::json::array> affected(const std::filesystem::path& audit_directory,
                                    const std::string& secret, const Subject& subject);

/// Whether receipts of a data set are for rows with any of these values: `contains` is shown,
/// masked, no or unknown.
Result<boost::json::array> contains(const std::filesystem::path& audit_directory,
                                    const std::string& secret, const Subject& subject);

}  // namespace sluice::control
