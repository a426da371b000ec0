// Session: the end user for whom a service acts, statement by statement.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/attributed.h"
#include "gateway/identified.h"
#include "gateway/in_flight.h"
#include "gateway/refusals.h"
#include "gateway/server_identity.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "identity/end_user.h"
#include "sql/comment_tags.h"

namespace sluice::gateway {
namespace {

std::shared_ptr<const policy::Decision> refused(std::string message) {
  return refusal("end-user", "28000", std::move(message),
                 "Sign who it is for with the service's assertion key: docs/identity.md.");
}

/// Beginning and ending transactions, and settings, show nothing to nobody.
bool needs_nobody(const sql::StatementFacts& facts) {
  return std::all_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
    return action.kind == sql::ActionKind::kTransaction ||
           action.kind == sql::ActionKind::kSessionSetting;
  });
}

/// Whether what has been sent before the last `own` runs nothing.
bool only_prepares(const ExpectedQueue& expected, size_t own) {
  for (size_t i = 0; i + own < expected.size(); ++i) {
    const RequestKind kind = expected.at(i).kind;
    if (kind != RequestKind::kParse && kind != RequestKind::kDescribeStatement) return false;
  }
  return true;
}

}  // namespace

/// Whom the statement is for, as its comment or its SET says. Fails with what to tell the client.
tl::expected<std::string, Session::DecisionPtr> Session::end_user_of(const Statement& statement,
                                                                     Bytes text, bool& sets) {
  const sql::StatementFacts& facts = statement.facts();
  const auto directory = worker_.runtime()->directory;
  const auto verified = [&](std::string_view assertion) -> tl::expected<std::string, DecisionPtr> {
    const identity::User* service = directory->find(admission_.user);
    const std::string pid = std::to_string(static_cast<int32_t>(load_be32(cancel_key_.data())));
    const auto name = identity::verify_end_user(
        assertion, admission_.user, service == nullptr ? SecretString() : service->assertion_key,
        pid, now_.wall_micros);
    if (name) return *name;
    return tl::unexpected(refused("the end user is not believed: " + name.error().text));
  };
  std::string name = facts.resets_settings ? std::string() : acting_.session;
  sets = facts.resets_settings;
  if (names_end_user(facts)) {
    const auto value = end_user_set(text);
    if (!value) {
      return tl::unexpected(
          refused("the end user is set alone, and for the session: SET sluice.end_user = '…'"));
    }
    sets = true;
    name.clear();
    if (!value->empty()) {
      auto said = verified(*value);
      if (!said) return said;
      name = std::move(*said);
    }
  } else if (const auto tag = sql::tag_value(statement.recorded.tags, "sluice_end_user");
             !tag.empty()) {
    auto said = verified(tag);
    if (!said) return said;
    name = std::move(*said);
  }
  if (name.empty()) {
    const bool must = admission_.database->config().identity.end_user_required;
    if (must && !needs_nobody(facts)) {
      return tl::unexpected(refused("whom this is for has to be said in this database"));
    }
    return name;
  }
  const identity::User* known = directory->find(name);
  if (known != nullptr && known->disabled) {
    return tl::unexpected(refused(fmt::format("\"{}\" may no longer do anything", name)));
  }
  return name;
}

/// Makes the statement's end user the one whom the session acts for; nothing: it is, go on. `own`:
/// entries of the queue that are the message's own.
std::optional<Session::Pass> Session::settle_end_user(const Piece& piece,
                                                      const Statement& statement, Bytes text,
                                                      size_t own) {
  // Nearly always there is nothing to do.
  if (!acting_.may && acting_.said_now.empty() && acting_.said.empty() &&
      !speaks_of_attribution(statement)) {
    return std::nullopt;
  }
  const bool simple = piece.type == wire::postgres::kQuery;
  const auto drop_own = [&] {
    for (; own > 0; --own) expected_.drop_back();
  };
  const auto refuse = [&](const DecisionPtr& why) {
    drop_own();
    return simple ? refuse_query(audit::Phase::kSimple, &statement, why)
                  : refuse_extended({}, &statement, why, piece.type == wire::postgres::kParse);
  };
  bool sets = false, says = false;
  auto name = acting_.may ? end_user_of(statement, text, sets) : acting_.now;
  if (!name) return refuse(name.error());
  const auto said =
      attribution_of(statement, text, acting_.said, admission_.user, worker_.shared().secret, says);
  if (!said) return refuse(said.error());
  // What is only parsed has not happened yet.
  const bool parsing = piece.type == wire::postgres::kParse;
  if ((sets || says) && parsing) return std::nullopt;
  if (*name != acting_.now || *said != acting_.said_now) {
    if (expected_.size() > own && (*name != acting_.now || !only_prepares(expected_, own))) {
      // What still runs is for somebody else, and goes on the record as that.
      if (!ready_outstanding(expected_)) {
        return refuse(
            refused("for whom this is changes in the midst of a pipeline: send Sync first"));
      }
      drop_own();
      return defer(piece, kQueue);
    }
    if (!piece.whole()) return refuse(refused("for whom it is changes with too long a message"));
    act_for(*name, *said);
  }
  const auto keep = [&] {
    if (sets || says) acting_.before.changes(acting_.all_said(), readies_to_come(expected_));
    if (sets) acting_.session = *name;
    if (says) acting_.said = *said;
  };
  if (names_known()) {
    keep();
    return std::nullopt;
  }
  const bool again = own > 0;
  drop_own();
  const bool settled = settle_names();
  if (names_.problem) return refuse(std::exchange(names_.problem, nullptr));
  if (settled && !again) {
    keep();
    return std::nullopt;
  }
  const Pass pass = defer(piece, kNaming);
  if (settled) {
    worker_.post([id = id_](Worker& self) {
      if (Session* session = self.find_session(id)) session->take_deferred(kNaming);
    });
  }
  return pass;
}

void Session::act_for(const std::string& end_user, const agents::Attribution& said) {
  const bool same = end_user == acting_.now;
  acting_.now = end_user;
  acting_.said_now = said;
  if (same) {
    context_ = audit::EncodedContext(context());
    return;
  }
  const auto directory = worker_.runtime()->directory;
  const identity::User* user = directory->find(admission_.user);
  if (user == nullptr) return;  // The session is about to end.
  const policy::Principal& known = admission_.principal;
  become(*directory, *user,
         known.credential.empty() ? nullptr : directory->credential(known.credential));
}

/// Its client is who the directory says, acting for whoever it acts for.
void Session::become(const identity::Directory& directory, const identity::User& user,
                     const identity::Credential* credential) {
  const policy::Principal& known = admission_.principal;
  auto principal =
      principal_of(directory, user, credential, known.authentication, known.authenticated_micros,
                   {admission_.database->config().name, wall_micros()});
  // Of a certificate, who vouches for it.
  if (credential == nullptr) principal.issuer = known.issuer;
  admission_.principal = std::move(principal);
  acting_.may = may_assert(user);
  if (!acting_.now.empty()) limit_to_end_user(directory, acting_.now, admission_.principal);
  doubt_identity();
  principal_ = worker_.principals().intern(admission_.principal);
  context_ = audit::EncodedContext(context());
  audience_of_ = {};  // What they may see is found out anew.
}

}  // namespace sluice::gateway
