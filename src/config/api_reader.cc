#include "config/api_reader.h"

#include "config/identity.h"

namespace sluice::config {
namespace {

void read_groups(yaml::MapReader& map, const char* key, std::vector<std::string>& out) {
  std::vector<std::string> groups;
  const bool given = map.list(key, [&](const yaml::Item& item) {
    groups.push_back(item.text);
    return std::string();
  });
  if (given) out = std::move(groups);
}

}  // namespace

void read_api(yaml::MapReader& top, const SecretSource& secrets, ApiConfig& out) {
  top.map("api", [&](yaml::MapReader& api) {
    read_groups(api, "admins", out.admins);
    read_groups(api, "auditors", out.auditors);
    read_groups(api, "approvers", out.approvers);
    api.number("requests_per_second", out.requests_per_second, 1, 10'000);
    if (std::string folder; api.scalar("console", folder)) out.console = secrets.path(folder);
    if (!api.scalar("url", out.url)) return;
    while (out.url.ends_with('/')) out.url.pop_back();
    const bool https = out.url.starts_with("https://");
    if (!https && !is_loopback_http(out.url))
      api.problem("url", "expected https://HOST, or http:// of this machine");
    if (out.url.find_first_of("?#@ ") != std::string::npos)
      api.problem("url", "expected an address without user, query and fragment");
  });
}

}  // namespace sluice::config
