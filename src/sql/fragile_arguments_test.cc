#include "sql/fragile_arguments.h"

#include <gtest/gtest.h>

namespace sluice::sql {
namespace {

TEST(FragileArguments, AreThoseOnWhoseValueItDependsWhetherACallFails) {
  EXPECT_EQ(fragile_argument("encode", 1), "encode(format)");
  EXPECT_EQ(fragile_argument("date_trunc", 0), "date_trunc(unit)");
  EXPECT_EQ(fragile_argument("json_build_object", 0), fragile_argument("jsonb_build_object", 2));
  EXPECT_NE(fragile_argument("json_build_object", 2), "");
  EXPECT_NE(fragile_argument("substring", 2), "");
  for (const auto& [function, argument] : {std::pair{"encode", 0},
                                           {"date_trunc", 1},
                                           {"json_build_object", 1},
                                           {"substring", 0},
                                           {"substr", 1},
                                           {"upper", 0},
                                           {"no_such_function", 0}})
    EXPECT_EQ(fragile_argument(function, static_cast<size_t>(argument)), "") << function;
}

TEST(FragileArguments, ATextIsMadeWhereOthersPutItTogether) {
  const Value column = value_of({7, 1});
  EXPECT_FALSE(is_made(column));
  EXPECT_FALSE(is_made(column.through("::text")));
  EXPECT_TRUE(is_made(column.through("translate").through("::text")));
  EXPECT_TRUE(is_made(column.through("nullif")));
}

TEST(FragileArguments, WhatIsNullByItsContentIsToldByWhatIsNotCalledForNull) {
  const Value column = value_of({7, 1});
  EXPECT_FALSE(may_be_null(column.through("upper")));
  EXPECT_TRUE(may_be_null(column.through("substring").through("upper")));
  EXPECT_TRUE(may_be_null(column.through("nullif")));
}

}  // namespace
}  // namespace sluice::sql
