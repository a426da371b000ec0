// What a server says that it has committed, and stamps in its WAL, which anybody may write.
#include <algorithm>

#include "audit/stamp.h"
#include "audit/wal_changes.h"
#include "input.h"

FUZZ(bytes) {
  using namespace sluice::audit;
  static const StampMaker maker("secret", "origin", "orders");
  if (maker.genuine(bytes)) {
    const auto stamp = parse_stamp(bytes);
    require(stamp && maker.text(stamp->session, stamp->token) == bytes);
  }
  // Lines of an answer: each is the head of a row.
  WalReader reader;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const auto transaction = reader.take({"0/1", "728", std::string(bytes.substr(0, end)), "1"});
    if (!transaction) return;
    if (*transaction) {
      require(reader.at_boundary());
      describe((*transaction)->tables);
    }
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
}
