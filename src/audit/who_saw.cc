#include "audit/who_saw.h"

#include <algorithm>

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

}  // namespace

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
    auto columns = through(masked ? record.masked : record.released, query.classes);
    all.push_back({std::move(record), masked, found == Contains::kYes, std::move(columns)});
  }
  return all;
}

}  // namespace sluice::audit
