#include "mask/plan.h"

#include <utility>
#include <vector>

#include "mask/binary_reader.h"
#include "mask/containers.h"
#include "mask/families.h"

namespace sluice::mask {
namespace {

/// Types nest; a loop in what a source tells of them must end.
constexpr int kMaxDepth = 32;
constexpr Oid kRecord = 2249;
constexpr Oid kText = 25;

using Types = std::shared_ptr<const TypeSource>;

Result<MaskerPtr> compile_type(TypeRef type, const Means& means, const Types& types, int depth);

/// An anonymous record: only its binary form tells the types of its fields. In text each is masked
/// as text; the server reads no such record anyway.
class RecordMasker : public Masker {
 public:
  RecordMasker(Means means, Types types) : means_(std::move(means)), types_(std::move(types)) {}

 private:
  Result<Masked> text(Bytes value, std::string& out) const override {
    std::vector<MaskerPtr> fields(count_fields(value), text_masker({.oid = kText}, means_));
    return composite_masker(std::move(fields))->mask(Format::kText, value, out);
  }

  Result<Masked> binary(Bytes value, std::string& out) const override {
    BinaryReader in(value);
    const uint32_t count = in.be32();
    std::vector<MaskerPtr> fields;
    for (uint32_t i = 0; i < count && in.ok(); ++i) {
      const Oid oid = in.be32();
      in.field();
      if (!in.ok()) break;
      SLUICE_ASSIGN(MaskerPtr field, compile({.oid = oid}, means_, types_));
      fields.push_back(std::move(field));
    }
    if (!in.done()) return malformed("record");
    return composite_masker(std::move(fields))->mask(Format::kBinary, value, out);
  }

  Means means_;
  Types types_;
};

MaskerPtr built_in(TypeRef type, const Means& means) {
  for (const auto family : {number_masker, text_masker, time_masker, network_masker, bytes_masker,
                            geometry_masker, document_masker}) {
    if (MaskerPtr masker = family(type, means)) return masker;
  }
  return nullptr;
}

tl::unexpected<Error> not_maskable(const TypeInfo* info, Oid oid) {
  const std::string name =
      info != nullptr && !info->name.empty() ? info->name : std::to_string(oid);
  return fail(ErrorCode::kDenied, "values of the type " + name + " cannot be masked");
}

Result<MaskerPtr> compile_composite(const TypeInfo& info, const Means& means, const Types& types,
                                    int depth) {
  std::vector<MaskerPtr> fields;
  fields.reserve(info.fields.size());
  for (const Field& field : info.fields) {
    SLUICE_ASSIGN(MaskerPtr masker, compile_type(field.type, means, types, depth + 1));
    fields.push_back(std::move(masker));
  }
  return composite_masker(std::move(fields));
}

Result<MaskerPtr> compile_known(TypeRef type, const TypeInfo& info, const Means& means,
                                const Types& types, int depth) {
  const auto inner = [&]() -> Result<MaskerPtr> {
    TypeRef of = info.inner;
    // An array's modifier is that of its elements; a domain's that of its base.
    if (info.kind == TypeKind::kArray) of.typmod = type.typmod;
    return compile_type(of, means, types, depth + 1);
  };
  switch (info.kind) {
    case TypeKind::kArray: {
      SLUICE_ASSIGN(MaskerPtr element, inner());
      return array_masker(std::move(element), info.delimiter);
    }
    case TypeKind::kComposite:
      return compile_composite(info, means, types, depth);
    case TypeKind::kDomain:
      return inner();
    case TypeKind::kEnum:
      return enum_masker(info.labels, means);
    case TypeKind::kRange: {
      SLUICE_ASSIGN(MaskerPtr bound, inner());
      return range_masker(std::move(bound), means);
    }
    case TypeKind::kMultirange: {
      SLUICE_ASSIGN(MaskerPtr range, inner());
      return multirange_masker(std::move(range), means);
    }
    case TypeKind::kBase:
      if (MaskerPtr masker = extension_masker(info.name, means)) return masker;
      break;
  }
  return not_maskable(&info, type.oid);
}

Result<MaskerPtr> compile_type(TypeRef type, const Means& means, const Types& types, int depth) {
  if (depth > kMaxDepth) return fail(ErrorCode::kLimit, "types are nested too deep to be masked");
  if (MaskerPtr masker = built_in(type, means)) return masker;
  if (type.oid == kRecord) return std::make_shared<RecordMasker>(means, types);
  const TypeInfo* info = types ? types->find(type.oid) : nullptr;
  if (info == nullptr) return not_maskable(nullptr, type.oid);
  return compile_known(type, *info, means, types, depth);
}

}  // namespace

Result<MaskerPtr> compile(TypeRef type, const Means& means,
                          const std::shared_ptr<const TypeSource>& types) {
  if (means.rule.strategy == Strategy::kNull) return null_masker();
  return compile_type(type, means, types, 0);
}

}  // namespace sluice::mask
