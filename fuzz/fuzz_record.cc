// Audit records, as somebody may have altered them.
#include "audit/record.h"
#include "audit/record_json.h"
#include "input.h"

FUZZ(bytes) {
  const auto record = sluice::audit::decode_record(1, bytes);
  if (record) (void)boost::json::serialize(sluice::audit::to_json(*record));
}
