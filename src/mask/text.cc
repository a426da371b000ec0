#include "mask/text.h"

#include <algorithm>

#include "mask/date_text.h"
#include "mask/decimal.h"
#include "mask/tail_lanes.h"
#include "mask/utf8.h"

namespace sluice::mask {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `text` with its letters and digits as '*', but for the last `keep`.
void append_tail(Bytes text, size_t keep, std::string& out) {
  if (append_short_tail(text, keep, out)) return;
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
