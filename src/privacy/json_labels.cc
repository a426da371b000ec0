#include "privacy/json_labels.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>

#include "privacy/name_class.h"
#include "privacy/value_form.h"

namespace sluice::privacy {
namespace {

constexpr size_t kMostMembers = 8;
constexpr size_t kLongestKey = 12;
constexpr size_t kLongestTelling = 40;
constexpr size_t kMostParts = 400;  ///< bytes of a member's parts that are skipped
constexpr size_t kLongestLabel = 60;

template <size_t N>
bool among(std::string_view key, const std::string_view (&keys)[N]) {
  return std::find(std::begin(keys), std::end(keys), key) != std::end(keys);
}

/// Keys of what says: those that hardly have another use, and those that many objects have.
enum class LabelKey : unsigned char { kNone, kAny, kPlain };

LabelKey label_key(std::string_view key) {
  constexpr std::string_view kPlain[] = {
      "q",         "question", "frage", "pregunta", "pergunta",  "domanda", "vraag", "pytanie",
      "key",       "k",        "field", "feld",     "fieldname", "champ",   "campo", "veld",
      "attribute", "attr",     "prop",  "property", "parameter", "param",   "clave", "variable",
      "system",    "type",     "kind",  "pole",     "chiave",    "chave",   "cle",   "var"};
  constexpr std::string_view kAny[] = {"name", "n", "label", "code", "id", "title"};
  return among(key, kPlain) ? LabelKey::kPlain
         : among(key, kAny) ? LabelKey::kAny
                            : LabelKey::kNone;
}

/// Keys of what is held: those that mean no more than that, and those that may be about anything.
enum class ValueKey : unsigned char { kNone, kPlain, kLoose };

ValueKey value_key(std::string_view key) {
  constexpr std::string_view kPlain[] = {
      "a",        "answer",   "antwort",   "reponse", "réponse", "respuesta", "resposta",
      "risposta", "antwoord", "odpowiedz", "value",   "val",     "v",         "wert",
      "valeur",   "valor",    "valore",    "waarde",  "wartosc"};
  constexpr std::string_view kLoose[] = {"content", "text",   "data",  "number",    "response",
                                         "input",   "no",     "nr",    "num",       "numero",
                                         "número",  "nummer", "numer", "identifier"};
  return among(key, kPlain)   ? ValueKey::kPlain
         : among(key, kLoose) ? ValueKey::kLoose
                              : ValueKey::kNone;
}

std::string_view skip_space(std::string_view text) {
  const size_t at = text.find_first_not_of(" \t\n\r");
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

/// The body of the string that `text` begins with, which is taken off; at its end, nothing is left.
std::string_view take_string(std::string_view& text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      const std::string_view body = text.substr(1, i - 1);
      text.remove_prefix(i + 1);
      return body;
    }
  }
  text = {};
  return {};
}

/// Takes off what `text` begins with, an object or array; false if it is long.
bool skip_parts(std::string_view& text) {
  size_t depth = 0;
  bool quoted = false;
  const size_t most = std::min(text.size(), kMostParts);
  for (size_t i = 0; i < most; ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

}  // namespace

LabelledMember labelled_member(std::string_view members) {
  struct Label {
    LabelKey key;
    std::string_view text;
  };
  std::array<Label, 3> labels{};
  size_t count = 0;
  LabelledMember out;
  ValueKey held = ValueKey::kNone;
  for (size_t n = 0; n < kMostMembers; ++n) {
    members = skip_space(members);
    if (!members.starts_with('"')) break;
    const std::string_view key = take_string(members);
    members = skip_space(members);
    if (!members.starts_with(':')) break;
    members = skip_space(members.substr(1));
    if (members.starts_with('{') || members.starts_with('[')) break;
    const bool short_key = key.size() <= kLongestKey;
    if (short_key && held == ValueKey::kNone) {
      held = value_key(key);
      if (held != ValueKey::kNone) out.value_key = key;
    }
    if (members.starts_with('"')) {
      const std::string_view text = take_string(members);
      const LabelKey kind = short_key ? label_key(key) : LabelKey::kNone;
      if (kind != LabelKey::kNone && text.size() <= kLongestLabel && count < labels.size())
        labels[count++] = {kind, text};
    } else {
      const size_t end = members.substr(0, kLongestLabel).find_first_of(",}");
      if (end == std::string_view::npos) break;
      members.remove_prefix(end);
    }
    members = skip_space(members);
    if (!members.starts_with(',')) break;
    members.remove_prefix(1);
  }
  if (held == ValueKey::kNone) return {};
  for (const Label& label : std::span(labels).first(count)) {
    if (held == ValueKey::kLoose && label.key == LabelKey::kAny) continue;
    if (class_of_name(label.text).cls == Class::kNone) continue;
    out.label = label.text;
    return out;
  }
  return {};
}

bool tells_of_a_person(std::string_view name) {
  if (name.size() > kLongestTelling) return false;
  const Class cls = class_of_name(name).cls;
  return cls == Class::kEmail || cls == Class::kPhone || cls == Class::kBirthDate ||
         cls == Class::kPersonName || is_national_id(cls);
}

bool is_bare_name(std::string_view name) {
  constexpr float kSure = .5F;
  if (name.size() > kLongestKey || name_words(name).size() != 1) return false;
  for (const NameVerdict& verdict : classes_of_name(name))
    return verdict.cls == Class::kPersonName && verdict.strength < kSure;
  return false;
}

Concepts path_beside(bool tell, std::string_view name, std::string_view value) {
  Concepts out;
  if (tell && is_bare_name(name) && !looks_like_firm(value))
    out.set(static_cast<size_t>(Concept::kPerson));
  return out;
}

bool is_about_a_person(std::string_view members) {
  for (size_t n = 0; n < kMostMembers; ++n) {
    members = skip_space(members);
    if (!members.starts_with('"')) return false;
    const std::string_view key = take_string(members);
    members = skip_space(members);
    if (!members.starts_with(':')) return false;
    if (tells_of_a_person(key)) return true;
    members = skip_space(members.substr(1));
    if (members.starts_with('{') || members.starts_with('[')) {
      if (!skip_parts(members)) return false;
    } else if (members.starts_with('"')) {
      (void)take_string(members);
    } else {
      const size_t end = members.substr(0, kLongestLabel).find_first_of(",}");
      if (end == std::string_view::npos) return false;
      members.remove_prefix(end);
    }
    members = skip_space(members);
    if (!members.starts_with(',')) return false;
    members.remove_prefix(1);
  }
  return false;
}

}  // namespace sluice::privacy
