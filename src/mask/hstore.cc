#include "mask/hstore.h"

#include "mask/binary_reader.h"
#include "mask/text.h"

namespace sluice::mask {
namespace {

tl::unexpected<Error> no_hstore() {
  return fail(ErrorCode::kProtocol, "a value is no valid hstore");
}

/// The quoted string at the front, with its quotes; empty if there is none.
Bytes quoted(Bytes text) {
  if (!text.starts_with('"')) return {};
  for (size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return text.substr(0, at + 1);
    }
  }
  return {};
}

std::string unescape(Bytes body) {
  std::string out;
  for (size_t at = 0; at < body.size(); ++at) {
    if (body[at] == '\\' && at + 1 < body.size()) ++at;
    out.push_back(body[at]);
  }
  return out;
}

void append_value(Bytes value, const Rule& rule, const Permuter& permuter, std::string& out) {
  std::string masked;
  mask_text(value, rule, permuter, kNoLimit, masked);
  out.push_back('"');
  for (const char c : masked) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace

Result<> mask_hstore_text(Bytes value, const Rule& rule, const Permuter& permuter,
                          std::string& out) {
  while (!value.empty()) {
    const Bytes key = quoted(value);
    if (key.empty() || !value.substr(key.size()).starts_with("=>")) return no_hstore();
    out.append(key).append("=>");
    value.remove_prefix(key.size() + 2);
    if (value.starts_with("NULL")) {
      out.append("NULL");
      value.remove_prefix(4);
    } else {
      const Bytes one = quoted(value);
      if (one.empty()) return no_hstore();
      append_value(unescape(one.substr(1, one.size() - 2)), rule, permuter, out);
      value.remove_prefix(one.size());
    }
    if (value.empty()) break;
    if (!value.starts_with(", ")) return no_hstore();
    out.append(", ");
    value.remove_prefix(2);
  }
  return {};
}

Result<> mask_hstore_binary(Bytes value, const Rule& rule, const Permuter& permuter,
                            std::string& out) {
  BinaryReader in(value);
  const uint32_t count = in.be32();
  append_be32(out, count);
  std::string masked;
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    const auto key = in.field();
    const auto one = in.field();
    if (!key) return no_hstore();
    append_be32(out, static_cast<uint32_t>(key->size()));
    out.append(*key);
    if (!one) {
      append_be32(out, 0xFFFFFFFFU);
      continue;
    }
    masked.clear();
    mask_text(*one, rule, permuter, kNoLimit, masked);
    append_be32(out, static_cast<uint32_t>(masked.size()));
    out.append(masked);
  }
  if (!in.done()) return no_hstore();
  return {};
}

}  // namespace sluice::mask
