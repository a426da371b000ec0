// Session: what was shown in place of a real value does not take that value's place.
#include <algorithm>

#include "base/bound_values.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "mask/text.h"
#include "sql/literals.h"
#include "wire/postgres/messages.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

bool shows_it_is_masked(Bytes value) {
  return value.find(mask::kStars) != Bytes::npos || value.find(mask::kRedacted) != Bytes::npos;
}

/// The first of these columns of which `value` has been shown to stand for the real one; or null.
const std::string* stood_for(const mask::Substitutes& substitutes,
                             const std::vector<std::string>& columns, Bytes value) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const std::string& column) {
    return substitutes.has(mask::Substitutes::column(column), value);
  });
  return found == columns.end() ? nullptr : &*found;
}

}  // namespace

/// What has been masked would take the place of the real value: in the text, or in what `bind`
/// sends.
Session::DecisionPtr Session::masked_values_written(const Statement& statement, const Piece* bind) {
  const auto masking = masking_of(statement);
  if (!masking || !masking->plan().fills_hidden) return nullptr;
  if (bind != nullptr && !bind->whole()) {
    return refusal("masked-columns", "54000",
                   "values for columns that are masked for you are too long to be looked at",
                   "Leave the column out of what you write, or raise limits.statement_bytes.");
  }
  const Bytes text = statement.recorded.text;
  if (shows_it_is_masked(bind == nullptr ? text : bind->body())) {
    return refusal("masked-columns", "42501",
                   "a masked value would be written over a real one that is masked for you",
                   "Leave the column out of what you write, or give its whole new value.");
  }
  const auto& columns = masking->plan().overwritten;
  if (columns.empty() || substitutes_.empty()) return nullptr;
  const std::string* column = nullptr;
  if (bind == nullptr) {
    for (const auto& value : sql::literals(text)) {
      if (column == nullptr) column = stood_for(substitutes_, columns, value.value);
    }
  } else if (const auto prefix = pg::decode_bind_prefix(bind->body())) {
    for (const auto& value : bound_values(bind->body().substr(prefix->parameters_offset))) {
      if (column == nullptr && value.bytes) column = stood_for(substitutes_, columns, *value.bytes);
    }
  }
  if (column == nullptr) return nullptr;
  return refusal("masked-columns", "42501",
                 "a value that this session was shown in place of the real one of " + *column +
                     " would be written over it",
                 "Leave the column out of what you write. If it is the new value, write it in a "
                 "session that has not read the column.");
}

}  // namespace sluice::gateway
