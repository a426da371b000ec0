#include "config/reader.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

namespace sluice::config {
namespace {

/// Levenshtein distance, for "did you mean".
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

void Problems::add(const YAML::Mark& mark, const std::string& text) {
  // yaml-cpp counts from 0.
  lines_.push_back(mark.is_null()
                       ? fmt::format("{}: {}", file_, text)
                       : fmt::format("{}:{}:{}: {}", file_, mark.line + 1, mark.column + 1, text));
}

std::string Problems::text() const { return fmt::format("{}", fmt::join(lines_, "\n")); }

MapReader::MapReader(const YAML::Node& map, std::string where, Problems& problems)
    : map_(map), where_(std::move(where)), problems_(problems) {
  std::set<std::string> seen;
  for (const auto& entry : map_) {
    const auto key = entry.first.as<std::string>("");
    if (!seen.insert(key).second)
      problems_.add(entry.first.Mark(), fmt::format("\"{}\" is given twice", key));
  }
}

MapReader::~MapReader() {
  for (const auto& entry : map_) {
    const auto key = entry.first.as<std::string>("");
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    std::string hint = fmt::format("; known here: {}", fmt::join(known_, ", "));
    for (const auto& known : known_) {
      if (distance(key, known) <= 2) hint = fmt::format("; did you mean \"{}\"?", known);
    }
    problems_.add(entry.first.Mark(), fmt::format("unknown key \"{}\" in {}{}", key, where_, hint));
  }
}

YAML::Node MapReader::node(const std::string& key) {
  known_.push_back(key);
  // A const node does not grow by looking at it.
  const YAML::Node& constant = map_;
  return constant[key];
}

bool MapReader::has(const std::string& key) {
  const YAML::Node& constant = map_;
  return constant[key].IsDefined();
}

void MapReader::problem(const std::string& key, const std::string& text) {
  const YAML::Node& constant = map_;
  const YAML::Node value = constant[key];
  problems_.add(value.IsDefined() ? value.Mark() : map_.Mark(), fmt::format("{}: {}", key, text));
}

bool MapReader::scalar(const std::string& key, std::string& out, bool required) {
  const YAML::Node value = node(key);
  if (!value.IsDefined()) {
    if (required) problems_.add(map_.Mark(), fmt::format("{} lacks \"{}\"", where_, key));
    return false;
  }
  if (!value.IsScalar() || value.Scalar().empty()) {
    problem(key, "expected a single value");
    return false;
  }
  out = value.Scalar();
  if (out.find('\0') != std::string::npos) {
    problem(key, "contains a NUL character");
    return false;
  }
  return true;
}

void MapReader::boolean(const std::string& key, bool& out) {
  std::string text;
  if (!scalar(key, text)) return;
  if (text == "true" || text == "false") {
    out = text == "true";
  } else {
    problem(key, fmt::format("expected true or false, got \"{}\"", text));
  }
}

void MapReader::number(const std::string& key, unsigned& out, unsigned low, unsigned high) {
  std::string text;
  if (!scalar(key, text)) return;
  unsigned value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < low || value > high) {
    problem(key, fmt::format("expected a number from {} to {}, got \"{}\"", low, high, text));
  } else {
    out = value;
  }
}

void MapReader::one_of(const std::string& key, const std::vector<std::string>& names,
                       const std::function<void(size_t)>& use) {
  std::string text;
  if (!scalar(key, text)) return;
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) {
    problem(key, fmt::format("expected one of {}, got \"{}\"", fmt::join(names, ", "), text));
  } else {
    use(static_cast<size_t>(found - names.begin()));
  }
}

void MapReader::map(const std::string& key, const std::function<void(MapReader&)>& read) {
  const YAML::Node value = node(key);
  if (!value.IsDefined()) return;
  if (!value.IsMap()) {
    problem(key, "expected a mapping");
    return;
  }
  MapReader inner(value, key, problems_);
  read(inner);
}

}  // namespace sluice::config
