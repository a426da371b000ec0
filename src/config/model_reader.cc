#include "config/model_reader.h"

#include <algorithm>

#include "config/identity.h"
#include "config/receiver_reader.h"
#include "config/units.h"

namespace sluice::config {
namespace {

ModelConfig read(yaml::MapReader& map, const SecretSource& secrets,
                 const std::vector<ModelConfig>& others) {
  ModelConfig out;
  if (map.scalar("name", out.name, true)) {
    if (!is_receiver_name(out.name))
      map.problem("name", "expected up to 64 letters, digits, - and _");
    const auto same = [&](const ModelConfig& other) { return other.name == out.name; };
    if (std::any_of(others.begin(), others.end(), same))
      map.problem("name", "this name is taken by another model");
  }
  map.one_of("api", {"openai", "anthropic"}, [&](size_t i) { out.anthropic = i == 1; });
  if (map.scalar("url", out.url, true)) {
    while (out.url.ends_with('/')) out.url.pop_back();
    const auto wrong = url_problem(out.url, {"https", "https"}, false);
    // One on this machine may do without.
    if (!wrong.empty() && !is_loopback_http(out.url)) map.problem("url", wrong);
  }
  (void)read_secret(map, "key", secrets, out.key);
  map.boolean("masking", out.masking);
  map.boolean("attachments", out.attachments);
  out.delivery.url = out.url;
  read_tls(map, secrets, out.delivery);
  out.delivery.timeout = std::chrono::minutes(10);
  map.parsed("timeout", out.delivery.timeout, parse_duration);
  if (out.delivery.timeout < std::chrono::seconds(1) ||
      out.delivery.timeout > std::chrono::hours(1))
    map.problem("timeout", "must be from 1s to 1h");
  return out;
}

}  // namespace

void read_models(yaml::MapReader& top, const SecretSource& secrets, std::vector<ModelConfig>& out) {
  if (!top.has("models")) {
    (void)top.node("models");  // A key that is known, if absent.
    return;
  }
  top.maps("models", "a model's API",
           [&](yaml::MapReader& map) { out.push_back(read(map, secrets, out)); });
}

}  // namespace sluice::config
