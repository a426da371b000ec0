#include "gateway/forgotten_settings.h"

#include <algorithm>

#include "wire/postgres/startup_parameters.h"

namespace sluice::gateway {

ParameterList forgotten_settings(const Admission& admission, const sql::StatementFacts& facts) {
  ParameterList forgotten;
  if (!facts.resets_settings && facts.resets.empty()) return forgotten;
  // Others of the same text may set it anew, or take it back.
  if (facts.statements > 1) return forgotten;
  const auto add = [&](const std::string& name, const std::string& value) {
    const auto& named = facts.resets;
    if (facts.resets_settings || std::find(named.begin(), named.end(), name) != named.end())
      forgotten.emplace_back(name, value);
  };
  for (const auto& [name, value] : admission.settings) add(name, value);
  add("application_name", wire::postgres::clean_application_name(admission.application_name));
  return forgotten;
}

}  // namespace sluice::gateway
