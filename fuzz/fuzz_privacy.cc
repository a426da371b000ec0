// Values and names from a database: detectors, walks over structured values, classification.
#include <algorithm>
#include <string>
#include <vector>

#include "input.h"
#include "privacy/columns.h"
#include "privacy/find.h"
#include "privacy/structured.h"

using namespace sluice::privacy;

namespace {

/// In order, not overlapping, within the text.
void check(const std::vector<Span>& spans, size_t size) {
  size_t at = 0;
  for (const Span& span : spans) {
    require(span.begin >= at && span.begin < span.end && span.end <= size);
    require(span.cls != Class::kNone);
    at = span.end;
  }
}

}  // namespace

FUZZ(bytes) {
  const size_t line = std::min(bytes.find('\n'), bytes.size());
  const std::string_view name = bytes.substr(0, line),
                         text = bytes.substr(std::min(line + 1, bytes.size()));
  Context context;
  context.known = {{name, Class::kPersonName}};
  check(find_sensitive(text, context), text.size());
  check(find_in_json(text), text.size());
  check(find_in_xml(text), text.size());
  check(find_in_pairs(text), text.size());
  check(find_in_array(text, {std::string(name)}), text.size());
  check(find_in_named(name, text), text.size());

  TableInput table;
  table.name = name;
  for (const char* type : {"text", "bigint", "date"}) {
    ColumnInput& column = table.columns.emplace_back();
    column.name = name;
    column.type = type;
    for (size_t i = 0; i < text.size() && column.sample.size() < 16;) {
      const size_t end = std::min(text.find('\n', i), text.size());
      column.sample.emplace_back(std::string(text.substr(i, end - i)));
      i = end + 1;
    }
  }
  const auto decisions = classify(table);
  require(decisions.size() == table.columns.size());
  for (const ColumnDecision& decision : decisions) {
    require((decision.shape == Shape::kWhole) == (decision.cls != Class::kNone));
    require(decision.shape == Shape::kNone || !decision.evidence.empty());
  }
}
