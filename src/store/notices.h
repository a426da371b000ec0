#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/database.h"

namespace sluice::store {

/// Something that people outside may want to know.
struct Notice {
  int64_t id = 0;
  int64_t time_micros = 0;
  std::string event;    ///< "asked", "voted", "approved", …: as `webhooks[].events` names them
  int64_t request = 0;  ///< 0: it is of none
  std::string actor;
  std::string message;
};

/// For how long notices are kept, told or not.
inline constexpr int64_t kNoticesKeptMicros = int64_t{7} * 24 * 3600 * 1'000'000;

/// Leaves word for those outside, in the caller's transaction: what happens is told, and nothing
/// that did not. Notices that are older than kNoticesKeptMicros go.
Result<> leave_notice(Database& database, std::string_view event, int64_t request,
                      std::string_view actor, std::string_view message);

/// The newest notice; 0: there is none.
Result<int64_t> last_notice(Database& database);
/// Those after `id`, the oldest first; at most `limit`.
Result<std::vector<Notice>> notices_after(Database& database, int64_t id, size_t limit);

/// Where a webhook stands.
struct WebhookPlace {
  int64_t told = 0;
  std::string taken_by;
  int64_t taken_micros = 0;
};

/// One that has never told anything begins with what comes from now on.
Result<WebhookPlace> webhook_place(Database& database, std::string_view webhook);
/// Takes it for `gateway`; false where another one has it and has come back to it since
/// `abandoned_micros`.
Result<bool> take_webhook(Database& database, std::string_view webhook, std::string_view gateway,
                          int64_t now_micros, int64_t abandoned_micros);
/// It has told all up to notice `told`.
Result<> move_webhook(Database& database, std::string_view webhook, int64_t told,
                      int64_t now_micros);

/// Takes an answer that is known by `id`; false if it has been taken before. Those from before
/// `forget_before_micros` go.
Result<bool> take_answer(Database& database, std::string_view webhook, std::string_view id,
                         int64_t now_micros, int64_t forget_before_micros);
/// It came to nothing, and may be given again.
Result<> give_back_answer(Database& database, std::string_view webhook, std::string_view id);

}  // namespace sluice::store
