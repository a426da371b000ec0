#include "gateway/shown_values.h"

#include <map>
#include <numeric>

#include <fmt/format.h>

#include "privacy/classes.h"

namespace sluice::gateway {

std::vector<std::string> shown_values(const MaskedRows& rows, std::vector<std::string> released) {
  if (released.empty()) released = shown_columns(rows);
  const auto& counts = rows.copy ? rows.copy->counts() : rows.scratch.counts;
  std::map<std::string, uint64_t> values;
  for (size_t i = 0; i < rows.plan->notes.size() && i < counts.size(); ++i) {
    const auto& note = rows.plan->notes[i];
    if (note.column.empty() || rows.plan->masker->masks(i)) continue;
    const auto& finds = counts[i].finds;
    values[fmt::format("{} {} {}", note.column, privacy::name(note.cls),
                       note.rule.empty() ? "default" : note.rule)] +=
        std::accumulate(finds.begin(), finds.end(), uint64_t{0});
  }
  for (auto& column : released) {
    const auto found = values.find(column);
    if (found != values.end() && found->second > 0) column += fmt::format(" {}", found->second);
  }
  return released;
}

}  // namespace sluice::gateway
