#include "yaml/places.h"

#include <gtest/gtest.h>

#include "yaml/reader.h"

namespace sluice::yaml {
namespace {

TEST(Places, AreThoseOfTheKeysThatWereRead) {
  Problems problems("f.yaml");
  const YAML::Node root = load_document(
      "tls:\n  key: a\nlist:\n  - { name: one }\n  - name: two\n    tls: { ca: x }\n", problems);
  {
    MapReader top(root, "the file", problems);
    std::string text;
    top.map("tls", [&](MapReader& tls) { tls.scalar("key", text); });
    top.maps("list", "an entry", [&](MapReader& entry) {
      entry.scalar("name", text);
      entry.map("tls", [&](MapReader& tls) { tls.scalar("ca", text); });
    });
  }
  ASSERT_FALSE(problems.any()) << problems.text();
  const Places& places = problems.places();
  EXPECT_EQ(places.of("tls.key"), "f.yaml:2:8");
  EXPECT_EQ(places.of("list[0].name"), "f.yaml:4:13");
  EXPECT_EQ(places.of("list[1].tls.ca"), "f.yaml:6:16");
  EXPECT_EQ(places.of("list[1].tls.key"), "f.yaml:6:10") << "what it would stand in";
  EXPECT_EQ(places.of("list[0].tls.ca"), "f.yaml:4:5");
  EXPECT_EQ(places.of("policy.file"), "f.yaml");
}

}  // namespace
}  // namespace sluice::yaml
