// E-mail addresses, IP and MAC addresses, crypto wallets.
#include <algorithm>
#include <cstring>

#include "privacy/cues.h"
#include "privacy/network_ids.h"
#include "privacy/scan.h"
#include "privacy/wallets.h"

namespace sluice::privacy {
namespace {

constexpr size_t kLongestLocalPart = 64;
constexpr size_t kLongestDomain = 255;

bool is_local_part(char c) {
  return is_alnum(c) || is_high(c) ||
         std::string_view("!#$%&*+-/=?^_`{|}~.'").find(c) != std::string_view::npos;
}

/// Where the local part before '@' begins.
size_t local_part(std::string_view text, size_t at, size_t least) {
  size_t i = at;
  if (i > least && text[i - 1] == '"') {
    const size_t open = text.substr(0, i - 1).rfind('"');
    if (open != std::string_view::npos && open >= least && i - open <= kLongestLocalPart)
      return open;
  }
  while (i > least && at - i < kLongestLocalPart && is_local_part(text[i - 1])) --i;
  // Punctuation that stands around an address rather than in it.
  while (i < at && std::string_view("!#$%&*/=?^`{|}~.'").find(text[i]) != std::string_view::npos)
    ++i;
  if (const size_t mark = text.substr(i, at - i).find_last_of("=/|");
      mark != std::string_view::npos)
    i += mark + 1;
  return i;
}

/// Where the domain behind '@' ends; `at` if there is none. An address literal is one too.
size_t domain(std::string_view text, size_t at, bool* dotted) {
  if (at < text.size() && text[at] == '[') {
    const size_t close = text.substr(at, 50).find(']');
    *dotted = close != std::string_view::npos;
    return *dotted ? at + close + 1 : at;
  }
  size_t i = at, label = at;
  *dotted = false;
  while (i < text.size() && i - at < kLongestDomain) {
    const char c = text[i];
    if (is_alnum(c) || is_high(c)) {
      ++i;
    } else if ((c == '-' || c == '.') && i > label && i + 1 < text.size() &&
               (is_alnum(text[i + 1]) || is_high(text[i + 1]))) {
      if (c == '.') {
        *dotted = true;
        label = i + 1;
      }
      ++i;
    } else {
      break;
    }
  }
  return i;
}

/// Whether the text ends as the name of a program and a slash do: "Chrome/".
bool is_product(std::string_view text) {
  if (!text.ends_with('/')) return false;
  size_t begin = text.size() - 1;
  while (begin > 0 && is_letter(text[begin - 1])) --begin;
  return begin + 2 < text.size() && is_upper(text[begin]);
}

/// "4.17.21" of a package and "2x.png" of a picture: no host is called so.
bool is_no_host(std::string_view domain) {
  const std::string_view top = domain.substr(domain.rfind('.') + 1);
  const bool number = std::all_of(top.begin(), top.end(), is_digit);
  const bool picture =
      top == "png" || top == "jpg" || top == "webp" || top == "svg" || top == "gif";
  return (number && !domain.starts_with('[')) ||
         (picture && domain.size() > 1 && is_digit(domain[0]) && domain[1] == 'x');
}

/// "git@host.example:team/project.git" and "ssh://git@host.example/": nobody's.
bool is_repository(std::string_view text, size_t begin, size_t at, size_t end) {
  const std::string_view user = text.substr(begin, at - begin);
  if (user != "git" && user != "hg" && user != "svn") return false;
  return (end < text.size() && (text[end] == ':' || text[end] == '/'));
}

bool before_is(std::string_view text, size_t at, bool (*in)(char)) {
  return at > 0 && in(text[at - 1]);
}

}  // namespace

void find_emails(Scan& scan) {
  const std::string_view text = scan.text();
  size_t least = 0;
  for (size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    const size_t begin = local_part(text, at, least);
    bool dotted = false;
    const size_t end = domain(text, at + 1, &dotted);
    if (begin == at && end > at + 3 && !dotted &&
        (at == 0 || text[at - 1] == ' ' || text[at - 1] == '('))
      scan.add(at, end, Class::kSocialHandle, .7F);
    if (begin == at || end == at + 1 || !dotted) continue;
    if (is_no_host(text.substr(at + 1, end - at - 1)) || is_repository(text, begin, at, end))
      continue;
    scan.add(begin, end, Class::kEmail, .97F);
    least = end;
  }
}

void find_machines(Scan& scan) {
  const std::string_view text = scan.text();
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_alnum(c) && c != ':') continue;
    if (before_is(text, i, is_word) ||
        (before_is(text, i, [](char b) { return b == ':' || b == '.' || b == '-'; }))) {
      while (i + 1 < text.size() && is_alnum(text[i + 1])) ++i;
      continue;
    }
    const std::string_view rest = text.substr(i);
    const auto free_end = [&](size_t n, std::string_view not_before) {
      return i + n >= text.size() ||
             (!is_word(text[i + n]) && (not_before.find(text[i + n]) == std::string_view::npos ||
                                        i + n + 1 >= text.size() || !is_alnum(text[i + n + 1])));
    };
    if (const size_t n = ipv4_at(rest); n > 0 && free_end(n, ".-")) {
      // "255.255.255.0" says how large a network is: no machine has it.
      if (rest.starts_with("255.")) {
        i += n - 1;
        continue;
      }
      // "version 3.12.94.28", "Chrome/119.0.0.0": a version, unless it is an address's.
      const bool version = (cues_before(text, i) & kCueThing) != 0 || is_product(text.substr(0, i));
      scan.add(i, i + n, Class::kIpAddress, version ? .3F : .8F);
      i += n - 1;
    } else if (const size_t m = mac_at(rest); m > 0 && free_end(m, ":-.")) {
      scan.add(i, i + m, Class::kMacAddress, .9F);
      i += m - 1;
    } else if (const size_t u = uuid_at(rest); u > 0) {
      i += u - 1;
    } else if (const size_t v6 = ipv6_at(rest); v6 >= 3 && free_end(v6, ":")) {
      const std::string_view found = rest.substr(0, v6);
      const bool sure = std::count(found.begin(), found.end(), ':') >= 3;
      scan.add(i, i + v6, Class::kIpAddress, sure ? .9F : .5F);
      i += v6 - 1;
    } else {
      while (i + 1 < text.size() && is_alnum(text[i + 1])) ++i;
    }
  }
}

void find_wallets(Scan& scan) {
  const std::string_view text = scan.text();
  for (size_t i = 0; i < text.size();) {
    if (!is_alnum(text[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && is_alnum(text[end])) ++end;
    const std::string_view word = text.substr(i, end - i);
    unsigned char version = 0;
    if (word.size() >= 25 && word.size() <= 110 && !before_is(text, i, is_word)) {
      const bool lower = std::any_of(word.begin(), word.end(), is_lower),
                 upper = std::any_of(word.begin(), word.end(), is_upper);
      if (is_wallet(word)) {
        scan.add(i, end, Class::kCryptoWallet, .97F);
      } else if ((word.size() == 51 || word.size() == 52) && base58check(word, &version) &&
                 version == 0x80) {
        scan.add(i, end, Class::kPrivateKey, .97F);
      } else if (word.starts_with("bc1") && word.size() <= 62 && !upper) {
        scan.add(i, end, Class::kCryptoWallet, .7F);
      } else if ((word[0] == '1' || word[0] == '3') && word.size() <= 35 && lower && upper &&
                 word.find_first_of("0OIl") == std::string_view::npos) {
        scan.add(i, end, Class::kCryptoWallet, .6F);
      }
    }
    i = end;
  }
}

}  // namespace sluice::privacy
