#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "stream/anchor_target.h"

namespace sluice::stream {

/// A web server that takes the note as the body of a POST.
Result<std::unique_ptr<AnchorTarget>> make_http_anchor(const config::AnchorConfig& config,
                                                       const std::atomic<bool>& stopping);

/// A bucket of an object store that speaks S3: one object `<prefix>/<size>.checkpoint` a push,
/// `<prefix>/<size>.closed.checkpoint` for one that says that the log was closed.
Result<std::unique_ptr<AnchorTarget>> make_s3_anchor(const config::AnchorConfig& config,
                                                     const std::atomic<bool>& stopping);

/// Where a checkpoint is put below `url`.
std::string object_url(std::string url, const tlog::Checkpoint& head);
/// With Content-MD5, without which buckets with object lock take nothing, and the digest that is
/// signed, which libcurl 7.88 does not send by itself.
std::map<std::string, std::string> object_headers(const std::string& body);

}  // namespace sluice::stream
