// What masking costs a row of the customers table and a byte of free text.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "mask/row_masker.h"

namespace sluice::mask {
namespace {

using privacy::Class;
using privacy::Method;
using privacy::Shape;

std::shared_ptr<const Permuter> permuter() {
  static const auto one = std::make_shared<const Permuter>(SecretString("bench"));
  return one;
}

ColumnPlan whole(Class cls, Method method) {
  ColumnPlan plan;
  plan.shape = Shape::kWhole;
  plan.cls = cls;
  plan.rule = rule_for(cls, method);
  return plan;
}

std::string row_of(const std::vector<std::string>& values) {
  std::string out;
  append_be16(out, static_cast<uint16_t>(values.size()));
  for (const std::string& value : values) {
    append_be32(out, static_cast<uint32_t>(value.size()));
    out += value;
  }
  return out;
}

struct Column {
  const char* kind;
  ColumnPlan plan;
  Oid type = 25;
};

/// id, name, email, phone, street, born, iban, card, then six that are shown.
std::vector<Column> customers() {
  return {{"id", {}, 23},
          {"name", whole(Class::kPersonName, Method::kPseudonym)},
          {"email", whole(Class::kEmail, Method::kPartial)},
          {"phone", whole(Class::kPhone, Method::kPartial)},
          {"address", whole(Class::kPostalAddress, Method::kRedact)},
          {"born", whole(Class::kBirthDate, Method::kGeneralise), 1082},
          {"iban", whole(Class::kIban, Method::kPartial)},
          {"card", whole(Class::kCardNumber, Method::kPartial)},
          {"city", {}},
          {"country", {}},
          {"active", {}, 16},
          {"balance", {}, 1700},
          {"created", {}, 1114}};
}

std::vector<std::string> customer(size_t number) {
  static constexpr const char* kGiven[] = {"Anna", "Jonathan", "Mia", "Zeynep", "Luis", "Olga"};
  static constexpr const char* kFamily[] = {"Lindqvist", "Okafor", "Ng", "Hoffmann", "Duarte"};
  const std::string given = kGiven[number % 6];
  const std::string family = kFamily[number / 6 % 5];
  const std::string n = std::to_string(1000000 + number * 7919 % 9000000);
  return {std::to_string(number),
          given + " " + family,
          given + "." + family + n + "@mail.example",
          "+49 151 " + n,
          n.substr(3) + " Station Road, Flat 4",
          "19" + std::to_string(50 + number % 50) + "-05-1" + std::to_string(number % 10),
          "DE8937040044053" + n,
          "411111111" + n,
          "Leipzig",
          "DE",
          "t",
          "1234.50",
          "2024-03-01 12:30:00"};
}

std::shared_ptr<const RowMasker> compiled(const std::vector<Column>& columns) {
  std::vector<ColumnPlan> plans;
  std::vector<FieldType> fields;
  for (const Column& column : columns) {
    plans.push_back(column.plan);
    fields.push_back({{column.type, -1}, Format::kText});
  }
  return RowMasker::compile(std::move(plans), fields, permuter(), nullptr).value();
}

void run(benchmark::State& state, const RowMasker& masker, const std::vector<std::string>& rows,
         size_t values) {
  RowScratch scratch;
  std::string out;
  size_t bytes = 0, at = 0, count = 0;
  for (auto _ : state) {
    if (out.size() > (1U << 15)) out.clear();
    const std::string& row = rows[at++ & (rows.size() - 1)];
    benchmark::DoNotOptimize(masker.mask_row(row, scratch, out));
    bytes += row.size();
    ++count;
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  if (values > 0)
    state.counters["ns_per_value"] =
        benchmark::Counter(static_cast<double>(count * values) / 1e9,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

constexpr size_t kRows = 4096;

/// All seven, or only the column of that number.
void customers_table(benchmark::State& state) {
  auto columns = customers();
  const auto only = static_cast<size_t>(state.range(0));
  size_t values = 0;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (only != 0 && i != only) columns[i].plan = {};
    values += columns[i].plan.shape != Shape::kNone;
  }
  state.SetLabel(only == 0 ? "all" : only < columns.size() ? columns[only].kind : "none");
  std::vector<std::string> rows;
  for (size_t i = 0; i < kRows; ++i) rows.push_back(row_of(customer(i)));
  run(state, *compiled(columns), rows, values);
}
BENCHMARK(customers_table)->DenseRange(0, 7)->Arg(13);

std::string sized(std::string_view sentence, size_t size) {
  std::string out;
  while (out.size() < size) out += sentence;
  out.resize(size);
  return out;
}

void texts(benchmark::State& state, const std::vector<std::string>& values, Oid type, Shape shape) {
  ColumnPlan plan;
  plan.shape = shape;
  plan.names = {"details"};
  plan.treatment = std::make_shared<const Treatment>(default_treatment());
  privacy::warm_up_detectors();
  const auto masker =
      compiled({{"name", whole(Class::kPersonName, Method::kPseudonym)}, {"text", plan, type}});
  std::vector<std::string> rows;
  for (const std::string& value : values) rows.push_back(row_of({"Anna Lindqvist", value}));
  run(state, *masker, rows, 0);
}

void free_text(benchmark::State& state) {
  const auto size = static_cast<size_t>(state.range(0));
  texts(state,
        {sized("The parcel came on time, but one of the handles was loose when we opened it. ",
               size)},
        25, Shape::kFreeText);
}
void free_text_with_finds(benchmark::State& state) {
  const auto size = static_cast<size_t>(state.range(0));
  texts(state,
        {sized(
            "The parcel came on time, but one of the handles was loose when we opened it; write to "
            "anna@mail.example.org please, or ask Anna. ",
            size)},
        25, Shape::kFreeText);
}
BENCHMARK(free_text)->Arg(60)->Arg(200)->Arg(4096);
BENCHMARK(free_text_with_finds)->Arg(200)->Arg(4096);

void json_document(benchmark::State& state) {
  texts(
      state,
      {R"({"id": 17, "status": "open", "contact": {"name": "Anna Lindqvist", "email": "anna@mail.example"}, )"
       R"("items": [{"sku": "AB-12", "count": 3}, {"sku": "CD-34", "count": 1}], "note": "call before noon"})"},
      3802, Shape::kStructured);
}
BENCHMARK(json_document);

}  // namespace
}  // namespace sluice::mask
