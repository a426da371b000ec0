#include "catalog/traits.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "catalog/diff_report.h"
#include "catalog/row_reader.h"

namespace sluice::catalog {

namespace {

using What = Change::What;
using Traits = std::vector<const Trait*>;
/// By kind and identifier of the object.
using Objects = std::map<std::pair<std::string_view, Oid>, Traits>;

constexpr std::string_view kItself = "itself";

/// Of what no Catalog knows, coming and going is told here.
bool known_only_here(std::string_view kind) {
  constexpr std::string_view kKinds[] = {"publication",        "event trigger", "extension",
                                         "default privileges", "role",          "database",
                                         "foreign server"};
  return std::find(std::begin(kKinds), std::end(kKinds), kind) != std::end(kKinds);
}

Objects by_object(const std::vector<Trait>& traits) {
  Objects objects;
  for (const Trait& trait : traits) objects[{trait.object_kind, trait.oid}].push_back(&trait);
  for (auto& [key, list] : objects) {
    std::sort(list.begin(), list.end(),
              [](const Trait* a, const Trait* b) { return a->id < b->id; });
  }
  return objects;
}

std::string_view compared(const Trait& trait) {
  return trait.same.empty() ? trait.value : trait.same;
}

/// "owner alice, version 1.2"
std::string description(const Traits& traits) {
  std::string out;
  for (const Trait* trait : traits) {
    if (trait->id == kItself || trait->value.empty()) continue;
    if (!out.empty()) out += ", ";
    out += trait->aspect + " " + trait->value;
  }
  return out;
}

void add(DiffReport& report, What what, const Trait& of, std::string detail) {
  report.add(what, of.object_kind, of.schema, of.name, std::move(detail));
}

const Trait* with_id(const Traits& traits, std::string_view id) {
  const auto found = std::lower_bound(traits.begin(), traits.end(), id,
                                      [](const Trait* a, std::string_view b) { return a->id < b; });
  return found == traits.end() || (*found)->id != id ? nullptr : *found;
}

void compare(const Traits& before, const Traits& after, DiffReport& report) {
  const Trait& now = *after.front();
  if (known_only_here(now.object_kind) && before.front()->name != now.name)
    add(report, What::kAltered, now, "renamed from " + before.front()->name);
  for (const Trait* b : after) {
    const Trait* a = with_id(before, b->id);
    if (a != nullptr && compared(*a) == compared(*b)) continue;
    add(report, What::kAltered, now, b->aspect + " " + arrow(a ? a->value : "", b->value));
  }
  for (const Trait* a : before) {
    if (with_id(after, a->id) == nullptr)
      add(report, What::kAltered, now, a->aspect + " " + arrow(a->value, ""));
  }
}

}  // namespace

Result<std::vector<Trait>> read_traits(Rows rows) {
  std::vector<Trait> traits;
  traits.reserve(rows.size());
  for (Row& row : rows) {
    RowReader reader(row, 8);
    Trait trait;
    trait.object_kind = reader.text();
    trait.schema = reader.text();
    trait.name = reader.text();
    trait.oid = reader.oid();
    trait.id = reader.text();
    trait.aspect = reader.text();
    trait.value = reader.text_or_empty();
    trait.same = reader.text_or_empty();
    if (auto finished = reader.finish(); !finished) {
      return fail(std::move(finished).error().within("trait " + std::to_string(traits.size() + 1)));
    }
    traits.push_back(std::move(trait));
  }
  return traits;
}

std::vector<Change> diff_traits(const std::vector<Trait>& before, const std::vector<Trait>& after) {
  const Objects old = by_object(before);
  const Objects now = by_object(after);
  DiffReport report;
  for (const auto& [key, traits] : now) {
    const auto found = old.find(key);
    if (found != old.end()) {
      compare(found->second, traits, report);
    } else if (known_only_here(key.first)) {
      add(report, What::kAdded, *traits.front(), description(traits));
    }
  }
  for (const auto& [key, traits] : old) {
    if (!now.contains(key) && known_only_here(key.first))
      add(report, What::kRemoved, *traits.front(), "");
  }
  return std::move(report).take_sorted();
}

}  // namespace sluice::catalog
