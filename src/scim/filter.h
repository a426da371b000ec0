#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "scim/attributes.h"
#include "scim/problem.h"

namespace sluice::scim {

/// A filter (RFC 7644, section 3.4.2.2), such as `userName eq "bjensen" and active eq true` or
/// `emails[type eq "work" and value co "@example.com"]`.
class Filter {
 public:
  /// Of at most 4096 bytes, 100 comparisons and 20 levels. Errors: invalidFilter.
  static Outcome<Filter> parse(std::string_view text, Kind kind);
  /// One that stands in brackets behind `attribute`, and is about its values.
  static Outcome<Filter> parse_within(std::string_view text, const AttributePath& attribute,
                                      Kind kind);

  /// Whether a resource is one that it means.
  bool matches(const boost::json::object& resource) const;
  /// The same of one value of `attribute`, for one of parse_within.
  bool matches_value(const AttributePath& attribute, const boost::json::value& value) const;

  /// What `attribute` must be equal to in everything that matches, so that it can be looked up;
  /// nothing when that cannot be said.
  std::optional<std::string> must_equal(std::string_view attribute) const;
  /// What the parts of a value must be equal to, so that one can be made that matches; nothing when
  /// more than that is asked.
  std::optional<boost::json::object> as_value() const;

 private:
  friend class FilterParser;
  enum class Op : uint8_t {
    kAnd,
    kOr,
    kNot,
    kWithin,
    kEq,
    kNe,
    kCo,
    kSw,
    kEw,
    kGt,
    kGe,
    kLt,
    kLe,
    kPr
  };
  struct Node {
    Op op = Op::kPr;
    AttributePath path;
    boost::json::value operand;
    std::vector<Node> parts;  ///< of and, or, not, and of what stands in brackets
  };
  static bool holds(const Node& node, const boost::json::object& object);
  static bool compares(const Node& node, const boost::json::value& value);
  static const std::string* equal_to(const Node& node, std::string_view attribute,
                                     std::string& kept);
  static bool gather(const Node& node, boost::json::object& out);
  Node root_;
};

}  // namespace sluice::scim
