#pragma once

#include <filesystem>
#include <memory>

#include "stream/anchor_target.h"

namespace sluice::stream {

/// A folder, such as a mounted share that forgets nothing: one file `<size>.checkpoint` a push
/// (`<size>.closed.checkpoint` where it says that the log was closed), and none is ever written
/// twice.
std::unique_ptr<AnchorTarget> make_folder_anchor(std::filesystem::path folder);

}  // namespace sluice::stream
