#include "mask/spans.h"

#include "mask/utf8.h"

namespace sluice::mask {

Result<> mask_spans(Bytes text, std::span<const Span> spans, const Permuter& permuter, size_t limit,
                    std::string& out) {
  const size_t begin = out.size();
  size_t at = 0;
  for (const Span& span : spans) {
    if (span.begin < at || span.end < span.begin || span.end > text.size()) {
      out.resize(begin);
      return fail(ErrorCode::kInvalidInput, "spans overlap or do not lie within the text");
    }
    out.append(text.substr(at, span.begin - at));
    if (span.rule.strategy != Strategy::kNull) {
      mask_text(text.substr(span.begin, span.end - span.begin), span.rule, permuter, kNoLimit, out);
    }
    at = span.end;
  }
  out.append(text.substr(at));
  const Bytes written = Bytes(out).substr(begin);
  if (written.size() > limit) out.resize(begin + first_characters(written, limit).size());
  return {};
}

}  // namespace sluice::mask
