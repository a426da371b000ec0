#include "config/stream_reader.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/receiver_reader.h"
#include "config/units.h"

namespace sluice::config {
namespace {

using yaml::MapReader;

constexpr std::array<const char*, 6> kTypes = {"file", "http", "syslog", "nats", "otlp", "webhook"};
const std::vector<std::string> kDecisions = {"allowed", "denied", "skipped", "lost", "limited"};

std::vector<std::string> schemes_of(StreamType type) {
  switch (type) {
    case StreamType::kSyslog:
      return {"tcp", "tls"};
    case StreamType::kNats:
      return {"nats", "tls"};
    default:
      return {"http", "https"};
  }
}

class StreamReader {
 public:
  StreamReader(MapReader& map, const SecretSource& secrets) : map_(map), secrets_(secrets) {}

  StreamConfig read(const std::vector<StreamConfig>& others) {
    read_name(others);
    const std::vector<std::string> types(kTypes.begin(), kTypes.end());
    bool typed = false;
    map_.one_of("type", types, [&](size_t i) {
      out_.type = static_cast<StreamType>(i);
      typed = true;
    });
    if (!typed) {
      if (!map_.has("type"))
        map_.problem("type", fmt::format("expected one of {}", fmt::join(types, ", ")));
      map_.skip();  // Which keys belong here is not known.
      return std::move(out_);
    }
    read_common();
    if (out_.type == StreamType::kFile) {
      if (std::string path; map_.scalar("path", path, true)) out_.path = secrets_.path(path);
      return std::move(out_);
    }
    if (map_.scalar("url", out_.url, true)) {
      const bool bare = out_.type == StreamType::kSyslog || out_.type == StreamType::kNats;
      if (const auto wrong = url_problem(out_.url, schemes_of(out_.type), bare); !wrong.empty())
        map_.problem("url", wrong);
    }
    read_tls(map_, secrets_, out_);
    read_kind_of_receiver();
    return std::move(out_);
  }

 private:
  void read_name(const std::vector<StreamConfig>& others) {
    if (!map_.scalar("name", out_.name, true)) return;
    if (!is_receiver_name(out_.name))
      map_.problem("name", "expected up to 64 letters, digits, - and _");
    for (const auto& other : others) {
      if (other.name == out_.name) map_.problem("name", "this name is taken by another stream");
    }
  }

  void read_common() {
    const bool syslog = out_.type == StreamType::kSyslog;
    if (syslog) out_.format = StreamFormat::kText;
    if (out_.type != StreamType::kOtlp) {
      std::vector<std::string> formats = {"record", "ocsf"};
      std::vector<StreamFormat> known = {StreamFormat::kRecord, StreamFormat::kOcsf};
      if (syslog) {
        formats.emplace_back("text");
        known.push_back(StreamFormat::kText);
      } else if (out_.type == StreamType::kHttp || out_.type == StreamType::kFile) {
        formats.emplace_back("openlineage");
        known.push_back(StreamFormat::kOpenLineage);
      }
      map_.one_of("format", formats, [&](size_t i) { out_.format = known[i]; });
    }
    map_.one_of("from", {"beginning", "now"}, [this](size_t i) { out_.from_now = i == 1; });
    map_.map("filter", [this](MapReader& filter) {
      words(filter, "type", out_.filter.types, {});
      words(filter, "user", out_.filter.users, {});
      words(filter, "database", out_.filter.databases, {});
      words(filter, "decision", out_.filter.decisions, kDecisions);
      words(filter, "kind", out_.filter.kinds, {});
    });
    if (out_.format == StreamFormat::kOpenLineage) {
      if (!out_.filter.types.empty() || !out_.filter.kinds.empty() ||
          !out_.filter.decisions.empty()) {
        map_.problem("filter",
                     "openlineage tells of training data alone: filter by user, database");
      }
      out_.filter.types = {"provenance"};
    }
    map_.map("batch", [this](MapReader& batch) {
      batch.number("records", out_.batch_records, 1, 10'000);
      batch.parsed("size", out_.batch_bytes, parse_size);
      if (out_.batch_bytes < (4 << 10) || out_.batch_bytes > (64 << 20))
        batch.problem("size", "must be from 4KiB to 64MiB");
    });
    read_patience(map_, out_);
  }

  static void words(MapReader& map, const std::string& key, std::vector<std::string>& out,
                    const std::vector<std::string>& known) {
    map.list(key, [&](const yaml::Item& item) -> std::string {
      if (!known.empty() && std::find(known.begin(), known.end(), item.text) == known.end())
        return fmt::format("expected one of {}, got \"{}\"", fmt::join(known, ", "), item.text);
      out.push_back(item.text);
      return "";
    });
  }

  void read_kind_of_receiver() {
    switch (out_.type) {
      case StreamType::kHttp:
        map_.one_of("body", {"array", "lines"}, [this](size_t i) { out_.lines = i == 1; });
        read_http(map_, secrets_, out_);
        break;
      case StreamType::kOtlp:
        read_http(map_, secrets_, out_);
        map_.boolean("logs", out_.logs);
        map_.boolean("traces", out_.traces);
        if (!out_.logs && !out_.traces) map_.problem("logs", "nothing is left to be sent");
        break;
      case StreamType::kWebhook:
        read_http(map_, secrets_, out_);
        if (!read_secret(map_, "secret", secrets_, out_.secret))
          map_.problem("secret_file", "a webhook is signed: give secret_file or secret_env");
        break;
      case StreamType::kSyslog:
        read_facility(map_, out_);
        break;
      case StreamType::kNats:
        read_nats();
        break;
      case StreamType::kFile:
        break;
    }
  }

  void read_nats() {
    if (map_.scalar("subject", out_.subject, true) &&
        (out_.subject.find_first_of("*> \t\r\n") != std::string::npos ||
         out_.subject.starts_with('.') || out_.subject.ends_with('.'))) {
      map_.problem("subject",
                   "expected a subject without wildcards and blanks, such as sluice.audit");
    }
    map_.scalar("user", out_.user);
    const bool password = read_secret(map_, "password", secrets_, out_.password);
    if (password == out_.user.empty()) map_.problem("user", "user and password belong together");
    int ways = password ? 1 : 0;
    if (read_secret(map_, "token", secrets_, out_.token)) ++ways;
    if (map_.scalar("credentials_file", out_.credentials_file)) {
      ++ways;
      out_.credentials_file = secrets_.path(out_.credentials_file);
    }
    if (ways > 1) map_.problem("user", "give only one of password, token and credentials_file");
  }

  MapReader& map_;
  const SecretSource& secrets_;
  StreamConfig out_;
};

}  // namespace

const char* name_of(StreamType type) { return kTypes[static_cast<size_t>(type)]; }

void read_streams(MapReader& audit, const SecretSource& secrets, std::vector<StreamConfig>& out) {
  if (!audit.has("streams")) {
    (void)audit.node("streams");  // A key that is known, if absent.
    return;
  }
  audit.maps("streams", "a stream",
             [&](MapReader& map) { out.push_back(StreamReader(map, secrets).read(out)); });
}

}  // namespace sluice::config
