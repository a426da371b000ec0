#include "cli/damage.h"

#include <iostream>

#include "audit/search.h"
#include "cli/output.h"

namespace sluice::cli {
namespace {

void warn(std::string_view place) {
  std::cerr << "sluice: the audit log is damaged, and what stood there is not in this answer: "
            << place << "; sluice audit verify tells more\n";
}

}  // namespace

Result<> warn_of_damage(const std::filesystem::path& audit_directory) {
  SLUICE_ASSIGN(const auto damage, audit::known_damage(audit_directory));
  for (const auto& place : damage) warn(place);
  return {};
}

void warn_of_damage(const boost::json::value& answer) {
  const auto* damage = answer.is_object() ? answer.get_object().if_contains("damaged") : nullptr;
  if (damage == nullptr || !damage->is_array()) return;
  for (const auto& place : damage->get_array()) warn(plain(place));
}

}  // namespace sluice::cli
