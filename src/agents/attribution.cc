#include "agents/attribution.h"

#include <algorithm>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/random.h"

namespace sluice::agents {
namespace {

constexpr size_t kDigest = 32;
constexpr size_t kTag = 16;
constexpr size_t kId = (kDigest + kTag) / 3 * 4;  // No padding.
constexpr size_t kRunBytes = 12;

std::string tag_of(const SecretString& secret, std::string_view user, std::string_view run,
                   std::string_view digest) {
  std::string vouched = "sluice-prompt-v1\n";
  vouched.append(user).append(1, '\n').append(run).append(1, '\n').append(digest);
  const auto mac = hmac_sha256(secret.reveal(), vouched);
  return {mac.data(), kTag};
}

std::string to_url(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Its 48 bytes; empty for what is no id.
std::string bytes_of(std::string_view id) {
  if (id.size() != kId || id.find_first_of("+/=") != std::string_view::npos) return {};
  std::string text(id);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return from_base64(text).value_or("");
}

}  // namespace

bool is_run(std::string_view text) {
  constexpr std::string_view kOthers = "-_.:@/+=~#";
  const auto good = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kLongestRun && std::all_of(text.begin(), text.end(), good);
}

bool is_trace_state(std::string_view text) {
  constexpr size_t kLongest = 512, kMostMembers = 32, kLongestKey = 256;
  if (text.empty() || text.size() > kLongest) return false;
  const auto in_key = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' ||
           c == '/' || c == '@';
  };
  const auto in_value = [](char c) {
    return c >= ' ' && c <= '~' && c != ',' && c != '=' && c != '\'' && c != '\\';
  };
  for (size_t members = 1;; ++members) {
    const std::string_view member = trimmed(text.substr(0, text.find(',')));
    const size_t equals = member.find('=');
    // One without anything is allowed, and says nothing.
    if (!member.empty() &&
        (equals == 0 || equals == member.npos || equals > kLongestKey ||
         !std::ranges::all_of(member.substr(0, equals), in_key) || equals + 1 == member.size() ||
         !std::ranges::all_of(member.substr(equals + 1), in_value)))
      return false;
    if (text.find(',') == text.npos) return members <= kMostMembers;
    text.remove_prefix(text.find(',') + 1);
  }
}

std::string make_run() { return "run-" + to_hex(random_string(kRunBytes)); }

std::string prompt_id(const SecretString& secret, std::string_view user, std::string_view run,
                      std::string_view digest) {
  return to_url(to_base64(std::string(digest) + tag_of(secret, user, run, digest)));
}

bool is_prompt_of(const SecretString& secret, std::string_view user, std::string_view run,
                  std::string_view id) {
  const std::string bytes = bytes_of(id);
  if (bytes.empty()) return false;
  const std::string expected =
      tag_of(secret, user, run, std::string_view(bytes).substr(0, kDigest));
  // In the same time wherever they differ.
  unsigned char different = 0;
  for (size_t i = 0; i < kTag; ++i)
    different |= static_cast<unsigned char>(bytes[kDigest + i] ^ expected[i]);
  return different == 0;
}

std::string digest_of(std::string_view id) { return bytes_of(id).substr(0, kDigest); }

std::string digest_of_prompt(std::string_view salt, std::string_view text) {
  const auto digest = sha256(std::string(salt) + std::string(text));
  return {digest.data(), digest.size()};
}

}  // namespace sluice::agents
