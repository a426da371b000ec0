#include "gateway/fresh_state.h"

#include "catalog/loader.h"
#include "gateway/asking.h"

namespace sluice::gateway {

Result<FreshState> fresh_state(const config::DatabaseConfig& config) {
  SLUICE_ASSIGN(const auto asking, Asking::connect(config));
  FreshState state;
  for (const auto& [question, answer] :
       {std::pair{kSessionQuery, &state.session},
        std::pair{std::string_view(catalog::fingerprint_query()), &state.schema}}) {
    SLUICE_ASSIGN(const auto results, asking->ask(question));
    if (results.size() != 1 || results[0].empty() || results[0][0].empty() || !results[0][0][0])
      return fail(ErrorCode::kProtocol, "the server of " + config.name + " gave no answer");
    *answer = *results[0][0][0];
  }
  return state;
}

}  // namespace sluice::gateway
