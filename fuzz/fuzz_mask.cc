// Values from servers in both formats, and COPY data, masked: first byte the type, second the
// strategy, kind and format.
#include <array>
#include <map>
#include <memory>
#include <string>

#include "input.h"
#include "mask/copy.h"
#include "mask/plan.h"

using namespace sluice::mask;

namespace {

class Types : public TypeSource {
 public:
  Types() {
    add(1007, TypeKind::kArray, {23, -1});    // int4[]
    add(1009, TypeKind::kArray, {25, -1});    // text[]
    add(3904, TypeKind::kRange, {23, -1});    // int4range
    add(3906, TypeKind::kRange, {1700, -1});  // numrange
    add(3908, TypeKind::kRange, {1114, -1});  // tsrange
    add(4451, TypeKind::kMultirange, {3904, -1});
    add(20000, TypeKind::kEnum, {}).labels = {"good", "bad", "so"};
    add(20002, TypeKind::kComposite, {}).fields = {
        {"a", {1043, 12}}, {"b", {1007, -1}}, {"c", {1082, -1}}};
    add(20004, TypeKind::kBase, {}).name = "hstore";
  }
  const TypeInfo* find(Oid oid) const override {
    const auto found = types_.find(oid);
    return found == types_.end() ? nullptr : &found->second;
  }

 private:
  TypeInfo& add(Oid oid, TypeKind kind, TypeRef inner) {
    TypeInfo& info = types_[oid];
    info.kind = kind;
    info.inner = inner;
    return info;
  }

  std::map<Oid, TypeInfo> types_;
};

constexpr std::array<TypeRef, 52> kTypes = {{
    {16, -1},   {17, -1},   {18, -1},   {19, -1},   {20, -1},    {21, -1},    {23, -1},
    {25, -1},   {26, -1},   {114, -1},  {142, -1},  {600, -1},   {602, -1},   {604, -1},
    {628, -1},  {650, -1},  {700, -1},  {701, -1},  {718, -1},   {774, -1},   {790, -1},
    {829, -1},  {869, -1},  {1042, 9},  {1043, 9},  {1082, -1},  {1083, -1},  {1114, -1},
    {1184, -1}, {1186, -1}, {1266, -1}, {1560, -1}, {1562, -1},  {1700, -1},  {1700, 393222},
    {2205, -1}, {2249, -1}, {2950, -1}, {3614, -1}, {3802, -1},  {1007, -1},  {1009, -1},
    {3904, -1}, {3906, -1}, {3908, -1}, {4451, -1}, {20000, -1}, {20002, -1}, {20004, -1},
    {1043, -1}, {1042, -1}, {603, -1},
}};

void value(TypeRef type, const Means& means, Format format, std::string_view bytes,
           const std::shared_ptr<const TypeSource>& types) {
  const auto masker = compile(type, means, types).value();
  std::string out = "before";
  const auto masked = masker->mask(format, bytes, out);
  require(out.starts_with("before"));
  if (!masked || *masked == Masked::kNull) {
    require(out == "before");
    return;
  }
  // What came out is a value of the type again, and the same each time.
  std::string again;
  require(masker->mask(format, std::string_view(out).substr(6), again).has_value());
  std::string twice = "before";
  require(masker->mask(format, bytes, twice).has_value() && twice == out);
}

void copy(const Means& means, CopyForm form, size_t piece, std::string_view bytes) {
  const auto masker = compile({.oid = 25}, means, nullptr).value();
  CopyOptions options = form == CopyForm::kCsv ? CopyOptions::csv() : CopyOptions();
  options.form = form;
  const auto run = [&](size_t size) -> std::string {
    const auto format = form == CopyForm::kBinary ? Format::kBinary : Format::kText;
    CopyMasker all(RowMasker::of({nullptr, masker}, format), options, 1 << 16);
    std::string out;
    for (size_t at = 0; at < bytes.size(); at += size) {
      if (!all.feed(bytes.substr(at, size), out)) return "!";
    }
    return all.finish(out) ? out : "!";
  };
  require(run(piece) == run(bytes.size() + 1));
}

}  // namespace

FUZZ(bytes) {
  if (bytes.size() < 2) return;
  static const auto types = std::make_shared<const Types>();
  static const auto permuter = std::make_shared<const Permuter>(sluice::SecretString("fuzz"));
  const auto which = static_cast<unsigned char>(bytes[0]);
  const auto how = static_cast<unsigned char>(bytes[1]);
  const Means means{
      {.strategy = static_cast<Strategy>(how % 6), .kind = static_cast<Kind>(how / 6 % 14)},
      permuter};
  bytes.remove_prefix(2);
  if (which >= 250) {
    copy(means, static_cast<CopyForm>(which % 3), 1 + how % 9, bytes);
    return;
  }
  const auto format = which >= 128 ? Format::kBinary : Format::kText;
  value(kTypes.at((which & 127) % kTypes.size()), means, format, bytes, types);
}
