#pragma once

#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "policy/exposure.h"

namespace sluice::policy {

/// For messages of tests.
inline std::ostream& operator<<(std::ostream& out, const Veil& veil) {
  return out << (veil.masked ? "masked " : "shown ") << privacy::name(veil.method) << " by "
             << veil.rule << ", predicates " << name_of(veil.predicates)
             << (veil.aggregates ? ", aggregates" : "");
}

using privacy::Class;
using privacy::Method;

inline constexpr catalog::Oid kPeople = 20001, kPay = 20002, kLog = 20003, kLogOld = 20004,
                              kLogOlder = 20005, kTemporary = 20006;

inline catalog::Relation relation(catalog::Oid oid, const std::string& schema,
                                  const std::string& name) {
  catalog::Relation out;
  out.oid = oid;
  out.schema = schema;
  out.name = name;
  for (const char* column : {"id", "email", "Note"}) {
    catalog::Column& added = out.columns.emplace_back();
    added.number = static_cast<int16_t>(out.columns.size());
    added.name = column;
  }
  return out;
}

/// app.log is partitioned, app.log_old too.
inline const catalog::Catalog& test_catalog() {
  static const catalog::Catalog catalog([] {
    catalog::Catalog::Contents contents;
    contents.relations = {
        relation(kPeople, "public", "people"),  relation(kPay, "hr", "pay"),
        relation(kLog, "app", "log"),           relation(kLogOld, "app", "log_old"),
        relation(kLogOlder, "old", "log_2019"), relation(kTemporary, "pg_temp_7", "people")};
    contents.relations[2].children = {kLogOld};
    contents.relations[3].parents = {kLog};
    contents.relations[3].children = {kLogOlder};
    contents.relations[4].parents = {kLogOld};
    return contents;
  }());
  return catalog;
}

inline std::shared_ptr<const Policy> policy_of(const std::string& rules) {
  auto policy = Policy::parse("rules:\n- {name: all, effect: allow}\n" + rules, "test.yaml");
  EXPECT_TRUE(policy) << policy.error().text;
  return policy ? *policy : nullptr;
}

inline Principal bob() {
  Principal principal;
  principal.user = "bob";
  principal.groups = {"privacy", "support"};
  principal.kind = PrincipalKind::kHuman;
  principal.attributes = {{"team", "data"}};
  principal.authentication = "scram-sha-256";
  return principal;
}

inline Exposure exposure_of(const std::string& rules, const Circumstances& now = {}) {
  return exposure(policy_of(rules), bob(), {"shop", "production"}, now);
}

/// One value that somebody asks for.
struct Asked {
  Class cls = Class::kEmail;
  catalog::Oid relation = kPeople;  ///< 0: not known
  const char* column = "email";     ///< null: not known
  bool catalog = true;
};

inline Veil veil(const Exposure& exposure, const Asked& asked) {
  const catalog::Relation* relation = test_catalog().relation(asked.relation);
  const catalog::Column* column = relation == nullptr || asked.column == nullptr
                                      ? nullptr
                                      : relation->column(std::string_view(asked.column));
  return exposure.veil(relation, column, asked.cls, asked.catalog ? &test_catalog() : nullptr);
}

inline Veil masked(Method method, std::string_view rule = "default",
                   Predicates predicates = Predicates::kEquality, bool aggregates = false) {
  return {true, method, rule, predicates, aggregates};
}
inline Veil shown(std::string_view rule = "default") { return {.masked = false, .rule = rule}; }

}  // namespace sluice::policy
