#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "agents/attribution.h"
#include "base/secret.h"
#include "control/http_server.h"
#include "gateway/gateway.h"
#include "mcp/connections.h"
#include "sql/statement_facts.h"

namespace sluice::control {

/// Who has statements run over HTTP, as they have proved.
struct Asker {
  std::string user;
  std::string credential;         ///< its id
  SecretString secret;            ///< that it was shown with, or that it was issued with
  std::string client;             ///< the program, as it calls itself; for the record
  agents::Attribution said = {};  ///< for which run and prompt this is
  std::string address = {};       ///< from where they ask; empty: from this machine
  std::stop_token wanted = {};  ///< stopped: what runs for them is cancelled, as by Limits::wanted
};

/// What a request's headers say in the manner of the W3C: `traceparent` with its `tracestate`,
/// and in `baggage` OpenTelemetry's gen_ai.conversation.id. Others' words: what can be no name here
/// is left out.
agents::Attribution said_by_headers(const HttpRequest& request);

/// The run in a `baggage`; empty where there is none that can be one here.
std::string run_of_baggage(std::string_view baggage);

/// Whether a statement reads, and leaves nothing behind in its session.
bool only_reads(const sql::StatementFacts& facts);

/// What a run for show has told (docs/agents.md): rows, tables, decision, most_rows, next, record.
/// Nothing: it was refused or failed, as any statement is.
std::optional<boost::json::object> told_for_show(const mcp::Answer& answer);

/// Statements of those who have no client, run as them through the gateway's own listener: the same
/// rules, masks and record as on the wire. Each is by itself: no transaction, setting or cursor
/// outlasts it. Any thread; waits for the database.
class OwnStatements {
 public:
  /// `host`: of the gateway's own listener.
  OwnStatements(gateway::Gateway& gateway, std::string host)
      : gateway_(gateway), host_(std::move(host)) {}

  /// What may come of a statement; what does more is refused.
  enum class May : uint8_t {
    kRead,  ///< the server refuses what writes
    kShow,  ///< the gateway tells what it would change: as an error, sqlstate SLDRY
    kWrite,
  };

  Result<mcp::Answer> run(const Asker& asker, const std::string& database, May may,
                          const std::string& sql,
                          const std::vector<std::optional<std::string>>& parameters,
                          const mcp::Limits& limits);

 private:
  gateway::Gateway& gateway_;
  const std::string host_;
  mcp::Connections connections_;
};

}  // namespace sluice::control
