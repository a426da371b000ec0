// WITH: which names it gives, to whom, and what they yield.
#include "sql/walker.h"

namespace sluice::sql {

CteFrame* Walker::with(const Node& body, const Level* outer, CteFrame* ctes, CteFrame& frame) {
  const auto clause = field(body, "withClause");
  if (!clause) return ctes;
  frame.outer = ctes;
  frame.level = outer;
  for_each(*clause, "ctes", [&](const Node& wrapper) {
    const auto definition = field(wrapper, "CommonTableExpr");
    if (!definition) return;
    Cte cte;
    cte.name = text_field(*definition, "ctename");
    cte.definition = *definition;
    frame.ctes.push_back(std::move(cte));
  });
  // Under RECURSIVE each sees all, else each sees those before it.
  const bool recursive = bool_field(*clause, "recursive");
  if (recursive) frame.visible = frame.ctes.size();
  for (size_t i = 0; i < frame.ctes.size(); ++i) {
    cte_rows({&frame.ctes[i], &frame});
    if (!recursive) frame.visible = i + 1;
  }
  return &frame;
}

Rows Walker::cte_columns(const Cte& cte, const RowsPtr& rows) const {
  Rows out;
  out.many = rows->many;
  out.open = rows->open;
  out.rest = rows->rest;
  if (rows->table != nullptr) {
    rows->append_to(out.columns);
  } else {
    out.columns = rows->columns;
  }
  size_t i = 0;
  const auto names = strings_in(*cte.definition, "aliascolnames");
  for (size_t at = rows->told(); !names.empty() && rows->table == nullptr && at < rows->count();
       ++at) {
    out.columns[at].value = rows->at(at);
    out.open = true;
  }
  for (const std::string_view name : names) {
    if (i < out.columns.size()) {
      out.columns[i].name = name;
    } else {
      out.columns.push_back({name, rows->at(i)});
    }
    ++i;
  }
  if (const auto search = field(*cte.definition, "search_clause")) {
    out.columns.push_back({text_field(*search, "search_seq_column"), {}});
    for (const auto name : strings_in(*search, "search_col_list")) {
      if (const auto value = out.find(name)) out.columns.back().value.add(value->through("row"));
    }
  }
  if (const auto cycle = field(*cte.definition, "cycle_clause")) {
    out.columns.push_back({text_field(*cycle, "cycle_mark_column"), {}});
    out.columns.push_back({text_field(*cycle, "cycle_path_column"), {}});
    Value& mark = out.columns[out.columns.size() - 2].value;
    for (const auto name : strings_in(*cycle, "cycle_col_list")) {
      const auto value = out.find(name);
      if (!value) continue;
      mark.add(value->through("= (computed)"));
      out.columns.back().value.add(value->through("row"));
    }
  }
  return out;
}

RowsPtr Walker::cte_rows(const FoundCte& found) {
  Cte& cte = *found.cte;
  if (cte.state == Cte::State::kDone) return cte.rows;
  if (cte.state == Cte::State::kBusy) {
    cte.referred_to_itself = true;
    return cte.rows != nullptr ? cte.rows : unknown_rows();
  }
  cte.state = Cte::State::kBusy;
  const auto query = field(*cte.definition, "ctequery");
  RowsPtr rows = unknown_rows();
  if (query && spend()) {
    const auto body = field(*query, "SelectStmt");
    const bool set = body && field(*body, "larg").has_value() && !field(*body, "withClause");
    rows = set && found.frame->visible == found.frame->ctes.size()
               ? recursive_rows(cte, *query, *found.frame)
               : rows_of(*query, found.frame->level, found.frame);
  }
  cte.rows = std::make_shared<Rows>(cte_columns(cte, rows));
  cte.state = Cte::State::kDone;
  return cte.rows;
}

RowsPtr Walker::recursive_rows(Cte& cte, const Node& query, CteFrame& frame) {
  constexpr int kMaxRounds = 8;
  const Node body = *field(query, "SelectStmt");
  const RowsPtr first = select(*field(body, "larg"), frame.level, &frame);
  cte.rows = std::make_shared<Rows>(cte_columns(cte, first));
  // What comes from the query itself comes from where its rows so far come from.
  const auto size = [](const RowsPtr& rows) {
    size_t total = rows->open ? 1 : 0;
    for (const auto& column : rows->columns) {
      total += column.value.unknown ? 1 : 0;
      for (const auto& source : column.value.sources) total += 1 + source.functions.size();
    }
    return total;
  };
  RowsPtr all;
  size_t before = 0;
  for (int round = 0; round < kMaxRounds; ++round) {
    cte.referred_to_itself = false;
    all = select(body, frame.level, &frame);
    cte.rows = std::make_shared<Rows>(cte_columns(cte, all));
    const size_t now = size(cte.rows);
    if (!cte.referred_to_itself || now == before) return all;
    before = now;
  }
  auto everything = std::make_shared<Rows>();
  Value any = all->whole(all).through("…");
  any.unknown = true;
  for (const auto& column : all->columns) everything->columns.push_back({column.name, any});
  everything->many = true;
  return everything;
}

}  // namespace sluice::sql
