#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

#include "audit/filters.h"
#include "base/result.h"
#include "control/body.h"

namespace sluice::control {

/// What part of a list is wanted.
struct Paging {
  size_t limit = 0;
  std::string cursor;  ///< where the page before has ended; empty: from the start
};

constexpr size_t kAllOfIt = std::numeric_limits<size_t>::max();

/// `limit` and `cursor` of the query string of `path`, the only parameters there are: up to `most`
/// at a time, and `unless_said` where no limit is given. kInvalidInput for anything else.
inline Result<Paging> paging_of(std::string_view path, size_t most, size_t unless_said) {
  Paging paging{unless_said, {}};
  const size_t mark = path.find('?');
  if (mark == std::string_view::npos) return paging;
  SLUICE_ASSIGN(const auto given, audit::parse_query_string(path.substr(mark + 1)));
  for (const auto& [name, value] : given) {
    if (name == "cursor" && !value.empty()) {
      paging.cursor = value;
      continue;
    }
    const auto number = name == "limit" ? number_in(value) : std::nullopt;
    if (!number)
      return fail(ErrorCode::kInvalidInput, "known parameters: limit, from 1 up, and cursor");
    paging.limit = std::min(static_cast<size_t>(*number), most);
  }
  return paging;
}

}  // namespace sluice::control
