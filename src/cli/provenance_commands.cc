// sluice provenance: receipts for data that left to train a model.
#include "cli/provenance_commands.h"

#include <algorithm>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "audit/filters.h"
#include "audit/training.h"
#include "audit/tree_files.h"
#include "cli/elsewhere.h"
#include "cli/leave_word.h"
#include "cli/public_key.h"
#include "config/config.h"
#include "control/provenance_answers.h"
#include "provenance/check_rows.h"
#include "provenance/openlineage.h"
#include "store/state.h"

namespace sluice::cli {
namespace {

namespace json = boost::json;

Result<std::string> envelope_of(const std::string& file) {
  if (file != "-") return audit::read_file(file);
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

/// How the rows are written; nothing: as the receipt says.
Result<std::optional<provenance::CopyForm>> form_of(const ProvenanceOptions& options,
                                                    const provenance::Receipt& receipt) {
  using provenance::CopyForm;
  if (options.format.empty() && options.delimiter.empty() && !options.null_text &&
      !options.header) {
    return std::nullopt;
  }
  CopyForm form = provenance::form_of(receipt);
  if (options.format == "text") form = CopyForm();
  if (options.format == "csv") form = CopyForm::csv();
  if (options.format == "binary") form = {.format = provenance::CopyFormat::kBinary};
  if (options.delimiter.size() > 1) {
    return fail(ErrorCode::kInvalidInput, "--delimiter takes one character");
  }
  if (!options.delimiter.empty()) form.delimiter = options.delimiter[0];
  if (options.null_text) form.null_text = *options.null_text;
  if (options.header) form.header = true;
  return form;
}

void tell(const provenance::Verified& what, const std::string& rows) {
  const provenance::Receipt& r = what.receipt;
  std::string classes = fmt::format("{}", fmt::join(r.classes, ", "));
  std::cout << fmt::format("The receipt {} is signed by {}.\n", printable(r.id),
                           printable(what.signer))
            << fmt::format("{}: {} row(s) of {} columns from {} at {}, for {}{}\n",
                           printable(r.dataset), r.rows, r.columns.size(), printable(r.database),
                           format_time(r.ended_micros), printable(r.user),
                           r.model.empty() ? "" : ", for the model " + printable(r.model));
  if (!classes.empty()) std::cout << "classes: " << printable(classes) << '\n';
  if (!r.last) std::cout << "One part: the client fetched more, with receipts of their own.\n";
  if (!rows.empty()) std::cout << printable(rows) << " has these rows, in this order.\n";
}

constexpr const char* kReceipts = "/api/v1/provenance/receipts";

struct KeptReceipt {
  std::string envelope;
  std::string record;  ///< its number in the log
};

Result<KeptReceipt> kept_elsewhere(const ProvenanceOptions& options) {
  KeptReceipt kept;
  SLUICE_ASSIGN(
      const auto envelope,
      call_elsewhere("GET", fmt::format("{}/{}", kReceipts, percent_encoded(options.id))));
  kept.envelope = json::serialize(envelope);
  if (!options.openlineage) return kept;
  SLUICE_ASSIGN(const auto all, call_elsewhere("GET", std::string(kReceipts) + "?limit=10000"));
  for (const auto& one : all.at("receipts").as_array()) {
    if (plain(one.at("id")) == options.id) kept.record = plain(one.at("record"));
  }
  return kept;
}

Result<KeptReceipt> kept(const Common& common, const ProvenanceOptions& options) {
  if (is_elsewhere(common)) return kept_elsewhere(options);
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  SLUICE_TRY(leave_word(common, "read the training receipt " + options.id));
  SLUICE_ASSIGN(const auto record, audit::training_receipt(config.state / "audit", options.id));
  return KeptReceipt{record.envelope, std::to_string(record.sequence)};
}

/// Prints the receipts of an answer.
Result<> print_receipts(const Common& common, Listing listing, Result<json::value> answer) {
  if (!answer) return fail(std::move(answer.error()));
  listing.rows = std::move(answer->at("receipts").as_array());
  print(std::cout, listing, common.format);
  return {};
}

using Answer = Result<json::array> (*)(const std::filesystem::path&, const std::string&,
                                       const control::Subject&);

Result<json::value> ask_elsewhere(const ProvenanceOptions& options) {
  json::object body{{"values", json::array(options.values.begin(), options.values.end())}};
  if (!options.id.empty()) body["dataset"] = options.id;
  if (!options.since.empty()) body["since"] = options.since;
  if (!options.until.empty()) body["until"] = options.until;
  return call_elsewhere(
      "POST", options.id.empty() ? "/api/v1/provenance/affected" : "/api/v1/provenance/contains",
      json::serialize(body));
}

Result<> ask(const Common& common, const ProvenanceOptions& options, Answer answer,
             std::vector<std::string> columns) {
  if (is_elsewhere(common))
    return print_receipts(common, {std::move(columns), {}}, ask_elsewhere(options));
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  // The values themselves do not go on the record.
  SLUICE_TRY(leave_word(common, options.id.empty()
                                    ? "asked which training data hold a value"
                                    : "asked whether training data hold a value: " + options.id));
  SLUICE_ASSIGN(auto database, store::open_state(config));
  SLUICE_ASSIGN(const auto secret, store::installation_secret(database));
  control::Subject subject;
  subject.values = options.values;
  subject.dataset = options.id;
  SLUICE_ASSIGN(subject.since_micros, parse_time(options.since));
  SLUICE_ASSIGN(subject.until_micros, parse_time(options.until));
  Listing listing{std::move(columns), {}};
  SLUICE_ASSIGN(listing.rows, answer(config.state / "audit", secret, subject));
  print(std::cout, listing, common.format);
  return {};
}

}  // namespace

Result<> provenance_list(const Common& common, const ProvenanceOptions& options) {
  Listing listing{{"time", "id", "dataset", "model", "user", "database", "rows", "classes"}, {}};
  if (is_elsewhere(common)) {
    audit::Given given = {{"limit", std::to_string(std::min<size_t>(common.limit, 10'000))}};
    for (const auto& [name, value] : {std::pair{"dataset", &options.dataset},
                                      {"model", &options.model},
                                      {"user", &options.user},
                                      {"database", &options.database},
                                      {"since", &options.since},
                                      {"until", &options.until}}) {
      if (!value->empty()) given.emplace_back(name, *value);
    }
    return print_receipts(
        common, std::move(listing),
        call_elsewhere("GET", fmt::format("{}?{}", kReceipts, audit::to_query_string(given))));
  }
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  SLUICE_TRY(leave_word(common, "listed the training receipts"));
  audit::TrainingQuery query{options.dataset, options.model, options.user, options.database};
  SLUICE_ASSIGN(query.since_micros, parse_time(options.since));
  SLUICE_ASSIGN(query.until_micros, parse_time(options.until));
  query.limit = common.limit;
  SLUICE_ASSIGN(const auto all, audit::training_receipts(config.state / "audit", query));
  for (const auto& record : all) listing.rows.push_back(control::summary(record));
  print(std::cout, listing, common.format);
  return {};
}

Result<> provenance_show(const Common& common, const ProvenanceOptions& options) {
  SLUICE_ASSIGN(const auto record, kept(common, options));
  if (options.openlineage) {
    SLUICE_ASSIGN(const auto receipt, provenance::read_receipt(record.envelope));
    std::cout << json_text(provenance::run_event(receipt, record.record)) << '\n';
    return {};
  }
  SLUICE_ASSIGN(const auto envelope, tlog::parse_envelope(record.envelope));
  json::error_code error;
  const auto statement = json::parse(envelope.payload, error);
  if (error || !statement.is_object()) return fail(ErrorCode::kInternal, "an unreadable receipt");
  if (common.format == Format::kJson) {
    std::cout << json_text(statement) << '\n';
    return {};
  }
  for (const auto& [name, value] : statement.at("predicate").as_object()) {
    std::cout << fmt::format("{:<10} {}\n", std::string_view(name), printable(plain(value)));
  }
  return {};
}

Result<> provenance_export(const Common& common, const ProvenanceOptions& options) {
  SLUICE_ASSIGN(const auto record, kept(common, options));
  std::cout << record.envelope << '\n';
  return {};
}

Result<> provenance_contains(const Common& common, const ProvenanceOptions& options) {
  return ask(common, options, control::contains,
             {"time", "id", "dataset", "model", "user", "rows", "contains", "certain"});
}

Result<> provenance_affected(const Common& common, const ProvenanceOptions& options) {
  return ask(common, options, control::affected,
             {"time", "id", "dataset", "model", "user", "rows", "seen", "certain", "completed"});
}

Result<> provenance_verify(const Common& common, const ProvenanceOptions& options) {
  std::vector<tlog::VerifierKey> keys;
  for (const auto& text : options.keys) {
    SLUICE_ASSIGN(auto key, public_key(text));
    keys.push_back(std::move(key));
  }
  SLUICE_ASSIGN(const auto envelope, envelope_of(options.file));
  SLUICE_ASSIGN(const auto what, provenance::open_receipt(envelope, keys));
  if (!options.rows.empty()) {
    SLUICE_ASSIGN(const auto form, form_of(options, what.receipt));
    SLUICE_TRY(provenance::check_rows(options.rows, what.receipt, form));
  }
  if (common.format == Format::kTable) {
    tell(what, options.rows);
    return {};
  }
  SLUICE_ASSIGN(const auto read, tlog::parse_envelope(envelope));
  json::object out = json::parse(read.payload).as_object();
  out["verified_by"] = what.signer;
  out["rows_checked"] = !options.rows.empty();
  std::cout << json_text(out) << '\n';
  return {};
}

}  // namespace sluice::cli
