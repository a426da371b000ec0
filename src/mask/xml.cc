#include "mask/xml.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "mask/text.h"
#include "mask/utf8.h"

namespace sluice::mask {
namespace {

constexpr Bytes kSpace = " \t\n\r";
constexpr Bytes kWhole = "<redacted/>";

}  // namespace

std::optional<std::string> resolve_entities(Bytes text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '&') {
      out.push_back(text[at++]);
      continue;
    }
    const size_t end = text.find(';', at);
    if (end == Bytes::npos) return std::nullopt;
    const Bytes name = text.substr(at + 1, end - at - 1);
    if (name == "amp") {
      out.push_back('&');
    } else if (name == "lt") {
      out.push_back('<');
    } else if (name == "gt") {
      out.push_back('>');
    } else if (name == "quot") {
      out.push_back('"');
    } else if (name == "apos") {
      out.push_back('\'');
    } else if (name.starts_with('#')) {
      const bool hex = name.starts_with("#x");
      const Bytes digits = name.substr(hex ? 2 : 1);
      uint32_t code = 0;
      const auto read =
          std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
      if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || code == 0 ||
          code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
        return std::nullopt;
      }
      append_utf8(out, code);
    } else {
      return std::nullopt;
    }
    at = end + 1;
  }
  return out;
}

void append_xml_text(Bytes text, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out.append("&amp;");
        break;
      case '<':
        out.append("&lt;");
        break;
      case '>':
        out.append("&gt;");
        break;
      case '"':
        out.append("&quot;");
        break;
      case '\'':
        out.append("&apos;");
        break;
      default:
        out.push_back(c);
    }
  }
}

namespace {

class XmlWriter {
 public:
  XmlWriter(Bytes rest, const Rule& rule, const Permuter& permuter, std::string& out)
      : rest_(rest), rule_(rule), permuter_(permuter), out_(out) {}

  bool document() {
    if (rest_.starts_with("<?xml ")) {
      const size_t end = rest_.find("?>");
      if (end == Bytes::npos) return false;
      copy(end + 2);
    }
    while (!rest_.empty()) {
      if (!part()) return false;
    }
    return true;
  }

 private:
  void copy(size_t bytes) {
    out_.append(rest_.substr(0, bytes));
    rest_.remove_prefix(bytes);
  }

  bool part() {
    if (rest_.front() != '<') return text(rest_.substr(0, rest_.find('<')));
    if (rest_.starts_with("<!--")) return dropped("-->");
    if (rest_.starts_with("<![CDATA[")) return character_data();
    // Definitions hold values of their own, and instructions anything.
    if (rest_.starts_with("<!")) return false;
    if (rest_.starts_with("<?")) return dropped("?>");
    return tag();
  }

  /// Leaves out what nobody needs and may say anything.
  bool dropped(Bytes end) {
    const size_t at = rest_.find(end);
    if (at == Bytes::npos) return false;
    rest_.remove_prefix(at + end.size());
    return true;
  }

  bool character_data() {
    constexpr size_t kOpening = 9;
    const size_t end = rest_.find("]]>");
    if (end == Bytes::npos || end < kOpening) return false;
    put(rest_.substr(kOpening, end - kOpening));
    rest_.remove_prefix(end + 3);
    return true;
  }

  bool text(Bytes raw) {
    const auto value = resolve_entities(raw);
    if (!value) return false;
    put(*value);
    rest_.remove_prefix(raw.size());
    return true;
  }

  void put(Bytes value) {
    const size_t first = value.find_first_not_of(kSpace);
    if (first == Bytes::npos) {
      out_.append(value);
      return;
    }
    const size_t last = value.find_last_not_of(kSpace) + 1;
    out_.append(value.substr(0, first));
    std::string masked;
    mask_text(value.substr(first, last - first), rule_, permuter_, kNoLimit, masked);
    append_xml_text(masked, out_);
    out_.append(value.substr(last));
  }

  /// "<a b="c" d='e'/>" or "</a>".
  bool tag() {
    while (true) {
      const size_t at = rest_.find_first_of("\"'>");
      if (at == Bytes::npos) return false;
      const char found = rest_[at];
      copy(at + 1);
      if (found == '>') return true;
      const size_t end = rest_.find(found);
      if (end == Bytes::npos) return false;
      if (!text(rest_.substr(0, end))) return false;
      copy(1);
    }
  }

  Bytes rest_;
  const Rule& rule_;
  const Permuter& permuter_;
  std::string& out_;
};

}  // namespace

void mask_xml(Bytes document, const Rule& rule, const Permuter& permuter, std::string& out) {
  const size_t begin = out.size();
  if (document.empty() || XmlWriter(document, rule, permuter, out).document()) return;
  out.resize(begin);
  out.append(kWhole);
}

}  // namespace sluice::mask
