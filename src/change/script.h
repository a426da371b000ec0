#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/lint.h"

namespace sluice::change {

/// One statement of a script.
struct Step {
  std::string text;  ///< byte for byte as it is sent
  size_t line = 0;   ///< 1-based, of its first word or comment
};

/// The statements of a script, without blanks around them. kInvalidInput says what is wrong in
/// which line. Starts a thread, since the parser needs a big stack.
Result<std::vector<Step>> read_script(std::string_view script);

/// What lint says of a script that is run with a lock time-out, in one transaction if
/// `one_transaction`; findings count statements and lines as the script does. Starts a thread.
std::vector<sql::Finding> lint_script(std::string_view script, const sql::Scope& scope,
                                      bool one_transaction);

}  // namespace sluice::change
