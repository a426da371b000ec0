#include "mask/text_vector.h"

#include <algorithm>

#include "mask/binary_reader.h"
#include "mask/text.h"

namespace sluice::mask {
namespace {

tl::unexpected<Error> no_vector() {
  return fail(ErrorCode::kProtocol, "a value is no valid tsvector");
}

std::string pseudonym(Bytes word, const Permuter& permuter) {
  std::string out(word);
  pseudonymise(out, 0, out.size(), Kind::kAny, permuter);
  return out;
}

}  // namespace

Result<> mask_text_vector_text(Bytes value, const Permuter& permuter, std::string& out) {
  // 'it''s':1A,2 'word'
  size_t at = 0;
  while (at < value.size()) {
    if (value[at] != '\'') return no_vector();
    std::string word;
    bool closed = false;
    for (++at; at < value.size() && !closed; ++at) {
      if (value[at] == '\'' && at + 1 < value.size() && value[at + 1] == '\'') {
        word.push_back(value[++at]);
      } else if (value[at] == '\\' && at + 1 < value.size()) {
        word.push_back(value[++at]);
      } else if (value[at] == '\'') {
        closed = true;
      } else {
        word.push_back(value[at]);
      }
    }
    if (!closed) return no_vector();
    out.push_back('\'');
    for (const char c : pseudonym(word, permuter)) {
      if (c == '\'' || c == '\\') out.push_back(c);
      out.push_back(c);
    }
    out.push_back('\'');
    const size_t end = std::min(value.find(' ', at), value.size());
    const Bytes positions = value.substr(at, end - at);
    if (positions.find_first_not_of(":,0123456789ABCD") != Bytes::npos) return no_vector();
    out.append(positions);
    at = end;
    if (at < value.size()) {
      out.push_back(' ');
      ++at;
    }
  }
  return {};
}

Result<> mask_text_vector_binary(Bytes value, const Permuter& permuter, std::string& out) {
  BinaryReader in(value);
  const uint32_t count = in.be32();
  append_be32(out, count);
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    // A word that ends with NUL, the number of its positions, the positions.
    const Bytes rest = value.substr(value.size() - in.left());
    const size_t end = rest.find('\0');
    if (end == Bytes::npos) return no_vector();
    out.append(pseudonym(in.bytes(end), permuter)).append(in.bytes(1));
    const uint16_t positions = in.be16();
    append_be16(out, positions);
    out.append(in.bytes(size_t{2} * positions));
  }
  if (!in.done()) return no_vector();
  return {};
}

}  // namespace sluice::mask
