#pragma once

#include <array>

#include "audit/segment.h"
#include "base/bytes.h"

namespace sluice::audit {

// What stands in the tree for a record: leaf n is of the record with sequence number n + 1. An
// entry tells nothing of its record to whom the salt is not shown, so that a record can be erased,
// salt and all, while every proof stays valid.

/// 0x01 || SHA-256(salt || record).
using RecordEntry = std::array<char, 33>;
RecordEntry record_entry(const Salt& salt, Bytes payload);
/// The same of salt and record in one piece, as a receipt carries them.
RecordEntry record_entry(Bytes salted);

/// Stands for a number that was given out and whose record never reached the disk: the process or
/// the machine died first, so that its statement was never answered, or (durability `process`)
/// power failed.
inline constexpr Bytes kLostEntry{"\x02", 1};

inline Bytes view(const RecordEntry& entry) { return {entry.data(), entry.size()}; }

/// Whether `entry` is of a form that is written.
bool is_entry(Bytes entry);

}  // namespace sluice::audit
