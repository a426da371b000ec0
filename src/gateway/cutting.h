#pragma once

#include <memory>
#include <string>

#include "gateway/notified.h"
#include "net/reactor.h"

namespace sluice::gateway {

/// How results are ended that are more than they may be.
struct Cutting {
  bool ahead = false;                 ///< a bounded result is under way: nothing may follow it yet
  bool since_sync = false;            ///< a result was cut off
  int cancels = 0;                    ///< sent to the server, which may not have seen them yet
  std::string ready;                  ///< ReadyForQuery, until a cancel has hit or missed
  int unheeded = 0;                   ///< cancels that the server went on after
  std::unique_ptr<net::Timer> again;  ///< made when first needed: whether it has ended by now
  Notified notified;
};

}  // namespace sluice::gateway
