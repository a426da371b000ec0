// Arrays and composites.
#include <algorithm>
#include <vector>

#include "mask/binary_reader.h"
#include "mask/families.h"

namespace sluice::mask {
namespace {

constexpr uint32_t kNullLength = 0xFFFFFFFFU;
constexpr uint32_t kMaxDimensions = 6;  // MAXDIM

/// Masks a field behind its length; whether it became NULL.
Result<bool> append_field(const Masker& masker, Bytes value, std::string& out) {
  const size_t at = out.size();
  append_be32(out, kNullLength);
  SLUICE_ASSIGN(const Masked masked, masker.mask(Format::kBinary, value, out));
  if (masked == Masked::kNull) return true;
  store_be32(out.data() + at, static_cast<uint32_t>(out.size() - at - 4));
  return false;
}

class ArrayMasker : public Masker {
 public:
  ArrayMasker(MaskerPtr element, char delimiter)
      : element_(std::move(element)), delimiter_(delimiter) {}

 private:
  Result<Masked> text(Bytes value, std::string& out) const override {
    size_t at = 0;
    if (value.starts_with('[')) {  // "[0:1][1:2]={{…" when a lower bound is not 1
      const size_t equals = value.find('=');
      if (equals == Bytes::npos || value[equals - 1] != ']' ||
          value.substr(0, equals).find_first_not_of("[]:-+0123456789") != Bytes::npos) {
        return malformed("array");
      }
      at = equals + 1;
      out.append(value.substr(0, at));
    }
    size_t depth = 0;
    do {
      if (at == value.size()) return malformed("array");
      const char c = value[at];
      if (c == '{' || c == '}') {
        if (c == '}' && depth == 0) return malformed("array");
        depth = c == '{' ? depth + 1 : depth - 1;
        out.push_back(c);
        ++at;
      } else if (c == delimiter_ && depth > 0) {
        out.push_back(c);
        ++at;
      } else if (depth > 0) {
        SLUICE_TRY(element(value, at, out));
      } else {
        return malformed("array");
      }
    } while (depth > 0);
    if (at != value.size()) return malformed("array");
    return Masked::kValue;
  }

  /// Masks the element at `at` and goes behind it.
  Result<> element(Bytes value, size_t& at, std::string& out) const {
    std::string plain;
    const bool quoted = value[at] == '"';
    if (quoted) ++at;
    while (true) {
      if (at == value.size()) return malformed("array");
      const char c = value[at];
      if (quoted ? c == '"' : (c == delimiter_ || c == '{' || c == '}')) break;
      if (c == '\\' && ++at == value.size()) return malformed("array");
      plain.push_back(value[at++]);
    }
    if (quoted) ++at;
    if (!quoted && (plain == "NULL" || plain == "null")) {
      out.append("NULL");
      return {};
    }
    std::string masked;
    SLUICE_ASSIGN(const Masked kind, element_->mask(Format::kText, plain, masked));
    if (kind == Masked::kNull) {
      out.append("NULL");
      return {};
    }
    // Quotes are always allowed; numbers and dates do without, as the server writes them.
    const bool bare =
        !masked.empty() && masked.size() < 24 &&
        std::ranges::all_of(
            masked,
            [](char c) { return (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':'; });
    if (bare) {
      out.append(masked);
      return {};
    }
    out.push_back('"');
    for (const char c : masked) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
    return {};
  }

  Result<Masked> binary(Bytes value, std::string& out) const override {
    BinaryReader in(value);
    const uint32_t dimensions = in.be32();
    const uint32_t has_null = in.be32();
    const uint32_t type = in.be32();
    if (!in.ok() || dimensions > kMaxDimensions || has_null > 1) return malformed("array");
    const size_t begin = out.size();
    append_be32(out, dimensions);
    append_be32(out, has_null);
    append_be32(out, type);
    size_t count = dimensions == 0 ? 0 : 1;
    for (uint32_t i = 0; i < dimensions; ++i) {
      const uint32_t length = in.be32();
      append_be32(out, length);
      append_be32(out, in.be32());
      // An element takes four bytes at least, so no honest count is larger.
      count *= length;
      if (!in.ok() || count > value.size()) return malformed("array");
    }
    bool any_null = has_null == 1;
    for (size_t i = 0; i < count; ++i) {
      const auto element = in.field();
      if (!in.ok()) return malformed("array");
      if (!element) {
        append_be32(out, kNullLength);
        any_null = true;
        continue;
      }
      SLUICE_ASSIGN(const bool null, append_field(*element_, *element, out));
      any_null |= null;
    }
    if (!in.done()) return malformed("array");
    store_be32(out.data() + begin + 4, any_null ? 1 : 0);
    return Masked::kValue;
  }

  MaskerPtr element_;
  char delimiter_;
};

class CompositeMasker : public Masker {
 public:
  explicit CompositeMasker(std::vector<MaskerPtr> fields) : fields_(std::move(fields)) {}

 private:
  Result<Masked> text(Bytes value, std::string& out) const override {
    if (value.size() < 2 || !value.starts_with('(') || !value.ends_with(')')) {
      return malformed("composite");
    }
    const Bytes body = value.substr(1, value.size() - 2);
    out.push_back('(');
    size_t at = 0;
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (i > 0) {
        if (at == body.size() || body[at++] != ',') return malformed("composite");
        out.push_back(',');
      }
      SLUICE_TRY(field(fields_[i].get(), body, at, out));
    }
    if (at != body.size()) return malformed("composite");
    out.push_back(')');
    return Masked::kValue;
  }

  /// Masks the field at `at` and goes behind it.
  static Result<> field(const Masker* masker, Bytes body, size_t& at, std::string& out) {
    const size_t begin = at;
    std::string plain;
    bool within = false;
    while (at < body.size() && (within || body[at] != ',')) {
      const char c = body[at++];
      if (c == '"') {
        // A doubled quote within quotes is one.
        if (within && at < body.size() && body[at] == '"') {
          plain.push_back('"');
          ++at;
        } else {
          within = !within;
        }
      } else if (c == '\\') {
        if (at == body.size()) return malformed("composite");
        plain.push_back(body[at++]);
      } else {
        plain.push_back(c);
      }
    }
    if (within) return malformed("composite");
    if (at == begin) return {};  // nothing at all is NULL
    if (masker == nullptr) {
      out.append(body.substr(begin, at - begin));
      return {};
    }
    std::string masked;
    SLUICE_ASSIGN(const Masked kind, masker->mask(Format::kText, plain, masked));
    if (kind == Masked::kNull) return {};
    out.push_back('"');
    for (const char c : masked) {
      if (c == '"' || c == '\\') out.push_back(c);
      out.push_back(c);
    }
    out.push_back('"');
    return {};
  }

  Result<Masked> binary(Bytes value, std::string& out) const override {
    BinaryReader in(value);
    const uint32_t count = in.be32();
    if (!in.ok() || count != fields_.size()) return malformed("composite");
    append_be32(out, count);
    for (const MaskerPtr& masker : fields_) {
      append_be32(out, in.be32());  // the type of the field
      const auto one = in.field();
      if (!in.ok()) return malformed("composite");
      if (!one) {
        append_be32(out, kNullLength);
      } else if (!masker) {
        append_be32(out, static_cast<uint32_t>(one->size()));
        out.append(*one);
      } else {
        SLUICE_TRY(append_field(*masker, *one, out));
      }
    }
    if (!in.done()) return malformed("composite");
    return Masked::kValue;
  }

  std::vector<MaskerPtr> fields_;
};

}  // namespace

MaskerPtr array_masker(MaskerPtr element, char delimiter) {
  return std::make_shared<ArrayMasker>(std::move(element), delimiter);
}

MaskerPtr composite_masker(std::vector<MaskerPtr> fields) {
  return std::make_shared<CompositeMasker>(std::move(fields));
}

}  // namespace sluice::mask
