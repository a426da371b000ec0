#include "audit/reconcile.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace sluice::audit {

std::string_view name_of(Unexplained why) {
  switch (why) {
    case Unexplained::kUnstamped:
      return "unstamped";
    case Unexplained::kForged:
      return "forged";
    case Unexplained::kForeign:
      return "foreign";
    case Unexplained::kUnrecorded:
      return "unrecorded";
    case Unexplained::kCopied:
      return "copied";
    case Unexplained::kUnconfirmed:
      return "unconfirmed";
  }
  return "unknown";
}

Result<std::optional<Reconciler::Verdict>> Reconciler::judge_stamp(const std::string& text,
                                                                   uint32_t xid) {
  const auto stamp = parse_stamp(text);
  if (!stamp) {
    return Verdict{Unexplained::kForged, fmt::format("a stamp that no gateway makes: \"{}\"",
                                                     to_printable_utf8(text.substr(0, 80)))};
  }
  if (!maker_.claims(*stamp)) {
    return Verdict{Unexplained::kForeign,
                   fmt::format("stamped in the name of {}: whoever has that log can tell whether "
                               "it is true",
                               stamp->origin)};
  }
  if (!maker_.genuine(text)) {
    return Verdict{Unexplained::kForged,
                   fmt::format("a stamp in the name of session {} that this gateway has not made "
                               "for this database",
                               stamp->session)};
  }
  SLUICE_ASSIGN(const auto record, find_(*stamp));
  if (!record) {
    return Verdict{Unexplained::kUnrecorded,
                   fmt::format("stamped by session {} (stamp {}), and the log has no record of it",
                               stamp->session, stamp->token)};
  }
  if (record->server_transaction == 0) {
    return Verdict{Unexplained::kUnconfirmed,
                   fmt::format("stamped by session {}; record {} does not say in which of the "
                               "server's transactions, for the connection was lost before it told",
                               stamp->session, record->sequence)};
  }
  // The WAL has the lower half of the number; by the time that comes again the slot is long gone.
  if (static_cast<uint32_t>(record->server_transaction) != xid) {
    return Verdict{Unexplained::kCopied,
                   fmt::format("with the stamp of transaction {}, which stands in record {}",
                               record->server_transaction, record->sequence)};
  }
  return std::nullopt;
}

Result<std::optional<WalFinding>> Reconciler::judge(const WalTransaction& transaction) {
  if (transaction.tables.empty() && transaction.stamps.empty()) return std::nullopt;
  ++counts_.transactions;
  std::optional<Verdict> worst;
  for (const auto& text : transaction.stamps) {
    SLUICE_ASSIGN(auto verdict, judge_stamp(text, transaction.xid));
    if (verdict && !worst) worst = std::move(verdict);
  }
  if (transaction.stamps.empty()) {
    worst = Verdict{Unexplained::kUnstamped,
                    "no stamp: it did not pass through the gateway, or "
                    "could not be stamped"};
  }
  if (!worst) {
    ++counts_.explained;
    return std::nullopt;
  }
  ++counts_.unexplained;
  return WalFinding{worst->why, transaction, std::move(worst->text), {}};
}

}  // namespace sluice::audit
