#include "sql/query_level.h"

#include <algorithm>
#include <iterator>

namespace sluice::sql {
namespace {

void touch(const Level& level, int index) {
  if (level.joins != nullptr) level.joins->touch(index);
}

/// An unqualified name among the columns of one level; several are all taken.
bool find_in(const Level& level, std::string_view name, Value& value, bool& certain) {
  bool found = false;
  const auto take = [&](const Visible& visible, bool open) {
    if (visible.rows->open != open || visible.hides(name)) return;
    const auto column = visible.rows->find(name);
    if (!column) return;
    touch(level, visible.index);
    if (found) {
      value.add(*column);
    } else {
      value = *column;
    }
    found = true;
  };
  for (const Visible& visible : level.from.visible) take(visible, false);
  certain = found;
  if (!found) {
    for (const Visible& visible : level.from.visible) take(visible, true);
  }
  return found;
}

const Entry* entry_of(const Level* level, std::string_view schema, std::string_view name,
                      const Level*& where) {
  for (; level != nullptr; level = level->outer) {
    for (const Entry& entry : level->from.entries) {
      if (entry.name != name || (!schema.empty() && entry.schema != schema)) continue;
      where = level;
      return &entry;
    }
  }
  return nullptr;
}

bool any(const Level* level, bool Level::* mark) {
  for (; level != nullptr; level = level->outer) {
    if (level->*mark) return true;
  }
  return false;
}

FoundColumn find_unqualified(const Level* level, std::string_view name) {
  using What = FoundColumn::What;
  FoundColumn out;
  for (const Level* at = level; at != nullptr; at = at->outer) {
    Value value;
    bool certain = false;
    if (!find_in(*at, name, value, certain)) continue;
    if (out.what == What::kNothing) {
      out = {What::kValue, std::move(value)};
    } else {
      out.value.add(value);
    }
    if (certain) return out;
    out.value.unknown = true;
  }
  if (out.what != What::kNothing) return out;
  const Level* where = nullptr;
  if (const Entry* entry = entry_of(level, {}, name, where)) {
    touch(*where, entry->index);
    return {What::kValue, entry->rows->whole(entry->rows)};
  }
  if (any(level, &Level::has_variables)) return {What::kVariable, {}};
  return out;
}

}  // namespace

bool Visible::hides(std::string_view name) const {
  return std::find(hidden.begin(), hidden.end(), name) != hidden.end();
}

void FromItem::append(FromItem&& other) {
  std::move(other.entries.begin(), other.entries.end(), std::back_inserter(entries));
  std::move(other.visible.begin(), other.visible.end(), std::back_inserter(visible));
}

int Joins::add_table() {
  parents_.push_back(static_cast<int>(parents_.size()));
  touched_.push_back(false);
  return parents_.back();
}

bool Joins::take_touched(int index) {
  const bool touched = touched_[static_cast<size_t>(index)];
  touched_[static_cast<size_t>(index)] = false;
  return touched;
}

int Joins::root(int index) const {
  while (parents_[static_cast<size_t>(index)] != index)
    index = parents_[static_cast<size_t>(index)];
  return index;
}

void Joins::connect(int a, int b) {
  if (a < 0 || b < 0) return;
  parents_[static_cast<size_t>(root(a))] = root(b);
}

void Joins::begin() { open_.emplace_back(); }

void Joins::touch(int index) {
  if (index >= 0) touched_[static_cast<size_t>(index)] = true;
  if (index >= 0 && !open_.empty() && (open_.back().empty() || open_.back().back() != index)) {
    open_.back().push_back(index);
  }
}

void Joins::end() {
  const auto& touched = open_.back();
  for (size_t i = 1; i < touched.size(); ++i) connect(touched[0], touched[i]);
  open_.pop_back();
}

bool Joins::connected() const {
  for (size_t i = 1; i < parents_.size(); ++i) {
    if (root(static_cast<int>(i)) != root(0)) return false;
  }
  return true;
}

FoundCte find_cte(CteFrame* frame, std::string_view name) {
  for (; frame != nullptr; frame = frame->outer) {
    for (size_t i = 0; i < frame->visible; ++i) {
      if (frame->ctes[i].name == name) return {&frame->ctes[i], frame};
    }
  }
  return {};
}

const Entry* find_entry(const Level* level, std::string_view schema, std::string_view name) {
  const Level* where = nullptr;
  const Entry* entry = entry_of(level, schema, name, where);
  if (entry != nullptr) touch(*where, entry->index);
  return entry;
}

FoundColumn find_column(const Level* level, const std::vector<std::string_view>& names) {
  using What = FoundColumn::What;
  if (names.empty()) return {};
  if (names.size() == 1) return find_unqualified(level, names[0]);
  // [[database.]schema.]table.column
  const std::string_view column = names.back();
  const std::string_view table = names[names.size() - 2];
  const std::string_view schema = names.size() > 2 ? names[names.size() - 3] : std::string_view();
  if (const Entry* entry = find_entry(level, schema, table)) {
    if (auto value = entry->rows->find(column)) return {What::kValue, std::move(*value)};
    return {What::kField, entry->rows->whole(entry->rows)};
  }
  // argument.field, record.field
  if (any(level, &Level::has_arguments)) {
    FoundColumn argument = find_unqualified(level, names[0]);
    if (argument.what == What::kValue) return {What::kField, std::move(argument.value)};
  }
  if (any(level, &Level::has_variables)) return {What::kVariable, {}};
  return {};
}

}  // namespace sluice::sql
