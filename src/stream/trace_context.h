#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "audit/record.h"

namespace sluice::stream {

/// The keys and values that an application put into a comment of its SQL, in the form of
/// sqlcommenter: /*route='%2Forders',traceparent='00-…'*/. Decoded. Of several such comments the
/// last one counts; what only looks like a comment, in strings and quoted names, does not.
std::map<std::string, std::string> sql_comment_tags(std::string_view sql);

/// Where a statement belongs in a distributed trace (W3C Trace Context).
struct TraceContext {
  std::string trace_id;   ///< 32 hexadecimal digits, lower case, not all zero
  std::string parent_id;  ///< 16 of them
  bool sampled = false;   ///< the caller keeps this trace
  std::string state;      ///< of vendors, as it came; may be empty
};

/// Reads a traceparent header; nothing for one that the specification calls invalid.
std::optional<TraceContext> parse_traceparent(std::string_view text);

/// What the statement's own comment says of its trace: as it was recorded, or else as it stands in
/// the text.
std::optional<TraceContext> trace_context_of(const audit::Record& record);

}  // namespace sluice::stream
