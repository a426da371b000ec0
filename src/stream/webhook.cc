#include "stream/webhook.h"

#include <boost/json.hpp>

#include "base/clock.h"
#include "stream/format.h"

namespace sluice::stream {
std::string webhook_body(config::StreamFormat format, const Source& source, const Entry& entry) {
  return boost::json::serialize(
      boost::json::object{{"type", "sluice." + std::string(audit::name_of(entry.record.type))},
                          {"timestamp", format_time(entry.record.time_micros)},
                          {"data", formatted(format, source, entry)}});
}

}  // namespace sluice::stream
