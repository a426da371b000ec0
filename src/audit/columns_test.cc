#include "audit/columns.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::audit {
namespace {

RC_GTEST_PROP(Columns, ComeBackAsTheyWere, ()) {
  const auto count = *rc::gen::inRange(0, 300);
  std::vector<Row> rows(static_cast<size_t>(count));
  for (Row& row : rows) {
    for (size_t c = 0; c < kColumns; ++c) {
      row[c] = *rc::gen::arbitrary<uint64_t>() >> *rc::gen::inRange(0, 64);
    }
    row[static_cast<size_t>(Column::kPlace)] &= ~uint64_t{7};
  }
  ColumnsBuilder builder;
  for (const Row& row : rows) builder.add(row);
  RC_ASSERT(builder.rows() == rows.size());
  const std::string bytes = builder.encode();
  const auto columns = Columns::read(bytes);
  RC_ASSERT(columns.has_value());
  RC_ASSERT(columns->rows() == rows.size());
  std::vector<uint64_t> values;
  for (size_t c = 0; c < kColumns; ++c) {
    const auto column = static_cast<Column>(c);
    columns->unpack(column, values);
    for (size_t i = 0; i < rows.size(); ++i) {
      RC_ASSERT((c < kListed ? columns->list(column)[values[i]] : values[i]) == rows[i][c]);
    }
  }
  for (size_t cut = 0; cut < bytes.size(); cut += 7) {
    RC_ASSERT(!Columns::read(Bytes(bytes).substr(0, cut)));
  }
}

RC_GTEST_PROP(Columns, AnyBytesAreReadOrNot, (const std::string& bytes)) {
  const auto columns = Columns::read(bytes);
  std::vector<uint64_t> values;
  if (columns) columns->unpack(Column::kTime, values);
}

TEST(Columns, PlaceBeyondItsListIsRefused) {
  ColumnsBuilder builder;
  builder.add({1, 2, 3, 4, 5, 6, 7, 8, 16});
  std::string bytes = builder.encode();
  ASSERT_TRUE(Columns::read(bytes));
  // rows, four lists of one, then the first column's base.
  bytes[9] = 1;
  EXPECT_FALSE(Columns::read(bytes));
}

}  // namespace
}  // namespace sluice::audit
