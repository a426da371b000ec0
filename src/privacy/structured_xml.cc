#include <algorithm>
#include <charconv>
#include <utility>

#include "privacy/json_labels.h"
#include "privacy/scan.h"
#include "privacy/structured.h"
#include "privacy/value_form.h"

namespace sluice::privacy {
namespace {

constexpr size_t kDeepest = 64;

/// Text without its entities, and where each byte of it came from.
struct Resolved {
  std::string text;
  std::vector<size_t> from;  ///< one more than bytes
};

/// The byte that the entity at text[at] means and its size; 0 if that is none of ASCII.
struct Entity {
  char byte = 0;
  size_t size = 0;
};

Entity entity_at(std::string_view text, size_t at) {
  constexpr size_t kLongest = 10;
  const std::string_view rest = text.substr(at, kLongest);
  const size_t end = rest.find(';');
  if (end == std::string_view::npos) return {};
  const std::string_view name = rest.substr(1, end - 1);
  constexpr std::pair<std::string_view, char> kNamed[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [known, byte] : kNamed)
    if (name == known) return {byte, end + 1};
  if (name.size() < 2 || name[0] != '#') return {};
  const bool hex = name[1] == 'x' || name[1] == 'X';
  const std::string_view digits = name.substr(hex ? 2 : 1);
  unsigned code = 0;
  const auto read =
      std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || code == 0 ||
      code > 0x7F)
    return {};
  return {static_cast<char>(code), end + 1};
}

Resolved resolve(std::string_view raw) {
  Resolved out;
  for (size_t i = 0; i < raw.size();) {
    const Entity entity = raw[i] == '&' ? entity_at(raw, i) : Entity{};
    out.text += entity.size > 0 ? entity.byte : raw[i];
    out.from.push_back(i);
    i += std::max<size_t>(entity.size, 1);
  }
  out.from.push_back(raw.size());
  return out;
}

/// In order and apart; of finds that overlap the surer one gives the class.
std::vector<Span> in_order(std::vector<Span> found) {
  std::ranges::sort(found, {}, [](const Span& span) { return std::pair(span.begin, span.end); });
  std::vector<Span> out;
  for (const Span& span : found) {
    if (out.empty() || span.begin >= out.back().end) {
      out.push_back(span);
      continue;
    }
    Span& last = out.back();
    if (span.confidence > last.confidence) last.cls = span.cls;
    last.confidence = std::max(last.confidence, span.confidence);
    last.end = std::max(last.end, span.end);
  }
  return out;
}

class Walk {
 public:
  Walk(std::string_view text, const Context& context) : text_(text), context_(context) {}

  std::vector<Span> run() {
    while (i_ < text_.size()) {
      if (text_[i_] == '<') {
        tag();
        continue;
      }
      const size_t end = std::min(text_.find('<', i_), text_.size());
      content(i_, end);
      i_ = end;
    }
    for (const Element& each : elements_) finish(each);
    return in_order(std::move(out_));
  }

 private:
  struct Element {
    std::string name;
    bool person = false;                             ///< what is in it tells of one
    std::vector<std::pair<size_t, size_t>> names{};  ///< that are the person's, if there is one
  };

  /// Character data from `begin` to `end`, which its element names.
  void content(size_t begin, size_t end) {
    value(elements_.empty() ? std::string_view() : std::string_view(elements_.back().name), begin,
          end);
    const size_t size = elements_.size();
    if (size >= 2 && is_bare_name(elements_[size - 1].name))
      elements_[size - 2].names.emplace_back(begin, end);
  }

  /// Beside what tells of a person a bare name is that person's.
  void finish(const Element& element) {
    if (!element.person) return;
    for (const auto& [begin, end] : element.names)
      if (!looks_like_firm(text_.substr(begin, end - begin))) value("person_name", begin, end);
  }
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

  /// Skips to behind `mark`; what is skipped is searched as text (comments, CDATA).
  void special(std::string_view mark, size_t skip, bool named) {
    const size_t begin = std::min(i_ + skip, text_.size());
    const size_t end = std::min(text_.find(mark, begin), text_.size());
    if (named) {
      content(begin, end);
    } else {
      value({}, begin, end);
    }
    i_ = std::min(end + mark.size(), text_.size());
  }

  void tag() {
    const std::string_view rest = text_.substr(i_);
    if (rest.starts_with("<!--")) return special("-->", 4, false);
    if (rest.starts_with("<![CDATA[")) return special("]]>", 9, true);
    if (rest.starts_with("<?") || rest.starts_with("<!")) return special(">", 2, false);
    if (rest.starts_with("</")) {
      const size_t begin = i_ + 2;
      i_ = std::min(text_.find('>', i_), text_.size() - 1) + 1;
      if (!is_name(text_.substr(begin, i_ - begin - 1))) value({}, begin, i_);
      if (beyond_ > 0) {
        --beyond_;
      } else if (!elements_.empty()) {
        finish(elements_.back());
        elements_.pop_back();
      }
      return;
    }
    ++i_;
    const size_t begin = i_;
    while (i_ < text_.size() && !is_space(text_[i_]) && text_[i_] != '>' && text_[i_] != '/') ++i_;
    // "<anna@example.com>" is no element.
    if (!is_name(text_.substr(begin, i_ - begin))) value({}, begin, i_);
    Element element{std::string(local(text_.substr(begin, i_ - begin)))};
    opened_ = element.name;
    const bool closed = attributes(element);
    opened_.clear();
    if (!elements_.empty() && tells_of_a_person(element.name)) elements_.back().person = true;
    if (!closed && elements_.size() < kDeepest) {
      elements_.push_back(std::move(element));
      return;
    }
    finish(element);
    if (!closed) ++beyond_;
  }

  /// An account or number of a paper has more digits than what people call something.
  static bool is_name(std::string_view name) {
    constexpr auto kMostDigits = 5;
    return std::count_if(name.begin(), name.end(), is_digit) <= kMostDigits &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return is_word(c) || c == ':' || c == '-' || c == '.'; }) &&
           (name.empty() || !is_digit(name[0]));
  }

  static std::string_view local(std::string_view name) {
    const size_t colon = name.rfind(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
  }

  /// Reads up to the tag's end; true if it has no content. <field name="email">: the attribute's
  /// value names what is within.
  bool attributes(Element& element) {
    while (i_ < text_.size() && text_[i_] != '>') {
      if (text_[i_] == '/' && i_ + 1 < text_.size() && text_[i_ + 1] == '>') {
        i_ += 2;
        return true;
      }
      const size_t begin = i_;
      while (i_ < text_.size() && is_word(text_[i_])) ++i_;
      if (i_ == begin) {
        ++i_;
        continue;
      }
      while (i_ < text_.size() &&
             (text_[i_] == ':' || text_[i_] == '-' || text_[i_] == '.' || is_word(text_[i_])))
        ++i_;
      const size_t end = i_;
      const std::string_view name = local(text_.substr(begin, end - begin));
      while (i_ < text_.size() && is_space(text_[i_])) ++i_;
      if (i_ < text_.size() && text_[i_] != '=') {  // no attribute, so anything
        i_ = std::min(text_.find_first_of(">=\"'", i_), text_.size());
        value({}, begin, i_);
        continue;
      }
      while (i_ < text_.size() && (is_space(text_[i_]) || text_[i_] == '=')) ++i_;
      if (i_ >= text_.size()) {
        value({}, begin, i_);
        break;
      }
      if (!is_name(text_.substr(begin, end - begin))) value({}, begin, end);
      if (text_[i_] != '"' && text_[i_] != '\'') {  // HTML does without quotes
        const size_t open = i_;
        while (i_ < text_.size() && !is_space(text_[i_]) && text_[i_] != '>') ++i_;
        value(name, open, i_);
        continue;
      }
      const size_t open = i_ + 1, close = std::min(text_.find(text_[i_], open), text_.size());
      if (name == "name" || name == "key" || name == "type" || name == "id")
        if (close - open <= 40) element.name.append(" ").append(text_.substr(open, close - open));
      value(name == "value" ? std::string_view(element.name) : name, open, close);
      if (is_bare_name(name)) element.names.emplace_back(open, close);
      element.person = element.person || tells_of_a_person(name);
      i_ = std::min(close + 1, text_.size());
    }
    if (i_ < text_.size()) ++i_;
    return false;
  }

  void value(std::string_view name, size_t begin, size_t end) {
    while (begin < end && is_space(text_[begin])) ++begin;
    while (end > begin && is_space(text_[end - 1])) --end;
    if (begin == end) return;
    Concepts path;
    for (const Element& each : elements_) path |= meaning_of_name(each.name);
    path |= meaning_of_name(opened_);
    const std::string_view raw = text_.substr(begin, end - begin);
    if (raw.find('&') == std::string_view::npos) {
      for (const Span& span : find_in_named(name, raw, path, context_))
        out_.push_back({span.begin + begin, span.end + begin, span.cls, span.confidence});
      return;
    }
    const Resolved plain = resolve(raw);
    for (const Span& span : find_in_named(name, plain.text, path, context_))
      out_.push_back({plain.from[span.begin] + begin, plain.from[span.end] + begin, span.cls,
                      span.confidence});
  }

  std::string_view text_;
  const Context& context_;
  size_t i_ = 0, beyond_ = 0;
  std::vector<Element> elements_;
  std::string opened_;  ///< whose attributes are being read
  std::vector<Span> out_;
};

}  // namespace

std::vector<Span> find_in_xml(std::string_view text, const Context& context) {
  return Walk(text, context).run();
}

bool looks_like_xml(std::string_view text) {
  const size_t first = text.find_first_not_of(" \n\t\r"), last = text.find_last_not_of(" \n\t\r");
  return first != std::string_view::npos && last > first + 4 && text[first] == '<' &&
         text[last] == '>' &&
         (is_alnum(text[first + 1]) || text[first + 1] == '?' || text[first + 1] == '!');
}

}  // namespace sluice::privacy
