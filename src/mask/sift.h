#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "mask/masker.h"
#include "mask/sightings.h"
#include "mask/spans.h"
#include "mask/treatment.h"
#include "mask/type.h"
#include "privacy/find.h"
#include "privacy/name_words.h"

namespace sluice::mask {

/// What was masked of a column.
struct ColumnCounts {
  uint64_t values = 0;  ///< values of which anything was masked
  /// Of each class, values or parts; of a column not masked: seen. kNone: redacted unread.
  std::array<uint64_t, static_cast<size_t>(privacy::Class::kCount)> finds{};

  uint64_t& of(privacy::Class cls) { return finds[static_cast<size_t>(cls)]; }
  uint64_t of(privacy::Class cls) const { return finds[static_cast<size_t>(cls)]; }
};

/// As what a value is looked at.
struct Look {
  enum class Mode : uint8_t {
    kFree,   ///< a text in which anything may stand
    kParts,  ///< a value with parts that have names, or are named by `names`
    kNamed,  ///< a value under a name
  };

  const Treatment* treatment;
  const Permuter* permuter;
  privacy::Context* context;
  ColumnCounts* counts;
  Sightings* sightings;      ///< null: nobody wants to know
  std::vector<Span>* spans;  ///< buffer
  Mode mode = Mode::kFree;
  bool people = true;  ///< kFree: privacy::Context::people
  std::span<const std::string> names{};
  std::string_view name{};
  privacy::Concepts path{};  ///< kNamed: what the name stands in
  int depth = 0;             ///< documents within texts of documents

  /// The rule for a class, if it is masked.
  const std::optional<Rule>& rule(privacy::Class cls) const { return treatment->of(cls); }
  void count(privacy::Class cls) const { ++counts->of(cls); }
  void see(Bytes value, bool masked) const {
    if (sightings != nullptr) sightings->note(value, masked);
  }
  /// The same for what stands in it under a name.
  Look under(std::string_view part) const {
    Look inner = *this;
    inner.mode = Mode::kNamed;
    inner.name = part;
    return inner;
  }
};

/// Masks what is sensitive within values of one type, and leaves the rest as it is. Immutable, for
/// any number of threads; what Masker says of errors and results holds for it too.
class Sifter {
 public:
  virtual ~Sifter() = default;

  Result<Masked> sift(Format format, Bytes value, const Look& look, std::string& out) const {
    const size_t before = out.size();
    auto result = run(format, value, look, out);
    if (!result || *result == Masked::kNull) out.resize(before);
    return result;
  }

 private:
  virtual Result<Masked> run(Format format, Bytes value, const Look& look,
                             std::string& out) const = 0;
};

using SifterPtr = std::shared_ptr<const Sifter>;

/// What sifts values of a type; there is something for every type. `treatment` is that of the looks
/// it will be given.
SifterPtr compile_sifter(TypeRef type, const Treatment& treatment,
                         const std::shared_ptr<const Permuter>& permuter,
                         const std::shared_ptr<const TypeSource>& types);

/// Masks whole values of any type: by the rule; if the type has no such values, by redact; else
/// NULL.
MaskerPtr compile_or_hide(TypeRef type, const Means& means,
                          const std::shared_ptr<const TypeSource>& types);

}  // namespace sluice::mask
