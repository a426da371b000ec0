#include "gateway/in_flight.h"

#include <algorithm>

#include "gateway/open_cursors.h"

namespace sluice::gateway {
namespace {

using What = sql::PreparedUse::What;

/// Whether `entry` makes `name` stand for something, or for nothing.
bool settles(const Expected& entry, Bytes name) {
  if (entry.kind == RequestKind::kParse) return entry.statement == name;
  if (entry.kind == RequestKind::kClose) return !entry.close_portal && entry.statement == name;
  return last_use(entry, name) != nullptr;
}

bool settles_portal(const Expected& entry, Bytes portal) {
  if (entry.kind == RequestKind::kBind) return entry.portal == portal;
  return entry.kind == RequestKind::kClose && entry.close_portal && entry.portal == portal;
}

/// Where in the queue of answers the client's unfinished pipeline begins. What fails of it takes
/// all behind it along, so that what comes next may rely on it; what stands before may fail and
/// leave a name standing for what it was.
size_t pipeline_start(const ExpectedQueue& expected) {
  size_t start = expected.size();
  while (start > 0 && !expected.at(start - 1).ends_with_ready()) --start;
  return start;
}

template <typename Settles>
bool in_flight(const ExpectedQueue& expected, Settles settles_it) {
  const size_t start = pipeline_start(expected);
  for (size_t i = start; i < expected.size(); ++i) {
    if (settles_it(expected.at(i))) return false;
  }
  for (size_t i = 0; i < start; ++i) {
    if (settles_it(expected.at(i))) return true;
  }
  return false;
}

}  // namespace

const sql::PreparedUse* last_use(const Expected& entry, Bytes name) {
  const bool runs = entry.kind == RequestKind::kQuery || entry.kind == RequestKind::kExecute;
  if (!runs || !entry.text) return nullptr;
  const auto& uses = entry.text->facts().prepared;
  const auto last = std::find_if(uses.rbegin(), uses.rend(), [&](const auto& use) {
    return use.what == What::kDeallocateAll || (use.what != What::kExecute && use.name == name);
  });
  return last == uses.rend() ? nullptr : &*last;
}

bool takes_portal(const Expected& entry, Bytes portal) {
  if (entry.kind == RequestKind::kClose) return entry.close_portal && entry.portal == portal;
  // What runs cannot close the portal that it runs in.
  const bool own = entry.kind == RequestKind::kExecute && entry.portal == portal;
  const bool runs = entry.kind == RequestKind::kQuery || entry.kind == RequestKind::kExecute;
  if (portal.empty() || own || !runs) return false;
  // Without a text it is a cursor that SQL has opened, whatever that runs.
  if (!entry.text) return entry.kind == RequestKind::kExecute;
  return moves_cursors(entry.text->facts()) || !entry.text->facts().transaction.empty();
}

bool statement_in_flight(const ExpectedQueue& expected, Bytes name) {
  return in_flight(expected, [&](const Expected& entry) { return settles(entry, name); });
}

bool portal_in_flight(const ExpectedQueue& expected, Bytes portal) {
  return in_flight(expected, [&](const Expected& entry) { return settles_portal(entry, portal); });
}

BindAhead bind_ahead(const ExpectedQueue& expected, Bytes portal) {
  BindAhead ahead;
  for (size_t i = expected.size(); i > 0 && ahead.bind == nullptr; --i) {
    const Expected& entry = expected.at(i - 1);
    if (entry.kind == RequestKind::kBind && entry.portal == portal) {
      ahead.bind = &entry;
    } else {
      ahead.other = ahead.other || takes_portal(entry, portal);
    }
  }
  return ahead;
}

bool runs_behind_front(const ExpectedQueue& expected) {
  for (size_t i = 1; i < expected.size(); ++i) {
    const RequestKind kind = expected.at(i).kind;
    if (kind == RequestKind::kQuery || kind == RequestKind::kExecute ||
        kind == RequestKind::kFunctionCall)
      return true;
  }
  return false;
}

size_t readies_to_come(const ExpectedQueue& expected) {
  size_t count = 1;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected.at(i).ends_with_ready() && !expected.at(i).own) ++count;
  }
  return count;
}

bool ready_outstanding(const ExpectedQueue& expected) {
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected.at(i).ends_with_ready()) return true;
  }
  return false;
}

bool may_leave_aborted(const ExpectedQueue& expected) {
  for (size_t i = 0; i < expected.size(); ++i) {
    switch (expected.at(i).kind) {
      case RequestKind::kParse:
      case RequestKind::kBind:
      case RequestKind::kDescribeStatement:
      case RequestKind::kDescribePortal:
      case RequestKind::kClose:
        break;
      default:
        return true;
    }
  }
  return false;
}

}  // namespace sluice::gateway
