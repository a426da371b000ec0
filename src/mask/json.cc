#include "mask/json.h"

#include <algorithm>

#include "mask/decimal.h"
#include "mask/json_string.h"
#include "privacy/json_labels.h"
#include "privacy/value_form.h"

namespace sluice::mask {
namespace {

constexpr size_t kMaxDepth = 1000;
constexpr Bytes kSpace = " \t\n\r";
/// What a bare "name" is called where it is a person's.
constexpr const char* kPersonsName = "person_name";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Walks a document and writes it anew on the way.
class JsonWriter {
 public:
  JsonWriter(Bytes rest, const JsonVisitor& visit, const JsonVisitor& visit_key,
             const Permuter& permuter, std::string& out)
      : rest_(rest), visit_(visit), visit_key_(visit_key), permuter_(permuter), out_(out) {}

  bool document() {
    space();
    if (!value(0)) return false;
    space();
    return rest_.empty();
  }

 private:
  char front() const { return rest_.empty() ? '\0' : rest_.front(); }
  void copy(size_t bytes) {
    out_.append(rest_.substr(0, bytes));
    rest_.remove_prefix(bytes);
  }
  void space() { copy(std::min(rest_.find_first_not_of(kSpace), rest_.size())); }
  bool take(char c) {
    if (front() != c) return false;
    copy(1);
    return true;
  }

  bool value(size_t depth) {
    if (depth > kMaxDepth) return false;
    switch (front()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      case 't':
        return truth("true");
      case 'f':
        return truth("false");
      case 'n':
        if (!rest_.starts_with("null")) return false;
        copy(4);
        return true;
      default:
        return number();
    }
  }

  bool array(size_t depth) {
    copy(1);
    space();
    if (take(']')) return true;
    path_.emplace_back("[]");
    do {
      space();
      if (!value(depth + 1)) return false;
      space();
    } while (take(','));
    path_.pop_back();
    return take(']');
  }

  bool object(size_t depth) {
    copy(1);
    space();
    if (take('}')) return true;
    const Bytes members = rest_;
    const privacy::LabelledMember labelled = privacy::labelled_member(members);
    do {
      space();
      if (front() != '"') return false;
      std::string key;
      const auto raw = read_string(key);
      if (!raw) return false;
      if (visit_key_) {
        if (!string(*raw, key, visit_key_)) return false;
      } else {
        copy(raw->size() + 2);
      }
      if (!raw->empty() && *raw == labelled.value_key) key = labelled.label;
      path_.push_back(std::move(key));
      space();
      if (!take(':')) return false;
      space();
      if (is_persons_name(members)) path_.back() = kPersonsName;
      if (!value(depth + 1)) return false;
      path_.pop_back();
      space();
    } while (take(','));
    return take('}');
  }

  /// Whether the value at the front is the name of the person that an object of `members` is about.
  bool is_persons_name(Bytes members) const {
    if (front() != '"' || !privacy::is_bare_name(path_.back()) ||
        !privacy::is_about_a_person(members))
      return false;
    std::string text;
    return read_string(text) && !privacy::looks_like_firm(text);
  }

  /// The string at the front, which stays there: its meaning in `text`; its body is returned.
  std::optional<Bytes> read_string(std::string& text) const {
    const Bytes body = rest_.substr(1);
    size_t at = 0;
    while (at < body.size() && body[at] != '"') {
      const auto unit = next_unit(body.substr(at));
      if (!unit) return std::nullopt;
      append_unit(*unit, text);
      at += unit->raw;
    }
    if (at == body.size()) return std::nullopt;
    return body.substr(0, at);
  }

  bool string() {
    std::string text;
    const auto body = read_string(text);
    return body && string(*body, text, visit_);
  }

  /// The string at the front, whose body means `text`.
  bool string(Bytes body, Bytes text, const JsonVisitor& visit) {
    const JsonAction action = visit({JsonLeaf::Type::kString, path_, text});
    out_.push_back('"');
    if (action.text) {
      append_json_body(*action.text, out_);
    } else if (action.whole) {
      masked(text, action.rule);
    } else if (action.spans.empty()) {
      out_.append(body);
    } else if (!spans(body, text, action.spans)) {
      return false;
    }
    out_.push_back('"');
    rest_.remove_prefix(body.size() + 2);
    return true;
  }

  void masked(Bytes text, const Rule& rule) {
    std::string other;
    mask_text(text, rule, permuter_, kNoLimit, other);
    append_json_body(other, out_);
  }

  /// Copies a body unit by unit, with spans of its meaning masked.
  bool spans(Bytes body, Bytes text, std::span<const Span> spans) {
    size_t raw = 0;
    size_t meant = 0;
    std::string one;
    const auto move_to = [&](size_t end, bool keep) {
      while (meant < end) {
        const JsonUnit unit = next_unit(body.substr(raw)).value();
        one.clear();
        append_unit(unit, one);
        if (keep) out_.append(body.substr(raw, unit.raw));
        raw += unit.raw;
        meant += one.size();
      }
    };
    for (const Span& span : spans) {
      if (span.begin < meant || span.end < span.begin || span.end > text.size()) return false;
      // A span that begins or ends within a character takes all of it.
      size_t begin = span.begin;
      while (begin > meant && begin < text.size() && (text[begin] & 0xC0) == 0x80) --begin;
      move_to(begin, true);
      move_to(span.end, false);
      if (span.rule.strategy != Strategy::kNull) {
        masked(text.substr(begin, meant - begin), span.rule);
      }
    }
    move_to(text.size(), true);
    return true;
  }

  bool truth(Bytes word) {
    if (!rest_.starts_with(word)) return false;
    if (visit_({JsonLeaf::Type::kBool, path_, word}).whole) {
      out_.append("false");
      rest_.remove_prefix(word.size());
    } else {
      copy(word.size());
    }
    return true;
  }

  bool number() {
    const size_t size = number_size();
    if (size == 0) return false;
    const Bytes text = rest_.substr(0, size);
    const JsonAction action = visit_({JsonLeaf::Type::kNumber, path_, text});
    // Spans are of texts: a number that has some is masked whole.
    if (!action.whole && action.spans.empty()) {
      copy(size);
      return true;
    }
    const size_t exponent = std::min(text.find_first_of("eE"), text.size());
    auto decimal = parse_decimal(text.substr(0, exponent));
    if (!decimal) return false;
    mask_decimal(*decimal, action.whole ? action.rule : action.spans.front().rule, permuter_);
    append_decimal(*decimal, out_);
    out_.append(text.substr(exponent));
    rest_.remove_prefix(size);
    return true;
  }

  /// Of the number at the front by RFC 8259; 0 if there is none.
  size_t number_size() const {
    size_t at = 0;
    const auto digits = [&] {
      const size_t from = at;
      while (at < rest_.size() && is_digit(rest_[at])) ++at;
      return at > from;
    };
    if (front() == '-') ++at;
    const size_t whole = at;
    if (!digits() || (rest_[whole] == '0' && at > whole + 1)) return 0;
    if (at < rest_.size() && rest_[at] == '.') {
      ++at;
      if (!digits()) return 0;
    }
    if (at < rest_.size() && (rest_[at] | 0x20) == 'e') {
      ++at;
      if (at < rest_.size() && (rest_[at] == '+' || rest_[at] == '-')) ++at;
      if (!digits()) return 0;
    }
    return at;
  }

  Bytes rest_;
  const JsonVisitor& visit_;
  const JsonVisitor& visit_key_;
  const Permuter& permuter_;
  std::string& out_;
  std::vector<std::string> path_;
};

}  // namespace

Result<> mask_json(Bytes document, const JsonVisitor& visit, const Permuter& permuter,
                   std::string& out, const JsonVisitor& visit_key) {
  if (JsonWriter(document, visit, visit_key, permuter, out).document()) return {};
  return fail(ErrorCode::kProtocol, "a value is no JSON document that can be masked");
}

Result<> mask_json(Bytes document, const Rule& rule, const Permuter& permuter, std::string& out) {
  return mask_json(
      document,
      [&](const JsonLeaf&) {
        return JsonAction{.whole = true, .rule = rule, .spans = {}, .text = {}};
      },
      permuter, out);
}

}  // namespace sluice::mask
