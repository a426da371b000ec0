#include "provenance/row_tree.h"

#include <span>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::provenance {
namespace {

std::string hex(const tlog::Hash& hash) { return to_hex(tlog::view(hash)); }

/// The definition of RFC 6962, section 2.1, word for word.
tlog::Hash by_definition(std::span<const std::string> rows) {
  if (rows.empty()) return tlog::empty_root();
  if (rows.size() == 1) return tlog::leaf_hash(rows[0]);
  const size_t k = tlog::split_point(rows.size());
  return tlog::node_hash(by_definition(rows.subspan(0, k)), by_definition(rows.subspan(k)));
}

// Roots of trees of 0 to 8 leaves: the test vectors of Certificate Transparency's own
// implementation.
TEST(RowTree, VectorsOfCertificateTransparency) {
  using namespace std::string_literals;
  const std::vector<std::string> leaves = {
      ""s,
      "\0"s,
      "\x10"s,
      "\x20\x21"s,
      "\x30\x31"s,
      "\x40\x41\x42\x43"s,
      "\x50\x51\x52\x53\x54\x55\x56\x57"s,
      "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"s};
  const std::vector<std::string> roots = {
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  RowTree tree;
  for (size_t i = 0; i < roots.size(); ++i) {
    EXPECT_EQ(hex(tree.root()), roots[i]) << i << " leaves";
    EXPECT_EQ(tree.size(), i);
    if (i < leaves.size()) tree.add(leaves[i]);
  }
}

RC_GTEST_PROP(RowTree, IsTheTreeOfTheDefinition, (const std::vector<std::string>& rows)) {
  RowTree tree;
  for (const auto& row : rows) tree.add(row);
  RC_ASSERT(tree.root() == by_definition(rows));
}

RC_GTEST_PROP(RowTree, AnotherOrderIsAnotherTree, (const std::vector<std::string>& between)) {
  std::vector<std::string> rows = between;
  rows.insert(rows.begin(), "first");
  rows.emplace_back("last");
  const auto before = by_definition(rows);
  std::swap(rows.front(), rows.back());
  RowTree tree;
  for (const auto& row : rows) tree.add(row);
  RC_ASSERT(tree.root() != before);
}

}  // namespace
}  // namespace sluice::provenance
