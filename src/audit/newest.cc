#include "audit/newest.h"

#include <algorithm>

#include "audit/count.h"
#include "audit/search.h"

namespace sluice::audit {
namespace {

constexpr size_t kPage = 10'000;

/// The number of the `most`-th newest; 1 where there are not so many.
Result<uint64_t> number_of_nth(const std::filesystem::path& audit_directory, Query query,
                               size_t most) {
  query.order = Order::kNewest;
  query.after.reset();
  for (size_t seen = 0; seen < most;) {
    query.limit = std::min(kPage, most - seen);
    SLUICE_ASSIGN(const auto page, search_page(audit_directory, query));
    seen += page.records.size();
    if (!page.records.empty() && seen >= most) return page.records.front().sequence;
    if (!page.next) break;
    query.after = page.next;
  }
  return uint64_t{1};
}

}  // namespace

Result<bool> each_newest(const std::filesystem::path& audit_directory, Query query,
                         const std::function<void(Record record)>& each) {
  const size_t most = query.limit;
  Query last = query;
  last.order = Order::kNewest;
  last.after.reset();
  last.limit = 1;
  SLUICE_ASSIGN(const auto newest, search(audit_directory, last));
  if (newest.empty() || most == 0) return !newest.empty();
  SLUICE_ASSIGN(const auto counts, count(audit_directory, query, {}));
  uint64_t first = 1;
  if (counts.records > most) {
    SLUICE_ASSIGN(first, number_of_nth(audit_directory, query, most));
  }
  query.order = Order::kOldest;
  query.after = rank_of(Order::kOldest, first - 1, 0, 0);
  for (size_t told = 0; told < most;) {
    query.limit = std::min(kPage, most - told);
    SLUICE_ASSIGN(auto page, search_page(audit_directory, query));
    for (auto& record : page.records) {
      if (record.sequence > newest.front().sequence) return first > 1;
      ++told;
      each(std::move(record));
    }
    if (!page.next) break;
    query.after = page.next;
  }
  return first > 1;
}

}  // namespace sluice::audit
