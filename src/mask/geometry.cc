// point, lseg, box, path, polygon, line, circle: numbers with something before them.
#include <bit>

#include "mask/families.h"
#include "mask/float_mask.h"

namespace sluice::mask {
namespace {

void append_double(double value, std::string& out) {
  const auto bits = std::bit_cast<uint64_t>(value);
  append_be32(out, static_cast<uint32_t>(bits >> 32));
  append_be32(out, static_cast<uint32_t>(bits));
}

class GeometryMasker : public Masker {
 public:
  /// `head` bytes stand before the numbers in binary.
  GeometryMasker(Means means, size_t head) : means_(std::move(means)), head_(head) {}

 private:
  Result<Masked> text(Bytes value, std::string& out) const override {
    static constexpr Bytes kBetween = "()[]{}<>,";
    for (size_t at = 0; at < value.size();) {
      if (kBetween.find(value[at]) != Bytes::npos) {
        out.push_back(value[at++]);
        continue;
      }
      const size_t end = std::min(value.find_first_of(kBetween, at), value.size());
      const auto number = parse_float<double>(value.substr(at, end - at));
      if (!number) return malformed("geometric value");
      append_float(mask_float(*number, means_.rule, *means_.permuter), out);
      at = end;
    }
    return Masked::kValue;
  }
  Result<Masked> binary(Bytes value, std::string& out) const override {
    if (value.size() < head_ || (value.size() - head_) % 8 != 0)
      return malformed("geometric value");
    out.append(value.substr(0, head_));
    for (size_t at = head_; at < value.size(); at += 8) {
      const auto number = std::bit_cast<double>(load_be64(value.data() + at));
      append_double(mask_float(number, means_.rule, *means_.permuter), out);
    }
    return Masked::kValue;
  }

  Means means_;
  size_t head_;
};

}  // namespace

MaskerPtr geometry_masker(TypeRef type, const Means& means) {
  constexpr size_t kClosedAndCount = 5;
  constexpr size_t kCount = 4;
  switch (type.oid) {
    case 628:  // line: a coarser one may be none at all
      if (means.rule.strategy != Strategy::kPseudonym && means.rule.strategy != Strategy::kHash) {
        return null_masker();
      }
      [[fallthrough]];
    case 600:  // point
    case 601:  // lseg
    case 603:  // box
    case 718:  // circle
      return std::make_shared<GeometryMasker>(means, 0);
    case 602:  // path
      return std::make_shared<GeometryMasker>(means, kClosedAndCount);
    case 604:  // polygon
      return std::make_shared<GeometryMasker>(means, kCount);
    default:
      return nullptr;
  }
}

}  // namespace sluice::mask
