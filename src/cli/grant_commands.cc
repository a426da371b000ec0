// sluice request, break-glass and grant: access for a while.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/actor.h"
#include "cli/call_as.h"
#include "cli/call_gateway.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(500);

std::string text_in(const json::object& row, const char* name) {
  const auto* value = row.if_contains(name);
  return value == nullptr ? "" : printable(plain(*value));
}

Result<json::object> wish_of(const GrantOptions& options) {
  SLUICE_ASSIGN(const Duration lasts, parse_duration(options.lasts));
  return json::object{{"role", options.role},
                      {"database", options.database},
                      {"seconds", std::chrono::duration_cast<std::chrono::seconds>(lasts).count()},
                      {"reason", options.reason},
                      {"ticket", options.ticket}};
}

std::string standing_of(const json::object& grant) {
  std::string out =
      fmt::format("grant {}: role \"{}\" at {} is {}", text_in(grant, "number"),
                  text_in(grant, "role"), text_in(grant, "database"), text_in(grant, "state"));
  if (text_in(grant, "state") == "active") out += " until " + text_in(grant, "until");
  if (const auto why = text_in(grant, "ended_why"); !why.empty()) out += ": " + why;
  return out;
}

void print_grant(const json::object& grant) {
  std::cout << standing_of(grant) << '\n';
  const auto line = [&](const char* title, const char* name) {
    if (const auto text = text_in(grant, name); !text.empty())
      std::cout << fmt::format("{:<12}{}\n", title, text);
  };
  line("holder", "holder");
  line("acts for", "acts_for");
  line("groups", "groups");
  line("for", "lasts");
  line("reason", "reason");
  line("ticket", "ticket");
  line("request", "request");
  line("extends", "extends");
  line("asked", "created");
  line("from", "from");
  line("until", "until");
  line("ended", "ended");
  line("ended by", "ended_by");
  line("last used", "last_used");
  line("attention", "attention");
  if (const auto* review = grant.if_contains("review")) {
    const json::object& about = review->as_object();
    for (const char* name : {"by", "due", "reviewed", "reviewer", "verdict", "comment"}) {
      if (const auto text = text_in(about, name); !text.empty())
        std::cout << fmt::format("  review {:<10}{}\n", name, text);
    }
  }
}

void tell(const Common& common, const json::value& grant) {
  if (common.format == Format::kJson) {
    std::cout << json_text(grant) << '\n';
  } else {
    std::cout << standing_of(grant.as_object()) << '\n';
  }
}

/// Until it is decided on; Ctrl-C stops the waiting, not the request.
Result<> follow(const Common& common, const Somebody& somebody, json::value grant, bool wait) {
  const auto state = [&grant] { return text_in(grant.as_object(), "state"); };
  if (state() == "waiting") {
    std::cerr << fmt::format(
        "grant {} waits for approval: request {}. They see it with: sluice approval show {}{}\n",
        text_in(grant.as_object(), "number"), text_in(grant.as_object(), "request"),
        text_in(grant.as_object(), "request"),
        wait ? ". Ctrl-C stops the waiting, not the request." : "");
  }
  const std::string path = "/api/v1/grants/" + text_in(grant.as_object(), "number");
  while (wait && state() == "waiting") {
    std::this_thread::sleep_for(kLookEvery);
    SLUICE_ASSIGN(grant, somebody.call("GET", path));
    if (::isatty(STDERR_FILENO) != 0 && state() == "waiting") std::cerr << '.' << std::flush;
  }
  tell(common, grant);
  if (wait && state() == "refused")
    return fail(ErrorCode::kDenied,
                "nothing came of it: " + text_in(grant.as_object(), "ended_why"));
  return {};
}

Result<> make(const Common& common, const GrantOptions& options, bool break_glass) {
  SLUICE_ASSIGN(auto wish, wish_of(options));
  wish["break_glass"] = break_glass;
  SLUICE_ASSIGN(const auto somebody, Somebody::prove(common, options.who));
  SLUICE_ASSIGN(auto grant, somebody.call("POST", "/api/v1/grants", json::serialize(wish)));
  return follow(common, somebody, std::move(grant), !options.no_wait);
}

/// Who keeps the state folder ends whatever is there without saying who they are.
bool as_operator(const GrantOptions& options, const std::string& what) {
  return what == "revoke" && options.who.user.empty() && std::getenv("SLUICE_TOKEN") == nullptr;
}

Result<> review_glass(const Common& common, const GrantOptions& options) {
  if (!options.ok && !options.concern)
    return fail(ErrorCode::kInvalidInput, "say --ok or --concern");
  SLUICE_ASSIGN(const auto somebody, Somebody::prove(common, options.who));
  const json::object body{{"verdict", options.concern ? "concern" : "ok"},
                          {"comment", options.comment}};
  SLUICE_ASSIGN(const auto grant,
                somebody.call("POST", fmt::format("/api/v1/grants/{}/review", options.number),
                              json::serialize(body)));
  if (common.format == Format::kJson) {
    std::cout << json_text(grant) << '\n';
  } else {
    std::cout << fmt::format("grant {} is reviewed\n", options.number);
  }
  return {};
}

Result<> decide_access(const Common& common, const GrantOptions& options) {
  json::object body{{"user", options.of_user},
                    {"decision", options.keep ? "keep" : "revoke"},
                    {"comment", options.comment}};
  const int named = static_cast<int>(!options.group.empty()) +
                    static_cast<int>(!options.credential.empty()) +
                    static_cast<int>(options.grant != 0);
  if (named != 1 || options.of_user.empty())
    return fail(ErrorCode::kInvalidInput,
                "say whose and what: --of NAME with --group, --credential or --grant");
  body["what"] = !options.group.empty()        ? "group"
                 : !options.credential.empty() ? "credential"
                                               : "grant";
  body["name"] = !options.group.empty()        ? options.group
                 : !options.credential.empty() ? options.credential
                                               : std::to_string(options.grant);
  SLUICE_ASSIGN(const auto somebody, Somebody::prove(common, options.who));
  SLUICE_ASSIGN(const auto done, somebody.call("POST", "/api/v1/access", json::serialize(body)));
  if (common.format == Format::kJson) {
    std::cout << json_text(done) << '\n';
  } else {
    std::cout << fmt::format("recorded: {} {} {} of {}\n", plain(body["decision"]),
                             plain(body["what"]), printable(plain(body["name"])),
                             printable(options.of_user));
  }
  return {};
}

/// As whoever proves who they are now; else as whoever keeps the state folder, or has logged in.
Result<json::value> read(const Common& common, const GrantOptions& options,
                         const std::string& path) {
  if (options.who.user.empty()) return look(common, path);
  SLUICE_ASSIGN(const auto somebody, Somebody::prove(common, options.who));
  return somebody.call("GET", path);
}

}  // namespace

Result<> grant_request(const Common& common, const GrantOptions& options) {
  return make(common, options, false);
}

Result<> grant_break_glass(const Common& common, const GrantOptions& options) {
  return make(common, options, true);
}

Result<> grant_list(const Common& common, const GrantOptions& options) {
  std::string path = fmt::format("/api/v1/grants?limit={}", common.limit);
  if (!options.state.empty()) path += "&state=" + percent_encoded(options.state);
  if (!options.holder.empty()) path += "&holder=" + percent_encoded(options.holder);
  SLUICE_ASSIGN(auto rows, look(common, path));
  print(std::cout,
        {{"number", "state", "holder", "role", "database", "from", "until", "last_used", "reason",
          "attention"},
         std::move(rows.as_array())},
        common.format);
  return {};
}

Result<> grant_show(const Common& common, const GrantOptions& options) {
  SLUICE_ASSIGN(const auto grant, look(common, fmt::format("/api/v1/grants/{}", options.number)));
  if (common.format == Format::kJson) {
    std::cout << json_text(grant) << '\n';
  } else {
    print_grant(grant.as_object());
  }
  return {};
}

Result<> grant_extend(const Common& common, const GrantOptions& options) {
  SLUICE_ASSIGN(const auto wish, wish_of(options));
  SLUICE_ASSIGN(const auto somebody, Somebody::prove(common, options.who));
  SLUICE_ASSIGN(auto extension,
                somebody.call("POST", fmt::format("/api/v1/grants/{}/extend", options.number),
                              json::serialize(wish)));
  return follow(common, somebody, std::move(extension), !options.no_wait);
}

Result<> grant_end(const Common& common, const GrantOptions& options, const std::string& what) {
  const std::string path = fmt::format("/api/v1/grants/{}/{}", options.number, what);
  json::object body{{"comment", options.comment}};
  if (as_operator(options, what)) {
    body["actor"] = actor();
    if (const auto done = call_gateway(common, "POST", path, json::serialize(body)); done) {
      tell(common, *done);
      return {};
    } else if (done.error().code != ErrorCode::kUnavailable) {
      return fail(done.error());
    }
  }
  SLUICE_ASSIGN(const auto somebody, Somebody::prove(common, options.who));
  SLUICE_ASSIGN(const auto done, somebody.call("POST", path, json::serialize(body)));
  tell(common, done);
  return {};
}

Result<> grant_review(const Common& common, const GrantOptions& options) {
  if (options.number != 0) return review_glass(common, options);
  if (options.keep || options.revoke) return decide_access(common, options);
  std::string path = "/api/v1/access";
  if (!options.of_user.empty()) path += "?user=" + percent_encoded(options.of_user);
  SLUICE_ASSIGN(auto rows, read(common, options, path));
  print(std::cout,
        {{"user", "kind", "disabled", "what", "name", "database", "since", "until", "last_used",
          "detail", "decided"},
         std::move(rows.as_array())},
        common.format);
  return {};
}

}  // namespace sluice::cli
