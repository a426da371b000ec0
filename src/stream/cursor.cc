#include "stream/cursor.h"

#include <charconv>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "stream/small_file.h"

namespace sluice::stream {
namespace json = boost::json;

namespace {

bool read_number(const json::object& from, std::string_view key, uint64_t& out) {
  const auto* value = from.if_contains(key);
  boost::system::error_code error;
  if (value != nullptr) out = value->to_number<uint64_t>(error);
  return value != nullptr && !error;
}

bool read_place(const json::key_value_pair& pair, std::map<uint32_t, Place>& out) {
  uint32_t writer = 0;
  const std::string_view key = pair.key();
  if (std::from_chars(key.data(), key.data() + key.size(), writer).ptr != key.data() + key.size() ||
      !pair.value().is_object()) {
    return false;
  }
  const auto& object = pair.value().get_object();
  const auto* segment = object.if_contains("segment");
  Place place;
  if (segment == nullptr || !segment->is_string() || !read_number(object, "offset", place.offset))
    return false;
  place.segment = segment->get_string();
  out[writer] = std::move(place);
  return true;
}

bool read_cursor(const std::string& text, Cursor& out) {
  boost::system::error_code error;
  const auto value = json::parse(text, error);
  if (error || !value.is_object()) return false;
  const auto& object = value.get_object();
  const auto* places = object.if_contains("segments");
  if (places == nullptr || !places->is_object() || !read_number(object, "after", out.after) ||
      !read_number(object, "position", out.position)) {
    return false;
  }
  for (const auto& pair : places->get_object()) {
    if (!read_place(pair, out.places)) return false;
  }
  return true;
}

}  // namespace

Result<Cursor> CursorFile::load() const {
  SLUICE_ASSIGN(const auto text, read_small_file(file_));
  Cursor cursor;
  if (!read_cursor(text, cursor)) {
    return fail(
        ErrorCode::kInvalidInput,
        fmt::format("{} is damaged; remove it to send the whole log again", file_.string()));
  }
  return cursor;
}

Result<> CursorFile::save(const Cursor& cursor) const {
  json::object places;
  for (const auto& [writer, place] : cursor.places)
    places[std::to_string(writer)] = {{"segment", place.segment}, {"offset", place.offset}};
  return replace_file(file_, json::serialize(json::object{{"after", cursor.after},
                                                          {"position", cursor.position},
                                                          {"segments", std::move(places)}}) +
                                 "\n");
}

}  // namespace sluice::stream
