#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "mask/masker.h"
#include "mask/sift.h"
#include "mask/sightings.h"
#include "mask/substitutes.h"
#include "mask/treatment.h"
#include "mask/type.h"
#include "privacy/columns.h"
#include "privacy/find.h"

namespace sluice::mask {

/// What is done with one column of a result.
struct ColumnPlan {
  /// kNone: its values go through byte for byte.
  privacy::Shape shape = privacy::Shape::kNone;
  Rule rule;  ///< kWhole
  /// kWhole: the same stands for every value, and for NULL: nothing is told of what an expression
  /// has made of something hidden, not even whether it has made anything of it.
  bool constant = false;
  /// kWhole: what is counted, and what a known value is. Of kNone if its values are known too.
  privacy::Class cls = privacy::Class::kNone;
  /// The other shapes: what is done with what is found. Without it, all is redacted.
  std::shared_ptr<const Treatment> treatment;
  /// kStructured: the column's name, or the names of a composite's parts.
  std::vector<std::string> names;
  /// kByKey: where the key stands in the row. When it does not, or cannot be read, all is redacted.
  int key_column = -1;
  /// kFreeText: whether people are looked for (privacy::Context::people).
  bool people = true;
  std::shared_ptr<const privacy::WordSet> harmless;  ///< privacy::Context::harmless; may be null
  /// Whether the values of a column with a class are looked for in the row's free texts.
  bool raw_known = true;
};

/// For a value whose class is not known, such as that of an expression over something sensitive.
ColumnPlan redacted();

/// How the server sends a column.
struct FieldType {
  TypeRef type;
  Format format = Format::kText;
};

/// A value of a row as it stands there; nothing for NULL.
using Cell = std::optional<Bytes>;

/// What masking needs besides a RowMasker, kept from row to row so that rows cost no memory: one
/// for each result, for one thread at a time.
struct RowScratch {
  std::vector<ColumnCounts> counts;  ///< what was masked, by column
  uint64_t rows = 0;                 ///< of mask_row
  Sightings* sightings = nullptr;    ///< where set: told of the sensitive values of each row
  /// Where set: told of what the first rows show in place of real values, under the columns' names.
  Substitutes* substitutes = nullptr;
  std::vector<uint64_t> names;  ///< Substitutes::column, by column

  /// Pseudonyms that were made lately, by column and by hash of the value: names come again and
  /// again, and each costs more than all else that is done to a row.
  struct Made {
    std::string value, masked;
  };
  std::vector<std::vector<Made>> made;

  // Of no meaning between rows.
  std::vector<Cell> cells;
  std::vector<std::string> buffers;
  privacy::Context context;
  std::vector<Span> spans;
};

/// Masks whole rows of one result. Immutable, for any number of threads.
///
/// Nothing is let through for want of a way to mask it: a column whose type its rule is not for is
/// redacted, or NULL. An error means that a row or a value is not what it should be: nobody knows
/// then what it holds, so nothing of it may be shown and the session ends.
class RowMasker {
 public:
  /// Columns as the server describes them, with what is done with each. An error unless there is
  /// one plan for each column.
  static Result<std::shared_ptr<const RowMasker>> compile(std::vector<ColumnPlan> plans,
                                                          std::span<const FieldType> fields,
                                                          std::shared_ptr<const Permuter> permuter,
                                                          std::shared_ptr<const TypeSource> types);

  /// Of columns each masked whole, or, where there is no masker, not at all.
  static std::shared_ptr<const RowMasker> of(std::vector<MaskerPtr> columns, Format format);

  /// Appends the body of a DataRow (Int16 count, then Int32 length and bytes of each value) masked.
  /// Unless it succeeds, `out` is as before.
  Result<> mask_row(Bytes body, RowScratch& scratch, std::string& out) const;

  size_t columns() const { return columns_.size(); }
  /// Whether values of a column may be changed.
  bool masks(size_t column) const { return columns_[column].masks(); }
  /// Whether something stands for its NULLs too.
  bool masks_null(size_t column) const { return columns_[column].plan.constant; }
  /// Whether a column's values must be in `row` for the sake of it or of others.
  bool needs(size_t column) const { return columns_[column].needed; }

  /// Of rows already taken apart: to be called once a row, before mask_value. `row` has a cell for
  /// each column; those that are not needed may be anything.
  void begin_row(std::span<const Cell> row, RowScratch& scratch) const;
  /// Appends the value of a column masked, unless NULL stands for it.
  Result<Masked> mask_value(size_t column, std::span<const Cell> row, RowScratch& scratch,
                            std::string& out) const;

 private:
  struct Column {
    ColumnPlan plan;
    FieldType field;
    MaskerPtr whole;                   ///< kWhole
    std::optional<std::string> fixed;  ///< of a constant column; NULL where it is not there
    SifterPtr sifter;
    Oid base = 0;  ///< for its text form
    bool known = false, needed = false;
    bool as_sent = false;  ///< its text form is what the server sends
    bool seen = false;     ///< what its values are is told to RowScratch::sightings

    bool masks() const { return plan.constant || whole != nullptr || sifter != nullptr; }
  };

  RowMasker() = default;
  void compile_column(Column& column, const std::shared_ptr<const TypeSource>& types) const;
  // Not part of mask_value, or each value would pay for what it keeps on the stack.
  [[gnu::noinline]] Result<Masked> sift(size_t index, std::span<const Cell> row,
                                        RowScratch& scratch, std::string& out) const;

  Result<Masked> pseudonym(size_t index, Bytes value, RowScratch& scratch, std::string& out) const;
  void note_masked();
  void see_row(std::span<const Cell> row, RowScratch& scratch) const;
  void note_substitute(size_t index, Bytes masked, RowScratch& scratch) const;
  Result<> rebuild_row(RowScratch& scratch, std::string& out) const;

  std::vector<Column> columns_;
  std::vector<size_t> masked_;  ///< which of them are
  std::shared_ptr<const Permuter> permuter_;
  bool constants_ = false;    ///< some column is constant
  bool gathers_ = false;      ///< whether known values are of use
  std::vector<size_t> seen_;  ///< columns whose values are sightings
};

}  // namespace sluice::mask
