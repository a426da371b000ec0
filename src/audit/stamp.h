#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What the gateway writes into a server's WAL, in the same transaction as a change that passed
/// through it, so that whoever reads the WAL finds the records of that change.
namespace sluice::audit {

/// The prefix of a stamp's logical message.
inline constexpr std::string_view kStampPrefix = "sluice";

struct Stamp {
  std::string origin;    ///< what the log calls itself in its checkpoints
  uint64_t session = 0;  ///< SessionContext::session_id; counted anew by each start of a gateway
  uint64_t token = 0;    ///< Event::stamp: µs since 1970, never twice in a session
};

/// Makes stamps, and tells those that it made from those of others: by a MAC over all of a stamp
/// and the database that it is for. It does not say in which transaction a stamp belongs, for the
/// server decides that later: a record does (Event::server_transaction).
class StampMaker {
 public:
  /// `secret` is the installation's; `origin` and `database` as in the configuration.
  StampMaker(std::string_view secret, std::string_view origin, std::string_view database);

  /// The stamp's text: "1 <origin> <session> <token> <MAC>", of letters, digits and "-._/:%".
  std::string text(uint64_t session, uint64_t token) const;
  /// The statement that writes it and answers with the number of the transaction that it is in.
  std::string statement(uint64_t session, uint64_t token) const;

  /// Whether it says of itself that it is one of ours.
  bool claims(const Stamp& stamp) const { return stamp.origin == origin_; }
  /// Whether `text` is a stamp that this installation made for this database.
  bool genuine(std::string_view text) const;

 private:
  std::string key_;
  std::string origin_;
  std::string database_;
};

/// What a stamp says of itself, whoever made it; nothing for what is none.
std::optional<Stamp> parse_stamp(std::string_view text);

}  // namespace sluice::audit
