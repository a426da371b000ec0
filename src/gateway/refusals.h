#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "policy/decision.h"
#include "wire/postgres/encode.h"

namespace sluice::gateway {

/// A refusal that no rule of the policy makes, but the gateway itself.
inline std::shared_ptr<const policy::Decision> refusal(std::string rule, std::string sqlstate,
                                                       std::string message, std::string hint) {
  auto decision = std::make_shared<policy::Decision>();
  decision->rule = std::move(rule);
  decision->sqlstate = std::move(sqlstate);
  decision->message = std::move(message);
  decision->hint = std::move(hint);
  return decision;
}

/// Of a statement whose text is too long to be understood anew here and now.
inline std::shared_ptr<const policy::Decision> prepared_elsewhere(std::string_view name) {
  return refusal("prepared-in-another-scope", "26000",
                 "prepared statement \"" + std::string(name) +
                     "\" was prepared before the search path or the schema changed",
                 "Prepare it again.");
}

inline std::shared_ptr<const policy::Decision> too_many_prepared() {
  return refusal("too-many-prepared-statements", "53400",
                 "too many prepared statements or portals in this session",
                 "Close some of them, or connect again.");
}

/// Code that a cursor runs looks names up as it is taken from.
inline std::shared_ptr<const policy::Decision> names_since_opened() {
  return refusal("names-since-opened", "55000",
                 "a cursor of this transaction runs functions, whose names may mean other things "
                 "than where it was opened",
                 "Set search_path back to what it was there, or close the cursor and open it anew.");
}

/// Sent in place of a refused statement where the server has to fail too, so that its transaction
/// is aborted as by any other error. Not SQL, whatever the settings.
inline constexpr std::string_view failing_text() { return "statement refused by the gateway"; }

/// The name it is parsed under in a pipeline: it never comes to mean anything, and leaves what the
/// client's names mean alone.
inline constexpr const char* kFailingName = "sluice_refused";

inline void append_failing_parse(std::string& out) {
  wire::postgres::encode_parse(out, kFailingName, failing_text());
}

}  // namespace sluice::gateway
