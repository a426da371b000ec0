#include "policy/names.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::policy {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Reads one part of a dotted pattern and moves `at` behind it.
Result<Glob> parse_part(std::string_view text, size_t& at) {
  std::string part;
  if (at < text.size() && text[at] == '"') {
    for (++at;; ++at) {
      if (at >= text.size()) return fail(ErrorCode::kInvalidInput, "a quote is not closed");
      if (text[at] == '"') {
        if (at + 1 >= text.size() || text[at + 1] != '"') break;
        ++at;
      }
      part.push_back(text[at]);
    }
    ++at;
    if (at < text.size() && text[at] != '.')
      return fail(ErrorCode::kInvalidInput, "expected \".\" after a quoted name");
  } else {
    // Taken for a name it would never match, and a rule that refuses would refuse nothing.
    if (at < text.size() && text[at] == '!')
      return fail(ErrorCode::kInvalidInput, "\"!\" does not exclude here: leave out what is meant");
    for (; at < text.size() && text[at] != '.'; ++at) {
      if (text[at] == '"' || static_cast<unsigned char>(text[at]) <= ' ')
        return fail(ErrorCode::kInvalidInput, "quote names with other than plain characters");
      part.push_back(text[at] == '*' ? Glob::kAny : lower(text[at]));
    }
  }
  if (part.empty()) return fail(ErrorCode::kInvalidInput, "a part of the name is empty");
  return Glob(std::move(part));
}

}  // namespace

Glob Glob::plain(std::string_view text) {
  std::string pattern(text);
  std::replace(pattern.begin(), pattern.end(), '*', kAny);
  return Glob(std::move(pattern));
}

bool Glob::matches(std::string_view name) const {
  const std::string_view pattern = pattern_;
  size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == kAny) {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of(kAny, p) == std::string_view::npos;
}

bool Glob::covers(const Glob& other) const {
  if (all() || *this == other) return true;
  return other.pattern_.find(kAny) == std::string::npos && matches(other.pattern_);
}

bool NamePattern::all() const {
  return std::all_of(parts.begin(), parts.end(), [](const Glob& part) { return part.all(); });
}

bool NamePattern::exact() const {
  return std::all_of(parts.begin(), parts.end(), [](const Glob& part) { return part.exact(); });
}

bool NamePattern::covers(const NamePattern& other) const {
  return std::equal(parts.begin(), parts.end(), other.parts.begin(), other.parts.end(),
                    [](const Glob& a, const Glob& b) { return a.covers(b); });
}

Result<NamePattern> parse_name_pattern(std::string_view text,
                                       const std::vector<std::string_view>& names) {
  NamePattern pattern;
  pattern.text = text;
  const std::string wanted = fmt::format("{}", fmt::join(names, "."));
  if (text == "*") {
    pattern.parts.assign(names.size(), Glob(std::string(1, Glob::kAny)));
    return pattern;
  }
  for (size_t at = 0;; ++at) {
    auto part = parse_part(text, at);
    if (!part) {
      return fail(ErrorCode::kInvalidInput,
                  fmt::format("\"{}\": {}; expected {}", text, part.error().text, wanted));
    }
    pattern.parts.push_back(std::move(*part));
    if (at >= text.size()) break;
  }
  if (pattern.parts.size() != names.size()) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("\"{}\" has {} part{}; expected {}, such as \"{}\"", text,
                            pattern.parts.size(), pattern.parts.size() == 1 ? "" : "s", wanted,
                            names.size() == 1   ? "public"
                            : names.size() == 2 ? "public.orders\" or \"*.orders"
                                                : "public.orders.price"));
  }
  return pattern;
}

void Words::add(std::string_view text) {
  texts.emplace_back(text);
  if (text.starts_with('!')) {
    none.push_back(Glob::plain(text.substr(1)));
  } else {
    any.push_back(Glob::plain(text));
  }
}

bool Words::matches(std::string_view word) const {
  const auto hit = [&](const Glob& glob) { return glob.matches(word); };
  return (any.empty() || std::any_of(any.begin(), any.end(), hit)) &&
         std::none_of(none.begin(), none.end(), hit);
}

bool Words::matches_some(const std::vector<std::string>& words) const {
  const auto hit = [&](const Glob& glob) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return glob.matches(word); });
  };
  return (any.empty() || std::any_of(any.begin(), any.end(), hit)) &&
         std::none_of(none.begin(), none.end(), hit);
}

bool Words::covers(const Words& other) const {
  const auto covered_by = [](const std::vector<Glob>& wide) {
    return [&wide](const Glob& narrow) {
      return std::any_of(wide.begin(), wide.end(),
                         [&](const Glob& glob) { return glob.covers(narrow); });
    };
  };
  // What this list excludes, the other must exclude as well.
  if (!std::all_of(none.begin(), none.end(), covered_by(other.none))) return false;
  if (any.empty()) return true;
  return !other.any.empty() && std::all_of(other.any.begin(), other.any.end(), covered_by(any));
}

}  // namespace sluice::policy
