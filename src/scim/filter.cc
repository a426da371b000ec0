#include "scim/filter.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace sluice::scim {
namespace {

namespace json = boost::json;

constexpr size_t kLongest = 4096;
constexpr size_t kMostComparisons = 100;
constexpr int kDeepest = 20;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == ':' || c == '$';
}

/// Compared with case (RFC 7643, sections 3.1, 4 and 7): identifiers, and nothing else here.
bool with_case(const AttributePath& path) {
  return path.name == "id" || path.name == "externalId" || path.name == "meta" ||
         ((path.name == "members" || path.name == "groups") &&
          (path.sub.empty() || path.sub == "value"));
}

/// Times of the form that is compared as a text: with as many digits behind the second as others.
std::string normal_time(std::string_view text) {
  std::string out(text);
  if (out.size() < 20 || out[10] != 'T' || out.back() != 'Z') return out;
  out.pop_back();
  if (out.size() == 19) out += '.';
  out.resize(26, '0');
  return out + 'Z';
}

bool is_time(const AttributePath& path) {
  return path.name == "meta" && (path.sub == "created" || path.sub == "lastModified");
}

}  // namespace

/// Recursive descent; `not` binds stronger than `and`, and that stronger than `or`.
class FilterParser {
 public:
  FilterParser(std::string_view text, Kind kind, const AttributePath* within)
      : text_(text), kind_(kind), within_(within) {}

  Outcome<Filter> run() {
    if (text_.size() > kLongest) return wrong(fmt::format("is longer than {} bytes", kLongest));
    Filter filter;
    if (!alternatives(filter.root_, 0)) return wrong(problem_);
    skip();
    if (at_ != text_.size())
      return wrong(fmt::format("cannot be read from character {} on", at_ + 1));
    return filter;
  }

 private:
  using Op = Filter::Op;
  using Node = Filter::Node;

  tl::unexpected<Problem> wrong(const std::string& what) {
    return refuse(400, "invalidFilter", "the filter " + what);
  }
  bool bad(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
    return false;
  }
  bool unexpected() { return bad(fmt::format("cannot be read from character {} on", at_ + 1)); }

  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool sign(char c) {
    skip();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view peek_word() {
    skip();
    size_t end = at_;
    while (end < text_.size() && is_name(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool word(std::string_view expected) {
    const std::string_view next = peek_word();
    if (!same_name(next, expected)) return false;
    at_ += next.size();
    return true;
  }

  bool chain(Node& out, int depth, Op op, std::string_view between,
             bool (FilterParser::*part)(Node&, int)) {
    std::vector<Node> parts;
    do {
      if (!(this->*part)(parts.emplace_back(), depth)) return false;
    } while (word(between));
    if (parts.size() == 1) {
      Node only = std::move(parts.front());
      out = std::move(only);
    } else {
      out.op = op;
      out.parts = std::move(parts);
    }
    return true;
  }
  bool alternatives(Node& out, int depth) {
    if (depth > kDeepest) return bad("is nested too deep");
    return chain(out, depth, Op::kOr, "or", &FilterParser::conjunction);
  }
  bool conjunction(Node& out, int depth) {
    return chain(out, depth, Op::kAnd, "and", &FilterParser::term);
  }

  bool term(Node& out, int depth) {
    if (sign('(')) return alternatives(out, depth + 1) && (sign(')') || unexpected());
    const size_t before = at_;
    if (word("not")) {
      if (sign('(')) {
        out.op = Op::kNot;
        return alternatives(out.parts.emplace_back(), depth + 1) && (sign(')') || unexpected());
      }
      at_ = before;
    }
    return comparison(out, depth);
  }

  bool comparison(Node& out, int depth) {
    if (++comparisons_ > kMostComparisons) return bad("has too many comparisons");
    const std::string_view name = peek_word();
    if (name.empty()) return unexpected();
    at_ += name.size();
    out.path = path_of(name);
    if (within_ == nullptr && at_ < text_.size() && text_[at_] == '[') {
      ++at_;
      out.op = Op::kWithin;
      within_ = &out.path;
      const bool good = alternatives(out.parts.emplace_back(), depth + 1);
      within_ = nullptr;
      return good && (sign(']') || unexpected());
    }
    return operation(out);
  }

  /// In brackets names are those of parts.
  AttributePath path_of(std::string_view name) const {
    if (within_ == nullptr) return attribute_path(name, kind_);
    return attribute_path(within_->name + "." + std::string(name), kind_);
  }

  bool operation(Node& out) {
    static constexpr std::array<std::pair<std::string_view, Op>, 10> kOps = {{{"eq", Op::kEq},
                                                                              {"ne", Op::kNe},
                                                                              {"co", Op::kCo},
                                                                              {"sw", Op::kSw},
                                                                              {"ew", Op::kEw},
                                                                              {"gt", Op::kGt},
                                                                              {"ge", Op::kGe},
                                                                              {"lt", Op::kLt},
                                                                              {"le", Op::kLe},
                                                                              {"pr", Op::kPr}}};
    const std::string_view next = peek_word();
    const auto found = std::find_if(kOps.begin(), kOps.end(),
                                    [&](const auto& op) { return same_name(op.first, next); });
    if (found == kOps.end()) return unexpected();
    at_ += next.size();
    out.op = found->second;
    return out.op == Op::kPr || operand(out);
  }

  bool operand(Node& out) {
    skip();
    size_t end = at_;
    if (end < text_.size() && text_[end] == '"') {
      for (++end; end < text_.size() && text_[end] != '"'; ++end) {
        if (text_[end] == '\\') ++end;
      }
      if (end >= text_.size()) return unexpected();
      ++end;
    } else {
      while (end < text_.size() && (is_name(text_[end]) || text_[end] == '+')) ++end;
    }
    std::string literal(text_.substr(at_, end - at_));
    if (!literal.starts_with('"')) literal = lower(literal);  // True, as some write it.
    boost::json::error_code error;
    out.operand = json::parse(literal, error);
    if (error || out.operand.is_object() || out.operand.is_array()) return unexpected();
    if (!out.operand.is_string() && !out.operand.is_bool() && !out.operand.is_null() &&
        !out.operand.is_number())
      return unexpected();
    const bool ordered = out.op != Op::kEq && out.op != Op::kNe;
    if (ordered && !out.operand.is_string()) return bad("compares something that has no order");
    at_ = end;
    return true;
  }

  std::string_view text_;
  Kind kind_;
  const AttributePath* within_;
  size_t at_ = 0, comparisons_ = 0;
  std::string problem_;
};

Outcome<Filter> Filter::parse(std::string_view text, Kind kind) {
  return FilterParser(text, kind, nullptr).run();
}

Outcome<Filter> Filter::parse_within(std::string_view text, const AttributePath& attribute,
                                     Kind kind) {
  return FilterParser(text, kind, &attribute).run();
}

bool Filter::compares(const Node& node, const json::value& value) {
  if (value.is_bool()) {
    const auto wanted =
        node.operand.is_bool() || node.operand.is_string()
            ? std::optional<std::string>(node.operand.is_bool()
                                             ? (node.operand.get_bool() ? "true" : "false")
                                             : lower(node.operand.get_string()))
            : std::nullopt;
    return node.op == Op::kEq && wanted && *wanted == (value.get_bool() ? "true" : "false");
  }
  if (!value.is_string() || !node.operand.is_string()) return false;
  std::string a(value.get_string());
  std::string b(node.operand.get_string());
  if (is_time(node.path)) {
    a = normal_time(a);
    b = normal_time(b);
  } else if (!with_case(node.path)) {
    a = lower(a);
    b = lower(b);
  }
  switch (node.op) {
    case Op::kEq:
      return a == b;
    case Op::kCo:
      return a.find(b) != std::string::npos;
    case Op::kSw:
      return a.starts_with(b);
    case Op::kEw:
      return a.ends_with(b);
    case Op::kGt:
      return a > b;
    case Op::kGe:
      return a >= b;
    case Op::kLt:
      return a < b;
    case Op::kLe:
      return a <= b;
    default:
      return false;
  }
}

bool Filter::holds(const Node& node, const json::object& object) {
  const auto part_holds = [&](const Node& part) { return holds(part, object); };
  if (node.op == Op::kAnd) return std::all_of(node.parts.begin(), node.parts.end(), part_holds);
  if (node.op == Op::kOr) return std::any_of(node.parts.begin(), node.parts.end(), part_holds);
  if (node.op == Op::kNot) return !holds(node.parts.front(), object);
  const json::value* found = find_member(object, node.path.name);
  std::vector<const json::value*> values;
  if (found != nullptr && found->is_array()) {
    for (const json::value& each : found->get_array()) values.push_back(&each);
  } else if (found != nullptr) {
    values.push_back(found);
  }
  if (node.op == Op::kWithin) {
    return std::any_of(values.begin(), values.end(), [&](const json::value* each) {
      return each->is_object() && holds(node.parts.front(), json::object{{node.path.name, *each}});
    });
  }
  const auto test = [&](const auto& holds_for) {
    return std::any_of(values.begin(), values.end(), [&](const json::value* each) {
      const json::value* value = each;
      if (each->is_object()) {
        const std::string_view sub =
            node.path.sub.empty() ? "value" : std::string_view(node.path.sub);
        value = find_member(each->get_object(), sub);
        // A whole that is complex is there without a value of its own.
        if (value == nullptr && node.path.sub.empty() && node.op == Op::kPr) value = each;
      }
      return value != nullptr && !value->is_null() && holds_for(*value);
    });
  };
  const bool present = test([](const json::value&) { return true; });
  if (node.op == Op::kPr) return present;
  if (node.op == Op::kEq && node.operand.is_null()) return !present;
  if (node.op == Op::kNe) {
    if (node.operand.is_null()) return present;
    Node equal = node;
    equal.op = Op::kEq;
    return !test([&](const json::value& value) { return compares(equal, value); });
  }
  return test([&](const json::value& value) { return compares(node, value); });
}

bool Filter::matches(const json::object& resource) const { return holds(root_, resource); }

bool Filter::matches_value(const AttributePath& attribute, const json::value& value) const {
  return value.is_object() && holds(root_, json::object{{attribute.name, value}});
}

const std::string* Filter::equal_to(const Node& node, std::string_view attribute,
                                    std::string& kept) {
  if (node.op == Op::kAnd) {
    for (const Node& part : node.parts) {
      if (const auto* found = equal_to(part, attribute, kept)) return found;
    }
  }
  if (node.op != Op::kEq || node.path.name != attribute || !node.path.sub.empty() ||
      !node.operand.is_string())
    return nullptr;
  kept = node.operand.get_string();
  return &kept;
}

std::optional<std::string> Filter::must_equal(std::string_view attribute) const {
  std::string kept;
  if (equal_to(root_, attribute, kept) == nullptr) return std::nullopt;
  return kept;
}

bool Filter::gather(const Node& node, json::object& out) {
  if (node.op == Op::kAnd) {
    return std::all_of(node.parts.begin(), node.parts.end(),
                       [&](const Node& part) { return gather(part, out); });
  }
  if (node.op != Op::kEq || node.path.sub.empty() || !node.path.kept || out.contains(node.path.sub))
    return false;
  out[node.path.sub] = node.operand;
  return true;
}

std::optional<json::object> Filter::as_value() const {
  json::object out;
  if (!gather(root_, out)) return std::nullopt;
  return out;
}

}  // namespace sluice::scim
