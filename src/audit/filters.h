#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/query.h"
#include "base/result.h"

namespace sluice::audit {

/// One way to say which records are wanted, by the same name on the command line (with '-' for
/// '_'), over HTTP and in saved searches.
struct Filter {
  std::string_view name;
  std::string_view value;  ///< what it takes: "NAME", "TIME", "DURATION", "N"
  std::string_view about;  ///< one line for people
  /// All values that it may have, where there are few.
  std::vector<std::string_view> choices;
  Result<> (*set)(Query& query, const std::string& value);
};

/// All of them.
std::span<const Filter> filters();

/// Name and value of filters, as they were given.
using Given = std::vector<std::pair<std::string, std::string>>;

/// Sets one; an error that says what it takes. Later ones of the same name replace earlier ones.
Result<> set_filter(Query& query, std::string_view name, const std::string& value);

/// An error for a range of times that nothing can be in.
Result<> check_times(const Query& query);

/// What records can be sorted by: "newest", "oldest", and the names of fields.
std::span<const std::string_view> orders();
/// Sets one of them; empty: the newest.
Result<> set_order(Query& query, std::string_view name);

/// "user=alice&since=1h": as in a URL, the way searches are saved.
std::string to_query_string(const Given& given);
/// The reverse; an error for what is no such text.
Result<Given> parse_query_string(std::string_view text);

}  // namespace sluice::audit
