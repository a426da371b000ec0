#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/test_folder.h"
#include "stream/anchor_target.h"
#include "tlog/note.h"

namespace sluice::stream {

/// A key in a file that lives as long as it does.
class TestKey {
 public:
  TestKey(std::string name, tlog::KeyType type)
      : signer_(tlog::create_key(folder_ / "key.pem").value()),
        key_{std::move(name), type, signer_->public_key()} {}

  const tlog::VerifierKey& key() const { return key_; }
  tlog::Signer& signer() { return *signer_; }

 private:
  TestFolder folder_;
  std::unique_ptr<tlog::Signer> signer_;
  tlog::VerifierKey key_;
};

/// A checkpoint of `size` records whose root is full of `fill`, signed by `log`.
inline SignedCheckpoint test_checkpoint(TestKey& log, uint64_t size, char fill = 'r',
                                        bool closed = false) {
  tlog::Checkpoint head;
  head.origin = log.key().name;
  head.size = size;
  head.closed = closed;
  head.root.fill(static_cast<decltype(head.root)::value_type>(fill));
  const auto text = tlog::format_checkpoint(head);
  const auto line = tlog::sign_note(text, log.key().name, log.signer()).value();
  return SignedCheckpoint::parse(tlog::format_note({text, {line}})).value();
}

}  // namespace sluice::stream
