#include "provenance/check_rows.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include <fmt/format.h>

namespace sluice::provenance {
namespace {

/// Whether what was hashed can be made again from data of this form.
Result<> same_values(const Receipt& receipt, const CopyForm& form) {
  const size_t binary = static_cast<size_t>(std::count_if(
      receipt.columns.begin(), receipt.columns.end(), [](const Column& c) { return c.binary; }));
  const bool wants_binary = form.format == CopyFormat::kBinary;
  if (wants_binary ? binary == receipt.columns.size() : binary == 0) return {};
  if (binary == 0) return fail(ErrorCode::kInvalidInput, "its rows were sent as text, not binary");
  return fail(ErrorCode::kInvalidInput,
              fmt::format("{} of {} columns were sent in binary format: their rows can be checked "
                          "only in COPY's binary format, and only if all were",
                          binary, receipt.columns.size()));
}

}  // namespace

CopyForm form_of(const Receipt& receipt) {
  if (receipt.copy) return *receipt.copy;
  if (!receipt.text()) return {.format = CopyFormat::kBinary};
  CopyForm csv = CopyForm::csv();
  csv.header = true;
  return csv;
}

Result<> check_rows(const std::filesystem::path& file, const Receipt& receipt,
                    const std::optional<CopyForm>& given) {
  const CopyForm form = given ? *given : form_of(receipt);
  SLUICE_TRY(same_values(receipt, form));
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(io_error("open " + file.string(), errno));
  RowTree tree;
  CopyRows rows(form, tree);
  std::string piece(size_t{1} << 16, '\0');
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    SLUICE_TRY(rows.feed(Bytes(piece).substr(0, static_cast<size_t>(in.gcount()))));
  }
  if (in.bad()) return fail(ErrorCode::kIo, "cannot read " + file.string());
  SLUICE_TRY(rows.finish(true));
  if (tree.size() != receipt.rows) {
    return fail(ErrorCode::kDenied, fmt::format("{} has {} rows, and the receipt is for {}",
                                                file.string(), tree.size(), receipt.rows));
  }
  if (tree.root() == receipt.root) return {};
  if (tree.size() > 0 && rows.fields() != receipt.columns.size()) {
    return fail(ErrorCode::kDenied,
                fmt::format("the rows of {} have {} columns, those of the receipt {}",
                            file.string(), rows.fields(), receipt.columns.size()));
  }
  return fail(ErrorCode::kDenied,
              fmt::format("{} has {} rows, but not those of the receipt in their order",
                          file.string(), tree.size()));
}

}  // namespace sluice::provenance
