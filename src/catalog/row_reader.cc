#include "catalog/row_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sluice::catalog {

namespace {

template <typename T>
bool parse_number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// One element of an array literal from `at` on; leaves `at` behind it.
std::optional<std::string> parse_element(std::string_view literal, size_t& at) {
  std::string out;
  if (at < literal.size() && literal[at] == '"') {
    for (++at; at < literal.size(); ++at) {
      if (literal[at] == '"') {
        ++at;
        return out;
      }
      if (literal[at] == '\\' && ++at == literal.size()) return std::nullopt;
      out += literal[at];
    }
    return std::nullopt;
  }
  while (at < literal.size() && literal[at] != ',' && literal[at] != '}') {
    if (literal[at] == '"' || literal[at] == '{' || literal[at] == '\\') return std::nullopt;
    out += literal[at++];
  }
  if (out.empty() || lower(out) == "null") return std::nullopt;
  return out;
}

}  // namespace

std::optional<std::vector<std::string>> parse_array(std::string_view literal) {
  std::vector<std::string> out;
  if (literal == "{}") return out;
  if (!literal.starts_with('{')) return std::nullopt;
  size_t at = 1;
  for (;;) {
    auto element = parse_element(literal, at);
    if (!element || at >= literal.size()) return std::nullopt;
    out.push_back(std::move(*element));
    const char end = literal[at++];
    if (end == '}') break;
    if (end != ',') return std::nullopt;
  }
  if (at != literal.size()) return std::nullopt;
  return out;
}

RowReader::RowReader(Row& row, size_t columns) : row_(row) {
  if (row.size() != columns) {
    error_ = std::to_string(row.size()) + " columns, expected " + std::to_string(columns);
  }
}

std::string* RowReader::next() {
  if (!error_.empty()) return nullptr;
  if (next_ >= row_.size()) {
    refuse("another column");
    return nullptr;
  }
  auto& value = row_[next_++];
  return value ? &*value : nullptr;
}

std::string* RowReader::needed() {
  std::string* value = next();
  if (value == nullptr) refuse("a value");
  return value;
}

void RowReader::refuse(std::string_view expected) {
  if (!error_.empty()) return;
  error_ = "column " + std::to_string(next_) + " is not " + std::string(expected);
}

template <typename T>
T RowReader::parsed(const std::string* value, std::string_view expected) {
  T out{};
  if (value == nullptr || parse_number(*value, out)) return out;
  refuse(expected);
  return T{};
}

template <typename T>
std::vector<T> RowReader::parsed_vector(std::string_view expected) {
  std::vector<T> out;
  const std::string* value = needed();
  if (value == nullptr || value->empty()) return out;
  std::string_view rest = *value;
  for (;;) {
    const size_t end = rest.find(' ');
    T item{};
    if (!parse_number(rest.substr(0, end), item)) {
      refuse(expected);
      return {};
    }
    out.push_back(item);
    if (end == std::string_view::npos) return out;
    rest.remove_prefix(end + 1);
  }
}

std::string RowReader::text() {
  std::string* value = needed();
  return value == nullptr ? std::string() : std::move(*value);
}

std::string RowReader::text_or_empty() {
  std::string* value = next();
  return value == nullptr ? std::string() : std::move(*value);
}

Oid RowReader::oid() { return parsed<Oid>(needed(), "an oid"); }
int16_t RowReader::small() { return parsed<int16_t>(needed(), "an int2"); }
int32_t RowReader::integer() { return parsed<int32_t>(needed(), "an int4"); }

double RowReader::number() {
  const auto value = parsed<double>(needed(), "a number");
  if (!std::isfinite(value)) refuse("a finite number");
  return value;
}

bool RowReader::flag() { return one_of("tf") == 't'; }

char RowReader::one_of(std::string_view allowed) {
  const std::string* value = needed();
  if (value == nullptr) return '\0';
  if (value->size() == 1 && allowed.find((*value)[0]) != std::string_view::npos) return (*value)[0];
  refuse("one of " + std::string(allowed));
  return '\0';
}

std::vector<int16_t> RowReader::small_vector() { return parsed_vector<int16_t>("an int2vector"); }

std::vector<Oid> RowReader::oid_vector() { return parsed_vector<Oid>("an oidvector"); }

std::vector<int16_t> RowReader::small_array() {
  std::vector<int16_t> out;
  for (const std::string& element : text_array()) {
    out.push_back(parsed<int16_t>(&element, "an array of int2"));
  }
  return out;
}

std::vector<std::string> RowReader::text_array() {
  const std::string* value = next();
  if (value == nullptr) return {};
  auto elements = parse_array(*value);
  if (!elements) refuse("an array");
  return elements ? std::move(*elements) : std::vector<std::string>();
}

Result<void> RowReader::finish() const {
  if (!error_.empty()) return fail(ErrorCode::kProtocol, error_);
  if (next_ != row_.size()) return fail(ErrorCode::kInternal, "columns were left unread");
  return {};
}

std::vector<int16_t> small_numbers(std::string_view text) {
  std::vector<int16_t> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (!parse_number(text.substr(0, end), out.emplace_back())) return {};
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace sluice::catalog
