#include "config/anchor_reader.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/receiver_reader.h"
#include "config/units.h"

namespace sluice::config {
namespace {

using yaml::MapReader;

constexpr std::array<const char*, 5> kTypes = {"folder", "http", "witness", "s3", "syslog"};

/// What is signed must be what is asked for: no byte of an object's address may be in need of
/// another spelling.
std::string object_url_problem(const std::string& url) {
  const size_t path = url.find('/', url.find("://") + 3);
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("-._~/").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (path == std::string::npos || url.substr(path).find_first_not_of('/') == std::string::npos)
    return "the url names no bucket: expected https://host/bucket or https://host/bucket/prefix";
  const bool good = std::all_of(url.begin() + static_cast<std::ptrdiff_t>(path), url.end(), plain);
  return good ? "" : "bucket and prefix may have letters, digits, - . _ ~ and /";
}

class AnchorReader {
 public:
  AnchorReader(MapReader& map, const SecretSource& secrets) : map_(map), secrets_(secrets) {}

  AnchorConfig read(const std::vector<AnchorConfig>& others) {
    read_name(others);
    const std::vector<std::string> types(kTypes.begin(), kTypes.end());
    bool typed = false;
    map_.one_of("type", types, [&](size_t i) {
      out_.type = static_cast<AnchorType>(i);
      typed = true;
    });
    if (!typed) {
      if (!map_.has("type"))
        map_.problem("type", fmt::format("expected one of {}", fmt::join(types, ", ")));
      map_.skip();  // Which keys belong here is not known.
      return std::move(out_);
    }
    map_.parsed("every", out_.every, parse_duration);
    if (out_.every < std::chrono::seconds(1) || out_.every > std::chrono::hours(24))
      map_.problem("every", "must be from 1s to 1d");
    read_patience(map_, out_.delivery);
    out_.delivery.name = out_.name;
    if (out_.type == AnchorType::kFolder) {
      if (std::string path; map_.scalar("path", path, true)) out_.path = secrets_.path(path);
    } else {
      read_address();
      read_kind();
    }
    return std::move(out_);
  }

 private:
  void read_name(const std::vector<AnchorConfig>& others) {
    if (!map_.scalar("name", out_.name, true)) return;
    if (!is_receiver_name(out_.name))
      map_.problem("name", "expected up to 64 letters, digits, - and _");
    const auto same = [this](const AnchorConfig& other) { return other.name == out_.name; };
    if (std::any_of(others.begin(), others.end(), same))
      map_.problem("name", "this name is taken by another anchor");
  }

  void read_address() {
    const bool syslog = out_.type == AnchorType::kSyslog;
    const auto schemes =
        syslog ? std::vector<std::string>{"tcp", "tls"} : std::vector<std::string>{"http", "https"};
    if (map_.scalar("url", out_.delivery.url, true)) {
      auto wrong = url_problem(out_.delivery.url, schemes, syslog);
      if (wrong.empty() && out_.type == AnchorType::kS3)
        wrong = object_url_problem(out_.delivery.url);
      if (!wrong.empty()) map_.problem("url", wrong);
    }
    read_tls(map_, secrets_, out_.delivery);
  }

  void read_kind() {
    switch (out_.type) {
      case AnchorType::kHttp:
        read_http(map_, secrets_, out_.delivery);
        break;
      case AnchorType::kWitness:
        read_http(map_, secrets_, out_.delivery);
        read_witness_key();
        break;
      case AnchorType::kS3:
        map_.scalar("region", out_.region, true);
        map_.scalar("access_key", out_.access_key, true);
        if (out_.region.find(':') != std::string::npos)
          map_.problem("region", "expected a region such as eu-central-1");
        if (!read_secret(map_, "secret_key", secrets_, out_.secret_key))
          map_.problem("secret_key_file",
                       "requests are signed: give secret_key_file or secret_key_env");
        break;
      case AnchorType::kSyslog:
        read_facility(map_, out_.delivery);
        break;
      case AnchorType::kFolder:
        break;
    }
  }

  void read_witness_key() {
    map_.parsed("key", out_.key, tlog::VerifierKey::parse);
    if (!map_.has("key")) {
      map_.problem("key",
                   "expected the witness's public key, as `sluice audit key --witness` prints it");
    } else if (!out_.key.name.empty() && out_.key.type != tlog::KeyType::kCosignature) {
      map_.problem("key",
                   "this is the key of a log, not of a witness: `sluice audit key --witness` "
                   "prints that");
    }
  }

  MapReader& map_;
  const SecretSource& secrets_;
  AnchorConfig out_;
};

}  // namespace

const char* name_of(AnchorType type) { return kTypes[static_cast<size_t>(type)]; }

void read_anchors(MapReader& audit, const SecretSource& secrets, std::vector<AnchorConfig>& out) {
  if (!audit.has("anchors")) {
    (void)audit.node("anchors");  // A key that is known, if absent.
    return;
  }
  audit.maps("anchors", "an anchor",
             [&](MapReader& map) { out.push_back(AnchorReader(map, secrets).read(out)); });
}

}  // namespace sluice::config
