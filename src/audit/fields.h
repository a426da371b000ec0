#pragma once

#include <string>
#include <vector>

#include "audit/cbor.h"
#include "audit/record_view.h"

namespace sluice::audit {

/// Writes fields of a record: key and value, and nothing for what is empty or zero.
class Fields {
 public:
  explicit Fields(std::string& out) : cbor_(out) {}
  void number(Key key, uint64_t value) {
    if (value == 0) return;
    cbor_.unsigned_integer(static_cast<uint64_t>(key));
    cbor_.unsigned_integer(value);
  }
  void text(Key key, Bytes value) {
    if (value.empty()) return;
    cbor_.unsigned_integer(static_cast<uint64_t>(key));
    cbor_.text(value);
  }
  void bytes(Key key, Bytes value) {
    if (value.empty()) return;
    cbor_.unsigned_integer(static_cast<uint64_t>(key));
    cbor_.bytes(value);
  }
  void list(Key key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    cbor_.unsigned_integer(static_cast<uint64_t>(key));
    cbor_.array(values.size());
    for (const auto& value : values) cbor_.text(value);
  }

 private:
  CborWriter cbor_;
};

}  // namespace sluice::audit
