#include "mask/json_string.h"

#include "mask/utf8.h"

namespace sluice::mask {
namespace {

/// "\u00e9" at the front of `body`.
std::optional<char32_t> code_unit(Bytes body) {
  if (body.size() < 6 || !body.starts_with("\\u")) return std::nullopt;
  char32_t code = 0;
  for (const char c : body.substr(2, 4)) {
    code <<= 4;
    if (c >= '0' && c <= '9') {
      code |= static_cast<char32_t>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      code |= static_cast<char32_t>((c | 0x20) - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return code;
}

bool is_high(char32_t code) { return code >= 0xD800 && code < 0xDC00; }
bool is_low(char32_t code) { return code >= 0xDC00 && code < 0xE000; }

}  // namespace

std::optional<JsonUnit> next_unit(Bytes body) {
  if (body.empty() || static_cast<unsigned char>(body[0]) < 0x20 || body[0] == '"') {
    return std::nullopt;
  }
  if (body[0] != '\\') {
    const size_t bytes = character_at(body, 0).bytes;
    return JsonUnit{bytes, 0, body.substr(0, bytes)};
  }
  if (body.size() < 2) return std::nullopt;
  static constexpr Bytes kNames = "\"\\/bfnrt";
  static constexpr Bytes kMeanings = "\"\\/\b\f\n\r\t";
  if (const size_t found = kNames.find(body[1]); found != Bytes::npos) {
    return JsonUnit{2, 0, kMeanings.substr(found, 1)};
  }
  const auto code = code_unit(body);
  if (!code || is_low(*code)) return std::nullopt;
  if (!is_high(*code)) return JsonUnit{6, *code, {}};
  const auto low = code_unit(body.substr(6));
  if (!low || !is_low(*low)) return std::nullopt;
  return JsonUnit{12, 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00), {}};
}

void append_unit(const JsonUnit& unit, std::string& out) {
  if (unit.plain.empty()) {
    append_utf8(out, unit.code);
  } else {
    out.append(unit.plain);
  }
}

void append_json_body(Bytes text, std::string& out) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out.append("\\u00").append(to_hex(Bytes(&c, 1)));
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace sluice::mask
