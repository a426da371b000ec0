#include "policy/class_choice.h"

#include <array>

#include <fmt/format.h>

namespace sluice::policy {
namespace {

using privacy::Category;

constexpr std::array kCategories = {Category::kPii, Category::kFinancial, Category::kHealth,
                                    Category::kCredential, Category::kLocation};

}  // namespace

std::string ClassWords::add(std::string_view text) {
  const bool exclude = text.starts_with('!');
  const std::string_view word = exclude ? text.substr(1) : text;
  ClassSet& by_name = exclude ? excluded : named;
  ClassSet& by_category = exclude ? excluded : grouped;
  if (word == "*") {
    by_name |= every_class();
    return "";
  }
  for (const Category category : kCategories) {
    if (privacy::name(category) != word) continue;
    by_category |= classes_of(category);
    return "";
  }
  const auto found = privacy::find_class(word);
  if (!found || *found == privacy::Class::kNone) {
    return fmt::format(
        "unknown class \"{}\"; expected a class such as email or card_number "
        "(docs/masking.md), pii, financial, health, credential, location or \"*\"",
        word);
  }
  by_name.set(static_cast<size_t>(*found));
  return "";
}

ClassSet ClassWords::chosen() const {
  const ClassSet wanted = named | grouped;
  return (wanted.any() ? wanted : every_class()) & ~excluded;
}

}  // namespace sluice::policy
