// What sifts values of each type.
#include "mask/sift.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "mask/binary_reader.h"
#include "mask/containers.h"
#include "mask/families.h"
#include "mask/plan.h"
#include "mask/sift_text.h"
#include "mask/text_form.h"
#include "mask/utf8.h"
#include "privacy/json_labels.h"

namespace sluice::mask {
namespace {

using privacy::Class;
using Types = std::shared_ptr<const TypeSource>;

/// Types nest; a loop in what a source tells of them must end.
constexpr int kMaxDepth = 32;
constexpr size_t kNameBytes = 63;
constexpr int32_t kHeader = 4;
constexpr Oid kText = 25;
constexpr Oid kRecord = 2249;
constexpr Oid kTextVector = 3614;

/// What is needed to make sifters.
struct Making {
  const Treatment& treatment;
  std::shared_ptr<const Permuter> permuter;
  Types types;
};

SifterPtr make(TypeRef type, const Making& making, int depth);

/// text, varchar, bpchar, name, citext.
class TextSifter : public Sifter {
 public:
  TextSifter(size_t limit, bool padded, size_t bytes)
      : limit_(limit), padded_(padded), bytes_(bytes) {}

 private:
  Result<Masked> run(Format, Bytes value, const Look& look, std::string& out) const override {
    const size_t begin = out.size();
    const Bytes bare = padded_ ? value.substr(0, value.find_last_not_of(' ') + 1) : value;
    sift_text(bare, look, out);
    if (Bytes(out).substr(begin) == bare) {
      out.append(value.substr(bare.size()));
      return Masked::kValue;
    }
    cut(begin, out);
    return Masked::kValue;
  }

  /// To what the type can hold.
  void cut(size_t begin, std::string& out) const {
    const auto written = [&] { return Bytes(out).substr(begin); };
    if (written().size() > limit_) out.resize(begin + first_characters(written(), limit_).size());
    if (written().size() > bytes_) out.resize(begin + utf8_prefix(written(), bytes_).size());
    if (padded_ && limit_ != kNoLimit)
      out.append(limit_ - std::min(limit_, count_characters(written())), ' ');
  }

  size_t limit_;
  bool padded_;
  size_t bytes_;
};

/// A type whose values have a walk of their own.
template <auto kWalk>
class WalkSifter : public Sifter {
  Result<Masked> run(Format format, Bytes value, const Look& look,
                     std::string& out) const override {
    SLUICE_TRY(kWalk(format, value, look, out));
    return Masked::kValue;
  }
};

Result<> walk_json(Format, Bytes value, const Look& look, std::string& out) {
  return sift_json(value, look, out);
}
Result<> walk_jsonb(Format format, Bytes value, const Look& look, std::string& out) {
  if (format == Format::kBinary) {
    // A version before the text.
    if (!value.starts_with('\1')) return malformed("jsonb");
    out.push_back('\1');
    value.remove_prefix(1);
  }
  return sift_json(value, look, out);
}
Result<> walk_xml(Format, Bytes value, const Look& look, std::string& out) {
  sift_xml(value, look, out);
  return {};
}

/// Maskers of one type, by class.
class WholeMaskers {
 public:
  WholeMaskers(TypeRef type, const Making& making) {
    for (size_t i = 0; i < all_.size(); ++i) {
      const auto& rule = making.treatment.rules[i];
      if (rule) all_[i] = compile_or_hide(type, {*rule, making.permuter}, making.types);
    }
    unread_ = compile_or_hide(type, {{}, making.permuter}, making.types);
  }

  Result<Masked> mask(Class cls, Format format, Bytes value, const Look& look,
                      std::string& out) const {
    look.count(cls);
    if (format == Format::kText) look.see(value, true);
    const MaskerPtr& masker = all_[static_cast<size_t>(cls)];
    return (masker ? masker : unread_)->mask(format, value, out);
  }

 private:
  std::array<MaskerPtr, static_cast<size_t>(Class::kCount)> all_;
  MaskerPtr unread_;  ///< redacts
};

/// Numbers, dates, addresses, enums: masked whole, for their name or for what they are in text.
class ScalarSifter : public Sifter {
 public:
  ScalarSifter(TypeRef type, const Making& making)
      : maskers_(type, making), written_(written_as(type, making.types)) {}

 private:
  Result<Masked> run(Format format, Bytes value, const Look& look,
                     std::string& out) const override {
    const Class cls = look.mode == Look::Mode::kFree ? Class::kNone : class_of(format, value, look);
    if (cls != Class::kNone) return maskers_.mask(cls, format, value, look, out);
    out.append(value);
    return Masked::kValue;
  }

  Class class_of(Format format, Bytes value, const Look& look) const {
    const Look named = look.mode == Look::Mode::kNamed || look.names.size() != 1
                           ? look
                           : look.under(look.names[0]);
    std::string buffer;
    if (const auto text = text_form(written_, format, value, buffer))
      return class_within(*text, named);
    if ((written_ == 869 || written_ == 650) && look.rule(Class::kIpAddress))
      return Class::kIpAddress;
    if ((written_ == 829 || written_ == 774) && look.rule(Class::kMacAddress))
      return Class::kMacAddress;
    return class_by_name(named);
  }

  WholeMaskers maskers_;
  Oid written_;
};

/// A type that nothing is known of: its bytes are searched, in whichever format.
class OpaqueSifter : public Sifter {
 public:
  OpaqueSifter(TypeRef type, const Making& making, bool always)
      : maskers_(type, making), always_(always) {}

 private:
  Result<Masked> run(Format format, Bytes value, const Look& look,
                     std::string& out) const override {
    Class cls = class_within(value, look);
    if (cls == Class::kNone) cls = class_by_name(look);
    if (cls != Class::kNone || always_) return maskers_.mask(cls, format, value, look, out);
    out.append(value);
    return Masked::kValue;
  }

  WholeMaskers maskers_;
  bool always_;  ///< its values hold texts, in a form that cannot be searched
};

class ArraySifter : public Sifter {
 public:
  ArraySifter(SifterPtr element, char delimiter)
      : element_(std::move(element)), delimiter_(delimiter) {}

 private:
  Result<Masked> run(Format format, Bytes value, const Look& look,
                     std::string& out) const override {
    const Bytes name = look.names.empty() ? Bytes() : Bytes(look.names.front());
    const Look inner = look.mode == Look::Mode::kParts ? look.under(name) : look;
    const MaskPart part = [&](size_t, Bytes element, std::string& to) {
      return element_->sift(format, element, inner, to);
    };
    SLUICE_TRY(mask_array(format, value, delimiter_, part, out));
    return Masked::kValue;
  }

  SifterPtr element_;
  char delimiter_;
};

class CompositeSifter : public Sifter {
 public:
  CompositeSifter(std::vector<SifterPtr> fields, std::vector<std::string> names)
      : fields_(std::move(fields)), names_(std::move(names)) {}

 private:
  Result<Masked> run(Format format, Bytes value, const Look& look,
                     std::string& out) const override {
    const bool given = look.mode == Look::Mode::kParts && look.names.size() == fields_.size();
    const std::span<const std::string> names = given ? look.names : std::span(names_);
    const bool person = std::ranges::any_of(names, privacy::tells_of_a_person);
    const MaskPart part = [&](size_t number, Bytes field, std::string& to) {
      Look inner = look.under(names[number]);
      inner.path |= privacy::path_beside(person, inner.name, field);
      return fields_[number]->sift(format, field, inner, to);
    };
    SLUICE_TRY(mask_composite(format, value, fields_.size(), part, out));
    return Masked::kValue;
  }

  std::vector<SifterPtr> fields_;
  std::vector<std::string> names_;
};

/// An anonymous record: only its binary form tells the types of its fields. In text each is taken
/// as text.
class RecordSifter : public Sifter {
 public:
  explicit RecordSifter(const Making& making) : treatment_(making.treatment), making_(making) {}

 private:
  Result<Masked> run(Format format, Bytes value, const Look& look,
                     std::string& out) const override {
    std::vector<SifterPtr> fields;
    if (format == Format::kText) {
      fields.assign(count_fields(value), make({.oid = kText}, making(), 0));
    } else {
      BinaryReader in(value);
      const uint32_t count = in.be32();
      for (uint32_t i = 0; i < count && in.ok(); ++i) {
        const Oid oid = in.be32();
        in.field();
        if (in.ok()) fields.push_back(make({.oid = oid}, making(), 0));
      }
      if (!in.done()) return malformed("record");
    }
    std::vector<std::string> names(fields.size());
    return CompositeSifter(std::move(fields), std::move(names)).sift(format, value, look, out);
  }

  Making making() const { return {treatment_, making_.permuter, making_.types}; }

  Treatment treatment_;
  Making making_;
};

SifterPtr make_text(size_t limit = kNoLimit, bool padded = false, size_t bytes = kNoLimit) {
  return std::make_shared<TextSifter>(limit, padded, bytes);
}

size_t characters(int32_t typmod) {
  return typmod < kHeader ? kNoLimit : static_cast<size_t>(typmod - kHeader);
}

/// Of the server's own types that hold text; null for others.
SifterPtr make_built_in(TypeRef type, const Making& making) {
  switch (type.oid) {
    case 17:
      return std::make_shared<WalkSifter<sift_bytea>>();
    case 19:
      return make_text(kNameBytes, false, kNameBytes);
    case 25:
    case 705:
    case 2275:
      return make_text();
    case 1042:
      return make_text(characters(type.typmod), true);
    case 1043:
      return make_text(characters(type.typmod));
    case 114:
      return std::make_shared<WalkSifter<walk_json>>();
    case 3802:
      return std::make_shared<WalkSifter<walk_jsonb>>();
    case 142:
      return std::make_shared<WalkSifter<walk_xml>>();
    case kTextVector:
      return std::make_shared<OpaqueSifter>(type, making, true);
    case kRecord:
      return std::make_shared<RecordSifter>(making);
    default:
      return nullptr;
  }
}

SifterPtr make_known(TypeRef type, const TypeInfo& info, const Making& making, int depth) {
  TypeRef inner = info.inner;
  switch (info.kind) {
    case TypeKind::kArray:
      // An array's modifier is that of its elements.
      inner.typmod = type.typmod;
      return std::make_shared<ArraySifter>(make(inner, making, depth + 1), info.delimiter);
    case TypeKind::kDomain:
      return make(inner, making, depth + 1);
    case TypeKind::kComposite: {
      std::vector<SifterPtr> fields;
      std::vector<std::string> names;
      for (const Field& field : info.fields) {
        fields.push_back(make(field.type, making, depth + 1));
        names.push_back(field.name);
      }
      return std::make_shared<CompositeSifter>(std::move(fields), std::move(names));
    }
    case TypeKind::kEnum:
    case TypeKind::kRange:
    case TypeKind::kMultirange:
      return std::make_shared<ScalarSifter>(type, making);
    case TypeKind::kBase:
      if (info.name == "citext") return make_text();
      if (info.name == "hstore") return std::make_shared<WalkSifter<sift_hstore>>();
      break;
  }
  return nullptr;
}

SifterPtr make(TypeRef type, const Making& making, int depth) {
  if (depth <= kMaxDepth) {
    if (SifterPtr sifter = make_built_in(type, making)) return sifter;
    const TypeInfo* info = making.types ? making.types->find(type.oid) : nullptr;
    if (info != nullptr && (info->kind != TypeKind::kBase || !info->name.empty()))
      if (SifterPtr sifter = make_known(type, *info, making, depth)) return sifter;
    // One of the server's own without text.
    if (compile(type, {{}, making.permuter}, making.types))
      return std::make_shared<ScalarSifter>(type, making);
  }
  return std::make_shared<OpaqueSifter>(type, making, false);
}

}  // namespace

SifterPtr compile_sifter(TypeRef type, const Treatment& treatment,
                         const std::shared_ptr<const Permuter>& permuter,
                         const std::shared_ptr<const TypeSource>& types) {
  return make(type, {treatment, permuter, types}, 0);
}

MaskerPtr compile_or_hide(TypeRef type, const Means& means, const Types& types) {
  if (auto masker = compile(type, means, types)) return *masker;
  Means redact = means;
  redact.rule = {.strategy = Strategy::kRedact, .kind = Kind::kAny, .step = 0};
  if (auto masker = compile(type, redact, types)) return *masker;
  return null_masker();
}

}  // namespace sluice::mask
