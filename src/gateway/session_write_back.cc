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
  if (substitutes.empty()) return nullptr;
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const std::string& column) {
    return substitutes.has(mask::Substitutes::column(column), value);
  });
  return found == columns.end() ? nullptr : &*found;
}

/// Whether a value, as it is written or sent, was made by masking: what it shows, or of which
/// column it was shown.
struct Found {
  bool stars = false;
  const std::string* column = nullptr;

  bool any() const { return stars || column != nullptr; }
};

Found made_by_masking(const mask::Substitutes& substitutes, const std::vector<std::string>& columns,
                      Bytes value) {
  return {shows_it_is_masked(value), stood_for(substitutes, columns, value)};
}

/// Of the constants of a text.
Found written(const mask::Substitutes& substitutes, const std::vector<std::string>& columns,
              Bytes text) {
  for (const auto& literal : sql::literals(text)) {
    auto found = made_by_masking(substitutes, columns, literal.value);
    // The sign of a number is an operator before it.
    const size_t before = text.find_last_not_of(" \t\r\n", literal.begin - 1);
    if (!found.any() && literal.begin > 0 && before != Bytes::npos && text[before] == '-')
      found = made_by_masking(substitutes, columns, "-" + literal.value);
    if (found.any()) return found;
  }
  return {};
}

/// Of the parameters of a Bind.
Found sent(const mask::Substitutes& substitutes, const std::vector<std::string>& columns,
           Bytes bind) {
  const auto prefix = pg::decode_bind_prefix(bind);
  if (!prefix) return {};
  for (const auto& value : bound_values(bind.substr(prefix->parameters_offset))) {
    if (!value.bytes) continue;
    if (auto found = made_by_masking(substitutes, columns, *value.bytes); found.any()) return found;
  }
  return {};
}

}  // namespace

/// What has been masked would take the place of the real value: among the constants of `text`, as
/// it was sent (empty: it was too long to be kept), or in what `bind` sends.
Session::DecisionPtr Session::masked_values_written(const Masking* masking, Bytes text,
                                                    const Piece* bind) {
  if (masking == nullptr || !masking->plan().fills_hidden) return nullptr;
  const auto& columns = masking->plan().overwritten;
  if (bind != nullptr ? !bind->whole() : text.empty() && !columns.empty()) {
    return refusal("masked-columns", "54000",
                   "values for columns that are masked for you are too long to be looked at",
                   "Leave the column out of what you write, or raise limits.statement_bytes.");
  }
  const auto [stars, column] = bind == nullptr ? written(substitutes_, columns, text)
                                               : sent(substitutes_, columns, bind->body());
  if (stars) {
    return refusal("masked-columns", "42501",
                   "a masked value would be written over a real one that is masked for you",
                   "Leave the column out of what you write, or give its whole new value.");
  }
  if (column == nullptr) return nullptr;
  return refusal("masked-columns", "42501",
                 "a value that this session was shown in place of the real one of " + *column +
                     " would be written over it",
                 "Leave the column out of what you write. If it is the new value, write it in a "
                 "session that has not read the column.");
}

}  // namespace sluice::gateway
