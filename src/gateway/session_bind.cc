// Session: Bind, which decides on what was prepared.
#include <fmt/format.h>

#include "gateway/budgets.h"
#include "gateway/in_flight.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

Session::Pass Session::on_bind(const Piece& piece) {
  // Enough of a Bind that arrives in parts to know its names and record its first parameters; the
  // rest passes through and is only digested.
  constexpr size_t kCapture = 64 * 1024;
  if (!piece.first && skip_until_sync_) {
    // Its place in the queue went with the error of what stands before it.
    capture_digest_.reset();
    std::string().swap(capture_);
    const bool held = std::exchange(bind_held_, false);
    dropping_ = held && !piece.last;
    return held ? Pass::kDrop : Pass::kForward;
  }
  if (piece.first) {
    if (!settle_names()) return defer(piece, kNaming);
    if (names_.problem) {
      dropping_ = !piece.last;
      return refuse_extended({}, nullptr, std::exchange(names_.problem, nullptr));
    }
  }
  if (piece.first) {
    watch_.bind_begins = !since_sync_ && expected_.empty() && piece.whole();
    expect(RequestKind::kBind);
    since_sync_ = true;
    capture_.clear();
    bind_held_ = true;
  }
  if (piece.whole()) {
    bind_held_ = false;
    const auto prefix = pg::decode_bind_prefix(piece.body());
    Expected& entry = expected_.back();
    // A malformed one is the server's to refuse; should it not, the session ends.
    if (!prefix) {
      entry.malformed = true;
      return Pass::kForward;
    }
    capture_bind(entry, piece.body(), {});
    return judge_bind(piece, entry, prefix->portal, prefix->statement);
  }
  if (piece.first) capture_digest_ = std::make_unique<Sha256>();
  capture_digest_->update(piece.body());
  const size_t kept = capture_.size();
  capture_.append(piece.body().substr(0, kCapture - std::min(kCapture, kept)));
  const Pass pass = bind_held_ ? begin_bind(piece, kept) : Pass::kForward;
  if (pass == Pass::kStop || dropping_) return pass;
  if (piece.last) {
    const auto digest = capture_digest_->finish();
    capture_bind(expected_.back(), capture_, {digest.data(), digest.size()});
    capture_digest_.reset();
    std::string().swap(capture_);
  }
  return pass;
}

/// Nothing of a Bind goes on before its names are there and what they name has been decided on.
/// `kept`: bytes of its body that were kept back before this part.
Session::Pass Session::begin_bind(const Piece& piece, size_t kept) {
  Expected& entry = expected_.back();
  const auto prefix = pg::decode_bind_prefix(capture_);
  if (!prefix && !piece.last) {
    if (capture_.size() > 16 * 1024) return reject_client("the names in a Bind are too long");
    return Pass::kDrop;
  }
  bind_held_ = false;
  if (!prefix) {
    entry.malformed = true;
  } else {
    const std::string portal(prefix->portal);
    const std::string name(prefix->statement);
    const Pass pass = judge_bind(piece, entry, portal, name);
    if (pass != Pass::kForward) {
      // What waits comes again from its beginning, with its rest behind it.
      dropping_ = !piece.last && !deferred_;
      if (deferred_ && !piece.first) {
        deferred_->bytes.assign(1, pg::kBind);
        append_be32(deferred_->bytes, piece.length - 1);
        deferred_->bytes.append(capture_, 0, kept).append(piece.body());
        deferred_->piece.first = true;
      }
      capture_digest_.reset();
      std::string().swap(capture_);
      return pass;
    }
  }
  if (piece.first) return Pass::kForward;
  // What was kept back goes first, under the header that the first part had.
  replacement_.assign(1, pg::kBind);
  append_be32(replacement_, piece.length - 1);
  replacement_.append(capture_, 0, kept).append(piece.body());
  return Pass::kReplace;
}

void Session::capture_bind(Expected& entry, Bytes body, Bytes digest) {
  const auto prefix = pg::decode_bind_prefix(body);
  if (!prefix) return;
  entry.portal.assign(prefix->portal);
  entry.statement.assign(prefix->statement);
  const size_t limit = admission_.runtime->config->audit.parameters_limit;
  Bytes parameters = body.substr(prefix->parameters_offset);
  if (digest.empty()) {
    const auto exact = pg::bind_parameters(body, prefix->parameters_offset);
    if (exact) parameters = *exact;
    if (parameters.size() == 4) return;  // No formats, no parameters.
  }
  entry.parameters.assign(parameters.substr(0, limit));
  if (!digest.empty()) {
    entry.parameters_digest.assign(digest);
  } else if (parameters.size() > limit) {
    const auto whole = sha256(parameters);
    entry.parameters_digest.assign(whole.data(), whole.size());
  }
}

/// A prepared statement is decided on anew at each Bind: by the policy of now, and, where names
/// have come to mean something else, by what they mean now. `entry` is the Bind's.
Session::Pass Session::judge_bind(const Piece& piece, Expected& entry, Bytes portal, Bytes name) {
  if (portal.size() > pg::kLongestName || name.size() > pg::kLongestName)
    return reject_client(kNameTooLong);
  entry.portal.assign(portal);
  entry.statement.assign(name);
  if (statement_in_flight(expected_, name)) {
    if (!piece.first) {
      return refuse_bind(nullptr, refusal("prepared-in-flight", "26000",
                                          "what the statement's name stands for is not known yet",
                                          "Wait for the answer to what prepares it."));
    }
    expected_.drop_back();
    return defer(piece, kQueue);
  }
  if (!portal.empty() && prepared_.many_portals() && prepared_.find_portal(portal) == nullptr) {
    return refuse_bind(nullptr, too_many_prepared());
  }
  Prepared pending;
  const Prepared* prepared = prepared_ahead(name, pending);
  if (prepared != nullptr && prepared->text) return judge_bound(piece, entry, name, *prepared);
  if (unseen_prepares_) {
    return refuse_bind(nullptr,
                       refusal("unknown-prepared-statement", "26000",
                               fmt::format("prepared statement \"{}\" does not exist", name), ""));
  }
  // The server does not know it either, and will say so; should it not, the session ends.
  entry.malformed = true;
  return Pass::kForward;
}

/// The same, once it is known what is bound.
Session::Pass Session::judge_bound(const Piece& piece, Expected& entry, Bytes name,
                                   const Prepared& prepared) {
  auto statement = prepared.text;
  if (const auto pass = understand_bound(piece, prepared, name, statement)) return *pass;
  if (const auto pass = settle_bound(piece, prepared, *statement)) return *pass;
  auto decision = decide(*statement, redone_ ? redone_->estimate : std::nullopt);
  if (prepared.decision) decision = costing(decision, prepared.decision->planner_cost);
  if (decision->effect == policy::Effect::kHold &&
      must_hold(piece, *statement, prepared.source, decision)) {
    return hold_bound(piece, prepared, *statement, std::move(decision));
  }
  entry.writes = statement->facts().writes;
  if (decision->allowed() && !statement->facts().prepared.empty()) {
    decision = decide_prepared_uses(*statement, prepared.source, std::move(decision), entry.writes);
  }
  bound_by_cursors(statement->facts(), decision, entry.writes);
  if (redone_ && redone_->refused) decision = redone_->refused;
  if (decision->allowed()) {
    if (auto why = objection_beside(*statement, *decision, entry.writes, {}, &piece))
      decision = std::move(why);
  }
  if (!decision->allowed()) return refuse_bind(statement.get(), decision);
  if (piece.first && bound_at_server(statement.get(), decision.get(), true)) {
    return defer(piece, kQueue);
  }
  if (ends_bounded_transaction(statement->facts())) {
    if (!piece.first) return refuse_bind(statement.get(), prepared_elsewhere(name));
    expected_.drop_back();
    count_deferred_first(piece, statement->facts());
    return Pass::kDrop;
  }
  entry.scope = scope_.id;
  entry.bound = {now_, epoch_, principal_->id};
  // Needed when what it prepares is used.
  if (!statement->facts().prepared.empty()) entry.source = prepared.source;
  veil(entry, statement.get());
  if (redone_) entry.terms = redone_->terms;
  entry.text = std::move(statement);
  entry.decision = std::move(decision);
  return bind_by_pseudonym(piece, entry);
}

/// `statement` as its names are understood now; a Pass: it is not, or must wait for that.
std::optional<Session::Pass> Session::understand_bound(
    const Piece& piece, const Prepared& prepared, Bytes name,
    std::shared_ptr<const Statement>& statement) {
  if (prepared.scope == scope_.id) return std::nullopt;
  if (prepared.source.empty()) return refuse_bind(nullptr, prepared_elsewhere(name));
  const Reading reading{settings_for_analysis(prepared.source), scope_};
  statement = redone_ && redone_->statement
                  ? redone_->statement
                  : worker_.analyser().find_or_analyse(prepared.source, reading);
  if (statement) return std::nullopt;
  if (!piece.whole()) return refuse_bind(nullptr, prepared_elsewhere(name));
  const std::string source = prepared.source;
  expected_.drop_back();
  analyse_later(piece, source, reading);
  return Pass::kDrop;
}

/// What has to be known, or to be answered in the server's place, before it is decided on.
std::optional<Session::Pass> Session::settle_bound(const Piece& piece, const Prepared& prepared,
                                                   const Statement& statement) {
  if (const auto pass = settle_end_user(piece, statement, prepared.source, 1)) return pass;
  if (const auto pass = settle_stated(piece, statement, prepared.source, 1)) return pass;
  if (const auto setting = wanted_receipt(piece, statement); !setting.empty()) {
    expected_.drop_back();
    make_receipt(piece, setting);
    return Pass::kDrop;
  }
  if (!piece.whole() && acting_.stated.trains() && returns_data(statement.facts())) {
    return refuse_bind(&statement, too_long_to_export());
  }
  if (ask_terms_first(piece, statement, 1)) return Pass::kDrop;
  if (estimate_first(piece, prepared.source, statement, prepared.types)) return Pass::kDrop;
  return std::nullopt;
}

/// With its parameters, which whoever approves it has to see.
Session::Pass Session::hold_bound(const Piece& piece, const Prepared& prepared,
                                  const Statement& statement, DecisionPtr decision) {
  const auto prefix = pg::decode_bind_prefix(piece.body());
  const auto values = pg::bind_parameters(piece.body(), prefix->parameters_offset);
  if (!values) return reject_client(values.error().text);
  const std::string source = prepared.source, types = prepared.types;
  expected_.drop_back();
  hold(piece, statement, source, types, *values, std::move(decision));
  return Pass::kDrop;
}

/// In the place of the last Bind's entry.
Session::Pass Session::refuse_bind(const Statement* statement, const DecisionPtr& decision) {
  expected_.drop_back();
  return refuse_extended({}, statement, decision);
}

}  // namespace sluice::gateway
