#include "mask/row_masker.h"

#include <utility>

#include "mask/text_form.h"
#include "privacy/json_labels.h"

namespace sluice::mask {
namespace {

using privacy::Class;
using privacy::Shape;

/// char(n), whose spaces at the end are not part of its text form.
constexpr Oid kPadded = 1042;
constexpr uint32_t kNullLength = 0xFFFFFFFFU;
constexpr size_t kLength = 4;  ///< of a value's length

/// How many pseudonyms of a column are kept, how many of them in one place, and of what length at
/// most. With one in a place a seventh of seventy names would put each other out again and again.
constexpr size_t kKept = 512;
constexpr size_t kInPlace = 4;
constexpr size_t kLongestKept = 64;

/// People edit what they see on a screen, and programs that go through millions of rows do not send
/// them back one by one.
constexpr uint64_t kEdited = 1000;

tl::unexpected<Error> broken_row(std::string_view what) {
  return fail(ErrorCode::kProtocol, "a row of the server cannot be read: " + std::string(what));
}

/// Takes the values of a row apart; false: they are not exactly as many.
bool read_cells(Bytes values, std::span<Cell> cells) {
  const char* at = values.data();
  size_t left = values.size();
  for (Cell& cell : cells) {
    if (left < kLength) return false;
    const uint32_t size = load_be32(at);
    at += kLength;
    left -= kLength;
    if (size == kNullLength) {
      cell.reset();
      continue;
    }
    if (size > left) return false;
    cell.emplace(at, size);
    at += size;
    left -= size;
  }
  return left == 0;
}

/// What stands for every value of a type where the same stands for all.
std::optional<std::string> fixed_value(TypeRef type) {
  constexpr Oid kName = 19, kText = 25, kVarchar = 1043;
  constexpr int32_t kHeader = 4;  // of a varchar's modifier
  if (type.oid != kName && type.oid != kText && type.oid != kPadded && type.oid != kVarchar) {
    return std::nullopt;
  }
  const bool fits =
      type.typmod < 0 || static_cast<size_t>(type.typmod - kHeader) >= kRedacted.size();
  return fits ? std::optional<std::string>(kRedacted) : std::nullopt;
}

}  // namespace

ColumnPlan redacted() {
  ColumnPlan plan;
  plan.shape = Shape::kWhole;
  plan.rule = {.strategy = Strategy::kRedact, .kind = Kind::kAny, .step = 0};
  plan.raw_known = false;
  plan.constant = true;
  return plan;
}

Result<std::shared_ptr<const RowMasker>> RowMasker::compile(
    std::vector<ColumnPlan> plans, std::span<const FieldType> fields,
    std::shared_ptr<const Permuter> permuter, std::shared_ptr<const TypeSource> types) {
  if (plans.size() != fields.size())
    return fail(ErrorCode::kInternal, "there is not one plan for each column");
  auto out = std::shared_ptr<RowMasker>(new RowMasker);
  out->permuter_ = std::move(permuter);
  out->columns_.resize(plans.size());
  for (size_t i = 0; i < plans.size(); ++i) {
    out->columns_[i].plan = std::move(plans[i]);
    out->columns_[i].field = fields[i];
    out->columns_[i].base = written_as(fields[i].type, types);
  }
  for (Column& column : out->columns_) {
    out->compile_column(column, types);
    out->gathers_ |= column.sifter != nullptr;
    out->constants_ |= column.plan.constant;
  }
  out->note_masked();
  for (size_t i = 0; i < out->columns_.size(); ++i) {
    Column& column = out->columns_[i];
    column.known = out->gathers_ && column.plan.raw_known && column.plan.cls != Class::kNone &&
                   column.sifter == nullptr;
    // Of an expression nobody knows what the value would be.
    column.seen =
        column.plan.cls != Class::kNone && column.sifter == nullptr && !column.plan.constant;
    column.as_sent = column.field.format == Format::kText && column.base != kPadded;
    column.needed |= column.masks() || column.known || column.seen;
    if (column.seen) out->seen_.push_back(i);
    if (column.sifter && column.plan.shape == Shape::kByKey)
      out->columns_[static_cast<size_t>(column.plan.key_column)].needed = true;
  }
  return out;
}

void RowMasker::compile_column(Column& column,
                               const std::shared_ptr<const TypeSource>& types) const {
  const TypeRef type = column.field.type;
  const ColumnPlan& plan = column.plan;
  if (plan.shape == Shape::kNone) return;
  if (plan.constant) {
    column.fixed = fixed_value(type);
    return;
  }
  const bool keyless =
      plan.shape == Shape::kByKey &&
      (plan.key_column < 0 || static_cast<size_t>(plan.key_column) >= columns_.size());
  if (plan.shape == Shape::kWhole) {
    column.whole = compile_or_hide(type, {plan.rule, permuter_}, types);
  } else if (!plan.treatment || keyless) {
    column.whole = compile_or_hide(type, {{}, permuter_}, types);
  } else {
    column.sifter = compile_sifter(type, *plan.treatment, permuter_, types);
    // For keys that cannot be read.
    if (plan.shape == Shape::kByKey) column.whole = compile_or_hide(type, {{}, permuter_}, types);
  }
}

std::shared_ptr<const RowMasker> RowMasker::of(std::vector<MaskerPtr> columns, Format format) {
  auto out = std::shared_ptr<RowMasker>(new RowMasker);
  out->columns_.resize(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    Column& column = out->columns_[i];
    column.plan.shape = columns[i] ? Shape::kWhole : Shape::kNone;
    column.field.format = format;
    column.whole = std::move(columns[i]);
    column.needed = column.masks();
  }
  out->note_masked();
  return out;
}

void RowMasker::note_masked() {
  for (size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].masks()) masked_.push_back(i);
}

Result<> RowMasker::mask_row(Bytes body, RowScratch& scratch, std::string& out) const {
  if (body.size() < 2 || load_be16(body.data()) != columns_.size())
    return broken_row("it has another number of columns than was announced");
  scratch.cells.resize(columns_.size());
  if (!read_cells(body.substr(2), scratch.cells)) return broken_row("its lengths do not add up");
  begin_row(scratch.cells, scratch);
  if (constants_) return rebuild_row(scratch, out);
  const size_t begin = out.size();
  const char* copied = body.data();  // up to here it has been appended
  for (const size_t i : masked_) {
    const Cell& cell = scratch.cells[i];
    if (!cell) continue;
    // What lies between is as it was, with its lengths; most often it is nothing. The value's own
    // length is told below.
    const char* length = cell->data() - kLength;
    if (length != copied) out.append(copied, static_cast<size_t>(length - copied));
    copied = cell->data() + cell->size();
    append_be32(out, kNullLength);
    const size_t at = out.size();
    auto masked = mask_value(i, scratch.cells, scratch, out);
    if (!masked) {
      out.resize(begin);
      return fail(std::move(masked).error());
    }
    if (*masked == Masked::kNull) continue;
    store_be32(out.data() + at - kLength, static_cast<uint32_t>(out.size() - at));
    if (scratch.substitutes != nullptr) note_substitute(i, Bytes(out).substr(at), scratch);
  }
  out.append(copied, static_cast<size_t>(body.data() + body.size() - copied));
  ++scratch.rows;
  return {};
}

/// The same where a value may stand for NULL.
Result<> RowMasker::rebuild_row(RowScratch& scratch, std::string& out) const {
  const size_t begin = out.size();
  append_be16(out, static_cast<uint16_t>(columns_.size()));
  for (size_t i = 0; i < columns_.size(); ++i) {
    const size_t at = out.size();
    append_be32(out, kNullLength);
    auto masked = mask_value(i, scratch.cells, scratch, out);
    if (!masked) {
      out.resize(begin);
      return fail(std::move(masked).error());
    }
    if (*masked == Masked::kNull) continue;
    store_be32(out.data() + at, static_cast<uint32_t>(out.size() - at - 4));
    if (scratch.substitutes != nullptr && columns_[i].masks())
      note_substitute(i, Bytes(out).substr(at + 4), scratch);
  }
  ++scratch.rows;
  return {};
}

void RowMasker::begin_row(std::span<const Cell> row, RowScratch& scratch) const {
  if (scratch.counts.size() != columns_.size()) scratch.counts.resize(columns_.size());
  if (scratch.sightings != nullptr) see_row(row, scratch);
  if (!gathers_) return;
  if (scratch.buffers.size() != columns_.size()) scratch.buffers.resize(columns_.size());
  scratch.context.known.clear();
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i].known || !row[i]) continue;
    const auto text =
        text_form(columns_[i].base, columns_[i].field.format, *row[i], scratch.buffers[i]);
    if (text) scratch.context.known.push_back({*text, columns_[i].plan.cls});
  }
}

void RowMasker::see_row(std::span<const Cell> row, RowScratch& scratch) const {
  if (scratch.buffers.size() != columns_.size()) scratch.buffers.resize(columns_.size());
  for (const size_t i : seen_) {
    if (!row[i]) continue;
    const Column& column = columns_[i];
    Bytes text = *row[i];
    if (!column.as_sent) {
      const Cell form = text_form(column.base, column.field.format, text, scratch.buffers[i]);
      if (!form) continue;
      text = *form;
    }
    scratch.sightings->note(text, column.whole != nullptr);
    // Of a column that goes through as it is there is nothing else to count.
    if (!column.masks()) ++scratch.counts[i].of(column.plan.cls);
  }
}

Result<Masked> RowMasker::mask_value(size_t index, std::span<const Cell> row, RowScratch& scratch,
                                     std::string& out) const {
  const Column& column = columns_[index];
  if (column.plan.constant) {
    ++scratch.counts[index].values;
    ++scratch.counts[index].of(Class::kNone);
    if (!column.fixed) return Masked::kNull;
    out.append(*column.fixed);
    return Masked::kValue;
  }
  if (!row[index]) return Masked::kNull;
  if (column.sifter) return sift(index, row, scratch, out);
  if (column.whole) {
    ColumnCounts& counts = scratch.counts[index];
    ++counts.values;
    ++counts.of(column.plan.cls);
    if (column.plan.rule.strategy == Strategy::kPseudonym && row[index]->size() <= kLongestKept) {
      return pseudonym(index, *row[index], scratch, out);
    }
    return column.whole->mask(column.field.format, *row[index], out);
  }
  out.append(*row[index]);
  return Masked::kValue;
}

/// What stands for every value is known without this; and so is what has not been changed.
void RowMasker::note_substitute(size_t index, Bytes masked, RowScratch& scratch) const {
  const ColumnPlan& plan = columns_[index].plan;
  const bool same = plan.constant || (plan.shape == privacy::Shape::kWhole &&
                                      plan.rule.strategy == Strategy::kRedact);
  if (same || scratch.rows >= kEdited || index >= scratch.names.size()) return;
  if (masked != *scratch.cells[index]) scratch.substitutes->note(scratch.names[index], masked);
}

Result<Masked> RowMasker::pseudonym(size_t index, Bytes value, RowScratch& scratch,
                                    std::string& out) const {
  const Column& column = columns_[index];
  if (scratch.made.size() != columns_.size()) scratch.made.resize(columns_.size());
  auto& made = scratch.made[index];
  if (made.empty()) made.resize(kKept);
  const size_t hash = std::hash<Bytes>{}(value);
  const std::span place(&made[hash % (kKept / kInPlace) * kInPlace], kInPlace);
  RowScratch::Made* slot = &place[hash / kKept % kInPlace];
  for (RowScratch::Made& known : place) {
    if (known.value.empty()) {
      slot = &known;
      break;
    }
    if (known.value != value) continue;
    out.append(known.masked);
    return Masked::kValue;
  }
  const size_t begin = out.size();
  SLUICE_ASSIGN(const Masked masked, column.whole->mask(column.field.format, value, out));
  if (masked == Masked::kValue) {
    slot->value.assign(value);
    slot->masked.assign(out, begin);
  }
  return masked;
}

Result<Masked> RowMasker::sift(size_t index, std::span<const Cell> row, RowScratch& scratch,
                               std::string& out) const {
  const Column& column = columns_[index];
  ColumnCounts& counts = scratch.counts[index];
  scratch.context.low = true;
  scratch.context.harmless = column.plan.harmless.get();
  Look look{.treatment = column.plan.treatment.get(),
            .permuter = permuter_.get(),
            .context = &scratch.context,
            .counts = &counts,
            .sightings = scratch.sightings,
            .spans = &scratch.spans,
            .people = column.plan.people,
            .names = column.plan.names};
  if (column.plan.shape == Shape::kStructured) look.mode = Look::Mode::kParts;
  if (column.plan.shape == Shape::kByKey) {
    const auto key_index = static_cast<size_t>(column.plan.key_column);
    const Column& key = columns_[key_index];
    const Cell name = row[key_index] ? text_form(key.base, key.field.format, *row[key_index],
                                                 scratch.buffers[key_index])
                                     : Cell(Bytes());
    if (!name) {
      ++counts.values;
      ++counts.of(Class::kNone);
      return column.whole->mask(column.field.format, *row[index], out);
    }
    look = look.under(*name);
    look.path |= privacy::path_beside(column.plan.people, *name, *row[index]);
  }
  const size_t begin = out.size();
  SLUICE_ASSIGN(const Masked masked,
                column.sifter->sift(column.field.format, *row[index], look, out));
  counts.values += masked == Masked::kNull || Bytes(out).substr(begin) != *row[index];
  return masked;
}

}  // namespace sluice::mask
