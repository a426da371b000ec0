#include "analyst.h"

#include "facts_json.h"

namespace sluice::tools {

namespace json = boost::json;

Result<void> Analyst::look() {
  if (!system_) {
    SLUICE_ASSIGN(system_, database_.load());
  }
  SLUICE_ASSIGN(scope_.catalog, database_.load(false, system_.get()));
  SLUICE_ASSIGN(const auto results,
                database_.run("SELECT pg_catalog.unnest(pg_catalog.current_schemas(true))"));
  scope_.search_path.clear();
  for (const catalog::Row& row : results.at(0)) scope_.search_path.push_back(row.at(0).value());
  return {};
}

Result<json::object> Analyst::answer(const json::value& line) {
  if (line.is_object()) {
    SLUICE_TRY(database_.run(std::string_view(line.at("run").as_string())));
    SLUICE_TRY(look());
    json::object temporary;
    for (const catalog::Relation& relation : scope_.catalog->relations()) {
      if (relation.persistence == 't') temporary[std::to_string(relation.oid)] = relation.name;
    }
    return json::object{{"temporary", std::move(temporary)}};
  }
  return to_json(*sql::analyse(std::string_view(line.as_string()), {}, scope_), *scope_.catalog);
}

}  // namespace sluice::tools
