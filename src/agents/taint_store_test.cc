#include "agents/taint_store.h"

#include <gtest/gtest.h>

#include "store/test_store.h"

namespace sluice::agents {
namespace {

class TaintStoreTest : public store::StoreTest {};

TEST_P(TaintStoreTest, WhatIsKeptLastsAndIsNeverShortened) {
  auto database = store_.open();
  ASSERT_TRUE(keep_taint(database, "run r", 500));
  ASSERT_TRUE(keep_taint(database, "run r", 100));
  ASSERT_TRUE(keep_taint(database, "credential c", 200));
  auto other = store_.open();
  EXPECT_EQ(load_taints(other, 150)->size(), 2U);
  EXPECT_EQ(*load_taints(other, 300), (Tainted{{"run r", 500}}));
  EXPECT_TRUE(load_taints(other, 600)->empty());
}

SLUICE_FOR_EACH_STORE(TaintStoreTest);

}  // namespace
}  // namespace sluice::agents
