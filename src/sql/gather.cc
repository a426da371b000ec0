#include "sql/gather.h"

#include <algorithm>

namespace sluice::sql {

void Gather::begin_statement() { first_action_ = facts_.actions.size(); }

size_t Gather::add_action(ActionKind kind, std::string_view object_kind) {
  Action& action = facts_.actions.emplace_back();
  action.kind = kind;
  action.object_kind = object_kind;
  return facts_.actions.size() - 1;
}

size_t Gather::shared_action(ActionKind kind, std::string_view object_kind) {
  for (size_t i = first_action_; i < facts_.actions.size(); ++i) {
    const Action& action = facts_.actions[i];
    if (action.kind == kind && action.object_kind == object_kind && !action.without_where) return i;
  }
  return add_action(kind, object_kind);
}

void Gather::add_target(size_t index, const Object& object, bool relation) {
  auto& targets = facts_.actions[index].targets;
  const auto same = [&](const Object& other) {
    return other.oid == object.oid && other.name == object.name && other.schema == object.schema;
  };
  const bool known =
      object.oid != 0 &&
      !known_targets_.insert((static_cast<uint64_t>(index) << 32) | object.oid).second;
  if (known || object.oid == 0) {
    const auto there = std::find_if(targets.begin(), targets.end(), same);
    if (there != targets.end()) {
      there->reached = there->reached && object.reached;
      return;
    }
  }
  targets.push_back(object);
  if (relation && !object.name.empty()) tables_.insert(object.display());
}

void Gather::use(ColumnRef column, ColumnUses uses) {
  if (is_argument(column)) {
    const size_t position = argument_position(column);
    if (arguments != nullptr && position < arguments->uses.size()) {
      arguments->uses[position] |= uses;
    }
  } else {
    columns_[column] |= uses;
  }
}

void Gather::use(const Value& value, ColumnUses uses) {
  for (const Source& source : value.sources) use(source.column, uses);
}

void Gather::write(ColumnRef target, const Value& value, bool fired) {
  if (target.relation != 0) use(target, kWritten);
  const auto is_given = [](const Source& source) { return is_argument(source.column); };
  if (arguments != nullptr && std::any_of(value.sources.begin(), value.sources.end(), is_given)) {
    arguments->written.emplace_back(target, value.scalar());
  }
  Value rest = value.scalar();
  std::erase_if(rest.sources, is_given);
  use(rest, 0);
  written_[{target, fired}].add(rest);
}

void Gather::compute(const Value& value, std::string_view function) {
  for (const Source& source : value.sources) {
    if (is_presence(source)) continue;
    if (!is_argument(source.column)) {
      computed_.emplace(source.column, function);
    } else if (arguments != nullptr) {
      arguments->computed.emplace(argument_position(source.column), function);
    }
  }
}

namespace {

void add_use(std::vector<FunctionUse>& uses, const FunctionUse& use) {
  for (FunctionUse& known : uses) {
    if (known.oid == use.oid && known.name == use.name && known.schema == use.schema) {
      known.reached = known.reached && use.reached;
      return;
    }
  }
  uses.push_back(use);
}

}  // namespace

void Gather::function(const FunctionUse& use) { add_use(facts_.functions, use); }

void Gather::plain_function(const FunctionUse& use) { add_use(facts_.plain_functions, use); }

void Gather::fail(std::string why, std::string_view sqlstate) {
  if (failed()) return;
  facts_.unanalysable = std::move(why);
  facts_.unanalysable_sqlstate = sqlstate;
  facts_.depends_on_literals = true;
}

namespace {

/// What the gateway has put away of what was dropped is as if it were gone.
bool kept_away(const Action& action) {
  return std::any_of(action.targets.begin(), action.targets.end(), [&](const Object& target) {
    const bool schema = action.object_kind == "schema";
    return (schema ? target.name : target.schema).starts_with(catalog::kKeptPrefix);
  });
}

}  // namespace

void Gather::finish() {
  if (std::any_of(facts_.actions.begin(), facts_.actions.end(), kept_away))
    fail(
        "schemas that begin with sluice_kept_ are the gateway's own: it keeps there what was "
        "dropped, until that is undone or its time is over",
        "42501");
  facts_.tables.assign(tables_.begin(), tables_.end());
  facts_.columns.reserve(columns_.size());
  for (const auto& [column, uses] : columns_) facts_.columns.push_back({column, uses});
  facts_.written.reserve(written_.size());
  facts_.equated.assign(equated_.begin(), equated_.end());
  facts_.computed.assign(computed_.begin(), computed_.end());
  for (auto& [key, value] : written_) {
    const auto& [target, fired] = key;
    facts_.written.push_back({target, std::move(value.sources), value.unknown, fired});
    // A value nobody can tell the origin of may be anything.
    if (value.unknown) facts_.written.back().sources.push_back({{0, 0}, false, {}});
  }
}

}  // namespace sluice::sql
