// Receipts for training data, and the data: files of strangers.
#include "input.h"
#include "provenance/copy_rows.h"
#include "provenance/receipt.h"

FUZZ(bytes) {
  using namespace sluice;
  using namespace sluice::provenance;
  static const auto key = [] {
    tlog::VerifierKey made{"log", tlog::KeyType::kEd25519, {}};
    made.public_key.fill('\x17');
    return made;
  }();
  // Nobody has signed it.
  require(!open_receipt(bytes, {key}));
  if (const auto receipt = from_statement(bytes)) {
    // What is read is what would be signed.
    const auto again = from_statement(to_statement(*receipt));
    require(again && to_statement(*again) == to_statement(*receipt));
  }
  // Pieces cut anywhere make the same rows.
  for (const auto format : {CopyFormat::kText, CopyFormat::kCsv, CopyFormat::kBinary}) {
    CopyForm form = format == CopyFormat::kCsv ? CopyForm::csv() : CopyForm();
    form.format = format;
    RowTree whole, pieces;
    CopyRows at_once(form, whole), bit_by_bit(form, pieces);
    const bool good = at_once.feed(bytes) && at_once.finish(true);
    bool same = true;
    for (size_t i = 0; i < bytes.size() && same; ++i)
      same = bool(bit_by_bit.feed(bytes.substr(i, 1)));
    same = same && bit_by_bit.finish(true);
    require(good == same && (!good || whole.root() == pieces.root()));
  }
}
