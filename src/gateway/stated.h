#pragma once

#include <string>
#include <string_view>

#include "sql/statement_facts.h"

namespace sluice::gateway {

/// What a client says of its session: SET sluice.purpose, sluice.dataset, sluice.model. Claims.
struct Stated {
  std::string purpose;  ///< for rules (`when.purpose`); "training": what leaves gets a receipt
  std::string dataset, model;

  bool trains() const { return purpose == "training"; }
  /// The member that a setting is; null for any other.
  std::string* member(std::string_view setting);
};

/// Whether it is one of these settings.
bool is_stated(std::string_view setting);
/// Which of them a statement sets or resets, if any; "*" for several.
std::string_view stated_in(const sql::StatementFacts& facts);
/// Whether a name may stand in receipts and messages: at most 200 bytes, UTF-8, no control
/// characters.
bool is_statable(std::string_view value);

}  // namespace sluice::gateway
