#include "provenance/json_reader.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/parse_time.h"

namespace sluice::provenance {

std::string Reader::text(std::string_view name) const {
  const auto* value = object_->if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

std::vector<std::string> Reader::texts(std::string_view name) const {
  std::vector<std::string> out;
  const auto* value = object_->if_contains(name);
  const auto* list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr) return out;
  for (const auto& each : *list) {
    if (const auto* text = each.if_string()) out.emplace_back(*text);
  }
  return out;
}

bool Reader::flag(std::string_view name) const {
  const auto* value = object_->if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

Reader Reader::object(std::string_view name) const {
  static const boost::json::object kEmpty;
  const auto* value = object_->if_contains(name);
  const auto* object = value == nullptr ? nullptr : value->if_object();
  return Reader(object == nullptr ? kEmpty : *object);
}

Result<std::vector<Reader>> Reader::objects(std::string_view name) const {
  const auto* value = object_->if_contains(name);
  const auto* list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr) return bad(name, "a list");
  std::vector<Reader> out;
  for (const auto& each : *list) {
    if (!each.is_object()) return bad(name, "a list of objects");
    out.emplace_back(each.get_object());
  }
  return out;
}

Result<uint64_t> Reader::number(std::string_view name) const {
  const auto* value = object_->if_contains(name);
  if (value != nullptr && value->is_uint64()) return value->get_uint64();
  if (value != nullptr && value->is_int64() && value->get_int64() >= 0) {
    return static_cast<uint64_t>(value->get_int64());
  }
  return bad(name, "a number");
}

Result<tlog::Hash> Reader::hash(std::string_view name) const {
  const std::string hex = text(name);
  tlog::Hash out{};
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (hex.size() != 2 * out.size()) return bad(name, "a SHA-256 in hexadecimal");
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return bad(name, "a SHA-256 in hexadecimal");
    out[i] = static_cast<char>(high << 4 | low);
  }
  return out;
}

Result<int64_t> Reader::time(std::string_view name) const {
  const std::string written = text(name);
  const auto micros = parse_time(written);
  // Only as format_time writes it: not "1h", which is another time whenever it is read.
  if (!micros || format_time(*micros) != written) return bad(name, "a time in UTC");
  return *micros;
}

Result<> Reader::character(std::string_view name, char& out) const {
  const std::string written = text(name);
  if (written.size() != 1) return bad(name, "one character");
  out = written[0];
  return {};
}

tl::unexpected<Error> Reader::bad(std::string_view name, std::string_view expected) {
  return fail(ErrorCode::kInvalidInput, fmt::format("its member \"{}\" is not {}", name, expected));
}

}  // namespace sluice::provenance
