#include "gateway/prepared.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::gateway {
namespace {

std::shared_ptr<const policy::Decision> some_decision() {
  return std::make_shared<const policy::Decision>();
}

TEST(PreparedStatements, NamesMeanWhatWasPutLast) {
  PreparedStatements all;
  EXPECT_EQ(all.find("a"), nullptr);
  const auto first = some_decision();
  const auto second = some_decision();
  all.put("a").decision = first;
  EXPECT_EQ(all.find("a")->decision, first);
  all.put("a").decision = second;
  EXPECT_EQ(all.find("a")->decision, second);
  EXPECT_EQ(all.find("A"), nullptr) << "names are exact";
  all.close("a");
  EXPECT_EQ(all.find("a"), nullptr);
  all.close("a");
}

TEST(PreparedStatements, UnnamedOnesExistOnlyOncePut) {
  PreparedStatements all;
  EXPECT_EQ(all.find(""), nullptr);
  EXPECT_EQ(all.find_portal(""), nullptr);
  all.put("");
  EXPECT_NE(all.find(""), nullptr);
  EXPECT_EQ(all.find_portal(""), nullptr) << "statements and portals have names of their own";
  all.put_portal("");
  all.close("");
  EXPECT_EQ(all.find(""), nullptr);
  EXPECT_NE(all.find_portal(""), nullptr);
  all.close_portal("");
  EXPECT_EQ(all.find_portal(""), nullptr);
}

TEST(PreparedStatements, PortalsGoWithTheTransactionAndStatementsStay) {
  PreparedStatements all;
  all.put("");
  all.put("s");
  all.put_portal("");
  all.put_portal("p");
  all.close_portals();
  EXPECT_EQ(all.find_portal(""), nullptr);
  EXPECT_EQ(all.find_portal("p"), nullptr);
  EXPECT_NE(all.find(""), nullptr);
  EXPECT_NE(all.find("s"), nullptr);
}

TEST(PreparedStatements, AreBoundedInNumber) {
  PreparedStatements statements, portals;
  for (size_t i = 0; i < PreparedStatements::kMaxNamed; ++i) {
    ASSERT_FALSE(statements.many_statements() || portals.many_portals()) << i;
    statements.put(std::to_string(i));
    portals.put_portal(std::to_string(i));
  }
  EXPECT_TRUE(statements.many_statements());
  EXPECT_FALSE(statements.many_portals());
  EXPECT_TRUE(portals.many_portals());
  EXPECT_FALSE(portals.many_statements());
  statements.close("0");
  portals.close_portals();
  EXPECT_FALSE(statements.many_statements());
  EXPECT_FALSE(portals.many_portals());
}

RC_GTEST_PROP(PreparedStatements, FollowAMapWhateverTheOrder, ()) {
  PreparedStatements all;
  std::map<std::string, std::shared_ptr<const policy::Decision>> statements, portals;
  const auto steps = *rc::gen::inRange(1, 200);
  for (int i = 0; i < steps; ++i) {
    const auto name = *rc::gen::element<std::string>("", "a", "b", "c", std::string("a\0", 2));
    const auto decision = some_decision();
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        all.put(name).decision = decision;
        statements[name] = decision;
        break;
      case 1:
        all.put_portal(name).prepared.decision = decision;
        portals[name] = decision;
        break;
      case 2:
        all.close(name);
        statements.erase(name);
        break;
      case 3:
        all.close_portal(name);
        portals.erase(name);
        break;
      default:
        all.close_portals();
        portals.clear();
    }
    for (const auto& known : {std::string(), std::string("a"), std::string("a\0", 2)}) {
      const auto* statement = all.find(known);
      RC_ASSERT((statement == nullptr) == !statements.contains(known));
      if (statement != nullptr) RC_ASSERT(statement->decision == statements[known]);
      const auto* portal = all.find_portal(known);
      RC_ASSERT((portal == nullptr) == !portals.contains(known));
      if (portal != nullptr) RC_ASSERT(portal->prepared.decision == portals[known]);
    }
  }
}

}  // namespace
}  // namespace sluice::gateway
