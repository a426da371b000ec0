#include <iostream>
#include <map>

#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "cli/actor.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/open_store.h"
#include "cli/password.h"
#include "cli/tell_gateway.h"
#include "cli/told.h"
#include "identity/federation.h"
#include "identity/totp.h"
#include "identity/user_store.h"

namespace sluice::cli {
namespace {

Result<SecretString> ask_password(const UserOptions& options) {
  if (options.generate) {
    const std::string raw = random_string(18);
    std::string text(
        sodium_base64_encoded_len(raw.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
    sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(raw.data()),
                      raw.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    text.pop_back();
    return SecretString(std::move(text));
  }
  if (options.password_stdin) return read_password(true, {});
  if (isatty(STDIN_FILENO) == 0) {
    return fail(ErrorCode::kInvalidInput,
                "give the password with --password-stdin, or --generate one");
  }
  SLUICE_ASSIGN(auto first, read_line_hidden("Password: "));
  SLUICE_ASSIGN(const auto second, read_line_hidden("Again: "));
  if (first.reveal() != second.reveal())
    return fail(ErrorCode::kInvalidInput, "the passwords differ");
  return std::move(first);
}

/// Says what was done to a user. A password that was made here is shown once it holds, and not
/// before.
void tell(const Common& common, const UserOptions& options, const char* done,
          const SecretString& password, const std::string& text) {
  boost::json::object what{{"user", options.name}, {done, true}};
  if (options.generate) what["password"] = password.reveal();
  if (options.generate && common.format == Format::kTable) std::cout << password.reveal() << '\n';
  told(common, what, text);
}

Result<> tell(const Common& common, const std::string& name, const char* done, Result<> outcome) {
  if (outcome) told(common, {{"user", name}, {done, true}}, "");
  return outcome;
}

/// The same of what was done in the store itself.
Result<> tell_of_store(const Common& common, const std::string& name, const char* done,
                       Result<> outcome) {
  if (outcome) tell_gateway(common, name);
  return tell(common, name, done, std::move(outcome));
}

Result<std::map<std::string, std::string>> read_attributes(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> attributes;
  for (const std::string& text : texts) {
    SLUICE_ASSIGN(auto attribute, identity::parse_attribute(text));
    if (!attributes.insert(std::move(attribute)).second)
      return fail(ErrorCode::kInvalidInput, fmt::format("attribute \"{}\" is given twice", text));
  }
  return attributes;
}

}  // namespace

Result<> user_add(const Common& common, const UserOptions& options) {
  if (options.no_password && (options.generate || options.password_stdin)) {
    return fail(ErrorCode::kInvalidInput,
                "--no-password goes with neither --password-stdin nor --generate");
  }
  SecretString password;
  if (!options.no_password) {
    SLUICE_ASSIGN(password, ask_password(options));
  }
  identity::NewUser user{options.name, options.groups, {}, {}, 0};
  user.kind = identity::find_kind(options.kind).value_or(identity::UserKind::kHuman);
  SLUICE_ASSIGN(user.attributes, read_attributes(options.attributes));
  if (!options.valid_until.empty()) {
    SLUICE_ASSIGN(user.valid_until_micros, identity::parse_valid_until(options.valid_until));
  }
  if (is_elsewhere(common)) {
    SLUICE_TRY(user_add_elsewhere(options, password, user.attributes));
  } else {
    SLUICE_ASSIGN(auto database, open_store(common));
    identity::UserStore users(database, actor());
    SLUICE_TRY(options.no_password ? users.add(user) : users.add(user, password));
    tell_gateway(common, options.name);
  }
  tell(common, options, "added", password,
       fmt::format("user \"{}\" added", printable(options.name)));
  return {};
}

Result<> user_set(const Common& common, const UserOptions& options) {
  if (options.kind.empty() && options.groups.empty() && options.attributes.empty() &&
      options.valid_until.empty()) {
    return fail(ErrorCode::kInvalidInput,
                "say what to set: --kind, --group, --attribute or --valid-until");
  }
  identity::UserChange change;
  change.kind = identity::find_kind(options.kind);
  if (!options.groups.empty()) change.groups = options.groups;
  if (!options.attributes.empty()) {
    SLUICE_ASSIGN(change.attributes, read_attributes(options.attributes));
  }
  if (!options.valid_until.empty()) {
    SLUICE_ASSIGN(change.valid_until_micros, identity::parse_valid_until(options.valid_until));
  }
  if (is_elsewhere(common)) {
    boost::json::object wanted;
    if (change.kind) wanted["kind"] = options.kind;
    if (change.groups) wanted["groups"] = boost::json::value_from(*change.groups);
    if (change.attributes) wanted["attributes"] = boost::json::value_from(*change.attributes);
    if (change.valid_until_micros) wanted["valid_until"] = options.valid_until;
    return tell(common, options.name, "changed", user_change_elsewhere(options.name, wanted));
  }
  SLUICE_ASSIGN(auto database, open_store(common));
  return tell_of_store(common, options.name, "changed",
                       identity::UserStore(database, actor()).set(options.name, change));
}

Result<> user_list(const Common& common) {
  if (is_elsewhere(common)) return user_list_elsewhere(common);
  SLUICE_ASSIGN(auto database, open_store(common));
  SLUICE_ASSIGN(const auto directory, identity::load_directory(database));
  Listing listing{
      {"name", "kind", "groups", "attributes", "enabled", "valid_until", "kept_by", "created"}, {}};
  for (const auto& user : directory->users()) {
    if (listing.rows.size() >= common.limit) break;
    boost::json::array attributes;
    for (const auto& [key, value] : user.attributes)
      attributes.emplace_back(fmt::format("{}={}", key, value));
    listing.rows.push_back(boost::json::object{
        {"name", user.name},
        {"kind", identity::name_of(user.kind)},
        {"attributes", std::move(attributes)},
        {"groups", boost::json::array(user.groups.begin(), user.groups.end())},
        {"enabled", !user.disabled},
        {"valid_until",
         user.valid_until_micros == 0 ? std::string() : format_time(user.valid_until_micros)},
        {"kept_by", user.made_by},
        {"created", format_time(user.created_micros)}});
  }
  print(std::cout, listing, common.format);
  return {};
}

Result<> user_passwd(const Common& common, const UserOptions& options) {
  SLUICE_ASSIGN(const auto password, ask_password(options));
  if (is_elsewhere(common)) {
    SLUICE_TRY(user_change_elsewhere(options.name, {{"password", password.reveal()}}));
  } else {
    SLUICE_ASSIGN(auto database, open_store(common));
    SLUICE_TRY(identity::UserStore(database, actor()).set_password(options.name, password));
    tell_gateway(common, options.name);
  }
  tell(common, options, "changed", password, "");
  return {};
}

Result<> user_link(const Common& common, const UserOptions& options) {
  if (is_elsewhere(common))
    return tell(common, options.name, "linked", user_link_elsewhere(options));
  SLUICE_ASSIGN(auto database, open_store(common));
  return tell_of_store(common, options.name, "linked",
                       identity::FederatedUsers(database).link(options.name, options.issuer,
                                                               options.subject, actor()));
}

Result<> user_disable(const Common& common, const std::string& name, bool disabled) {
  const char* done = disabled ? "disabled" : "enabled";
  if (is_elsewhere(common))
    return tell(common, name, done, user_change_elsewhere(name, {{"disabled", disabled}}));
  SLUICE_ASSIGN(auto database, open_store(common));
  return tell_of_store(common, name, done,
                       identity::UserStore(database, actor()).set_disabled(name, disabled));
}

Result<> user_remove(const Common& common, const std::string& name) {
  if (is_elsewhere(common)) return tell(common, name, "removed", user_remove_elsewhere(name));
  SLUICE_ASSIGN(auto database, open_store(common));
  return tell_of_store(common, name, "removed",
                       identity::UserStore(database, actor()).remove(name));
}

Result<> user_assertion_key(const Common& common, const std::string& name, bool remove) {
  const auto show = [&](const SecretString& key) {
    if (common.format == Format::kTable) std::cout << key.reveal() << '\n';
    told(common, {{"user", name}, {"key", key.reveal()}},
         "the service signs for whom it acts with this key; it is not shown again");
  };
  if (is_elsewhere(common)) {
    if (remove)
      return tell(common, name, "removed", user_secret_remove_elsewhere(name, "assertion-key"));
    SLUICE_ASSIGN(const auto made, user_secret_elsewhere(name, "assertion-key"));
    show(SecretString(plain(made.at("key"))));
    return {};
  }
  SLUICE_ASSIGN(auto database, open_store(common));
  identity::UserStore users(database, actor());
  if (remove) return tell_of_store(common, name, "removed", users.remove_assertion_key(name));
  SLUICE_ASSIGN(const auto key, users.make_assertion_key(name));
  tell_gateway(common, name);
  show(key);
  return {};
}

Result<> user_totp(const Common& common, const std::string& name, bool remove) {
  const auto show = [&](const std::string& uri) {
    if (common.format == Format::kTable) std::cout << uri << '\n';
    told(common, {{"user", name}, {"uri", uri}},
         "for an authenticator app, as a QR code: qrencode -t ansiutf8; it is not shown again");
  };
  if (is_elsewhere(common)) {
    if (remove)
      return tell(common, name, "removed", user_secret_remove_elsewhere(name, "one-time-codes"));
    SLUICE_ASSIGN(const auto made, user_secret_elsewhere(name, "one-time-codes"));
    show(plain(made.at("uri")));
    return {};
  }
  SLUICE_ASSIGN(auto database, open_store(common));
  identity::UserStore users(database, actor());
  if (remove) return tell_of_store(common, name, "removed", users.remove_totp(name));
  SLUICE_ASSIGN(const auto secret, users.enrol_totp(name));
  tell_gateway(common, name);
  show(identity::totp_uri(name, secret.reveal()));
  return {};
}

}  // namespace sluice::cli
