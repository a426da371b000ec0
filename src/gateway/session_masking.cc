// Session: what of a result its client may not see is masked on its way.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "audit/subject_set.h"
#include "base/log.h"
#include "gateway/budgets.h"
#include "gateway/refusal_facts.h"
#include "gateway/refusals.h"
#include "gateway/server_identity.h"
#include "gateway/server_rules.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

constexpr std::string_view kEncoding =
    "what is masked cannot be told apart in this client_encoding";

/// Whether no byte of ASCII is part of another character: quotes, backslashes and delimiters are
/// what they look like then.
bool can_be_masked(std::string_view client_encoding) {
  static constexpr std::array<std::string_view, 7> kOthers = {
      "SJIS", "SHIFT_JIS_2004", "BIG5", "GBK", "UHC", "GB18030", "JOHAB"};
  return std::find(kOthers.begin(), kOthers.end(), client_encoding) == kOthers.end();
}

mask::CopyOptions copy_options(const sql::StatementResult& result) {
  const sql::CopyOut& copy = *result.copy;
  mask::CopyOptions options;
  options.form = copy.format == "binary" ? mask::CopyForm::kBinary
                 : copy.format == "csv"  ? mask::CopyForm::kCsv
                                         : mask::CopyForm::kText;
  options.delimiter = copy.delimiter;
  options.null_text = copy.null_text;
  options.quote = copy.quote;
  options.escape = copy.escape;
  options.header = copy.header;
  for (const auto& column : result.columns) {
    options.force_quote.push_back(copy.force_quote_all ||
                                  std::find(copy.force_quote.begin(), copy.force_quote.end(),
                                            column.name) != copy.force_quote.end());
  }
  return options;
}

void append_copy_data(std::string& out, Bytes data) {
  out.push_back(pg::kCopyData);
  append_be32(out, static_cast<uint32_t>(data.size() + 4));
  out.append(data);
}

}  // namespace

/// To whom values are shown right now; null where nothing is masked at all.
const AudiencePtr& Session::audience(const sql::StatementFacts* facts) {
  const Database& database = *admission_.database;
  if (!database.config().masking || !scope_.scope || !scope_.scope->catalog) return audience_;
  const auto& policy = worker_.runtime()->policy;
  const uint64_t labels = database.labels().version();
  const bool known = audience_ && audience_of_.policy == policy &&
                     audience_of_.scope == scope_.id && audience_of_.labels == labels;
  if (known && !audience_of_.moves) return audience_;
  const auto exposure = policy::exposure(policy, principal_->principal,
                                         {database.config().name, database.config().environment},
                                         circumstances(facts));
  audience_of_ = {policy, scope_.id, labels, policy::exposure_moves(*policy)};
  audience_ =
      worker_.audiences().intern(scope_.scope->catalog, database.labels().current(), exposure);
  return audience_;
}

std::shared_ptr<const Masking> Session::masking_of(const Statement& statement) {
  const auto& shown_to = audience(&statement.facts());
  return shown_to ? statement.meaning->masking(*shown_to) : nullptr;
}

/// Tables that nobody has looked at yet are looked at first. True: `piece` waits for it.
bool Session::label_first(const Piece& piece, const Statement& statement) {
  if (redone_ && redone_->labelled) return false;
  const auto masking = masking_of(statement);
  const auto& policy = worker_.runtime()->policy;
  std::vector<catalog::Oid> wanted;
  if (masking) wanted = masking->plan().unlabelled;
  if (policy->asks_classes()) {
    const auto& judged =
        statement.meaning->judgement(policy, *principal_, *admission_.database).unlabelled();
    wanted.insert(wanted.end(), judged.begin(), judged.end());
  }
  if (wanted.empty() || !scope_.scope || !scope_.scope->catalog) return false;
  defer(piece, kLabelling);
  deferred_->labelled = true;
  admission_.database->labels().when_known(scope_.scope->catalog, wanted,
                                           [&worker = worker_, id = id_](bool) {
                                             worker.post([id](Worker& self) {
                                               if (Session* session = self.find_session(id))
                                                 session->take_deferred(kLabelling);
                                             });
                                           });
  return true;
}

/// Why what a statement does with hidden columns, or with whom the server takes its client for, is
/// refused; null if it is not.
Session::DecisionPtr Session::objection(const Statement& statement) {
  if (auto why = changes_identity(admission_.database->config().identity, statement.facts(),
                                  acting_.may)) {
    return why;
  }
  const auto masking = masking_of(statement);
  if (!masking) return nullptr;
  const auto& facts = statement.facts();
  const bool goes_back =
      facts.statements > 1 && std::any_of(facts.transaction.begin(), facts.transaction.end(),
                                          [](sql::TransactionEffect effect) {
                                            return effect == sql::TransactionEffect::kRollback ||
                                                   effect == sql::TransactionEffect::kRollbackTo;
                                          });
  const bool changed =
      std::any_of(schema_changes_.begin(), schema_changes_.end(),
                  [](const auto& statement) { return statement->facts().schema_change; });
  if (goes_back && changed) {
    return refusal("masked-columns", "0A000",
                   "what follows a rollback of schema changes in the same text cannot be masked",
                   "Send the statements one by one.");
  }
  if (masking->plan().masks() && !can_be_masked(parameter(parameters_, "client_encoding"))) {
    return refusal("masked-columns", "42501", std::string(kEncoding),
                   "SET client_encoding = 'UTF8' first.");
  }
  if (!masking->plan().objection) return nullptr;
  const auto& why = *masking->plan().objection;
  return refusal("masked-columns", "42501", why.message, why.hint);
}

/// Comparisons with what is hidden are counted, so that nobody goes through a dictionary.
bool Session::may_guess(const Masking* masking, DecisionPtr& refused) {
  const bool none = masking == nullptr || (redone_ && redone_->paid);
  const size_t guesses = none ? 0 : masking->plan().guesses;
  const auto& limits = admission_.runtime->config->limits;
  bool may = guesses <= limits.masked_comparisons;
  for (size_t i = 0; i < guesses && may; ++i) {
    may = worker_.shared().rates.take(admission_.user, "masked-columns",
                                      limits.masked_comparisons_per_minute, now_.steady);
  }
  if (may) return true;
  auto denied = std::make_shared<policy::Decision>(*refusal(
      "masked-columns", "53400",
      fmt::format("more than {} comparisons with masked columns in a statement, or {} in a minute",
                  limits.masked_comparisons, limits.masked_comparisons_per_minute),
      "Wait a minute, or ask for a rule that unmasks the column."));
  denied->detail = refusal_detail(
      *denied, {{"user", admission_.user},
                {"database", admission_.database->config().name},
                {"environment", admission_.database->config().environment},
                {"comparisons", guesses},
                {"masked_comparisons", limits.masked_comparisons},
                {"masked_comparisons_per_minute", limits.masked_comparisons_per_minute}});
  refused = std::move(denied);
  return false;
}

/// Notes with a request what of its answer is hidden. Without a `statement` nobody knows what rows
/// it returns.
void Session::veil(Expected& entry, const Statement* statement) {
  const auto& shown_to = audience(statement == nullptr ? nullptr : &statement->facts());
  if (!shown_to) return;
  entry.masking = statement == nullptr ? nullptr : statement->meaning->masking(*shown_to);
  // What is only parsed writes nothing.
  if (statement != nullptr && entry.kind != RequestKind::kParse)
    carry(*statement, entry.masking.get());
  if (statement != nullptr && !entry.masking) return;
  entry.audience = shown_to;
  if (entry.masking && entry.masking->plan().hides) {
    hiding_transaction_ = true;
    opaque_transaction_ = opaque_transaction_ || entry.masking->plan().opaque;
  }
  entry.veiled =
      statement == nullptr || entry.masking->plan().masks() || entry.masking->plan().sees();
}

/// Whether the server has to be asked what rows an Execute will return.
bool Session::must_describe(const Statement* statement) {
  if (statement == nullptr) return audience() != nullptr;
  const auto masking = masking_of(*statement);
  return masking && (masking->plan().masks() || masking->plan().sees());
}

/// How rows of `entry` that the server describes so are masked.
Result<RowPlanPtr> Session::row_plan(const Expected& entry, Bytes description) {
  const auto& audience = entry.audience->audience;
  const auto& permuter = worker_.shared().permuter;
  const auto of = [&](const Statement& text, size_t result) -> Result<RowPlanPtr> {
    const auto masking = text.meaning->masking(*entry.audience);
    if (!masking) return std::make_shared<const RowPlan>();
    return masking->rows(result, description, audience, permuter);
  };
  if (entry.kind == RequestKind::kExecute) {
    const Portal* portal = prepared_.find_portal(entry.portal);
    if (portal != nullptr && portal->rows_plan) {
      // Rules look at the hour and at what the session says of itself, too.
      if (portal->rows_audience->audience.exposure == audience.exposure) return portal->rows_plan;
      // Shown otherwise it is planned anew, as long as names mean what they did.
      if (portal->prepared.scope != scope_.id)
        return rows_by_origin(description, audience, permuter);
    }
  }
  if (!entry.text) return cursor_plan(entry.portal, description, of, audience);
  const auto& results = entry.text->facts().results;
  const size_t index = entry.completed;
  if (index >= results.size()) return rows_by_origin(description, audience, permuter);
  const std::string& executes = results[index].executes;
  if (!results[index].fetches.empty()) {
    return cursor_plan(results[index].fetches, description, of, audience);
  }
  if (executes.empty()) return of(*entry.text, index);
  // The text may have prepared it anew.
  for (size_t i = index; i > 0; --i) {
    if (results[i - 1].prepares != executes) continue;
    return results[index].explained ? rows_by_origin(description, audience, permuter)
                                    : of(*entry.text, i - 1);
  }
  for (const Executed& executed : entry.executed) {
    if (executed.name != executes) continue;
    if (!results[index].explained) return of(*executed.text, executed.result);
    // The planner runs functions, and shows what they return.
    const auto masking = executed.text->meaning->masking(*entry.audience);
    const bool tells =
        masking && masking->plan().hides && !executed.text->facts().functions.empty();
    if (!tells) return of(*entry.text, index);
  }
  return rows_by_origin(description, audience, permuter);
}

Result<RowPlanPtr> Session::cursor_plan(const std::string& name, Bytes description,
                                        const TextPlan& of, const mask::Audience& audience) {
  if (const auto cursor = opened_.declared.find(name); cursor != opened_.declared.end()) {
    return of(*cursor->second.text, cursor->second.result);
  }
  const Portal* portal = prepared_.find_portal(name);
  if (portal != nullptr && !portal->doubtful && portal->prepared.text)
    return of(*portal->prepared.text, 0);
  return rows_by_origin(description, audience, worker_.shared().permuter);
}

/// The server has described the rows of `entry`. False: they cannot be shown, and the session has
/// ended.
bool Session::begin_masked_rows(Expected& entry, const Piece& description) {
  if (!entry.veiled) return true;
  if (!description.whole()) return unmaskable("a description of a result is too long");
  auto plan = row_plan(entry, description.body());
  if (!plan) return unmaskable(plan.error().text);
  entry.masked = std::make_unique<MaskedRows>();
  entry.masked->plan = std::move(*plan);
  if (entry.masked->plan->masker) {
    if (!can_be_masked(parameter(parameters_, "client_encoding"))) return unmaskable(kEncoding);
    see_rows(*entry.masked);
    server_framer_.use(masking_rules());
  }
  return true;
}

bool Session::begin_masked_copy(Expected& entry) {
  if (!entry.veiled) return true;
  if (!entry.text || !entry.masking) return unmaskable("a COPY that was not expected");
  const auto& results = entry.text->facts().results;
  const size_t index = entry.completed;
  const auto& planned = entry.masking->plan().results;
  if (index < planned.size() && !planned[index].masks && !planned[index].sees) return true;
  if (index >= results.size() || !results[index].copy) {
    return unmaskable("a COPY that was not expected");
  }
  auto plan = entry.masking->copied(index, results[index], entry.audience->audience,
                                    worker_.shared().permuter);
  if (!plan) return unmaskable(plan.error().text);
  entry.masked = std::make_unique<MaskedRows>();
  entry.masked->plan = std::move(*plan);
  if (entry.masked->plan->masker) {
    if (!can_be_masked(parameter(parameters_, "client_encoding"))) return unmaskable(kEncoding);
    entry.masked->copy.emplace(entry.masked->plan->masker, copy_options(results[index]),
                               kLongestMaskedRow);
    see_rows(*entry.masked);
  }
  return true;
}

void Session::end_masked_rows(Expected& entry) {
  if (!entry.masked && !entry.row_by_row()) return;
  server_framer_.use(server_rules());
  entry.masked.reset();
  entry.exported.reset();
}

bool Session::unmaskable(std::string_view why) {
  log::error("session {}: a result cannot be masked: {}", id_, why);
  fatal("0A000", fmt::format("this result cannot be masked safely: {}", why),
        "Select columns that are not masked, or ask for a rule that unmasks them.");
  return false;
}

/// The short way for rows and COPY data that are there whole; what is left is looked at one by one.
/// False: the session has ended.
bool Session::mask_rows(Bytes& in) {
  if (in.size() <= pg::kHeaderSize || expected_.empty()) return true;
  Expected& entry = expected_.front();
  if (!entry.masked || !entry.masked->plan->masker) return true;
  if (entry.limited || entry.cut || !server_framer_.at_boundary()) return true;
  const char type = entry.masked->copy ? pg::kCopyData : pg::kDataRow;
  masked_.clear();
  while (in.size() > pg::kHeaderSize && in[0] == type) {
    const uint32_t length = load_be32(in.data() + 1);
    if (length < 6 || length > kLongestMaskedRow || length >= in.size()) break;
    if (!mask_message(in.substr(pg::kHeaderSize, length - 4), entry)) return false;
    in.remove_prefix(length + 1);
  }
  if (masked_.empty()) return true;
  if (!record_sightings(entry)) return false;
  entry.bytes += masked_.size();
  send_to_client(masked_);
  return true;
}

/// Appends the DataRow, or what of a CopyData may be shown already, to `masked_` as a message.
bool Session::mask_message(Bytes body, Expected& entry) {
  MaskedRows& rows = *entry.masked;
  const size_t start = masked_.size();
  masked_.append(rows.copy ? "d\0\0\0\0" : "D\0\0\0\0", pg::kHeaderSize);
  const auto done = rows.copy ? rows.copy->feed(body, masked_)
                              : rows.plan->masker->mask_row(body, rows.scratch, masked_);
  if (!done) return unmaskable(done.error().text);
  entry.rows = rows.copy ? rows.copy->rows() : entry.rows + 1;
  const Bytes shown = Bytes(masked_).substr(start + pg::kHeaderSize);
  if (rows.copy && shown.empty()) {
    masked_.resize(start);
    return true;
  }
  store_be32(masked_.data() + start + 1, static_cast<uint32_t>(shown.size() + 4));
  return export_data(entry, shown, false);
}

void Session::see_rows(MaskedRows& rows) {
  rows.sightings = std::make_unique<mask::Sightings>(worker_.shared().sighting_key);
  rows.scratch.sightings = rows.sightings.get();
  if (rows.copy) return rows.copy->tell(*rows.sightings);
  rows.scratch.substitutes = &substitutes_;
  for (const auto& note : rows.plan->notes)
    rows.scratch.names.push_back(mask::Substitutes::column(note.column));
}

/// Before they are shown, what of a long result has been gathered goes on the record. False: it
/// cannot, and the session has ended.
bool Session::record_sightings(Expected& entry) {
  if (!entry.masked->sightings || !entry.masked->sightings->full()) return true;
  entry.masked->told = 0;
  const auto digests = entry.masked->sightings->take(false);
  entry.masked->sightings->remember(digests);
  const std::string shown = audit::encode_set(digests);
  const std::string masked = audit::encode_set(entry.masked->sightings->take(true));
  audit::Event event;
  event.type = audit::EventType::kSeen;
  event.time_micros = now_.wall_micros;
  describe(event, entry.text.get());
  event.seen_shown = shown;
  event.seen_masked = masked;
  if (entry.exported) event.receipt = entry.exported->id;
  event.rows = entry.rows;
  return record(event);
}

/// One row, gathered or beside a limit.
Session::Pass Session::on_masked_row(const Piece& piece, Expected& entry) {
  if (!piece.whole()) {
    cut_result(entry, refusal("masked-columns", "54000",
                              fmt::format("a row of {} bytes is longer than the gateway masks ({})",
                                          piece.length, kLongestMaskedRow),
                              "Leave the long column out, or ask for a rule that unmasks it."));
    dropping_row_ = !piece.last;
    return Pass::kDrop;
  }
  masked_.clear();
  if (!mask_message(piece.body(), entry)) return Pass::kStop;
  if (auto over = over_subjects(entry)) {
    --entry.rows;
    cut_result(entry, std::move(over));
    return Pass::kDrop;
  }
  if (!record_sightings(entry)) return Pass::kStop;
  replacement_ = masked_;
  entry.bytes += replacement_.size();
  return Pass::kReplace;
}

/// Data of a COPY TO, and CopyDone, which follows what was still held back.
Session::Pass Session::on_masked_copy(const Piece& piece, Expected& entry) {
  masked_.clear();
  if (piece.type == pg::kCopyDone) {
    auto& copy = *entry.masked->copy;
    if (const auto done = copy.finish(masked_); !done) {
      unmaskable(done.error().text);
      return Pass::kStop;
    }
    if (!export_data(entry, masked_, true)) return Pass::kStop;
    entry.rows = copy.rows();
    replacement_.clear();
    if (!masked_.empty()) append_copy_data(replacement_, masked_);
    replacement_.append(piece.bytes);
  } else {
    if (entry.limited && piece.first && !within_limits(entry, 1, piece.length)) {
      dropping_row_ = !piece.last;
      return Pass::kDrop;
    }
    if (!mask_message(piece.body(), entry)) return Pass::kStop;
    replacement_ = masked_;
  }
  if (auto over = over_subjects(entry)) {
    cut_result(entry, std::move(over));
    return piece.type == pg::kCopyDone ? Pass::kForward : Pass::kDrop;
  }
  if (!record_sightings(entry)) return Pass::kStop;
  entry.bytes += replacement_.size();
  return replacement_.empty() ? Pass::kDrop : Pass::kReplace;
}

}  // namespace sluice::gateway
