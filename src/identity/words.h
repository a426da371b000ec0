#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// Short texts as this room keeps them. Internal to it.

namespace sluice::identity {

/// Printable UTF-8 of 1 to 63 bytes (PostgreSQL's NAMEDATALEN - 1: longer names cannot log in).
Result<> check_word(std::string_view what, std::string_view word);
/// The same of up to `most` bytes.
Result<> check_word(std::string_view what, std::string_view word, size_t most);

/// A name that cannot be taken for another, by people or by programs: 1 to 63 ASCII letters, digits
/// and "._@+-:/='#".
bool is_plain_name(std::string_view name);
/// Whether the record says so of the gateway's own doing, in any case.
bool is_own_name(std::string_view name);

/// A list as it stands in a column: separated by newlines.
std::string join(const std::vector<std::string>& words);
std::vector<std::string> split(const std::string& text);

/// Names and values as they stand in a column: name=value, separated by newlines.
std::string join_pairs(const std::map<std::string, std::string>& pairs);
std::map<std::string, std::string> split_pairs(const std::string& text);

}  // namespace sluice::identity
