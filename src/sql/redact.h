#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

/// The text with secrets replaced by '***': the literal after PASSWORD (CREATE/ALTER ROLE, user
/// mappings, subscriptions), the value of a setting or argument named like a password, and literals
/// that contain a connection string with a password. Works on any text, parsable or not; all else
/// stays byte for byte.
std::string redact(std::string_view text);

/// A text as it goes on the record.
struct RecordedText {
  std::string text;    ///< redacted
  std::string digest;  ///< SHA-256 of it, raw, unless it is so short that no record would cut it
  std::vector<std::string> tags;  ///< "key=value" of its comment (comment_tags.h)
};
RecordedText recorded(std::string_view text);

}  // namespace sluice::sql
