// Rows from servers, masked by any plan: first byte how many columns, two bytes for each of them,
// then a byte that says whether the rest is the body of a row or the values of one.
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "input.h"
#include "mask/copy.h"
#include "mask/row_masker.h"

using namespace sluice::mask;
using sluice::privacy::Class;
using sluice::privacy::Shape;

namespace {

class Types : public TypeSource {
 public:
  Types() {
    add(1009, TypeKind::kArray, {25, -1});  // text[]
    add(20000, TypeKind::kEnum, {}).labels = {"good", "bad", "so"};
    add(20001, TypeKind::kDomain, {1043, 12});
    add(20002, TypeKind::kComposite, {}).fields = {
        {"email", {25, -1}}, {"tags", {1009, -1}}, {"age", {23, -1}}};
    add(20003, TypeKind::kArray, {20002, -1});
    add(20004, TypeKind::kBase, {}).name = "hstore";
    add(20005, TypeKind::kBase, {}).name = "odd";
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

constexpr std::array<TypeRef, 24> kTypes = {{
    {25, -1},    {1043, 12},  {1042, 9},   {19, -1},    {114, -1},   {3802, -1},
    {142, -1},   {17, -1},    {23, -1},    {20, -1},    {1082, -1},  {1700, -1},
    {869, -1},   {3614, -1},  {2249, -1},  {1009, -1},  {20000, -1}, {20001, -1},
    {20002, -1}, {20003, -1}, {20004, -1}, {20005, -1}, {99999, -1}, {16, -1},
}};

struct Plan {
  std::vector<ColumnPlan> columns;
  std::vector<FieldType> fields;
};

Plan plan_of(std::string_view& bytes) {
  static const auto treatment = std::make_shared<const Treatment>(default_treatment());
  Plan plan;
  const size_t count = static_cast<unsigned char>(bytes[0]) % 5;
  bytes.remove_prefix(1);
  for (size_t i = 0; i < count && bytes.size() >= 2; ++i) {
    const auto which = static_cast<unsigned char>(bytes[0]);
    const auto how = static_cast<unsigned char>(bytes[1]);
    bytes.remove_prefix(2);
    ColumnPlan column;
    column.shape = static_cast<Shape>(how % 5);
    column.rule = {.strategy = static_cast<Strategy>(how / 5 % 6),
                   .kind = static_cast<Kind>(how % 14),
                   .step = 0};
    column.cls = how % 3 == 0 ? Class::kNone : Class::kPersonName;
    if (how < 200) column.treatment = treatment;
    column.names = {"email"};
    column.key_column = how / 5 - 1;
    plan.columns.push_back(column);
    plan.fields.push_back(
        {kTypes.at((which & 127) % kTypes.size()), which >= 128 ? Format::kBinary : Format::kText});
  }
  return plan;
}

std::vector<Cell> cells_of(std::string_view row) {
  require(row.size() >= 2);
  const size_t count = sluice::load_be16(row.data());
  row.remove_prefix(2);
  std::vector<Cell> out;
  for (size_t i = 0; i < count; ++i) {
    require(row.size() >= 4);
    const uint32_t size = sluice::load_be32(row.data());
    row.remove_prefix(4);
    if (size == 0xFFFFFFFFU) {
      out.emplace_back();
      continue;
    }
    require(size <= row.size());
    out.emplace_back(row.substr(0, size));
    row.remove_prefix(size);
  }
  require(row.empty());
  return out;
}

/// Values that end with a zero byte each; the last one with the bytes.
std::string body_of(std::string_view bytes, size_t count) {
  std::string out;
  sluice::append_be16(out, static_cast<uint16_t>(count));
  for (size_t i = 0; i < count; ++i) {
    const size_t end = i + 1 == count ? bytes.size() : std::min(bytes.find('\0'), bytes.size());
    sluice::append_be32(out, static_cast<uint32_t>(end));
    out.append(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return out;
}

}  // namespace

FUZZ(bytes) {
  if (bytes.size() < 2) return;
  static const auto types = std::make_shared<const Types>();
  static const auto permuter = std::make_shared<const Permuter>(sluice::SecretString("fuzz"));
  const Plan plan = plan_of(bytes);
  if (bytes.empty()) return;
  const bool raw = bytes[0] == 'r';
  bytes.remove_prefix(1);
  const auto masker = RowMasker::compile(plan.columns, plan.fields, permuter, types).value();
  const std::string body = raw ? std::string(bytes) : body_of(bytes, plan.columns.size());
  RowScratch scratch;
  std::string out = "before";
  if (!masker->mask_row(body, scratch, out)) {
    require(out == "before");
    return;
  }
  require(out.starts_with("before"));
  const auto was = cells_of(body);
  const auto is = cells_of(std::string_view(out).substr(6));
  require(was.size() == plan.columns.size() && is.size() == was.size());
  for (size_t i = 0; i < was.size(); ++i) {
    require(was[i].has_value() || !is[i].has_value());
    if (plan.columns[i].shape == Shape::kNone) require(was[i] == is[i]);
    if (!was[i]) require(scratch.counts[i].values == 0);
  }
  // The same each time, whatever came before.
  std::string again = "before";
  require(masker->mask_row(body, scratch, again).has_value() && again == out);
}
