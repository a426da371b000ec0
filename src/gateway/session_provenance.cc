// Session: receipts for data that leave to train a model. What of a session's statements returns
// data once it has stated that purpose is hashed row by row as it goes to the client, and a signed
// statement of it is on the record before the client sees it complete. See docs/provenance.md.
#include <fmt/format.h>

#include "base/log.h"
#include "gateway/exporting.h"
#include "gateway/in_flight.h"
#include "gateway/refusals.h"
#include "gateway/server_identity.h"
#include "gateway/server_rules.h"
#include "gateway/session.h"
#include "gateway/worker.h"

namespace sluice::gateway {
namespace {

std::shared_ptr<const policy::Decision> refused(std::string message, std::string hint) {
  return refusal("training-receipt", "42501", std::move(message), std::move(hint));
}

/// Why a client may not say so; null: it may.
std::shared_ptr<const policy::Decision> objection_to(std::string_view setting,
                                                     const std::optional<std::string>& value,
                                                     const Stated& stated) {
  if (!value) {
    return refused("what a session is for is stated alone, and for the session",
                   fmt::format("Send one statement: SET {} = '…'", setting));
  }
  if (!is_statable(*value)) {
    return refused(fmt::format("{} takes up to 200 bytes without control characters", setting), "");
  }
  // Cursors and portals that it has opened for training would go on without receipts.
  if (setting == "sluice.purpose" && stated.trains() && *value != stated.purpose) {
    return refused("a session that trains goes on so",
                   "Connect again for another purpose, or send DISCARD ALL first.");
  }
  return nullptr;
}

/// In place of a notice that was to be kept and cannot be.
/// How masks are made, to be raised whenever one of them makes something else of the same value
/// under the same policy and key; and which key that is, without a word about it.
std::string mask_version(const SecretString& secret) {
  constexpr size_t kIdBytes = 8;
  const auto id = hmac_sha256(secret.reveal(), "sluice-mask-key-id");
  return "1+" + to_hex({id.data(), kIdBytes});
}

std::string untold_notice(const policy::Decision& why) {
  wire::postgres::ErrorFields fields;
  fields.set_severity("WARNING");
  fields.set(wire::postgres::kFieldSqlstate, "01000");
  fields.set(wire::postgres::kFieldMessage, "a notice of the server is not shown: " + why.message);
  fields.set(wire::postgres::kFieldHint, why.hint);
  std::string out;
  wire::postgres::encode_notice_response(out, fields);
  return out;
}

}  // namespace

/// Takes what the client says its session is for; nothing: go on. `own`: as settle_end_user.
std::optional<Session::Pass> Session::settle_stated(const Piece& piece, const Statement& statement,
                                                    Bytes text, size_t own) {
  Stated& stated = acting_.stated;
  const bool parsing = piece.type == wire::postgres::kParse;
  const bool resets = statement.facts().resets_settings && !parsing;
  if (resets) acting_.before.changes(acting_.all_said(), readies_to_come(expected_));
  if (resets && !stated.trains()) stated = {};
  const std::string_view setting = stated_in(statement.facts());
  // What is only parsed has not happened yet.
  if (setting.empty() || parsing) return std::nullopt;
  const auto value = plainly_set(text, setting);
  if (const auto why = objection_to(setting, value, stated)) {
    for (; own > 0; --own) expected_.drop_back();
    return piece.type == wire::postgres::kQuery
               ? refuse_query(audit::Phase::kSimple, &statement, why)
               : refuse_extended({}, &statement, why);
  }
  acting_.before.changes(acting_.all_said(), readies_to_come(expected_));
  *stated.member(setting) = *value;
  return std::nullopt;
}

/// Asks the server which state a statement is about to read, if data leave by it. True: `piece`
/// waits for the answer. `own`: as settle_end_user.
bool Session::ask_terms_first(const Piece& piece, const Statement& statement, size_t own) {
  const bool asked = redone_ && (redone_->terms || redone_->refused);
  if (!acting_.stated.trains() || asked || !returns_data(statement.facts())) return false;
  if (no_receipt_for(statement.facts(), acting_.stated)) return false;
  const bool failed = transaction_ == 'E';
  if (failed && !ready_outstanding(expected_)) return false;  // Then so does this.
  for (; own > 0; --own) expected_.drop_back();
  if (failed) {
    defer(piece, kQueue);
    return true;
  }
  defer(piece, kReceipt);
  const bool same = transaction_ahead_ == 'T' || since_sync_;
  run_own({snapshot_question()}, [this, same](OwnRun& run) {
    if (!deferred_) return;
    const auto snapshot = run.answer.error ? std::nullopt : snapshot_of(run.answer.results, same);
    deferred_->terms = std::make_shared<const ExportTerms>(
        ExportTerms{acting_.stated, snapshot.value_or(provenance::Snapshot())});
    if (!snapshot && !run.skipped) {
      deferred_->refused =
          refused("no receipt can be made: the server does not tell which state is read",
                  "An operator looks at what hinders the gateway's user: "
                  "SELECT pg_current_wal_lsn(), pg_current_snapshot()");
    }
    take_deferred(kReceipt);
  });
  return true;
}

/// The text, and which of its results, that `entry` returns; null: not known.
std::pair<const Statement*, size_t> Session::result_of(const Expected& entry) {
  const std::pair<const Statement*, size_t> unknown{nullptr, 0};
  if (!entry.text || entry.completed >= entry.text->facts().results.size()) return unknown;
  const auto& result = entry.text->facts().results[entry.completed];
  if (!result.fetches.empty()) {
    if (const auto cursor = opened_.declared.find(result.fetches);
        cursor != opened_.declared.end()) {
      return {cursor->second.text.get(), cursor->second.result};
    }
    const Portal* portal = prepared_.find_portal(result.fetches);
    if (portal == nullptr || portal->doubtful || !portal->prepared.text) return unknown;
    return {portal->prepared.text.get(), 0};
  }
  if (result.executes.empty()) return {entry.text.get(), entry.completed};
  for (const Executed& executed : entry.executed) {
    if (executed.name == result.executes) return {executed.text.get(), executed.result};
  }
  return unknown;
}

/// What keeps the result of `entry`; null: nobody asks for it. Its Bind may have begun it.
Capturing* Session::capturing(const Expected& entry) {
  if (entry.kind == RequestKind::kExecute && entry.captured) {
    Portal* portal = prepared_.find_portal(entry.portal);
    if (portal != nullptr && portal->captured) return portal->captured.get();
  }
  return entry.captured.get();
}

/// Keeps a message of a result, where somebody asks for it. False: it cannot be, and the session
/// has ended.
bool Session::keep(const Expected& entry, char type, Bytes body) {
  Capturing* kept = capturing(entry);
  return kept == nullptr ||
         kept->add(type, body, now_.wall_micros, [this](const auto& part) { return record(part); });
}

/// Keeps an error or a notice, `replacement_`, as it goes to the client. What plans or parses a
/// statement may tell of data, too: where that cannot be kept, `replacement_` becomes what says so.
/// The session goes on: nothing has run, and nothing will (`no_capture`). False: it has ended.
bool Session::keep_words(Expected& entry) {
  const bool before = entry.kind == RequestKind::kBind || entry.kind == RequestKind::kParse;
  if (before && !entry.captured && entry.decision && entry.decision->limits.capture) {
    auto& results = worker_.shared().results;
    if (const auto why = no_capture(*entry.decision, results, *worker_.runtime()->config)) {
      const bool notice = replacement_.front() == wire::postgres::kNoticeResponse;
      replacement_ = notice ? untold_notice(*why) : refusal_response(*why);
      return true;
    }
    entry.captured = capturing_for(entry.decision.get(), results);
  }
  return keep(entry, replacement_.front(), Bytes(replacement_).substr(wire::postgres::kHeaderSize));
}

/// The server has described the rows of `entry`, or begins to copy. False: the session has ended.
bool Session::begin_export(Expected& entry, const Piece& description) {
  if (entry.captured && description.type == wire::postgres::kRowDescription) {
    if (!description.whole()) {
      fatal("58030", "this result is to be kept, and its description is too long",
            "Select fewer columns.");
      return false;
    }
    server_framer_.use(masking_rules());
    if (!keep(entry, description.type, description.body())) return false;
  }
  if (!entry.exported) return true;
  Exporting& out = *entry.exported;
  if (out.begun) return true;
  if (!description.whole()) return export_failed("a description of a result is too long");
  const bool copy = description.type == wire::postgres::kCopyOutResponse;
  const auto [text, index] = result_of(entry);
  const auto* result = text != nullptr && index < text->facts().results.size()
                           ? &text->facts().results[index]
                           : nullptr;
  if (copy && (result == nullptr || !result->copy)) return export_failed("an unexpected COPY");
  if (out.terms->snapshot.lsn.empty()) return export_failed("which state is read is not known");
  const auto* catalog = scope_.scope ? scope_.scope->catalog.get() : nullptr;
  auto columns = columns_of(copy ? Bytes() : description.body(), result, catalog,
                            entry.masked ? entry.masked->plan.get() : nullptr);
  if (!columns) return export_failed(columns.error().text);
  out.columns = std::move(*columns);
  if (text != nullptr) out.tables = text->facts().tables;
  if (copy) {
    out.form = copy_form(*result->copy);
    out.copy = std::make_unique<provenance::CopyRows>(*out.form, out.tree);
  }
  out.begun = true;
  // Rows come whole.
  server_framer_.use(masking_rules());
  return true;
}

/// A row, or data of COPY in pieces, as the client gets it. False: the session has ended.
bool Session::export_data(Expected& entry, Bytes data, bool last) {
  using namespace wire::postgres;
  if (!data.empty() && !keep(entry, entry.copying_out ? kCopyData : kDataRow, data)) return false;
  if (!entry.exported) return true;
  Exporting& out = *entry.exported;
  if (!out.begun) return export_failed("rows that the server has not described");
  if (!out.copy) {
    out.tree.add(data);
    return true;
  }
  auto done = out.copy->feed(data);
  if (done && last) done = out.copy->finish();
  return done ? true : export_failed(done.error().text);
}

bool Session::export_failed(std::string_view why) {
  log::error("session {}: no receipt can be made for a result: {}", id_, why);
  fatal("58030", fmt::format("no receipt can be made for this result: {}", why),
        "Nothing of it is to be used. An operator finds details in the gateway's log.");
  return false;
}

/// Before an export is recorded as completed, its receipt is made and recorded. False: it cannot
/// be, and the session has ended.
bool Session::end_export(const Expected& entry, audit::Event& event) {
  if (Capturing* kept = capturing(entry)) {
    if (!kept->end(now_.wall_micros, [this](const auto& part) { return record(part); }))
      return false;
    event.captured = kept->told();
  }
  if (!entry.exported || !entry.exported->begun) return true;
  Exporting& out = *entry.exported;
  out.told = out.id;
  event.receipt = out.told;
  if (event.outcome != audit::Outcome::kAllowed || !event.sqlstate.empty()) return true;
  provenance::Receipt what = receipt_of(out, context(), event);
  what.started_micros = entry.started.wall_micros;
  what.ended_micros = now_.wall_micros;
  what.origin = worker_.shared().log.origin();
  if (scope_.scope && scope_.scope->catalog) what.catalog = scope_.scope->catalog->fingerprint();
  what.masking = admission_.database->config().masking;
  if (what.masking) what.mask_version = mask_version(worker_.shared().secret);
  what.encoding = parameter(parameters_, "client_encoding");
  const std::string payload = provenance::to_statement(what);
  const auto sealed =
      worker_.shared().log.sign(tlog::dsse_bytes(provenance::kPayloadType, payload));
  if (!sealed) return export_failed(sealed.error().text);
  const tlog::Envelope envelope{std::string(provenance::kPayloadType),
                                payload,
                                {{tlog::dsse_key_id(sealed->key), sealed->signature}}};
  acting_.envelope = tlog::format_envelope(envelope);
  const auto digest = sha256(payload);
  out.told += " sha256:" + to_hex({digest.data(), digest.size()});
  event.receipt = out.told;
  const std::string message = fmt::format("{} row(s) for training left as data set \"{}\"",
                                          out.tree.size(), out.terms->stated.dataset);
  audit::Event receipt;
  receipt.type = audit::EventType::kProvenance;
  receipt.time_micros = now_.wall_micros;
  receipt.receipt = out.told;
  receipt.envelope = acting_.envelope;
  receipt.dataset = out.terms->stated.dataset;
  receipt.model = out.terms->stated.model;
  receipt.rows = out.tree.size();
  receipt.message = message;
  return record(receipt);
}

}  // namespace sluice::gateway
