#include "audit/who_saw.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "audit/search.h"
#include "audit/subject_set.h"

namespace sluice::audit {
namespace {

/// Of "public.customers.email email default 3" column and class.
struct Noted {
  std::string column, data_class;
};
Noted read_note(const std::string& note) {
  const size_t first = note.find(' ');
  if (first == std::string::npos) return {note, {}};
  const size_t second = note.find(' ', first + 1);
  return {note.substr(0, first), note.substr(first + 1, second - first - 1)};
}

std::vector<std::string> through(const std::vector<std::string>& notes,
                                 const std::vector<std::string>& classes) {
  std::vector<std::string> all, fitting;
  const auto add = [](std::vector<std::string>& to, const std::string& column) {
    if (std::find(to.begin(), to.end(), column) == to.end()) to.push_back(column);
  };
  for (const auto& text : notes) {
    const Noted note = read_note(text);
    add(all, note.column);
    if (std::find(classes.begin(), classes.end(), note.data_class) != classes.end())
      add(fitting, note.column);
  }
  return fitting.empty() ? all : fitting;
}

/// The spelling that a set contains, the one that was asked for before all others.
std::optional<std::pair<const Spelling*, bool>> found_in(Bytes set, const WhoSawQuery& query,
                                                         std::span<const uint64_t> digests) {
  for (const Spelling& spelling : query.spellings) {
    if (!spelling.text.empty()) continue;
    const auto as_asked = contains(set, spelling.digest);
    if (as_asked != Contains::kNo) return {{&spelling, as_asked == Contains::kYes}};
  }
  const auto any = find_any(set, digests);
  if (!any) return std::nullopt;
  const auto which = std::find_if(
      query.spellings.begin(), query.spellings.end(),
      [&](const Spelling& spelling) { return spelling.digest == digests[any->which]; });
  return {{&*which, any->certain}};
}

}  // namespace

Result<std::vector<Sighted>> who_saw(const std::filesystem::path& audit_directory,
                                     const WhoSawQuery& query) {
  Query search_for;
  for (const Spelling& spelling : query.spellings) search_for.seen.push_back(spelling.digest);
  std::sort(search_for.seen.begin(), search_for.seen.end());
  const auto& digests = search_for.seen;
  std::vector<Sighted> all;
  if (digests.empty()) return all;
  search_for.seen_masked = query.masked_too;
  // The index knows how many values each record showed: of those that showed none, none is read.
  if (!query.masked_too) search_for.min_subjects = 1;
  search_for.since_micros = query.since_micros;
  search_for.until_micros = query.until_micros;
  search_for.limit = query.limit;
  SLUICE_ASSIGN(auto records, search(audit_directory, search_for));
  for (Record& record : records) {
    auto found = found_in(record.seen_shown, query, digests);
    const bool masked = !found;
    if (masked) found = found_in(record.seen_masked, query, digests);
    auto columns = through(masked ? record.masked : record.released, query.classes);
    all.push_back({std::move(record), masked, found && found->second, std::move(columns)});
    if (found) all.back().spelled = found->first->text;
  }
  return all;
}

}  // namespace sluice::audit
