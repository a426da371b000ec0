// text, varchar, bpchar, name, "char", citext and enums.
#include <algorithm>

#include "mask/families.h"
#include "mask/text.h"
#include "mask/utf8.h"

namespace sluice::mask {
namespace {

constexpr size_t kNameBytes = 63;  // NAMEDATALEN - 1
constexpr int32_t kHeader = 4;     // a length modifier counts it

/// Both formats of text are its bytes.
class TextMasker : public Masker {
 public:
  TextMasker(Means means, size_t limit, bool padded, size_t bytes)
      : means_(std::move(means)), limit_(limit), padded_(padded), bytes_(bytes) {}

 private:
  Result<Masked> text(Bytes value, std::string& out) const override {
    const size_t begin = out.size();
    Bytes bare = value;
    if (padded_) bare = value.substr(0, value.find_last_not_of(' ') + 1);
    mask_text(bare, means_.rule, *means_.permuter, limit_, out);
    if (out.size() - begin > bytes_) {
      out.resize(begin + utf8_prefix(Bytes(out).substr(begin), bytes_).size());
    }
    if (padded_ && limit_ != kNoLimit) {
      const size_t count = count_characters(Bytes(out).substr(begin));
      out.append(limit_ - std::min(limit_, count), ' ');
    }
    return Masked::kValue;
  }
  Result<Masked> binary(Bytes value, std::string& out) const override { return text(value, out); }

  Means means_;
  size_t limit_;
  bool padded_;
  size_t bytes_;
};

/// "char" is one byte; what has no pseudonym of one byte becomes 'x'.
class ByteMasker : public Masker {
 public:
  explicit ByteMasker(Means means) : means_(std::move(means)) {}

 private:
  Result<Masked> text(Bytes value, std::string& out) const override {
    if (value.size() > 4) return malformed("\"char\"");
    const bool exact =
        means_.rule.strategy == Strategy::kPseudonym || means_.rule.strategy == Strategy::kHash;
    if (value.empty() || value[0] == '\0') return binary("x", out);
    if (!exact || value.size() != 1 || value[0] <= ' ') {
      out.push_back('x');
      return Masked::kValue;
    }
    const size_t begin = out.size();
    out.append(value);
    pseudonymise(out, begin, out.size(), Kind::kSecret, *means_.permuter);
    return Masked::kValue;
  }
  Result<Masked> binary(Bytes value, std::string& out) const override {
    if (value.size() != 1) return malformed("\"char\"");
    return text(value, out);
  }

  Means means_;
};

class EnumMasker : public Masker {
 public:
  EnumMasker(std::vector<std::string> labels, Means means)
      : labels_(std::move(labels)), means_(std::move(means)) {}

 private:
  Result<Masked> text(Bytes value, std::string& out) const override {
    if (means_.rule.strategy != Strategy::kPseudonym || labels_.size() < 2) return Masked::kNull;
    const auto found = std::ranges::find(labels_, value);
    if (found == labels_.end()) return Masked::kNull;
    const auto index = static_cast<uint64_t>(found - labels_.begin());
    out.append(labels_[means_.permuter->permute(index, labels_.size())]);
    return Masked::kValue;
  }
  Result<Masked> binary(Bytes value, std::string& out) const override { return text(value, out); }

  std::vector<std::string> labels_;
  Means means_;
};

class NullMasker : public Masker {
  Result<Masked> text(Bytes, std::string&) const override { return Masked::kNull; }
  Result<Masked> binary(Bytes, std::string&) const override { return Masked::kNull; }
};

MaskerPtr make_text(const Means& means, size_t limit, bool padded, size_t bytes = kNoLimit) {
  return std::make_shared<TextMasker>(means, limit, padded, bytes);
}

size_t characters(int32_t typmod) {
  return typmod < kHeader ? kNoLimit : static_cast<size_t>(typmod - kHeader);
}

}  // namespace

MaskerPtr text_masker(TypeRef type, const Means& means) {
  switch (type.oid) {
    case 18:
      return std::make_shared<ByteMasker>(means);
    case 19:
      return make_text(means, kNameBytes, false, kNameBytes);
    case 25:
    case 705:   // unknown
    case 2275:  // cstring
      return make_text(means, kNoLimit, false);
    case 1042:
      return make_text(means, characters(type.typmod), true);
    case 1043:
      return make_text(means, characters(type.typmod), false);
    default:
      return nullptr;
  }
}

MaskerPtr null_masker() {
  static const auto masker = std::make_shared<NullMasker>();
  return masker;
}

MaskerPtr enum_masker(std::vector<std::string> labels, const Means& means) {
  return std::make_shared<EnumMasker>(std::move(labels), means);
}

}  // namespace sluice::mask
