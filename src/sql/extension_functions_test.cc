#include "sql/extension_functions.h"

#include <gtest/gtest.h>

namespace sluice::sql {
namespace {

TEST(ExtensionFunctions, ThatOnlyComputeAreKnownByName) {
  for (const char* name :
       {"similarity_op", "word_similarity", "citext_eq", "hstore_to_json", "each", "ltree_isparent",
        "digest", "uuid_generate_v4", "l2_distance", "st_area"})
    EXPECT_TRUE(computes_in_c(name)) << name;
}

TEST(ExtensionFunctions, OthersAreNot) {
  for (const char* name : {"set_limit", "dblink", "crosstab", "lo_manage", "xpath_table", "my_own",
                           "st_fromgdalraster", "st_bandfilesize", ""})
    EXPECT_FALSE(computes_in_c(name)) << name;
}

}  // namespace
}  // namespace sluice::sql
