#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

/// At most so many tags are taken of a comment, of so many bytes each.
inline constexpr size_t kMostTags = 16;
inline constexpr size_t kLongestTagKey = 64;
inline constexpr size_t kLongestTagValue = 256;

/// "key=value" for each pair of a comment in sqlcommenter form that a text ends or begins with:
/// `/*route='%2Forders',traceparent='00-…'*/`, URL-decoded. Such a comment consists of nothing but
/// pairs; of any other no tag is taken. What the client says of itself, not verified.
std::vector<std::string> comment_tags(std::string_view text);

/// The value of one tag; empty if it is not there.
std::string_view tag_value(const std::vector<std::string>& tags, std::string_view key);

}  // namespace sluice::sql
