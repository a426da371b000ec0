#include "control/data_api.h"

#include <algorithm>
#include <cmath>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "control/body.h"
#include "control/caller.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

using privacy::ColumnLabel;
using privacy::Shape;
using privacy::TableLabels;

json::object to_json(const std::string& database, const TableLabels& table,
                     const ColumnLabel& column) {
  const auto& decision = column.decision;
  json::object out{{"database", database},
                   {"schema", table.schema},
                   {"table", table.name},
                   {"column", column.name},
                   {"type", column.type},
                   {"shape", privacy::name(decision.shape)},
                   {"class", ""},
                   {"category", ""},
                   {"strength", ""},
                   {"masked", column.masked()},
                   {"hidden", column.hidden},
                   {"unproven", column.unproven},
                   {"confidence", std::round(double{decision.confidence} * 100) / 100},
                   {"rows", table.sampled},
                   {"values", column.values},
                   {"evidence", json::array(decision.evidence.begin(), decision.evidence.end())},
                   {"corrected_by", column.corrected_by}};
  if (decision.shape == Shape::kNone) out["class"] = privacy::name(privacy::Class::kNone);
  if (decision.shape == Shape::kWhole && decision.cls != privacy::Class::kNone) {
    const auto& info = privacy::info(decision.cls);
    out["class"] = info.name;
    out["category"] = privacy::name(info.category);
    out["strength"] = privacy::name(info.strength);
  }
  return out;
}

/// In the order of their names, the server's own last.
std::vector<const TableLabels*> sorted(const privacy::Labels& labels) {
  std::vector<const TableLabels*> out;
  for (const auto& [oid, table] : labels.tables()) out.push_back(table.get());
  std::sort(out.begin(), out.end(), [](const TableLabels* a, const TableLabels* b) {
    const bool own_a = a->schema.starts_with("pg_"), own_b = b->schema.starts_with("pg_");
    return std::tie(own_a, a->schema, a->name, a->oid) <
           std::tie(own_b, b->schema, b->name, b->oid);
  });
  return out;
}

struct Filter {
  std::optional<privacy::Class> cls;
  bool all = false;
  size_t limit = 0;

  bool passes(const TableLabels& table, const ColumnLabel& column) const {
    const auto& decision = column.decision;
    if (cls) {
      const bool whole = decision.shape == Shape::kWhole || decision.shape == Shape::kNone;
      return whole && !column.hidden && decision.cls == *cls && table.oid >= catalog::kFirstUserOid;
    }
    const bool special = decision.shape != Shape::kNone || !column.corrected_by.empty();
    if (table.oid < catalog::kFirstUserOid) return all && special;
    return all || special;
  }
};

}  // namespace

std::optional<HttpResponse> DataApi::answer(const HttpRequest& request) {
  const auto is = [&](std::string_view method, std::string_view path) {
    return request.method == method && request.path == path;
  };
  if (is("POST", "/api/v1/data/list")) return list(request);
  if (is("POST", "/api/v1/data/explain")) return explain(request);
  if (is("PUT", "/api/v1/data/column")) return set(request);
  if (is("GET", "/api/v1/data/history")) return history(request);
  return std::nullopt;
}

HttpResponse DataApi::list(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  Filter filter;
  filter.limit = static_cast<size_t>(std::max<int64_t>(0, number_of(*body, "limit")));
  if (const auto* all = body->if_contains("all"); all != nullptr && all->is_bool())
    filter.all = all->get_bool();
  if (const std::string cls = text_of(*body, "class"); !cls.empty()) {
    if (const auto checked = gateway::check_class(cls); !checked) return failed(checked.error());
    filter.cls = privacy::find_class(cls);
    if (!filter.cls) return problem(400, "\"auto\" is no class that a column has");
  }
  std::vector<std::string> databases = {text_of(*body, "database")};
  if (databases[0].empty()) databases = gateway_.databases();
  json::array rows;
  const auto directory = gateway_.directory();
  for (const std::string& database : databases) {
    if (!shown_for(request, *directory, database)) continue;
    const auto labels = gateway_.labels(database);
    if (!labels) return failed(labels.error());
    for (const TableLabels* table : sorted(**labels)) {
      for (const ColumnLabel& column : table->columns) {
        if (filter.limit > 0 && rows.size() >= filter.limit) return json_response(200, rows);
        if (filter.passes(*table, column)) rows.push_back(to_json(database, *table, column));
      }
    }
  }
  return json_response(200, rows);
}

HttpResponse DataApi::explain(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  const std::string database = text_of(*body, "database"), schema = text_of(*body, "schema"),
                    name = text_of(*body, "table"), wanted = text_of(*body, "column");
  if (!shown_for(request, *gateway_.directory(), database))
    return problem(403, "this credential is not good for that database");
  const auto labels = gateway_.labels(database);
  if (!labels) return failed(labels.error());
  json::array rows;
  for (const TableLabels* table : sorted(**labels)) {
    if (table->schema != schema || table->name != name) continue;
    for (const ColumnLabel& column : table->columns) {
      if (wanted.empty() || column.name == wanted)
        rows.push_back(to_json(database, *table, column));
    }
  }
  if (!rows.empty()) return json_response(200, rows);
  return problem(404,
                 fmt::format("nothing is known of {}.{}{}{} in {}; see: sluice data list {} "
                             "--all (views follow the tables they read)",
                             schema, name, wanted.empty() ? "" : ".", wanted, database, database));
}

HttpResponse DataApi::set(const HttpRequest& request) {
  const auto body = body_of(request);
  if (!body) return failed(body.error());
  store::ColumnCorrection next;
  next.database = text_of(*body, "database");
  if (!shown_for(request, *gateway_.directory(), next.database))
    return problem(403, "this credential is not good for that database");
  next.schema = text_of(*body, "schema");
  next.table = text_of(*body, "table");
  next.column = text_of(*body, "column");
  next.cls = text_of(*body, "class");
  next.author = author_of(request, *body);
  next.comment = text_of(*body, "comment");
  const auto number = corrections_.set(gateway_, next);
  if (!number) return failed(number.error());
  return json_response(200, json::object{{"number", *number}, {"class", next.cls}});
}

HttpResponse DataApi::history(const HttpRequest& request) {
  const auto all = corrections_.history();
  if (!all) return failed(all.error());
  json::array rows;
  const auto directory = gateway_.directory();
  for (const auto& each : *all) {
    if (!shown_for(request, *directory, each.database)) continue;
    rows.push_back(json::object{{"number", each.number},
                                {"time", format_time(each.time_micros)},
                                {"database", each.database},
                                {"schema", each.schema},
                                {"table", each.table},
                                {"column", each.column},
                                {"class", each.cls},
                                {"author", each.author},
                                {"comment", each.comment}});
  }
  return json_response(200, rows);
}

}  // namespace sluice::control
