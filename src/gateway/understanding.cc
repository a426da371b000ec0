#include "gateway/understanding.h"

#include <future>
#include <string>

namespace sluice::gateway {
namespace {

constexpr auto kLongestRead = std::chrono::seconds(10);

Result<policy::Understood> analysed(const Database& database, AnalyserThreads& analysers,
                                    std::string_view text,
                                    std::shared_ptr<const catalog::Catalog> catalog) {
  const auto path = database.fresh_search_path(fresh_path_key({}, *catalog));
  Reading reading;
  reading.scope.scope = std::make_shared<const sql::Scope>(
      path ? sql::Scope{catalog, *path} : sql::Scope{catalog, {"pg_catalog", "public"}});
  auto facts = std::make_shared<std::promise<std::shared_ptr<const sql::StatementFacts>>>();
  auto facts_known = facts->get_future();
  analysers.submit(std::string(text), reading,
                   [facts](Analysis analysis) { facts->set_value(analysis.facts); });
  if (facts_known.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
    return fail(ErrorCode::kTimeout, "the statement could not be analysed in time");
  }
  return policy::Understood{facts_known.get(), std::move(catalog), database.labels().current(),
                            database.config().masking};
}

/// The catalog once the server has been asked for what `catalog` does not have; null where that was
/// done a moment ago, or it has nothing new.
std::shared_ptr<const catalog::Catalog> looked_again(
    const Database& database, const std::shared_ptr<const catalog::Catalog>& catalog) {
  auto seen = std::make_shared<std::promise<CatalogKeeper::Known>>();
  auto known = seen->get_future();
  const bool asked =
      database.catalog().doubt([seen](const CatalogKeeper::Known& what) { seen->set_value(what); });
  if (!asked || known.wait_for(kLongestRead) != std::future_status::ready) return nullptr;
  const auto now = known.get();
  return now && *now != catalog ? *now : nullptr;
}

}  // namespace

Result<std::shared_ptr<const catalog::Catalog>> catalog_of(const Database& database) {
  auto known = std::make_shared<std::promise<CatalogKeeper::Known>>();
  auto catalog_known = known->get_future();
  database.catalog().when_current([known](CatalogKeeper::Known what) { known->set_value(what); });
  if (catalog_known.wait_for(kLongestRead) != std::future_status::ready) {
    return fail(ErrorCode::kTimeout,
                "the catalog of \"" + database.config().name + "\" could not be read in time");
  }
  return catalog_known.get();
}

Result<policy::Understood> understand(const Database& database, AnalyserThreads& analysers,
                                      std::string_view text) {
  SLUICE_ASSIGN(const auto catalog, catalog_of(database));
  auto understood = analysed(database, analysers, text, catalog);
  if (!understood || !understood->facts->unresolved) return understood;
  const auto again = looked_again(database, catalog);
  return again ? analysed(database, analysers, text, again) : understood;
}

}  // namespace sluice::gateway
