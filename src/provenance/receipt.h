#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "provenance/copy_rows.h"
#include "tlog/dsse.h"
#include "tlog/merkle.h"

namespace sluice::provenance {

// Receipts for data that left to train a model: an in-toto Statement v1 whose subject is the data
// set, in a DSSE envelope (docs/provenance.md).

inline constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
inline constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view kTraining = "https://sluice.dev/provenance/training/v1";
/// The algorithm of the subject's digest: the root of RowTree, in hexadecimal.
inline constexpr std::string_view kRowsDigest = "sluiceRows";
/// Longer envelopes are not read.
inline constexpr size_t kLongestEnvelope = size_t{4} << 20;

/// One column of what left.
struct Column {
  std::string name;
  std::vector<std::string> sources;  ///< base columns, "public.members.email"
  bool as_is = false;                ///< the very value of its one source, but for masking
  bool unknown = false;              ///< it may come from elsewhere too
  std::string cls;                   ///< of its source: "email"; empty: none that is known
  std::string masked;  ///< "pseudonym", "redact", …; "found": what was found in it; empty: as it is
  std::string rule;    ///< that masks or shows it
  bool binary = false;  ///< the format that it was sent in
  friend bool operator==(const Column&, const Column&) = default;
};

/// What the server said of the state that was read.
struct Snapshot {
  std::string lsn;        ///< pg_current_wal_lsn(), or the last replayed one on a standby
  std::string snapshot;   ///< pg_current_snapshot()
  std::string isolation;  ///< "read committed", …
  bool standby = false;
  /// The rows were read with this very snapshot; else with one that may be newer.
  bool exact = false;
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

struct Receipt {
  std::string id;
  std::string dataset, model;
  int64_t started_micros = 0, ended_micros = 0;
  // Who, and where it is on the record.
  std::string origin;  ///< of the log
  uint64_t session = 0;
  std::string user, kind, end_user, application;
  std::vector<std::string> actors;  ///< SessionContext::actors
  // What was asked.
  std::string statement;          ///< "SELECT", "COPY"
  std::string query_sha256;       ///< hexadecimal, of the text on the record
  std::string parameters_sha256;  ///< of Bind's parameters; empty: none
  std::string policy_version, rule;
  // Of what.
  std::string database, environment;
  std::string catalog;              ///< fingerprint
  std::vector<std::string> tables;  ///< relations that it reaches: "public.members"
  Snapshot snapshot;
  bool masking = false;  ///< the database has it; else nobody knows whose values are in the rows
  /// Of the masks: how they are made, and an id of the key of the pseudonyms. Under the same one a
  /// value has the same pseudonym. Empty: not masked, or of a gateway that did not tell yet.
  std::string mask_version;
  std::vector<Column> columns;
  std::vector<std::string> classes;
  // What left.
  uint64_t rows = 0;
  tlog::Hash root{};
  std::string encoding;          ///< client_encoding
  std::optional<CopyForm> copy;  ///< of COPY
  bool last = true;              ///< no rows were left; else the client fetches in parts

  /// All columns were sent as text, so that the rows can be hashed again from COPY's text or CSV.
  bool text() const;
};

/// The statement that is signed, as JSON.
std::string to_statement(const Receipt& receipt);
/// kInvalidInput: it is none, with what is wrong.
Result<Receipt> from_statement(std::string_view payload);

/// What an envelope says, once one of `keys` has signed it.
struct Verified {
  Receipt receipt;
  std::string signer;  ///< dsse_key_id
};
Result<Verified> open_receipt(std::string_view envelope,
                              const std::vector<tlog::VerifierKey>& keys);
/// The same without looking at signatures: for what comes from our own log.
Result<Receipt> read_receipt(std::string_view envelope);

}  // namespace sluice::provenance
