// One value under a name; and arrays, composites and pairs, which consist of such.
#include <algorithm>

#include "privacy/json_labels.h"
#include "privacy/name_class.h"
#include "privacy/scan.h"
#include "privacy/structured.h"
#include "privacy/value_form.h"

namespace sluice::privacy {
namespace {

constexpr float kBelieveName = .55F;

/// Finds whose form nearly proves them stand even under a name that speaks of something else.
bool proves_itself(const Span& span) {
  return span.confidence >= .9F && span.cls != Class::kPhone && span.cls != Class::kPersonName;
}

void shift(std::vector<Span>& out, const std::vector<Span>& found, size_t by) {
  for (Span span : found) {
    span.begin += by;
    span.end += by;
    out.push_back(span);
  }
}

/// A text in quotes from `at` on; where it ends (behind the quote).
size_t quoted_end(std::string_view text, size_t at) {
  const char quote = text[at];
  size_t i = at + 1;
  while (i < text.size()) {
    if (text[i] == '\\') {
      i += 2;
    } else if (text[i] == quote) {
      if (i + 1 >= text.size() || text[i + 1] != quote) return i + 1;
      i += 2;
    } else {
      ++i;
    }
  }
  return text.size();
}

struct Pair {
  std::string_view name, value;
  size_t name_at = 0, value_at = 0;
  bool alone = false;  ///< nothing separates the name from what follows
};

/// Calls `f` with each name and value of "k=v; k2: v2" and of hstore's text, in order.
template <typename F>
void each_pair(std::string_view text, F f) {
  constexpr std::string_view kBetween = ",;&|\n\r\t";
  size_t i = 0;
  while (i < text.size()) {
    while (i < text.size() && (text[i] == ' ' || kBetween.find(text[i]) != std::string_view::npos))
      ++i;
    if (i >= text.size()) break;
    Pair pair;
    pair.name_at = i;
    size_t end = i;
    if (text[i] == '"') {
      i = quoted_end(text, i);
      ++pair.name_at;
      end = i > pair.name_at ? i - 1 : pair.name_at;
    } else {
      while (i < text.size() && text[i] != '=' && text[i] != ':' &&
             kBetween.find(text[i]) == std::string_view::npos)
        ++i;
      end = i;
    }
    pair.name = text.substr(pair.name_at, end - pair.name_at);
    const size_t name_end = i;
    while (i < text.size() &&
           (text[i] == ' ' || text[i] == '=' || text[i] == ':' || text[i] == '>'))
      ++i;
    pair.alone = i == name_end;
    pair.value_at = i;
    if (i < text.size() && text[i] == '"') {
      i = quoted_end(text, i);
      ++pair.value_at;
      end = i > pair.value_at ? i - 1 : pair.value_at;
    } else {
      while (i < text.size() && kBetween.find(text[i]) == std::string_view::npos) ++i;
      end = i;
    }
    pair.value = text.substr(pair.value_at, end - pair.value_at);
    f(pair);
    if (i == pair.value_at) ++i;
  }
}

}  // namespace

std::vector<Span> find_in_named(std::string_view name, std::string_view value, const Concepts& path,
                                const Context& context) {
  if (is_placeholder(value)) return {};
  const Concepts concepts = meaning_of_name(name);
  for (const NameVerdict& verdict : classes_of_name(name, path)) {
    if (verdict.strength < kBelieveName) break;
    if (!plausible(verdict.cls, value)) continue;
    if (!masked_by_default(verdict.cls) && !context.low) return {};
    return {{0, value.size(), verdict.cls, verdict.strength}};
  }
  const bool thing =
      names_a_thing(concepts) && !has(concepts, Concept::kText) && !looks_like_prose(value);
  // "a" and "x" say nothing, though they are words of some language.
  const bool silent = concepts.none() || name.size() == 1;
  const bool people = !thing && (silent || looks_like_prose(value) ||
                                 has(concepts, Concept::kText) || has(concepts, Concept::kPerson));
  std::vector<Span> found;
  if (people || !context.people) {
    found = find_sensitive(value, context);
  } else {
    Context inner = context;
    inner.people = false;
    found = find_sensitive(value, inner);
  }
  if (thing) std::erase_if(found, [](const Span& span) { return !proves_itself(span); });
  return found;
}

std::vector<Span> find_in_array(std::string_view text, const std::vector<std::string>& names,
                                const Context& context) {
  std::vector<Span> out;
  const bool person = std::any_of(names.begin(), names.end(), tells_of_a_person);
  const bool composite = !text.empty() && text[0] == '(';
  size_t part = 0;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '{' || c == '}' || c == '(' || c == ')' || c == ',') {
      if (c == ',' && composite) ++part;
      ++i;
      continue;
    }
    size_t begin = i, end = 0;
    if (c == '"') {
      const size_t close = quoted_end(text, i);
      begin = i + 1;
      end = close > begin ? close - 1 : begin;
      i = close;
    } else {
      end = std::min(text.find_first_of(composite ? ",)" : ",{}", i), text.size());
      i = end;
    }
    const std::string_view name =
        names.empty() ? std::string_view()
                      : std::string_view(names[composite ? std::min(part, names.size() - 1) : 0]);
    const std::string_view value = text.substr(begin, end - begin);
    if (value == "NULL") continue;
    shift(out, find_in_named(name, value, path_beside(person, name, value), context), begin);
  }
  return out;
}

std::vector<Span> find_in_pairs(std::string_view text, const Context& context) {
  // Only a bare name makes it worth the while to ask what it stands beside.
  bool bare = false, person = false;
  each_pair(text, [&](const Pair& pair) {
    bare = bare || is_bare_name(pair.name);
    person = person || tells_of_a_person(pair.name);
  });
  person = person && bare;
  std::vector<Span> out;
  each_pair(text, [&](const Pair& pair) {
    // A name may itself be sensitive, all the more if it is none and nothing follows.
    Context of_name = context;
    of_name.people = context.people && pair.alone;
    shift(out, find_in_named("", pair.name, {}, of_name), pair.name_at);
    shift(out,
          find_in_named(pair.name, pair.value, path_beside(person, pair.name, pair.value), context),
          pair.value_at);
  });
  return out;
}

bool looks_like_pairs(std::string_view text) {
  if (text.find("=>") != std::string_view::npos && text.starts_with('"')) return true;
  // At least two "word=value".
  size_t pairs = 0;
  for (size_t at = text.find_first_of("="); at != std::string_view::npos;
       at = text.find('=', at + 1))
    pairs += at > 0 && is_alnum(text[at - 1]) && at + 1 < text.size() && text[at + 1] != '=';
  return pairs >= 2 && text.find("://") == std::string_view::npos;
}

}  // namespace sluice::privacy
