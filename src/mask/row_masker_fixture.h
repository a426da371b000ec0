#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mask/row_masker.h"
#include "mask/test_values.h"

namespace sluice::mask {

using namespace std::string_literals;
using privacy::Class;
using privacy::Shape;

using privacy::Shape;

constexpr Oid kBytea = 17, kName = 19, kInt8 = 20, kInt4 = 23, kText = 25, kJson = 114, kXml = 142,
              kTextArray = 1009, kBpchar = 1042, kVarchar = 1043, kDate = 1082, kJsonb = 3802,
              kVector = 3614, kRecord = 2249;
constexpr Oid kPerson = 20002, kMood = 20000, kMail = 20001, kHstore = 20004, kOdd = 20005,
              kCitext = 20006, kPersons = 20007, kLoop = 20008;

class Types : public TypeSource {
 public:
  Types() {
    all_[kTextArray] = {.kind = TypeKind::kArray, .name = "_text", .inner = {kText, -1}};
    all_[kMood] = {.kind = TypeKind::kEnum, .name = "mood", .labels = {"good", "bad", "so"}};
    all_[kMail] = {.kind = TypeKind::kDomain, .name = "mail", .inner = {kVarchar, 34}};
    all_[kPerson] = {
        .kind = TypeKind::kComposite,
        .name = "person",
        .fields = {{"note", {kText, -1}}, {"email", {kText, -1}}, {"age", {kInt4, -1}}}};
    all_[kPersons] = {.kind = TypeKind::kArray, .name = "_person", .inner = {kPerson, -1}};
    all_[kHstore] = {.name = "hstore"};
    all_[kOdd] = {.name = "odd"};
    all_[kCitext] = {.name = "citext"};
    all_[kLoop] = {.kind = TypeKind::kDomain, .name = "loop", .inner = {kLoop, -1}};
  }
  const TypeInfo* find(Oid oid) const override {
    const auto found = all_.find(oid);
    return found == all_.end() ? nullptr : &found->second;
  }

 private:
  std::map<Oid, TypeInfo> all_;
};

inline std::shared_ptr<const Types> types() {
  static const auto all = std::make_shared<const Types>();
  return all;
}

inline std::shared_ptr<const Treatment> redact_all() {
  auto out = std::make_shared<Treatment>();
  for (auto& rule : out->rules) rule = Rule{};
  return out;
}

using Row = std::vector<std::optional<std::string>>;

inline std::string body_of(const Row& row) {
  std::string out;
  append_be16(out, static_cast<uint16_t>(row.size()));
  for (const auto& value : row) {
    append_be32(out, value ? static_cast<uint32_t>(value->size()) : 0xFFFFFFFFU);
    if (value) out.append(*value);
  }
  return out;
}

/// Whether it is a row, and which.
inline std::optional<Row> row_of(Bytes body) {
  if (body.size() < 2) return std::nullopt;
  const uint16_t count = load_be16(body.data());
  body.remove_prefix(2);
  Row out;
  for (uint16_t i = 0; i < count; ++i) {
    if (body.size() < 4) return std::nullopt;
    const uint32_t size = load_be32(body.data());
    body.remove_prefix(4);
    if (size == 0xFFFFFFFFU) {
      out.emplace_back();
      continue;
    }
    if (size > body.size()) return std::nullopt;
    out.emplace_back(body.substr(0, size));
    body.remove_prefix(size);
  }
  if (!body.empty()) return std::nullopt;
  return out;
}

struct Column {
  ColumnPlan plan;
  FieldType field;
};

inline std::shared_ptr<const RowMasker> compiled(const std::vector<Column>& columns) {
  std::vector<ColumnPlan> plans;
  std::vector<FieldType> fields;
  for (const Column& column : columns) {
    plans.push_back(column.plan);
    fields.push_back(column.field);
  }
  return RowMasker::compile(std::move(plans), fields, test_permuter(), types()).value();
}

inline Row masked(const std::vector<Column>& columns, const Row& row,
                  RowScratch* counts = nullptr) {
  RowScratch scratch;
  std::string out;
  const auto done = compiled(columns)->mask_row(body_of(row), scratch, out);
  if (!done) return {"!" + done.error().text};
  if (counts != nullptr) *counts = scratch;
  return row_of(out).value();
}

inline ColumnPlan whole(Class cls, Strategy strategy, Kind kind = Kind::kAny) {
  ColumnPlan plan;
  plan.shape = Shape::kWhole;
  plan.cls = cls;
  plan.rule = {.strategy = strategy, .kind = kind};
  return plan;
}

inline ColumnPlan search(Shape shape, std::vector<std::string> names = {}) {
  ColumnPlan plan;
  plan.shape = shape;
  plan.names = std::move(names);
  plan.treatment = redact_all();
  return plan;
}

/// One column of a shape and type, one value.
inline std::string one(ColumnPlan plan, TypeRef type, std::string value,
                       Format format = Format::kText) {
  const Row row = masked({{std::move(plan), {type, format}}}, {std::move(value)});
  return row[0].value_or("NULL");
}

}  // namespace sluice::mask
