#include <algorithm>

#include "privacy/json_labels.h"
#include "privacy/name_words.h"
#include "privacy/scan.h"
#include "privacy/structured.h"
#include "privacy/value_form.h"

namespace sluice::privacy {
namespace {

constexpr size_t kDeepest = 64;  ///< deeper levels keep the meaning of this one

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

/// A string without its escapes, and where each byte of it came from.
struct Unescaped {
  std::string text;
  std::vector<size_t> from;  ///< one more than bytes
};

Unescaped unescape(std::string_view raw) {
  Unescaped out;
  for (size_t i = 0; i < raw.size();) {
    const size_t begin = i, before = out.text.size();
    if (raw[i] != '\\' || i + 1 >= raw.size()) {
      out.text += raw[i++];
    } else if (raw[i + 1] == 'u' && i + 6 <= raw.size()) {
      uint32_t code = 0;
      for (size_t k = 2; k < 6; ++k) {
        const char c = to_lower(raw[i + k]);
        code = code * 16 + static_cast<uint32_t>(is_digit(c)            ? c - '0'
                                                 : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                                                        : 0);
      }
      append_utf8(out.text, code);
      i += 6;
    } else {
      const char c = raw[i + 1];
      out.text += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
      i += 2;
    }
    out.from.resize(out.text.size(), begin);
    std::fill(out.from.begin() + static_cast<std::ptrdiff_t>(before), out.from.end(), begin);
  }
  out.from.push_back(raw.size());
  return out;
}

class Walk {
 public:
  Walk(std::string_view text, const Context& context) : text_(text), context_(context) {}

  std::vector<Span> run() {
    while (i_ < text_.size()) {
      const char c = text_[i_];
      if (c == '{' || c == '[') {
        open(c);
      } else if (c == '}' || c == ']') {
        close();
      } else if (c == '"') {
        string();
      } else if (c == ',') {
        if (!levels_.empty() && levels_.back().object) key_.clear();
        ++i_;
      } else if (is_alnum(c) || c == '-') {
        scalar();
      } else {
        ++i_;
      }
    }
    return std::move(out_);
  }

 private:
  struct Level {
    bool object = false;
    Concepts path;
    std::string key;  ///< of the array that this is, for its elements
    LabelledMember labelled;
    bool person = false;  ///< its own members say so; of what is in them nobody knows
  };

  /// What the value at hand stands in.
  Concepts path_of(std::string_view value) const {
    if (levels_.empty()) return {};
    Concepts out = levels_.back().path;
    if (levels_.back().person && is_bare_name(key_) && !looks_like_firm(value))
      out.set(static_cast<size_t>(Concept::kPerson));
    return out;
  }

  void open(char c) {
    ++i_;
    Level level;
    level.object = c == '{';
    if (level.object) level.labelled = labelled_member(text_.substr(i_));
    level.key = key_;
    if (!levels_.empty()) level.path = levels_.back().path;
    level.path |= meaning_of_name(key_);
    level.person = level.object && is_about_a_person(text_.substr(i_));
    if (levels_.size() < kDeepest) {
      levels_.push_back(std::move(level));
    } else {
      ++beyond_;
    }
    if (c == '{') key_.clear();
  }

  void close() {
    ++i_;
    if (beyond_ > 0) {
      --beyond_;
    } else if (!levels_.empty()) {
      key_ = levels_.back().key;
      levels_.pop_back();
    }
  }

  void string() {
    const size_t begin = i_ + 1;
    size_t end = begin;
    bool escaped = false;
    while (end < text_.size() && text_[end] != '"') {
      if (text_[end] == '\\') {
        escaped = true;
        ++end;
      }
      ++end;
    }
    end = std::min(end, text_.size());
    i_ = std::min(end + 1, text_.size());
    size_t next = i_;
    while (next < text_.size() && (text_[next] == ' ' || text_[next] == '\n' ||
                                   text_[next] == '\t' || text_[next] == '\r'))
      ++next;
    const std::string_view raw = text_.substr(begin, end - begin);
    if (next < text_.size() && text_[next] == ':') {
      key_ = escaped ? unescape(raw).text : std::string(raw);
      if (!levels_.empty() && raw == levels_.back().labelled.value_key && !raw.empty())
        key_ = levels_.back().labelled.label;
      i_ = next + 1;
      // A key may itself be sensitive: {"anna@example.com": 3}.
      add(find_in_named("", raw, {}, context_), begin);
      return;
    }
    if (escaped) {
      const Unescaped plain = unescape(raw);
      for (Span span : value(plain.text)) {
        span.begin = plain.from[span.begin] + begin;
        span.end = plain.from[span.end] + begin;
        out_.push_back(span);
      }
    } else {
      add(value(raw), begin);
    }
  }

  std::vector<Span> value(std::string_view text) {
    if (looks_like_json(text) && text.size() > 4) {
      if (nested_++ < 4) return find_in_json(text, context_);
    }
    return find_in_named(key_, text, path_of(text), context_);
  }

  void scalar() {
    const size_t begin = i_;
    while (i_ < text_.size() &&
           (is_alnum(text_[i_]) || text_[i_] == '-' || text_[i_] == '+' || text_[i_] == '.'))
      ++i_;
    const std::string_view text = text_.substr(begin, i_ - begin);
    if (text != "true" && text != "false" && text != "null")
      add(find_in_named(key_, text, path_of(text), context_), begin);
  }

  void add(const std::vector<Span>& found, size_t by) {
    for (Span span : found) {
      span.begin += by;
      span.end += by;
      out_.push_back(span);
    }
  }

  std::string_view text_;
  const Context& context_;
  size_t i_ = 0, beyond_ = 0;
  int nested_ = 0;
  std::string key_;
  std::vector<Level> levels_;
  std::vector<Span> out_;
};

}  // namespace

std::vector<Span> find_in_json(std::string_view text, const Context& context) {
  return Walk(text, context).run();
}

bool looks_like_json(std::string_view text) {
  const size_t first = text.find_first_not_of(" \n\t\r"), last = text.find_last_not_of(" \n\t\r");
  if (first == std::string_view::npos || last <= first) return false;
  if (text[first] == '[')
    return text[last] == ']' && text.find_first_of("{\"", first) != std::string_view::npos;
  return text[first] == '{' && text[last] == '}' &&
         text.find("\":", first) != std::string_view::npos;
}

}  // namespace sluice::privacy
