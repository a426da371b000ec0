#include "mask/sift_text.h"

#include <algorithm>
#include <utility>

#include "mask/byte_strings.h"
#include "mask/hstore.h"
#include "mask/json.h"
#include "mask/text.h"
#include "mask/xml.h"
#include "privacy/json_labels.h"
#include "privacy/name_class.h"
#include "privacy/structured.h"

namespace sluice::mask {
namespace {

using privacy::Class;
using Found = std::vector<privacy::Span>;

/// Documents in texts of documents are walked up to here; deeper ones are searched as texts.
constexpr int kDeepest = 4;
/// As find_in_named believes names.
constexpr float kBelieveName = .55F;

/// Both, in order and apart; of two that overlap the surer one gives the class.
Found merged(Found a, const Found& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::ranges::stable_sort(a, {}, &privacy::Span::begin);
  Found out;
  for (const privacy::Span& span : a) {
    if (out.empty() || span.begin >= out.back().end) {
      out.push_back(span);
      continue;
    }
    out.back().end = std::max(out.back().end, span.end);
    if (span.confidence > out.back().confidence) {
      out.back().cls = span.cls;
      out.back().confidence = span.confidence;
    }
  }
  return out;
}

bool is_array(Bytes text) {
  return (text.starts_with('{') && text.ends_with('}')) ||
         (text.starts_with('(') && text.ends_with(')'));
}

/// What is found in a text that is no document.
Found find(Bytes text, const Look& look) {
  privacy::Context& context = *look.context;
  context.people = look.mode != Look::Mode::kFree || look.people;
  switch (look.mode) {
    case Look::Mode::kFree:
      break;
    case Look::Mode::kNamed:
      return find_in_named(look.name, text, look.path, context);
    case Look::Mode::kParts:
      if (is_array(text))
        return find_in_array(text, {look.names.begin(), look.names.end()}, context);
      if (privacy::looks_like_pairs(text)) return find_in_pairs(text, context);
      return merged(find_in_pairs(text, context), find_sensitive(text, context));
  }
  Found found = find_sensitive(text, context);
  if (!privacy::looks_like_pairs(text)) return found;
  return merged(std::move(found), find_in_pairs(text, context));
}

/// The bytes of a find, with no character cut, that are still ahead.
std::pair<size_t, size_t> whole_characters(Bytes text, const privacy::Span& span, size_t ahead) {
  const auto within = [&](size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  size_t begin = std::max(span.begin, ahead);
  size_t end = std::min(span.end, text.size());
  while (begin > ahead && within(begin)) --begin;
  while (within(end)) ++end;
  return {begin, end};
}

/// What of the finds is masked and how; counted.
void choose(Bytes text, const Found& found, const Look& look, std::vector<Span>& spans) {
  size_t ahead = 0;
  for (const privacy::Span& span : found) {
    const auto& rule = look.rule(span.cls);
    if (!rule) {
      look.see(text.substr(span.begin, span.end - span.begin), false);
      continue;
    }
    const auto [begin, end] = whole_characters(text, span, ahead);
    if (begin >= end) continue;
    look.see(text.substr(begin, end - begin), true);
    spans.push_back({begin, end, *rule});
    look.count(span.cls);
    ahead = end;
  }
}

void append_masked(Bytes text, const Found& found, const Look& look, std::string& out) {
  look.spans->clear();
  if (!found.empty()) choose(text, found, look, *look.spans);
  // Spans that choose has made are in order, so there is no error.
  if (look.spans->empty() || !mask_spans(text, *look.spans, *look.permuter, kNoLimit, out))
    out.append(text);
}

/// Whether the name says that all of the value is masked; then it is appended so.
bool masked_by_name(Bytes text, const Look& look, std::string& out) {
  if (look.mode != Look::Mode::kNamed || look.name.empty()) return false;
  const Found found = find(text, look);
  if (found.size() != 1 || found[0].begin != 0 || found[0].end != text.size() ||
      !look.rule(found[0].cls))
    return false;
  append_masked(text, found, look, out);
  return true;
}

/// Appends a text that is a document, if it is one.
bool sift_document(Bytes text, const Look& look, std::string& out) {
  if (look.depth >= kDeepest) return false;
  const bool json = privacy::looks_like_json(text);
  if (!json && !privacy::looks_like_xml(text)) return false;
  if (masked_by_name(text, look, out)) return true;
  Look inner = look;
  ++inner.depth;
  if (!json) {
    sift_xml(text, inner, out);
    return true;
  }
  const size_t before = out.size();
  const ColumnCounts counts = *look.counts;
  if (sift_json(text, inner, out)) return true;
  out.resize(before);
  *look.counts = counts;
  look.context->people = true;
  append_masked(text,
                merged(find_in_json(text, *look.context), find_sensitive(text, *look.context)),
                look, out);
  return true;
}

/// Decides on the leaves of one JSON document.
class JsonSift {
 public:
  explicit JsonSift(const Look& look) : look_(look) {}

  JsonAction leaf(const JsonLeaf& leaf) {
    if (leaf.type == JsonLeaf::Type::kBool) return {};
    const Look look = look_at(leaf.path);
    if (leaf.type == JsonLeaf::Type::kString) return string(leaf.text, look);
    const Class cls = class_within(leaf.text, look);
    if (cls == Class::kNone) return {};
    look.count(cls);
    look.see(leaf.text, true);
    return whole(*look.rule(cls));
  }

  /// A key may itself be sensitive: {"anna@example.com": 3}.
  JsonAction key(const JsonLeaf& leaf) { return string(leaf.text, look_.under("")); }

 private:
  static JsonAction whole(const Rule& rule) {
    return {.whole = true, .rule = rule, .spans = {}, .text = {}};
  }

  static JsonAction string(Bytes text, const Look& look) {
    JsonAction action;
    std::string document;
    if (sift_document(text, look, document)) {
      if (document != text) action.text = std::move(document);
    } else {
      const Found found = find(text, look);
      if (!found.empty()) choose(text, found, look, action.spans);
    }
    return action;
  }

  /// Names are remembered with what they mean: most leaves have the path of the one before.
  Look look_at(std::span<const std::string> path) {
    Look look = look_.under(look_.mode == Look::Mode::kNamed ? look_.name : Bytes());
    for (size_t i = 0; i < path.size(); ++i) {
      if (i == steps_.size()) steps_.emplace_back();
      Step& step = steps_[i];
      if (step.name != path[i] || i == 0) {
        step.name = path[i];
        step.meaning = path[i] == "[]" ? privacy::Concepts{} : privacy::meaning_of_name(path[i]);
      }
      // Elements are named as their array is, and stand in what that name means.
      const bool last = i + 1 == path.size();
      if (path[i] != "[]") look.name = path[i];
      if (!last) look.path |= step.meaning;
    }
    return look;
  }

  struct Step {
    std::string name;
    privacy::Concepts meaning;
  };
  const Look& look_;
  std::vector<Step> steps_;
};

/// Appends masked text such that it stands anywhere in XML: "--" would end a comment.
void append_anywhere(Bytes masked, std::string& out) {
  for (size_t at = 0; at < masked.size(); ++at) {
    const bool edge = at == 0 || at + 1 == masked.size() || masked[at + 1] == '-';
    if (masked[at] == '-' && edge) {
      out.append("&#45;");
    } else {
      append_xml_text(masked.substr(at, 1), out);
    }
  }
}

}  // namespace

void sift_text(Bytes text, const Look& look, std::string& out) {
  if (!sift_document(text, look, out)) append_masked(text, find(text, look), look, out);
}

Result<> sift_json(Bytes document, const Look& look, std::string& out) {
  JsonSift sift(look);
  return mask_json(
      document, [&](const JsonLeaf& leaf) { return sift.leaf(leaf); }, *look.permuter, out,
      [&](const JsonLeaf& key) { return sift.key(key); });
}

void sift_xml(Bytes document, const Look& look, std::string& out) {
  look.context->people = true;
  std::vector<Span> spans;
  choose(document, find_in_xml(document, *look.context), look, spans);
  size_t at = 0;
  std::string masked;
  for (const Span& span : spans) {
    out.append(document.substr(at, span.begin - at));
    at = span.end;
    if (span.rule.strategy == Strategy::kNull) continue;
    const Bytes raw = document.substr(span.begin, span.end - span.begin);
    masked.clear();
    mask_text(resolve_entities(raw).value_or(std::string(raw)), span.rule, *look.permuter, kNoLimit,
              masked);
    append_anywhere(masked, out);
  }
  out.append(document.substr(at));
}

Result<> sift_hstore(Format format, Bytes value, const Look& look, std::string& out) {
  bool person = false;
  std::string keys;
  SLUICE_TRY(mask_hstore(
      format, value,
      [&](Bytes key, std::optional<Bytes> one, std::string&) {
        person = person || (one && privacy::tells_of_a_person(key));
      },
      keys));
  return mask_hstore(
      format, value,
      [&](Bytes key, std::optional<Bytes> one, std::string& to) {
        Look inner = look.under(one ? key : Bytes());
        if (one) inner.path |= privacy::path_beside(person, key, *one);
        sift_text(one ? *one : key, inner, to);
      },
      out);
}

Result<> sift_bytea(Format format, Bytes value, const Look& look, std::string& out) {
  std::string decoded;
  Bytes plain = value;
  if (format == Format::kText) {
    auto bytes = read_bytea(value);
    if (!bytes) return malformed("bytea");
    decoded = std::move(*bytes);
    plain = decoded;
  }
  std::string masked;
  if (is_utf8(plain) && plain.find('\0') == Bytes::npos) {
    sift_text(plain, look, masked);
  } else if (const Class cls = class_within(plain, look); cls != Class::kNone) {
    look.count(cls);
    look.see(plain, true);
    masked = kRedacted;
  } else {
    masked = plain;
  }
  if (masked == plain) {
    out.append(value);
  } else if (format == Format::kText) {
    out.append("\\x").append(to_hex(masked));
  } else {
    out.append(masked);
  }
  return {};
}

Class class_within(Bytes value, const Look& look) {
  for (const privacy::Span& span : find(value, look))
    if (look.rule(span.cls)) return span.cls;
  return Class::kNone;
}

Class class_by_name(const Look& look) {
  for (const privacy::NameVerdict& verdict : privacy::classes_of_name(look.name, look.path)) {
    if (verdict.strength < kBelieveName) break;
    if (look.rule(verdict.cls)) return verdict.cls;
  }
  return Class::kNone;
}

}  // namespace sluice::mask
