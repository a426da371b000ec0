#pragma once

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/random.h"
#include "base/test_folder.h"
#include "store/state.h"
#include "store/test_postgres.h"

namespace sluice::store {

/// Where a test's store is.
enum class Where : uint8_t { kEmbedded, kShared };

/// A store for one test: a folder of its own, or a schema of its own in the test program's
/// PostgreSQL.
class TestStore {
 public:
  explicit TestStore(Where where) {
    config_.state = folder_ / "state";
    if (where == Where::kShared) {
      config_.store = TestPostgres::running().store();
      config_.store.schema = "test_" + to_hex(random_string(8));
    }
  }

  const config::Config& config() const { return config_; }
  /// One connection more; each could be another process's.
  Database open() const {
    auto database = open_state(config_);
    EXPECT_TRUE(database) << database.error().text;
    return std::move(*database);
  }
  /// The same without a schema that is up to date.
  Database open_bare() const {
    std::filesystem::create_directories(config_.state);
    if (!config_.store.shared()) return std::move(*Database::open(config_.state / "sluice.db"));
    return Database(std::move(*open_postgres(config_.store)));
  }

 private:
  TestFolder folder_;
  config::Config config_;
};

/// A test that has to hold whatever the store is; see SLUICE_FOR_EACH_STORE.
class StoreTest : public ::testing::TestWithParam<Where> {
 protected:
  TestStore store_{GetParam()};
};

}  // namespace sluice::store

/// Lets the tests of a suite (TEST_P) run on each kind of store. Those of "Shared" run in one
/// process under ctest, so that they have one server.
#define SLUICE_FOR_EACH_STORE(suite)                                                               \
  INSTANTIATE_TEST_SUITE_P(Embedded, suite, ::testing::Values(::sluice::store::Where::kEmbedded)); \
  INSTANTIATE_TEST_SUITE_P(Shared, suite, ::testing::Values(::sluice::store::Where::kShared))
