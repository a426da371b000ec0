// docs/policy.md names every key, action, risk and lock level, and no other.
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "policy/budget.h"
#include "policy/cases.h"
#include "policy/profiles.h"
#include "policy/role_reader.h"
#include "policy/rule_reader.h"
#include "policy/vocabulary.h"

namespace sluice::policy {
namespace {

std::string read(const std::string& name) {
  std::ifstream in(std::string(SLUICE_SOURCE_DIR) + "/" + name);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The names in the first column of tables under a heading "### `name`".
std::set<std::string> documented(const std::string& heading) {
  const std::string doc = read("docs/policy.md");
  const size_t start = doc.find("\n### `" + heading + "`");
  if (start == std::string::npos) return {};
  const std::string section = doc.substr(start + 1, doc.find("\n##", start + 1) - start - 1);
  std::set<std::string> names;
  const std::regex row("(^|\n)\\| `([a-z_]+)` \\|");
  for (std::sregex_iterator it(section.begin(), section.end(), row), end; it != end; ++it)
    names.insert((*it)[2]);
  return names;
}

TEST(Documentation, NamesEveryKeyAndNoOther) {
  std::map<std::string, std::set<std::string>> keys;
  for (const auto& all : {rule_keys(), role_keys(), budget_keys(), case_keys()}) {
    for (const std::string& key : all) {
      const size_t dot = key.rfind('.');
      keys[key.substr(0, dot)].insert(key.substr(dot + 1));
    }
  }
  // Both are mappings with the same keys.
  keys["rows"] = keys["table_rows"];
  keys.erase("table_rows");
  for (const char* where :
       {"a rule", "who", "on", "when", "rows", "time", "authentication", "limit", "a role",
        "break_glass", "review", "access_review", "a budget", "a case"})
    EXPECT_FALSE(keys[where].empty()) << where;
  for (const auto& [where, names] : keys) EXPECT_EQ(documented(where), names) << where;
}

TEST(Documentation, NamesEveryWord) {
  const auto& verbs = verb_words();
  EXPECT_EQ(documented("do"), std::set<std::string>(verbs.begin(), verbs.end()));
  std::set<std::string> risks, locks;
  for (int i = 1; i <= static_cast<int>(sql::FunctionRisk::kUnknown); ++i)
    risks.emplace(risk_name(static_cast<sql::FunctionRisk>(i)));
  for (int i = 1; i <= static_cast<int>(sql::LockLevel::kAccessExclusive); ++i)
    locks.emplace(lock_name(static_cast<sql::LockLevel>(i)));
  EXPECT_EQ(documented("functions"), risks);
  const std::string doc = read("docs/policy.md");
  for (const auto& lock : locks) EXPECT_NE(doc.find("`" + lock + "`"), std::string::npos) << lock;
  for (const auto& risk : risks) EXPECT_TRUE(find_risk(risk)) << risk;
}

/// The words that a key of a rule takes stand in its row of the table.
TEST(Documentation, NamesWhatRulesForValuesTake) {
  const std::string doc = read("docs/policy.md");
  const auto row = [&](const std::string& key) {
    const size_t start = doc.find("\n| `" + key + "` |");
    return start == std::string::npos ? "" : doc.substr(start, doc.find('\n', start + 1) - start);
  };
  const auto named = [&](const std::string& key, std::string_view word) {
    return row(key).find("`" + std::string(word) + "`") != std::string::npos;
  };
  for (const auto effect :
       {Effect::kAllow, Effect::kHold, Effect::kDeny, Effect::kMask, Effect::kUnmask})
    EXPECT_TRUE(named("effect", name_of(effect))) << name_of(effect);
  for (const auto& each : privacy::classes())
    EXPECT_TRUE(named("classes", privacy::name(each.category))) << each.name;
  for (int i = 0; i <= static_cast<int>(privacy::Method::kHash); ++i)
    EXPECT_TRUE(named("with", privacy::name(static_cast<privacy::Method>(i)))) << i;
  for (const auto predicates : {Predicates::kNone, Predicates::kEquality, Predicates::kAny})
    EXPECT_TRUE(named("predicates", name_of(predicates))) << name_of(predicates);
}

TEST(Documentation, ProfilesAreTheFilesInTheTree) {
  for (const Profile& profile : profiles())
    EXPECT_EQ(profile.text, read("policies/" + std::string(profile.name) + ".yaml"));
}

}  // namespace
}  // namespace sluice::policy
