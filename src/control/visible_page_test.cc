#include "control/visible_page.h"

#include <vector>

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

struct Row {
  int64_t number;
};
struct Wanted {
  size_t limit = 2;
  int64_t before = 0;
};

/// 10,000 rows, of which the reader sees every so many-th.
class Listing {
 public:
  explicit Listing(int64_t each) : each_(each) {}

  HttpResponse ask(const std::string& path, Wanted wanted) {
    return visible_page(
        path, wanted, 3000,
        [this](const Wanted& page) -> Result<std::vector<Row>> {
          ++asked;
          std::vector<Row> rows;
          const int64_t from = page.before == 0 ? 10'000 : page.before - 1;
          for (int64_t n = from; n > 0 && rows.size() < page.limit; --n) rows.push_back({n});
          return rows;
        },
        [this](const Row& row) { return row.number % each_ == 0; },
        [](const Row& row) { return row.number; });
  }
  int asked = 0;

 private:
  int64_t each_;
};

TEST(VisiblePage, ReadsNoMoreThanItNeeds) {
  Listing listing(2);
  const auto answer = listing.ask("/list?limit=2", {});
  EXPECT_EQ(answer.body, "[10000,9998]\n");
  EXPECT_EQ(listing.asked, 1);
  EXPECT_EQ(answer.headers.at("Link"), "</list?limit=2&before=9998>; rel=\"next\"");
}

TEST(VisiblePage, WhatLiesFarBelowIsFoundByTheNextPages) {
  Listing listing(4999);
  std::string path = "/list";
  Wanted wanted{3, 0};
  std::string all;
  int pages = 0;
  for (;; ++pages) {
    ASSERT_LT(pages, 10);
    const auto answer = listing.ask(path, wanted);
    all += answer.body;
    const auto next = answer.headers.find("Link");
    if (next == answer.headers.end()) break;
    const size_t at = next->second.find("before=");
    wanted.before = std::stoll(next->second.substr(at + 7));
    path = next->second.substr(1, next->second.find('>') - 1);
    EXPECT_EQ(path, "/list?before=" + std::to_string(wanted.before));
  }
  EXPECT_EQ(all, "[9998]\n[4999]\n[]\n[]\n");
  EXPECT_EQ(pages, 3);
}

TEST(VisiblePage, TheLastPageHasNoNext) {
  Listing listing(1);
  EXPECT_EQ(listing.ask("/list?before=3", {5, 3}).body, "[2,1]\n");
  EXPECT_FALSE(listing.ask("/list?before=3", {5, 3}).headers.contains("Link"));
}

TEST(VisiblePage, PagesOfAListFollowEachOther) {
  const std::vector<Row> all = {{9}, {7}, {6}, {4}, {2}};
  std::string path = "/list?cursor=100&limit=2", seen;
  int64_t before = 100;
  for (int pages = 0; pages < 9; ++pages) {
    const auto answer = page_of(
        path, all, 2, [&](const Row& row) { return row.number < before; },
        [](const Row& row) { return row.number != 7; }, [](const Row& row) { return row.number; },
        [](const Row& row) { return std::to_string(row.number); });
    seen += answer.body;
    const auto link = answer.headers.find("Link");
    if (link == answer.headers.end()) break;
    EXPECT_EQ(link->second, "</list?limit=2&cursor=6>; rel=\"next\"");
    before = 6;
  }
  EXPECT_EQ(seen, "[9,6]\n[4,2]\n");
}

TEST(VisiblePage, TheNextAddressReplacesOneParameter) {
  const auto next = [](const char* path) {
    const auto answer = with_next({}, path, "cursor", "5");
    const auto link = answer.headers.find("Link");
    return link == answer.headers.end() ? std::string() : link->second;
  };
  EXPECT_EQ(next("/l"), "</l?cursor=5>; rel=\"next\"");
  EXPECT_EQ(next("/l?cursor=1"), "</l?cursor=5>; rel=\"next\"");
  EXPECT_EQ(next("/l?a=1&cursor=1&b=2"), "</l?a=1&b=2&cursor=5>; rel=\"next\"");
  EXPECT_EQ(next("/l?xcursor=1"), "</l?xcursor=1&cursor=5>; rel=\"next\"");
  EXPECT_EQ(next("/l?a=%22>"), "") << "nothing that ends the address early";
}

}  // namespace
}  // namespace sluice::control
