#pragma once

#include <string>
#include <vector>

#include "config/secrets.h"
#include "config/streams.h"
#include "yaml/reader.h"

namespace sluice::config {

// What the receivers of streams and anchors have in common; what is wrong becomes a problem.

/// Letters, digits, - and _: names are part of file names, thread names and labels of metrics.
bool is_receiver_name(const std::string& text);

/// What is wrong with a receiver's address; "" for nothing. After a `bare` one stands host and port
/// and no more.
std::string url_problem(const std::string& url, const std::vector<std::string>& schemes, bool bare);

/// `tls`; the url has been read.
void read_tls(yaml::MapReader& map, const SecretSource& secrets, StreamConfig& out);
/// `headers` and the Authorization header.
void read_http(yaml::MapReader& map, const SecretSource& secrets, StreamConfig& out);
/// `timeout` and `retry`.
void read_patience(yaml::MapReader& map, StreamConfig& out);
/// `facility`.
void read_facility(yaml::MapReader& map, StreamConfig& out);

}  // namespace sluice::config
