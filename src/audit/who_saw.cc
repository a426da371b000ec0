#include "audit/who_saw.h"

#include "audit/search.h"
#include "audit/subject_set.h"

namespace sluice::audit {

Result<std::vector<Sighted>> who_saw(const std::filesystem::path& audit_directory,
                                     const WhoSawQuery& query) {
  Query search_for;
  search_for.seen = query.digest;
  search_for.seen_masked = query.masked_too;
  // The index knows how many values each record showed: of those that showed none, none is read.
  if (!query.masked_too) search_for.min_subjects = 1;
  search_for.since_micros = query.since_micros;
  search_for.until_micros = query.until_micros;
  search_for.limit = query.limit;
  SLUICE_ASSIGN(auto records, search(audit_directory, search_for));
  std::vector<Sighted> all;
  for (Record& record : records) {
    const auto shown = contains(record.seen_shown, query.digest);
    const bool masked = shown == Contains::kNo;
    const auto found = masked ? contains(record.seen_masked, query.digest) : shown;
    all.push_back({std::move(record), masked, found == Contains::kYes});
  }
  return all;
}

}  // namespace sluice::audit
