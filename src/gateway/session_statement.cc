// Session: every text is understood and decided on before its bytes go on.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/budgets.h"
#include "gateway/dry_run.h"
#include "gateway/in_flight.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

bool contains_copy_in(const sql::StatementFacts& facts) {
  return std::any_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
    return action.kind == sql::ActionKind::kCopyIn;
  });
}

/// Whether it ends a transaction behind something else: should that be cut off, the server might
/// have gone on to a COMMIT.
bool may_end_too_early(const sql::StatementFacts& facts) {
  using enum sql::TransactionEffect;
  return facts.statements > 1 &&
         std::any_of(facts.transaction.begin(), facts.transaction.end(), [](auto effect) {
           return effect == kCommit || effect == kPrepareTransaction;
         });
}

/// Types of the system call nothing of users' own.
std::vector<sql::Oid> users_types(Bytes oids) {
  std::vector<sql::Oid> types;
  for (size_t at = 0; at < oids.size(); at += 4) {
    const sql::Oid oid = load_be32(oids.data() + at);
    if (oid >= catalog::kFirstUserOid) types.push_back(oid);
  }
  return types;
}

}  // namespace

sql::Settings Session::settings_for_analysis(Bytes text) const {
  sql::Settings settings;
  settings.standard_conforming_strings =
      parameter(parameters_, "standard_conforming_strings") != "off";
  settings.client_encoding = parameter(parameters_, "client_encoding");
  if (settings_uncertain_) {
    // What still runs may change how this text is read. Analysed for the stricter reading, a text
    // that would mean something else in the other is refused.
    settings.standard_conforming_strings = false;
    const bool ascii =
        std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
    if (!ascii && text.find('\\') != Bytes::npos) settings.client_encoding = "SJIS";
  }
  return settings;
}

Session::Pass Session::on_statement(const Piece& piece) {
  if (!piece.whole()) return on_oversized(piece);
  Bytes text, declared;
  if (piece.type == pg::kQuery) {
    const auto query = pg::decode_query(piece.body());
    if (!query) return reject_client(query.error().text);
    text = query->text;
  } else {
    const auto parse = pg::decode_parse(piece.body());
    if (!parse) return reject_client(parse.error().text);
    if (parse->name.size() > pg::kLongestName) return reject_client(kNameTooLong);
    text = parse->text;
    declared = parse->types;
  }
  if (!settle_names()) return defer(piece, kNaming);
  if (names_.problem) {
    const auto problem = std::exchange(names_.problem, nullptr);
    return piece.type == pg::kQuery ? refuse_query(audit::Phase::kSimple, nullptr, problem)
                                    : refuse_extended({}, nullptr, problem);
  }
  std::shared_ptr<const Statement> statement = redone_ ? redone_->statement : nullptr;
  if (!statement) {
    Reading reading{settings_for_analysis(text), scope_};
    reading.settings.parameter_types = users_types(declared);
    statement = worker_.analyser().find_or_analyse(text, reading);
    if (!statement) {
      analyse_later(piece, text, reading);
      return Pass::kDrop;
    }
  }
  if (piece.type == pg::kQuery && transaction_ == 'E' && !may_leave_aborted(expected_) &&
      statement->facts().statements > 1 &&
      (names_.now != 0 || names_.catalog_version != admission_.database->catalog().version())) {
    // What follows the ROLLBACK would be judged by what names have meant.
    return refuse_query(audit::Phase::kSimple, statement.get(),
                        refusal("stale-names", "25P02",
                                "what follows the end of this aborted transaction in the same text "
                                "cannot be judged",
                                "Send ROLLBACK alone."));
  }
  if (reread_first(piece, statement->facts())) return Pass::kDrop;
  if (piece.type == pg::kQuery && (count_deferred_first(piece, statement->facts()) ||
                                   ask_prepared_first(piece, statement->facts()))) {
    return Pass::kDrop;
  }
  const auto& uses = statement->facts().prepared;
  const bool in_flight = std::any_of(uses.begin(), uses.end(), [this](const auto& use) {
    return use.what == sql::PreparedUse::What::kExecute && statement_in_flight(expected_, use.name);
  });
  if (in_flight) return defer(piece, kQueue);
  if (const auto pass = settle_end_user(piece, *statement, text, 0)) return *pass;
  if (const auto pass = settle_stated(piece, *statement, text, 0)) return *pass;
  if (estimate_first(piece, text, *statement, declared) || label_first(piece, *statement) ||
      count_use_first(piece)) {
    return Pass::kDrop;
  }
  if (const auto setting = wanted_receipt(piece, *statement); !setting.empty()) {
    make_receipt(piece, setting);
    return Pass::kDrop;
  }
  if (piece.type == pg::kQuery && ask_terms_first(piece, *statement, 0)) return Pass::kDrop;
  return judge(piece, statement);
}

/// What the catalog does not have may have been made past the gateway a moment ago: it is looked at
/// before the statement is judged for what it might be.
bool Session::reread_first(const Piece& piece, const sql::StatementFacts& facts) {
  if (!facts.unresolved || (redone_ && redone_->reread) || transaction_ == 'E') return false;
  const bool asked = admission_.database->catalog().doubt(
      [&worker = worker_, id = id_](const CatalogKeeper::Known&) {
        worker.post([id](Worker& self) {
          if (Session* session = self.find_session(id)) session->take_deferred(kRereading);
        });
      });
  if (!asked) return false;
  defer(piece, kRereading);
  deferred_->reread = true;
  deferred_->statement = nullptr;
  return true;
}

void Session::analyse_later(const Piece& piece, Bytes text, const Reading& reading) {
  std::string copy(text);
  defer(piece, kAnalysing);
  worker_.shared().analysers.submit(
      copy, reading, [&worker = worker_, id = id_, reading, copy](Analysis analysis) {
        worker.post([id, reading, copy, analysis = std::move(analysis)](Worker& self) mutable {
          if (Session* session = self.find_session(id)) {
            session->analysed(reading, std::move(copy), std::move(analysis));
          }
        });
      });
}

void Session::analysed(const Reading& reading, std::string text, Analysis analysis) {
  if (!deferred_) return;
  deferred_->statement = worker_.analyser().remember(text, reading, std::move(analysis));
  take_deferred(kAnalysing);
}

Session::DecisionPtr Session::decide(const Statement& statement,
                                     std::optional<double> estimate) const {
  const auto& judgement =
      statement.meaning->judgement(worker_.runtime()->policy, *principal_, *admission_.database);
  policy::Circumstances now;
  if (judgement.moves()) {
    now = circumstances(&statement.facts());
    now.estimated_rows = estimate;
  }
  auto decision = judgement.decide(now);
  if (estimate) {
    auto expecting = std::make_shared<policy::Decision>(*decision);
    expecting->estimated_rows = estimate;
    decision = std::move(expecting);
  }
  if (!decision->allowed()) decision = with_step_up(statement, std::move(decision));
  return admission_.dry_run ? for_show(std::move(decision), statement.facts()) : decision;
}

/// `facts`: of what is judged; null: of nothing in particular.
policy::Circumstances Session::circumstances(const sql::StatementFacts* facts) const {
  policy::Circumstances now;
  now.now_micros = now_.wall_micros;
  now.client_address = client_address_;
  now.application = parameter(parameters_, "application_name");
  const auto renames = [&](const sql::ApplicationChange& change) {
    now.later_applications.insert(now.later_applications.end(), change.names.begin(),
                                  change.names.end());
    now.any_application = now.any_application || change.unknown;
  };
  renames(names_.application);
  if (facts != nullptr && facts->statements > 1) {
    now.renamed =
        !names_.application.any() && facts->application.first && facts->transaction.empty();
    renames(facts->application);
    now.any_application = now.any_application || facts->dynamic_sql;
  }
  now.purpose = acting_.stated.purpose;
  now.authenticated_micros = admission_.principal.authenticated_micros;
  now.in_transaction = transaction_ahead_ != 'I';
  now.run = !acting_.said_now.run.empty();
  now.prompt = !acting_.said_now.prompt.empty();
  now.tainted = is_tainted(acting_, admission_.principal, *worker_.runtime()->policy,
                           worker_.shared().agents.taints, now_.wall_micros);
  return now;
}

bool Session::has_room(DecisionPtr& refused) {
  if (worker_.reserve_record()) return true;
  static const auto kFull = refusal(
      "audit-unavailable", "58030", "the audit log cannot be written, so no statement is taken",
      "An operator finds the reason at /readyz and in the gateway's log.");
  refused = kFull;
  return false;
}

/// What speaks against what the policy allows, other than the policy; null: nothing does. Of a Bind
/// the text is not looked at, but what is bound.
Session::DecisionPtr Session::objection_beside(const Statement& statement,
                                               const policy::Decision& decision, bool writes,
                                               Bytes text, const Piece* bind) {
  if (auto why = objection(statement)) return why;
  if (auto none = no_receipt_for(statement.facts(), acting_.stated)) return none;
  if (auto written = masked_values_written(masking_of(statement).get(), text, bind)) return written;
  return needs_counting(writes, decision) ? uncountable(statement.facts()) : nullptr;
}

Session::Pass Session::judge(const Piece& piece,
                             const std::shared_ptr<const Statement>& statement) {
  const bool simple = piece.type == pg::kQuery;
  const auto parse = simple ? Result<pg::ParseMessage>() : pg::decode_parse(piece.body());
  auto decision = decide(*statement, redone_ ? redone_->estimate : std::nullopt);
  if ((!simple || statement->facts().kind == "PREPARE") && !decision->allowed()) {
    const Bytes types = simple ? Bytes() : parse->types;
    if (auto later = once_estimated(*statement, types)) decision = std::move(later);
  }
  if (redone_) decision = costing(std::move(decision), redone_->cost);
  ++statements_;
  last_statement_ = statement;
  DecisionPtr refused;
  bool writes = statement->facts().writes;
  executing_.clear();
  const Bytes text = !piece.whole() ? Bytes()
                     : simple       ? pg::decode_query(piece.body())->text
                                    : parse->text;
  if (simple && decision->effect == policy::Effect::kHold) {
    if (must_hold(piece, *statement, text, decision)) {
      hold(piece, *statement, text, {}, {}, std::move(decision));
      return Pass::kDrop;
    }
  }
  // Nothing runs at Parse: what is prepared is held when its parameters are known.
  const bool held_later =
      !simple && users_types(parse->types).empty() && could_be_approved(*decision);
  if (decision->allowed() && !statement->facts().prepared.empty()) {
    decision = decide_prepared_uses(*statement, text, std::move(decision), writes);
  }
  bound_by_cursors(statement->facts(), decision, writes);
  if (redone_ && redone_->refused) {
    decision = redone_->refused;
  } else if (simple && decision->allowed() && !within_rate(statement.get(), decision, refused)) {
    decision = refused;
  } else if (decision->allowed()) {
    if (auto why = objection_beside(*statement, *decision, writes, text, nullptr))
      decision = std::move(why);
  }
  if (!has_room(refused)) {
    decision = refused;
  } else if (!simple && prepared_.many_statements()) {
    decision = too_many_prepared();
  } else if (simple && decision->allowed() && !may_guess(masking_of(*statement).get(), refused)) {
    decision = refused;
  }
  if (!decision->allowed() && !(held_later && decision->effect == policy::Effect::kHold)) {
    acting_.spending.reset();
    return simple ? refuse_query(audit::Phase::kSimple, statement.get(), decision)
                  : refuse_extended(parse->name, statement.get(), decision, true);
  }
  return simple ? forward_query(piece, statement, std::move(decision), writes)
                : forward_parse(*parse, statement, std::move(decision));
}

Session::Pass Session::forward_query(const Piece& piece,
                                     const std::shared_ptr<const Statement>& statement,
                                     DecisionPtr decision, bool writes) {
  bound_at_server(statement.get(), decision.get());
  const bool counted = needs_counting(writes, *decision);
  const bool by_tag = counted && tag_counts(statement.get(), *decision);
  bool go_on = true;
  Pass pass = Pass::kForward;
  if (counted) {
    pass = begin_counted_query(piece, statement, *decision, by_tag, go_on);
  } else if (decision->limits.on_results() && may_end_too_early(statement->facts())) {
    if (!expected_.empty()) {
      acting_.spending.reset();
      pass = defer(piece, kQueue);
      deferred_->paid = true;
      return pass;
    }
    if (begin_split(pg::decode_query(piece.body())->text)) {
      acting_.spending.reset();
      return Pass::kDrop;
    }
  }
  if (go_on && stamping_.must(writes, statement.get())) {
    pass = begin_stamped_query(piece, *statement, counted, go_on);
  }
  if (!go_on) {
    acting_.spending.reset();
    if (deferred_) deferred_->paid = true;
    return pass;
  }
  Expected& entry = expect(RequestKind::kQuery);
  entry.stamp = stamping_.now;
  entry.text = statement;
  entry.decision = std::move(decision);
  entry.principal = principal_->id;
  entry.counted = counted;
  entry.by_tag = by_tag;
  entry.of_cursor = !statement->facts().cursors.empty();
  entry.may_copy_in = contains_copy_in(statement->facts());
  veil(entry, statement.get());
  if (acting_.stated.trains() && returns_data(statement->facts())) {
    // Without terms the server is to fail: should it not, nothing of it is shown.
    entry.exported = std::make_unique<Exporting>(
        redone_ && redone_->terms
            ? redone_->terms
            : std::make_shared<const ExportTerms>(ExportTerms{acting_.stated, {}}));
  }
  entry.captured = capturing_for(entry.decision.get(), worker_.shared().results);
  note_limits(entry);
  settings_uncertain_ = true;
  since_sync_ = false;
  if (entry.may_copy_in) suspend(kCopyBarrier);
  if (counted) suspend(kCounting);
  // A text of PREPAREs is kept, to be understood anew when names have come to mean something else.
  if (!statement->facts().prepared.empty()) entry.source = pg::decode_query(piece.body())->text;
  entry.scope = scope_.id;
  note_opened(entry, writes);
  note_effects(statement, counted);
  for (const auto& executed : executing_) note_effects(executed.text, counted);
  entry.executed.swap(executing_);
  executing_.clear();
  return counted ? Pass::kForward : find_by_pseudonym(piece, entry);
}

Session::Pass Session::forward_parse(const pg::ParseMessage& parse,
                                     const std::shared_ptr<const Statement>& statement,
                                     DecisionPtr decision) {
  bound_at_server(statement.get(), decision.get());
  Expected& entry = expect(RequestKind::kParse);
  entry.text = statement;
  entry.decision = std::move(decision);
  entry.statement.assign(parse.name);
  entry.types.assign(parse.types);
  // Understood anew, it would be without the types declared here.
  if (users_types(parse.types).empty()) entry.source.assign(parse.text);
  entry.scope = scope_.id;
  entry.may_copy_in = contains_copy_in(statement->facts());
  veil(entry, statement.get());
  since_sync_ = true;
  copy_in_parsed_ = copy_in_parsed_ || entry.may_copy_in;
  return Pass::kForward;
}

/// What `name` will stand for at the server once all that has been sent is answered.
const Prepared* Session::prepared_ahead(Bytes name, Prepared& pending) {
  for (size_t i = expected_.size(); i > 0; --i) {
    const Expected& entry = expected_.at(i - 1);
    if (const auto* use = last_use(entry, name)) {
      if (use->what != sql::PreparedUse::What::kPrepare) return nullptr;
      pending.text = entry.text;
      pending.decision = entry.decision;
      pending.scope = entry.scope;
      pending.source = entry.source;
      const auto& results = entry.text->facts().results;
      for (size_t r = 0; r < results.size(); ++r) {
        if (results[r].prepares == name) pending.result = r;
      }
      return &pending;
    }
    if (entry.kind == RequestKind::kClose && !entry.close_portal && entry.statement == name) {
      return nullptr;
    }
    if (entry.kind != RequestKind::kParse || entry.statement != name) continue;
    if (entry.refused) return nullptr;
    pending.text = entry.text;
    pending.decision = entry.decision;
    pending.scope = entry.scope;
    pending.source = entry.source;
    pending.types = entry.types;
    return &pending;
  }
  return prepared_.find(name);
}

Session::Pass Session::on_oversized(const Piece& piece) {
  if (piece.first) capture_digest_ = std::make_unique<Sha256>();
  capture_digest_->update(piece.body());
  if (!piece.last) return Pass::kDrop;
  auto facts = std::make_shared<sql::StatementFacts>();
  const auto digest = capture_digest_->finish();
  capture_digest_.reset();
  facts->unanalysable =
      fmt::format("the statement of {} bytes is longer than the gateway analyses ({} bytes)",
                  piece.length, admission_.runtime->config->limits.statement_bytes);
  facts->unanalysable_sqlstate = "54000";
  ++statements_;
  const Statement statement{std::make_shared<const Meaning>(std::move(facts), scope_.scope),
                            {{}, std::string(digest.data(), digest.size()), {}}};
  const auto decision = decide(statement, std::nullopt);
  return piece.type == pg::kQuery ? refuse_query(audit::Phase::kSimple, &statement, decision)
                                  : refuse_extended({}, &statement, decision);
}

}  // namespace sluice::gateway
