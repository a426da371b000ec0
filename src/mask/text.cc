#include "mask/text.h"

#include <algorithm>

#include "base/eight_bytes.h"
#include "mask/date_text.h"
#include "mask/decimal.h"
#include "mask/utf8.h"

namespace sluice::mask {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_alnum(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

/// How many letters and digits; nothing where not all is ASCII.
std::optional<size_t> count_ascii(Bytes text) {
  size_t count = 0;
  uint64_t all = 0;
  for (size_t at = 0; at < text.size(); at += 8) {
    const uint64_t word = load_upto_eight(text.data() + at, text.size() - at);
    all |= word;
    const uint64_t ascii = word & ~kHighBits;
    count += count_marked(digits_in(ascii) | letters_in(ascii));
  }
  return (all & kHighBits) == 0 ? std::optional(count) : std::nullopt;
}

/// Writes the letters and digits of the first `size` bytes of ASCII as '*', over a copy of the
/// text. Reads the text and not the copy: what has only just been written is slow to read.
void star(Bytes text, size_t size, char* copy) {
  for (size_t at = 0; at < size && text.size() >= 8; at += 8) {
    const size_t from = std::min(at, text.size() - 8);
    uint64_t word = load_eight(text.data() + from);
    uint64_t hidden = ((digits_in(word) | letters_in(word)) >> 7) * 0xFF;
    if (size - from < 8) hidden &= (uint64_t{1} << (size - from) * 8) - 1;
    word = (word & ~hidden) | (kEachByte * '*' & hidden);
    std::memcpy(copy + from, &word, sizeof word);
  }
  for (size_t at = 0; at < size && text.size() < 8; ++at)
    copy[at] = is_alnum(text[at]) ? '*' : text[at];
}

/// append_tail for what is most often masked so: numbers in ASCII, of which `count` are counted.
void append_ascii_tail(Bytes text, size_t count, size_t keep, std::string& out) {
  size_t hidden = text.size();
  for (size_t left = count < keep * 2 ? 0 : keep; left > 0; --hidden)
    left -= is_alnum(text[hidden - 1]);
  const size_t begin = out.size();
  out.append(text);
  star(text, hidden, out.data() + begin);
}

/// `text` with its letters and digits as '*', but for the last `keep`.
void append_tail(Bytes text, size_t keep, std::string& out) {
  if (const auto count = count_ascii(text)) return append_ascii_tail(text, *count, keep, out);
  const auto counts = [](char c) {
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           static_cast<unsigned char>(c) >= 0xC0;
  };
  auto left = static_cast<size_t>(std::ranges::count_if(text, counts));
  // A text of hardly more than the kept characters would be seen whole.
  if (left < keep * 2) keep = 0;
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (counts(text[at])) {
      if (left-- > keep) {
        out.push_back('*');
      } else {
        out.append(text.substr(at, c.bytes));
      }
    } else if (c.code < 0x80) {
      out.push_back(text[at]);
    } else {
      out.push_back('*');
    }
    at += c.bytes;
  }
}

/// The first letter of each word, "J*** D***"; a word of one or two letters shows none.
void append_initials(Bytes text, std::string& out) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(" \t\n", at), text.size());
    const Bytes word = text.substr(at, end - at);
    if (count_characters(word) > 2 && is_utf8(word)) {
      out.append(first_characters(word, 1));
      out.append(std::min<size_t>(3, count_characters(word) - 1), '*');
    } else {
      out.append(count_characters(word), '*');
    }
    if (end < text.size()) out.push_back(text[end]);
    at = end + 1;
  }
}

void append_email(Bytes text, std::string& out) {
  const size_t at = text.rfind('@');
  if (at == Bytes::npos) {
    out.append(kStars);
    return;
  }
  out.append(std::min<size_t>(3, at), '*');
  out.append(text.substr(at));
}

/// The first half of a postcode stands for a region.
void append_head(Bytes text, std::string& out) {
  size_t keep = std::min<size_t>(2, count_characters(text) / 2);
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (keep > 0) {
      --keep;
      out.append(text.substr(at, c.bytes));
    } else {
      out.push_back(text[at] == ' ' || text[at] == '-' ? text[at] : '*');
    }
    at += c.bytes;
  }
}

/// "10.1.2.3" → "10.1.2.0/24", "2001:db8:1:2::3" → "2001:db8:1::/48".
bool append_network(Bytes text, std::string& out) {
  const Bytes address = text.substr(0, text.find('/'));
  if (std::ranges::count(address, '.') == 3 &&
      std::ranges::all_of(address, [](char c) { return is_digit(c) || c == '.'; })) {
    out.append(address.substr(0, address.rfind('.'))).append(".0/24");
    return true;
  }
  if (std::ranges::count(address, ':') < 2 || !std::ranges::all_of(address, [](char c) {
        return is_digit(c) || c == ':' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
      })) {
    return false;
  }
  size_t groups = 0;
  size_t at = 0;
  while (groups < 3 && at < address.size() && address[at] != ':') {
    const size_t colon = std::min(address.find(':', at), address.size());
    out.append(address.substr(at, colon - at)).push_back(':');
    at = colon + 1;
    ++groups;
  }
  out.append(groups == 0 ? "::/48" : ":/48");
  return true;
}

/// Every number of `text` generalised, as in "48.137, 11.575".
bool append_numbers(Bytes text, const Rule& rule, std::string& out) {
  bool any = false;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && (is_digit(text[end]) || (text[end] == '.' && end > at))) ++end;
    auto number = parse_decimal(text.substr(at, end - at));
    if (!number) {
      if (end > at || Bytes(" \t,;:()+-").find(text[at]) == Bytes::npos) return false;
      out.push_back(text[at++]);
      continue;
    }
    generalise(*number, rule);
    append_decimal(*number, out);
    any = true;
    at = end;
  }
  return any;
}

void append_hash(Bytes text, const Permuter& permuter, std::string& out) {
  const auto digest = permuter.digest(text);
  out.append(to_hex({digest.data(), digest.size()}));
}

void append_redacted(size_t limit, std::string& out) {
  out.append(limit < kRedacted.size() ? kStars : kRedacted);
}

/// Cuts what was appended behind `begin` down to `limit` characters.
void cut(std::string& out, size_t begin, size_t limit) {
  if (out.size() - begin <= limit) return;
  out.resize(begin + first_characters(Bytes(out).substr(begin), limit).size());
}

}  // namespace

void append_partial(Bytes text, Kind kind, std::string& out) {
  switch (kind) {
    case Kind::kName:
      return append_initials(text, out);
    case Kind::kEmail:
      return append_email(text, out);
    case Kind::kCard:
    case Kind::kIban:
      return append_tail(text, 4, out);
    case Kind::kPhone:
      return append_tail(text, 2, out);
    case Kind::kPostcode:
      return append_head(text, out);
    case Kind::kAny:
      if (count_characters(text) > 3 && is_utf8(text)) out.append(first_characters(text, 1));
      [[fallthrough]];
    case Kind::kSecret:
    case Kind::kFreeText:
      out.append(kStars);
      return;
    case Kind::kDate:
    case Kind::kIp:
    case Kind::kGeo:
      return append_general(text, {.strategy = Strategy::kGeneralise, .kind = kind}, out);
    case Kind::kMac:
    case Kind::kUuid:
      return append_tail(text, 4, out);
  }
  out.append(kStars);
}

void append_general(Bytes text, const Rule& rule, std::string& out) {
  const size_t begin = out.size();
  switch (rule.kind) {
    case Kind::kDate:
      if (const auto found = find_date(text)) {
        out.append(text.substr(0, found->end));
        write_date(out, begin, *found, {found->date.year, 1, 1});
        return;
      }
      break;
    case Kind::kIp:
      if (append_network(text, out)) return;
      break;
    case Kind::kPostcode:
      return append_head(text, out);
    case Kind::kEmail:
      return append_email(text, out);
    case Kind::kAny:
    case Kind::kGeo:
      if (append_numbers(text, rule, out)) return;
      break;
    default:
      break;
  }
  out.resize(begin);
  out.append(kRedacted);
}

void mask_text(Bytes text, const Rule& rule, const Permuter& permuter, size_t limit,
               std::string& out) {
  if (text.empty()) return;
  const size_t begin = out.size();
  switch (rule.strategy) {
    case Strategy::kPseudonym:
      out.append(text);
      pseudonymise(out, begin, out.size(), rule.kind, permuter);
      break;
    case Strategy::kPartial:
      append_partial(text, rule.kind, out);
      break;
    case Strategy::kGeneralise:
      append_general(text, rule, out);
      // What is coarse already would stand there as it is.
      if (Bytes(out).substr(begin).starts_with(text)) {
        out.resize(begin);
        out.append(text);
        pseudonymise(out, begin, out.size(), rule.kind, permuter);
      }
      break;
    case Strategy::kHash:
      append_hash(text, permuter, out);
      break;
    case Strategy::kRedact:
    case Strategy::kNull:
      append_redacted(limit, out);
      break;
  }
  cut(out, begin, limit);
}

}  // namespace sluice::mask
