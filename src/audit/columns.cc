#include "audit/columns.h"

#include <algorithm>
#include <bit>

namespace sluice::audit {
namespace {

void put_number(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

std::optional<uint64_t> take_number(Bytes& in) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(in[0]);
    in.remove_prefix(1);
    value |= uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

/// Frames are aligned to 8 bytes.
constexpr size_t kPlaceShift = 3;

uint64_t packed_value(size_t column, uint64_t value) {
  return column == static_cast<size_t>(Column::kPlace) ? value >> kPlaceShift : value;
}

template <size_t kWidth>
void unpack_as(Bytes bytes, uint64_t base, unsigned shift, std::vector<uint64_t>& out) {
  const char* at = bytes.data();
  for (uint64_t& value : out) {
    uint64_t read = 0;
    for (size_t i = 0; i < kWidth; ++i) read |= uint64_t{static_cast<uint8_t>(at[i])} << 8 * i;
    value = (base + read) << shift;
    at += kWidth;
  }
}

}  // namespace

void ColumnsBuilder::add(const Row& row) {
  for (size_t i = 0; i < kColumns; ++i) {
    if (i >= kListed) {
      places_.push_back(packed_value(i, row[i]));
      continue;
    }
    List& list = lists_[i];
    const auto [known, fresh] = list.place.try_emplace(row[i], list.values.size());
    if (fresh) list.values.push_back(row[i]);
    places_.push_back(known->second);
  }
}

std::string ColumnsBuilder::encode() const {
  std::string out;
  const size_t count = rows();
  put_number(out, count);
  for (const List& list : lists_) {
    put_number(out, list.values.size());
    for (const uint64_t value : list.values) put_number(out, value);
  }
  for (size_t c = 0; c < kColumns; ++c) {
    uint64_t least = UINT64_MAX, most = 0;
    for (size_t i = 0; i < count; ++i) {
      least = std::min(least, places_[i * kColumns + c]);
      most = std::max(most, places_[i * kColumns + c]);
    }
    if (count == 0) least = 0;
    const auto width = static_cast<unsigned>((std::bit_width(most - least) + 7) / 8);
    put_number(out, least);
    put_number(out, width);
    for (size_t i = 0; i < count; ++i) {
      const uint64_t value = places_[i * kColumns + c] - least;
      for (unsigned b = 0; b < width; ++b) out.push_back(static_cast<char>(value >> 8 * b));
    }
  }
  return out;
}

std::optional<Columns> Columns::read(Bytes in) {
  Columns out;
  const auto rows = take_number(in);
  if (!rows || *rows > (1U << 20)) return std::nullopt;
  out.rows_ = *rows;
  for (auto& list : out.lists_) {
    const auto count = take_number(in);
    if (!count || *count > *rows) return std::nullopt;
    list.reserve(*count);
    for (uint64_t i = 0; i < *count; ++i) {
      const auto value = take_number(in);
      if (!value) return std::nullopt;
      list.push_back(*value);
    }
  }
  for (size_t c = 0; c < kColumns; ++c) {
    const auto base = take_number(in);
    const auto width = take_number(in);
    if (!base || !width || *width > 8 || in.size() / std::max<uint64_t>(*width, 1) < *rows) {
      if (!base || !width || *width != 0) return std::nullopt;
    }
    Packed& packed = out.packed_[c];
    packed.base = *base;
    packed.width = static_cast<uint8_t>(*width);
    packed.bytes = in.substr(0, *rows * *width);
    in.remove_prefix(packed.bytes.size());
  }
  if (!in.empty()) return std::nullopt;
  // What points beyond its list would be read from nowhere.
  std::vector<uint64_t> places;
  for (size_t c = 0; c < kListed; ++c) {
    out.unpack(static_cast<Column>(c), places);
    const size_t size = out.lists_[c].size();
    if (std::any_of(places.begin(), places.end(), [&](uint64_t p) { return p >= size; })) {
      return std::nullopt;
    }
  }
  return out;
}

void Columns::unpack(Column column, std::vector<uint64_t>& out) const {
  const Packed& packed = packed_[static_cast<size_t>(column)];
  const unsigned shift = column == Column::kPlace ? kPlaceShift : 0;
  out.resize(rows_);
  switch (packed.width) {
    case 0:
      return unpack_as<0>(packed.bytes, packed.base, shift, out);
    case 1:
      return unpack_as<1>(packed.bytes, packed.base, shift, out);
    case 2:
      return unpack_as<2>(packed.bytes, packed.base, shift, out);
    case 3:
      return unpack_as<3>(packed.bytes, packed.base, shift, out);
    case 4:
      return unpack_as<4>(packed.bytes, packed.base, shift, out);
    case 5:
      return unpack_as<5>(packed.bytes, packed.base, shift, out);
    case 6:
      return unpack_as<6>(packed.bytes, packed.base, shift, out);
    case 7:
      return unpack_as<7>(packed.bytes, packed.base, shift, out);
    default:
      return unpack_as<8>(packed.bytes, packed.base, shift, out);
  }
}

}  // namespace sluice::audit
