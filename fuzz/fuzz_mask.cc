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
    types_[1007] = {.kind = TypeKind::kArray, .name = "_int4", .inner = {23, -1}};
    types_[1009] = {.kind = TypeKind::kArray, .name = "_text", .inner = {25, -1}};
    types_[3904] = {.kind = TypeKind::kRange, .name = "int4range", .inner = {23, -1}};
    types_[3906] = {.kind = TypeKind::kRange, .name = "numrange", .inner = {1700, -1}};
    types_[3908] = {.kind = TypeKind::kRange, .name = "tsrange", .inner = {1114, -1}};
    types_[4451] = {.kind = TypeKind::kMultirange, .name = "int4multirange", .inner = {3904, -1}};
    types_[20000] = {.kind = TypeKind::kEnum, .name = "mood", .labels = {"good", "bad", "so"}};
    types_[20002] = {.kind = TypeKind::kComposite,
                     .name = "pair",
                     .fields = {{"a", {1043, 12}}, {"b", {1007, -1}}, {"c", {1082, -1}}}};
    types_[20004] = {.name = "hstore"};
  }
  const TypeInfo* find(Oid oid) const override {
    const auto found = types_.find(oid);
    return found == types_.end() ? nullptr : &found->second;
  }

 private:
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
    CopyMasker all({nullptr, masker}, options, 1 << 16);
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
