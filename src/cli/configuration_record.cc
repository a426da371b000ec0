#include "cli/configuration_record.h"

#include <map>
#include <system_error>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "audit/tree_files.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "yaml/leaves.h"

namespace sluice::cli {
namespace json = boost::json;
namespace {

/// Of a record's message.
constexpr size_t kLongest = 960;

std::string hex(const std::array<char, 32>& digest) {
  return to_hex(Bytes(digest.data(), digest.size()));
}

/// " = false" of a switch, which is no secret; else nothing.
std::string setting(const std::string& value) {
  return value == "true" || value == "false" ? " = " + value : std::string();
}

/// Digests by key, as they were kept; empty for anything else.
std::map<std::string, std::string> kept_keys(std::string_view before) {
  std::map<std::string, std::string> keys;
  boost::system::error_code error;
  const auto value = json::parse(json::string_view(before.data(), before.size()), error);
  const auto* object =
      error || !value.is_object() ? nullptr : value.get_object().if_contains("keys");
  if (object == nullptr || !object->is_object()) return keys;
  for (const auto& [key, digest] : object->get_object()) {
    if (digest.is_string())
      keys.emplace(std::string(std::string_view(key)), digest.get_string().c_str());
  }
  return keys;
}

std::vector<std::string> in_messages(const std::string& head,
                                     const std::vector<std::string>& parts) {
  std::vector<std::string> messages{head};
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string part = to_printable_utf8(parts[i]).substr(0, kLongest / 2);
    if (messages.back().size() + part.size() + 2 > kLongest) messages.push_back(head);
    messages.back() += (messages.back() == head ? " " : ", ") + part;
  }
  return messages;
}

}  // namespace

Result<ConfigurationWords> configuration_words(const std::string& text, std::string_view before,
                                               std::string_view secret) {
  SLUICE_ASSIGN(const auto leaves, yaml::leaves(text));
  const std::string key = "sluice configuration\n" + std::string(secret);
  json::object digests;
  for (const auto& [path, value] : leaves)
    digests[to_printable_utf8(path)] = hex(hmac_sha256(key, path + "\n" + value));
  const auto known = kept_keys(before);
  std::vector<std::string> parts;
  for (const auto& [path, value] : leaves) {
    const std::string name = to_printable_utf8(path);
    const auto then = known.find(name);
    if (then == known.end()) {
      parts.push_back(fmt::format("{} added{}", name, setting(value)));
    } else if (then->second != std::string_view(digests.at(name).as_string())) {
      parts.push_back(fmt::format("{} changed{}", name, setting(value)));
    }
  }
  for (const auto& [name, digest] : known) {
    if (!digests.contains(name)) parts.push_back(name + " removed");
  }
  const std::string digest = hex(sha256(text));
  const std::string head = fmt::format("configuration sha256:{}:", digest);
  ConfigurationWords words;
  words.head = head;
  words.kept = json::serialize(json::object{{"sha256", digest}, {"keys", digests}});
  if (before.empty()) {
    words.messages = {fmt::format("{} the first one, of {} keys", head, leaves.size())};
    // What is left open must not depend on there having been another one.
    std::vector<std::string> switches;
    for (const auto& [path, value] : leaves) {
      if (const auto set = setting(value); !set.empty()) switches.push_back(path + set);
    }
    if (!switches.empty()) {
      for (auto& message : in_messages(head, switches))
        words.messages.push_back(std::move(message));
    }
  } else if (parts.empty()) {
    words.messages = {head + " nothing changed"};
  } else {
    words.messages = in_messages(head, parts);
  }
  return words;
}

namespace {

std::filesystem::path kept_file(const config::Config& config) {
  return config.state / "configuration.json";
}

Result<> record_words(audit::Log& log, const std::vector<std::string>& messages) {
  for (const auto& message : messages) {
    audit::Event event;
    event.type = audit::EventType::kAdmin;
    event.time_micros = wall_micros();
    event.message = message;
    SLUICE_ASSIGN([[maybe_unused]] const auto sequence, log.append_admin({}, event));
  }
  return {};
}

}  // namespace

Result<> record_configuration(audit::Log& log, const config::Config& config,
                              std::string_view secret, const std::function<Result<>()>& take) {
  std::error_code ignored;
  std::string before;
  if (std::filesystem::exists(kept_file(config), ignored)) {
    SLUICE_ASSIGN(before, audit::read_file(kept_file(config)));
    if (before.empty()) before = "{}";
  }
  SLUICE_ASSIGN(const auto words, configuration_words(config.text, before, secret));
  SLUICE_TRY(record_words(log, words.messages));
  if (const auto taken = take(); !taken) {
    SLUICE_TRY(record_words(log, {words.head + " not taken over, the one before stays in force"}));
    return taken;
  }
  // Behind the record: a change that was not written down is told again.
  if (const auto kept = audit::replace_file(kept_file(config), words.kept); !kept)
    log::error("changes of the configuration will be told once more: {}", kept.error().text);
  return {};
}

}  // namespace sluice::cli
