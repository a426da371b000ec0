// Comments of statements in sqlcommenter form.
#include "input.h"
#include "sql/comment_tags.h"

FUZZ(bytes) {
  const auto tags = sluice::sql::comment_tags(bytes);
  require(tags.size() <= sluice::sql::kMostTags);
  for (const auto& tag : tags) {
    require(tag.size() <= sluice::sql::kLongestTagKey + 1 + sluice::sql::kLongestTagValue);
    require(tag.find('=') != std::string::npos);
  }
}
