#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "mask/permuter.h"
#include "mask/spans.h"
#include "mask/strategy.h"

namespace sluice::mask {

/// A string, number or truth value within a JSON document.
struct JsonLeaf {
  enum class Type : uint8_t { kString, kNumber, kBool };
  Type type = Type::kString;
  /// The keys on the way to it; "[]" for a step into an array. For a key that only says "value",
  /// what the member beside it says (privacy/json_labels.h).
  std::span<const std::string> path;
  Bytes text;  ///< a string without quotes and escapes; a number or truth value as it stands
};

/// What happens to a leaf: `whole` masks all of it, `text` takes a string's place, else `spans`, in
/// order, are parts of a string's text.
struct JsonAction {
  bool whole = false;
  Rule rule;
  std::vector<Span> spans;
  std::optional<std::string> text;
};

using JsonVisitor = std::function<JsonAction(const JsonLeaf&)>;

/// Appends `document` with what `visit` says masked; everything else stays byte for byte, also the
/// keys and null. A string stays a string, a number a number, a truth value becomes false. An error
/// when it is no JSON or nested deeper than a thousand levels; what was appended is then of no use.
/// `visit_key`, if given, decides on each key in the same way, as on a string within what has it.
Result<> mask_json(Bytes document, const JsonVisitor& visit, const Permuter& permuter,
                   std::string& out, const JsonVisitor& visit_key = {});

/// Masks every leaf by one rule.
Result<> mask_json(Bytes document, const Rule& rule, const Permuter& permuter, std::string& out);

}  // namespace sluice::mask
