#include "config/webhook_reader.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/identity.h"
#include "config/receiver_reader.h"
#include "config/units.h"

namespace sluice::config {
namespace {

using yaml::MapReader;

constexpr std::array<const char*, 3> kFormats = {"json", "slack", "teams"};
/// Who somebody is where they answer, if nothing else is said.
constexpr std::array<const char*, 3> kAttributes = {"email", "slack", "teams"};
const std::vector<std::string> kEvents = {"asked",    "voted",     "approved",
                                          "rejected", "expired",   "withdrawn",
                                          "run",      "escalated", "break_glass"};

class WebhookReader {
 public:
  WebhookReader(MapReader& map, const SecretSource& secrets) : map_(map), secrets_(secrets) {}

  WebhookConfig read(const std::vector<WebhookConfig>& others) {
    read_name(others);
    const std::vector<std::string> formats(kFormats.begin(), kFormats.end());
    map_.one_of("format", formats,
                [this](size_t i) { out_.format = static_cast<WebhookFormat>(i); });
    read_url();
    words("events", out_.events, kEvents);
    words("groups", out_.groups, {});
    words("rules", out_.rules, {});
    words("databases", out_.databases, {});
    words("environments", out_.environments, {});
    map_.one_of("show", {"summary", "text"}, [this](size_t i) { out_.show_text = i == 1; });
    map_.boolean("answers", out_.answers);
    read_signing();
    out_.person_attribute = kAttributes[static_cast<size_t>(out_.format)];
    map_.scalar("person_attribute", out_.person_attribute);
    read_http(map_, secrets_, out_.delivery);
    out_.delivery.timeout = std::chrono::seconds(10);
    read_patience(map_, out_.delivery);
    map_.parsed("give_up", out_.give_up, parse_duration);
    if (out_.give_up < std::chrono::seconds(1) || out_.give_up > std::chrono::hours(72))
      map_.problem("give_up", "must be from 1s to 3d");
    out_.delivery.name = out_.name;
    return std::move(out_);
  }

 private:
  void read_name(const std::vector<WebhookConfig>& others) {
    if (!map_.scalar("name", out_.name, true)) return;
    if (!is_receiver_name(out_.name))
      map_.problem("name", "expected up to 64 letters, digits, - and _");
    const auto same = [this](const WebhookConfig& other) { return other.name == out_.name; };
    if (std::any_of(others.begin(), others.end(), same))
      map_.problem("name", "this name is taken by another webhook");
  }

  /// As it stands in the file, or from a file or variable where knowing it is enough to write.
  void read_url() {
    std::string url;
    int given = 0;
    const bool literal = map_.has("url");
    if (literal && map_.scalar("url", url)) ++given;
    SecretString hidden;
    for (const char* key : {"url_file", "url_env"}) given += map_.has(key) ? 1 : 0;
    if (!literal) (void)read_secret(map_, "url", secrets_, hidden);
    out_.url = literal ? SecretString(url) : hidden;
    if (given != 1) {
      map_.skip();
      return map_.problem("url", "give one of url, url_file and url_env");
    }
    // A hidden one that is not to be resolved, or could not be, of which that is said already.
    const std::string text(out_.url.empty() ? "https://hidden/" : out_.url.reveal());
    const char* key = literal ? "url" : (map_.has("url_file") ? "url_file" : "url_env");
    if (!is_loopback_http(text)) {
      // What is wrong with a hidden one is told without it.
      const auto wrong = url_problem(text, {"https", "https"}, false);
      if (!wrong.empty()) {
        map_.problem(key, wrong.starts_with("expected")
                              ? "expected a url that begins with https://, or with http:// to this "
                                "machine itself"
                              : wrong);
      }
    }
    out_.delivery.url = text;
    read_tls(map_, secrets_, out_.delivery);
    out_.delivery.url.clear();
  }

  void read_signing() {
    const bool signs = read_secret(map_, "secret", secrets_, out_.secret);
    if (signs) return;
    if (out_.format == WebhookFormat::kJson)
      map_.problem("secret_file", "a webhook is signed: give secret_file or secret_env");
    else if (out_.answers)
      map_.problem("secret_file",
                   "answers are believed by their signature: give secret_file or secret_env");
  }

  void words(const char* key, std::vector<std::string>& out,
             const std::vector<std::string>& known) {
    map_.list(key, [&](const yaml::Item& item) -> std::string {
      if (!known.empty() && std::find(known.begin(), known.end(), item.text) == known.end())
        return fmt::format("expected one of {}, got \"{}\"", fmt::join(known, ", "), item.text);
      out.push_back(item.text);
      return "";
    });
  }

  MapReader& map_;
  const SecretSource& secrets_;
  WebhookConfig out_;
};

}  // namespace

const char* name_of(WebhookFormat format) { return kFormats[static_cast<size_t>(format)]; }

std::string WebhookConfig::target() const {
  const std::string_view text = url.reveal();
  const size_t host = text.find("://");
  return std::string(
      text.substr(0, host == std::string_view::npos
                         ? 0
                         : std::min(text.size(), text.find_first_of("/?#", host + 3))));
}

void read_webhooks(MapReader& top, const SecretSource& secrets, std::vector<WebhookConfig>& out) {
  if (!top.has("webhooks")) {
    (void)top.node("webhooks");  // A key that is known, if absent.
    return;
  }
  top.maps("webhooks", "a webhook",
           [&](MapReader& map) { out.push_back(WebhookReader(map, secrets).read(out)); });
}

}  // namespace sluice::config
