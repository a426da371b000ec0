// Arrays and composites.
#include "mask/containers.h"

#include <algorithm>
#include <vector>

#include "mask/binary_reader.h"
#include "mask/families.h"

namespace sluice::mask {
namespace {

constexpr uint32_t kNullLength = 0xFFFFFFFFU;
constexpr uint32_t kMaxDimensions = 6;  // MAXDIM

/// Masks a field behind its length; whether it became NULL.
Result<bool> append_field(const MaskPart& mask, size_t number, Bytes value, std::string& out) {
  const size_t at = out.size();
  append_be32(out, kNullLength);
  SLUICE_ASSIGN(const Masked masked, mask(number, value, out));
  if (masked == Masked::kNull) {
    out.resize(at + 4);
    return true;
  }
  store_be32(out.data() + at, static_cast<uint32_t>(out.size() - at - 4));
  return false;
}

/// The text form of an array.
class ArrayText {
 public:
  ArrayText(Bytes value, char delimiter, const MaskPart& mask, std::string& out)
      : value_(value), delimiter_(delimiter), mask_(mask), out_(out) {}

  Result<> run() {
    if (value_.starts_with('[')) {  // "[0:1][1:2]={{…" when a lower bound is not 1
      const size_t equals = value_.find('=');
      if (equals == Bytes::npos || value_[equals - 1] != ']' ||
          value_.substr(0, equals).find_first_not_of("[]:-+0123456789") != Bytes::npos) {
        return malformed("array");
      }
      at_ = equals + 1;
      out_.append(value_.substr(0, at_));
    }
    size_t depth = 0;
    do {
      if (at_ == value_.size()) return malformed("array");
      const char c = value_[at_];
      if (c == '{' || c == '}') {
        if (c == '}' && depth == 0) return malformed("array");
        depth = c == '{' ? depth + 1 : depth - 1;
        out_.push_back(c);
        ++at_;
      } else if (c == delimiter_ && depth > 0) {
        out_.push_back(c);
        ++at_;
      } else if (depth > 0) {
        SLUICE_TRY(element());
      } else {
        return malformed("array");
      }
    } while (depth > 0);
    if (at_ != value_.size()) return malformed("array");
    return {};
  }

 private:
  /// Masks the element that comes next and goes behind it.
  Result<> element() {
    const size_t begin = at_;
    plain_.clear();
    const bool quoted = value_[at_] == '"';
    if (quoted) ++at_;
    while (true) {
      if (at_ == value_.size()) return malformed("array");
      const char c = value_[at_];
      if (quoted ? c == '"' : (c == delimiter_ || c == '{' || c == '}')) break;
      if (c == '\\' && ++at_ == value_.size()) return malformed("array");
      plain_.push_back(value_[at_++]);
    }
    if (quoted) ++at_;
    if (!quoted && (plain_ == "NULL" || plain_ == "null")) {
      out_.append("NULL");
      return {};
    }
    masked_.clear();
    SLUICE_ASSIGN(const Masked kind, mask_(0, plain_, masked_));
    if (kind == Masked::kNull) {
      out_.append("NULL");
    } else if (masked_ == plain_) {
      out_.append(value_.substr(begin, at_ - begin));
    } else {
      write();
    }
    return {};
  }

  void write() {
    // Quotes are always allowed; numbers and dates do without, as the server writes them.
    const bool bare =
        !masked_.empty() && masked_.size() < 24 &&
        std::ranges::all_of(
            masked_,
            [](char c) { return (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':'; });
    if (bare) {
      out_.append(masked_);
      return;
    }
    out_.push_back('"');
    for (const char c : masked_) {
      if (c == '"' || c == '\\') out_.push_back('\\');
      out_.push_back(c);
    }
    out_.push_back('"');
  }

  Bytes value_;
  char delimiter_;
  const MaskPart& mask_;
  std::string& out_;
  size_t at_ = 0;
  std::string plain_, masked_;
};

Result<> array_binary(Bytes value, const MaskPart& mask, std::string& out) {
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
    SLUICE_ASSIGN(const bool null, append_field(mask, 0, *element, out));
    any_null |= null;
  }
  if (!in.done()) return malformed("array");
  store_be32(out.data() + begin + 4, any_null ? 1 : 0);
  return {};
}

/// Masks the field of a composite's text form at `at` and goes behind it.
Result<> composite_field(const MaskPart& mask, size_t number, Bytes body, size_t& at,
                         std::string& out) {
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
  std::string masked;
  SLUICE_ASSIGN(const Masked kind, mask(number, plain, masked));
  if (kind == Masked::kNull) return {};
  if (masked == plain) {
    out.append(body.substr(begin, at - begin));
    return {};
  }
  out.push_back('"');
  for (const char c : masked) {
    if (c == '"' || c == '\\') out.push_back(c);
    out.push_back(c);
  }
  out.push_back('"');
  return {};
}

Result<> composite_text(Bytes value, size_t fields, const MaskPart& mask, std::string& out) {
  if (value.size() < 2 || !value.starts_with('(') || !value.ends_with(')')) {
    return malformed("composite");
  }
  const Bytes body = value.substr(1, value.size() - 2);
  out.push_back('(');
  size_t at = 0;
  for (size_t i = 0; i < fields; ++i) {
    if (i > 0) {
      if (at == body.size() || body[at++] != ',') return malformed("composite");
      out.push_back(',');
    }
    SLUICE_TRY(composite_field(mask, i, body, at, out));
  }
  if (at != body.size()) return malformed("composite");
  out.push_back(')');
  return {};
}

Result<> composite_binary(Bytes value, size_t fields, const MaskPart& mask, std::string& out) {
  BinaryReader in(value);
  const uint32_t count = in.be32();
  if (!in.ok() || count != fields) return malformed("composite");
  append_be32(out, count);
  for (size_t i = 0; i < fields; ++i) {
    append_be32(out, in.be32());  // the type of the field
    const auto one = in.field();
    if (!in.ok()) return malformed("composite");
    if (!one) {
      append_be32(out, kNullLength);
    } else {
      SLUICE_TRY(append_field(mask, i, *one, out));
    }
  }
  if (!in.done()) return malformed("composite");
  return {};
}

class ArrayMasker : public Masker {
 public:
  ArrayMasker(MaskerPtr element, char delimiter)
      : element_(std::move(element)), delimiter_(delimiter) {}

 private:
  Result<Masked> run(Format format, Bytes value, std::string& out) const {
    const MaskPart mask = [this, format](size_t, Bytes part, std::string& to) {
      return element_->mask(format, part, to);
    };
    SLUICE_TRY(mask_array(format, value, delimiter_, mask, out));
    return Masked::kValue;
  }
  Result<Masked> text(Bytes value, std::string& out) const override {
    return run(Format::kText, value, out);
  }
  Result<Masked> binary(Bytes value, std::string& out) const override {
    return run(Format::kBinary, value, out);
  }

  MaskerPtr element_;
  char delimiter_;
};

class CompositeMasker : public Masker {
 public:
  explicit CompositeMasker(std::vector<MaskerPtr> fields) : fields_(std::move(fields)) {}

 private:
  Result<Masked> run(Format format, Bytes value, std::string& out) const {
    const MaskPart mask = [this, format](size_t number, Bytes part,
                                         std::string& to) -> Result<Masked> {
      if (fields_[number]) return fields_[number]->mask(format, part, to);
      to.append(part);
      return Masked::kValue;
    };
    SLUICE_TRY(mask_composite(format, value, fields_.size(), mask, out));
    return Masked::kValue;
  }
  Result<Masked> text(Bytes value, std::string& out) const override {
    return run(Format::kText, value, out);
  }
  Result<Masked> binary(Bytes value, std::string& out) const override {
    return run(Format::kBinary, value, out);
  }

  std::vector<MaskerPtr> fields_;
};

}  // namespace

Result<> mask_array(Format format, Bytes value, char delimiter, const MaskPart& mask,
                    std::string& out) {
  if (format == Format::kBinary) return array_binary(value, mask, out);
  return ArrayText(value, delimiter, mask, out).run();
}

Result<> mask_composite(Format format, Bytes value, size_t fields, const MaskPart& mask,
                        std::string& out) {
  return format == Format::kText ? composite_text(value, fields, mask, out)
                                 : composite_binary(value, fields, mask, out);
}

size_t count_fields(Bytes composite) {
  // As many as there are commas outside of quotes, and one more.
  size_t count = 1;
  bool within = false;
  for (size_t at = 0; at < composite.size(); ++at) {
    if (composite[at] == '\\')
      ++at;
    else if (composite[at] == '"')
      within = !within;
    else if (composite[at] == ',' && !within)
      ++count;
  }
  return count;
}

MaskerPtr array_masker(MaskerPtr element, char delimiter) {
  return std::make_shared<ArrayMasker>(std::move(element), delimiter);
}

MaskerPtr composite_masker(std::vector<MaskerPtr> fields) {
  return std::make_shared<CompositeMasker>(std::move(fields));
}

}  // namespace sluice::mask
