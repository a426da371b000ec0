#pragma once

#include <filesystem>

#include "base/result.h"
#include "provenance/receipt.h"

namespace sluice::provenance {

/// Whether a file holds the rows that a receipt is for, in their order. `form`: how it is written;
/// by default as the COPY that made it wrote it, else CSV with a header. kDenied: others, with what
/// differs; kInvalidInput: it cannot be read so.
Result<> check_rows(const std::filesystem::path& file, const Receipt& receipt,
                    const std::optional<CopyForm>& form);

/// The form that `check_rows` takes where none is given.
CopyForm form_of(const Receipt& receipt);

}  // namespace sluice::provenance
