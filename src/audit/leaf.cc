#include "audit/leaf.h"

#include "base/hash.h"

namespace sluice::audit {
namespace {

constexpr char kRecord = 1;

RecordEntry entry_of(const std::array<char, 32>& commitment) {
  RecordEntry entry;
  entry[0] = kRecord;
  std::memcpy(entry.data() + 1, commitment.data(), commitment.size());
  return entry;
}

}  // namespace

RecordEntry record_entry(const Salt& salt, Bytes payload) {
  Sha256 hash;
  hash.update({salt.data(), salt.size()});
  hash.update(payload);
  return entry_of(hash.finish());
}

RecordEntry record_entry(Bytes salted) { return entry_of(sha256(salted)); }

bool is_entry(Bytes entry) {
  return entry == kLostEntry || (entry.size() == sizeof(RecordEntry) && entry[0] == kRecord);
}

}  // namespace sluice::audit
