// sluice provenance: receipts for data that left to train a model.
#include "cli/provenance_commands.h"

#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "audit/tree_files.h"
#include "cli/public_key.h"
#include "provenance/check_rows.h"
#include "tlog/checkpoint.h"

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

}  // namespace

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
