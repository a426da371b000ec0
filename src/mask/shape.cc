#include "mask/shape.h"

#include <algorithm>

#include "mask/utf8.h"

namespace sluice::mask {

void Shape::push(size_t offset, Letters letters, uint16_t value, Form form) {
  symbols_.push_back({offset, letters, form});
  values_.push_back(value);
  radices_.push_back(letters.count);
}

void Shape::add(size_t offset, char first, uint16_t count) {
  const Letters letters{static_cast<unsigned char>(first), count};
  push(offset, letters, letters.index(static_cast<unsigned char>(text_[offset])));
}

void Shape::add_byte(size_t offset) {
  push(offset, {0, 256}, static_cast<unsigned char>(text_[offset]), Form::kByte);
}

void Shape::add_letters(size_t begin, size_t end) {
  for (size_t at = begin; at < end;) {
    const auto byte = static_cast<unsigned char>(text_[at]);
    if (byte < 0x80) {
      const Letters letters = ascii_letters(byte);
      if (letters.count > 0) push(at, letters, static_cast<uint16_t>(byte - letters.first));
      ++at;
      continue;
    }
    const Character c = character_at(Bytes(text_).substr(0, end), at);
    if (!c.valid) {
      push(at, {'a', 26}, static_cast<uint16_t>(c.code % 26));
    } else if (const Letters letters = letters_of(c.code); letters.count > 0) {
      push(at, letters, letters.index(c.code));
    }
    at += c.bytes;
  }
}

void Shape::add_digits(size_t begin, size_t end) {
  for (size_t at = begin; at < end; ++at) {
    if (text_[at] >= '0' && text_[at] <= '9') add(at, '0', 10);
  }
}

void Shape::add_hex(size_t begin, size_t end) {
  const Bytes part = Bytes(text_).substr(begin, end - begin);
  const bool upper =
      upper_hex_.value_or(std::ranges::any_of(part, [](char c) { return c >= 'A' && c <= 'F'; }));
  const Form form = upper ? Form::kUpperHex : Form::kLowerHex;
  for (size_t at = begin; at < end; ++at) {
    const char c = text_[at];
    if (c >= '0' && c <= '9') {
      push(at, {'0', 16}, static_cast<uint16_t>(c - '0'), form);
    } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
      push(at, {'0', 16}, static_cast<uint16_t>((c | 0x20) - 'a' + 10), form);
    }
  }
}

void Shape::add_all(size_t begin, size_t end) {
  for (size_t at = begin; at < end;) {
    const unsigned char c = static_cast<unsigned char>(text_[at]);
    if (c < 0x80) {
      if (c > ' ' && c < 0x7F) add(at, '!', 0x7F - '!');
      ++at;
      continue;
    }
    size_t stop = at;
    while (stop < end && static_cast<unsigned char>(text_[stop]) >= 0x80) ++stop;
    add_letters(at, stop);
    at = stop;
  }
}

void Shape::write(const Symbol& symbol, uint16_t value) {
  if (symbol.form == Form::kByte) {
    text_[symbol.offset] = static_cast<char>(value);
    return;
  }
  if (symbol.form != Form::kLetters) {
    text_[symbol.offset] =
        (symbol.form == Form::kUpperHex ? "0123456789ABCDEF" : "0123456789abcdef")[value];
    return;
  }
  const char32_t c = symbol.letters.at(value);
  if (c < 0x80) {
    text_[symbol.offset] = static_cast<char>(c);
    return;
  }
  std::string encoded;  // at most four bytes, so never on the heap
  append_utf8(encoded, c);
  std::ranges::copy(encoded, text_.begin() + static_cast<std::ptrdiff_t>(symbol.offset));
}

void Shape::permute(const Permuter& permuter) {
  permuter.permute({values_.data(), values_.size()}, {radices_.data(), radices_.size()});
  for (size_t i = 0; i < symbols_.size(); ++i) write(symbols_[i], values_[i]);
}

}  // namespace sluice::mask
