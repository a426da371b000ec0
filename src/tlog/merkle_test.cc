#include "tlog/merkle.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tlog/proof.h"
#include "tlog/tile.h"

namespace sluice::tlog {
namespace {

/// A log in memory: its tiles by name.
struct Log {
  TileTree tree;
  std::map<TileId, std::string> tiles;

  explicit Log(const std::vector<std::string>& entries) {
    for (const auto& entry : entries) {
      tree.append(leaf_hash(entry), [&](const TileId& id, Bytes hashes) { tiles[id] = hashes; });
    }
    for (auto& [id, hashes] : tree.partial_tiles()) tiles[id] = hashes;
  }
  ReadTile reader() const {
    return [this](const TileId& id) -> Result<std::string> {
      const auto found = tiles.find(id);
      if (found == tiles.end()) return fail(ErrorCode::kNotFound, tile_path(id));
      return found->second;
    };
  }
};

std::vector<std::string> numbered(size_t count) {
  std::vector<std::string> entries;
  for (size_t i = 0; i < count; ++i) entries.push_back("entry " + std::to_string(i));
  return entries;
}

/// By the definition of RFC 6962, section 2.1.
Hash defined_root(const std::vector<std::string>& entries, size_t begin, size_t end) {
  if (begin == end) return empty_root();
  if (end - begin == 1) return leaf_hash(entries[begin]);
  const size_t middle = begin + split_point(end - begin);
  return node_hash(defined_root(entries, begin, middle), defined_root(entries, middle, end));
}

// The vectors of the reference implementation of Certificate Transparency.
TEST(Merkle, RootsOfTheReferenceTree) {
  const std::vector<std::string> entries = {"",         std::string("\0", 1), "\x10",
                                            "\x20\x21", "\x30\x31",           "\x40\x41\x42\x43",
                                            "PQRSTUVW", "`abcdefghijklmno"};
  const char* roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  for (size_t n = 1; n <= entries.size(); ++n) {
    const Log log({entries.begin(), entries.begin() + static_cast<ptrdiff_t>(n)});
    EXPECT_EQ(to_hex(view(log.tree.root())), roots[n - 1]) << n;
  }
  EXPECT_EQ(to_hex(view(TileTree().root())),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Merkle, TreesAcrossTilesHaveTheDefinedRoot) {
  for (const size_t size : {255U, 256U, 257U, 511U, 512U, 65'535U, 65'536U, 65'537U, 70'000U}) {
    const auto entries = numbered(size);
    const Log log(entries);
    EXPECT_EQ(log.tree.root(), defined_root(entries, 0, size)) << size;
    EXPECT_EQ(*root_of(size, log.reader()), log.tree.root()) << size;
    const auto resumed = TileTree::resume(size, log.reader());
    ASSERT_TRUE(resumed);
    EXPECT_EQ(resumed->root(), log.tree.root()) << size;
  }
}

// The example of the specification.
TEST(Merkle, TilesOfSeventyThousandEntries) {
  const Log log(numbered(70'000));
  EXPECT_EQ(log.tiles.size(), 273U + 1 + 1 + 1 + 1);
  EXPECT_TRUE(log.tiles.contains({0, 273, 112}));
  EXPECT_TRUE(log.tiles.contains({1, 0, 256}));
  EXPECT_TRUE(log.tiles.contains({1, 1, 17}));
  EXPECT_TRUE(log.tiles.contains({2, 0, 1}));
}

RC_GTEST_PROP(Merkle, InclusionIsProvenAndNothingElse, ()) {
  const auto size = *rc::gen::inRange<uint64_t>(1, 1200);
  const auto index = *rc::gen::inRange<uint64_t>(0, size);
  const auto entries = numbered(size);
  const Log log(entries);
  auto proof = *inclusion_proof(index, size, log.reader());
  const Hash leaf = leaf_hash(entries[index]);
  const Hash root = log.tree.root();
  RC_ASSERT(verify_inclusion(leaf, index, size, proof, root));
  RC_ASSERT(!verify_inclusion(leaf_hash("another"), index, size, proof, root));
  RC_ASSERT(!verify_inclusion(leaf, index + 1, size, proof, root) || size == 1);
  RC_ASSERT(!verify_inclusion(leaf, size, size, proof, root));
  if (!proof.empty()) {
    proof[*rc::gen::inRange<size_t>(0, proof.size())][3] ^= 1;
    RC_ASSERT(!verify_inclusion(leaf, index, size, proof, root));
    proof.pop_back();
    RC_ASSERT(!verify_inclusion(leaf, index, size, proof, root));
  }
}

RC_GTEST_PROP(Merkle, ConsistencyIsProvenAndAForkIsNot, ()) {
  const auto size = *rc::gen::inRange<uint64_t>(1, 1200);
  const auto old_size = *rc::gen::inRange<uint64_t>(0, size + 1);
  auto entries = numbered(size);
  const Log log(entries);
  const Hash old_root = defined_root(entries, 0, old_size);
  const auto proof = *consistency_proof(old_size, size, log.reader());
  RC_ASSERT(verify_consistency(old_size, old_root, size, log.tree.root(), proof));
  if (old_size == 0) return;
  entries[*rc::gen::inRange<uint64_t>(0, old_size)] += "!";
  const Hash forked = defined_root(entries, 0, size);
  RC_ASSERT(!verify_consistency(old_size, old_root, size, forked, proof));
  const auto other = *consistency_proof(old_size, size, Log(entries).reader());
  RC_ASSERT(!verify_consistency(old_size, old_root, size, forked, other));
}

TEST(Tile, PathsAreTheSpecifications) {
  EXPECT_EQ(tile_path({0, 1234067, 256}), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path({kEntries, 0, 5}), "tile/entries/000.p/5");
  EXPECT_EQ(tile_path({2, 999, 256}), "tile/2/999");
  for (const TileId& id :
       {TileId{0, 1234067, 256}, TileId{kEntries, 1000, 5}, TileId{63, 7, 255}}) {
    EXPECT_EQ(parse_tile_path(tile_path(id)), id);
  }
  for (const char* bad : {"tile/0/1", "tile/0/x001", "tile/0/001.p/256", "tile/0/001.p/0",
                          "tile/64/001", "tile/00/001", "tile/0/../key", "tile/0/x000/001",
                          "tile/-1/001", "tile/0/001/", "checkpoint", ""}) {
    EXPECT_EQ(parse_tile_path(bad), std::nullopt) << bad;
  }
}

TEST(Tile, BundlesKeepTheirEntriesApart) {
  std::string bundle;
  for (const char* entry : {"one", "", "three"}) append_entry(bundle, entry);
  EXPECT_EQ(split_bundle(bundle), (std::vector<Bytes>{"one", "", "three"}));
  EXPECT_EQ(split_bundle(bundle.substr(0, bundle.size() - 1)), std::nullopt);
  EXPECT_EQ(split_bundle(bundle + "x"), std::nullopt);
}

}  // namespace
}  // namespace sluice::tlog
