#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.h"
#include "base/secret.h"
#include "cli/commands.h"

namespace sluice::cli {

/// The configuration where none is named. Machines other than the gateway's have none there.
inline constexpr const char* kUsualConfig = "/etc/sluice/sluice.yaml";

/// Whether a command has to ask the gateway over HTTP, as whoever has logged in: there is no
/// configuration here and none was named, or its state is not for this user to open and they have
/// logged in.
bool is_elsewhere(const Common& common);

/// Asks over HTTP as who has logged in (`sluice login`); with SLUICE_TOKEN, as who that lets in, at
/// the gateway of SLUICE_GATEWAY. Errors say to log in where nobody has.
Result<boost::json::value> call_elsewhere(const std::string& method, const std::string& path,
                                          const std::string& body = {});

/// The same of what is no JSON: GETs its text.
Result<std::string> read_elsewhere(const std::string& path);

/// Follows a stream of events there: calls `take` with the data of each until it says false, or
/// `stopping` is set.
Result<> follow_elsewhere(const std::string& path, const std::atomic<bool>& stopping,
                          const std::function<bool(std::string_view data)>& take);

/// Fails where commands go elsewhere, for what is done at the gateway's own state alone. `instead`:
/// what can be done there, "" for nothing.
Result<> only_here(const Common& common, std::string_view instead = {});

/// What proves to the gateway of the configuration who asks: SLUICE_TOKEN, or the login that is
/// kept for it. kDenied: there are logins, none of them at this gateway.
Result<SecretString> credential_here(const Common& common);

/// The gateway that call_elsewhere asks: SLUICE_GATEWAY, or that of the latest login.
Result<std::string> gateway_elsewhere();

/// Says on standard error at which gateway something is done, once.
void say_where(const std::string& gateway, const std::string& who);

/// One segment of a path, or a value of a query string.
std::string percent_encoded(std::string_view text);

// The commands of other files, done over HTTP.
Result<> user_add_elsewhere(const UserOptions& options, const SecretString& password,
                            const std::map<std::string, std::string>& attributes);
Result<> user_change_elsewhere(const std::string& name, const boost::json::object& change);
Result<> user_list_elsewhere(const Common& common);
Result<> user_remove_elsewhere(const std::string& name);
Result<> user_link_elsewhere(const UserOptions& options);
/// What is not shown again: the answer to PUT of `what` of a user.
Result<boost::json::object> user_secret_elsewhere(const std::string& name, const std::string& what);
Result<> user_secret_remove_elsewhere(const std::string& name, const std::string& what);
Result<> audit_tail_elsewhere(const Common& common, const AuditOptions& options,
                              const std::atomic<bool>& stopping,
                              const std::function<bool(const boost::json::object&)>& each);
Result<> audit_search_elsewhere(const Common& common, const AuditOptions& options);
Result<> audit_subjects_elsewhere(const Common& common, const AuditOptions& options);
Result<> audit_who_saw_elsewhere(const Common& common, const WhoSawOptions& options);

}  // namespace sluice::cli
