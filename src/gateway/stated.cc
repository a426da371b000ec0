#include "gateway/stated.h"

#include <algorithm>
#include <vector>

#include "base/bytes.h"

namespace sluice::gateway {
namespace {

/// Words of a text with blanks between them, and whatever stands in quotes as one.
std::vector<std::string> plain_words(std::string_view text) {
  std::vector<std::string> words;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';') {
      ++i;
      continue;
    }
    const bool quoted = c == '\'';
    const bool alone = c == '=';
    size_t end = alone ? i + 1 : text.find_first_of(quoted ? "'" : " \t\r\n;='", i + 1);
    end = end == std::string_view::npos ? text.size() : end + (quoted ? 1 : 0);
    words.emplace_back(text.substr(i, end - i));
    if (!quoted) {
      for (char& letter : words.back()) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + ('a' - 'A'));
      }
    }
    i = end;
  }
  return words;
}

}  // namespace

std::string* Stated::member(std::string_view setting) {
  // In any case, as the server takes them.
  const auto is = [setting](std::string_view name) {
    return std::equal(setting.begin(), setting.end(), name.begin(), name.end(), [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
    });
  };
  if (is("sluice.purpose")) return &purpose;
  if (is("sluice.dataset")) return &dataset;
  if (is("sluice.model")) return &model;
  return nullptr;
}

bool is_stated(std::string_view setting) { return Stated().member(setting) != nullptr; }

std::string_view stated_in(const sql::StatementFacts& facts) {
  std::string_view found;
  for (const auto& action : facts.actions) {
    if (action.kind != sql::ActionKind::kSessionSetting) continue;
    for (const auto& target : action.targets) {
      if (!is_stated(target.name)) continue;
      if (!found.empty() && found != target.name) return "*";
      found = target.name;
    }
  }
  return found;
}

std::optional<std::string> value_set(std::string_view text, std::string_view setting) {
  auto words = plain_words(text);
  if (words == std::vector<std::string>{"reset", std::string(setting)}) return "";
  if (words.size() == 5 && words[0] == "set" && words[1] == "session") {
    words.erase(words.begin() + 1);
  }
  if (words.size() != 4 || words[0] != "set" || words[1] != setting ||
      (words[2] != "=" && words[2] != "to")) {
    return std::nullopt;
  }
  if (words[3] == "default") return "";
  const std::string& value = words[3];
  // What has something to be escaped is not read.
  if (value.size() < 2 || value.front() != '\'' || value.back() != '\'' ||
      value.find('\\') != std::string::npos) {
    return std::nullopt;
  }
  return value.substr(1, value.size() - 2);
}

bool is_statable(std::string_view value) {
  constexpr size_t kLongest = 200;
  return value.size() <= kLongest && is_utf8(value) &&
         std::none_of(value.begin(), value.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace sluice::gateway
