#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace sluice::control {

/// How much of everything an HttpServer takes (docs/api.md).
constexpr size_t kMaxConnections = 2048, kMostConnectionsOfOne = 64;
constexpr size_t kMiB = size_t{1} << 20, kMaxBody = kMiB;
constexpr auto kRequestTime = std::chrono::seconds(10);
/// A question to a model brings its conversation along, with what is attached to it: so long a
/// body, and all such bodies at a time, in MiB.
constexpr std::string_view kLargePath = "/models/";
constexpr size_t kMaxLargeBody = 32 * kMiB, kMostOfLarge = 256, kMostOfLargeOfOne = 128;
constexpr auto kLargeTime = std::chrono::seconds(60);
/// What is read, and not looked at, of a body that is too large.
constexpr size_t kMostDrained = 2 * kMaxLargeBody, kDrainedAtOnce = 64 * 1024;

/// How often it is looked at whether somebody still waits for an answer that takes long.
constexpr auto kPeerLook = std::chrono::milliseconds(250);
/// How often a stream is asked for more, and how long it may say nothing before the connection is
/// tried.
constexpr auto kStreamLook = std::chrono::milliseconds(200);
constexpr auto kEagerLook = std::chrono::milliseconds(20);
constexpr auto kQuiet = std::chrono::seconds(15);
constexpr size_t kMaxStreams = 64, kMostStreamsOfOne = 16;
constexpr size_t kPoolThreads = 16, kMostOfOne = 4;

}  // namespace sluice::control
