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

/// Appends one key or value in quotes; `raw` with its quotes if it is the same as `plain`.
void append_quoted(Bytes raw, Bytes plain, Bytes masked, std::string& out) {
  if (plain == masked) {
    out.append(raw);
    return;
  }
  out.push_back('"');
  for (const char c : masked) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

void append_counted(Bytes bytes, std::string& out) {
  append_be32(out, static_cast<uint32_t>(bytes.size()));
  out.append(bytes);
}

Result<> mask_text_form(Bytes value, const HstoreVisitor& visit, std::string& out) {
  std::string masked;
  while (!value.empty()) {
    const Bytes raw_key = quoted(value);
    if (raw_key.empty() || !value.substr(raw_key.size()).starts_with("=>")) return no_hstore();
    value.remove_prefix(raw_key.size() + 2);
    const std::string key = unescape(raw_key.substr(1, raw_key.size() - 2));
    masked.clear();
    visit(key, std::nullopt, masked);
    append_quoted(raw_key, key, masked, out);
    out.append("=>");
    if (value.starts_with("NULL")) {
      out.append("NULL");
      value.remove_prefix(4);
    } else {
      const Bytes raw = quoted(value);
      if (raw.empty()) return no_hstore();
      value.remove_prefix(raw.size());
      const std::string plain = unescape(raw.substr(1, raw.size() - 2));
      masked.clear();
      visit(key, plain, masked);
      append_quoted(raw, plain, masked, out);
    }
    if (value.empty()) break;
    if (!value.starts_with(", ")) return no_hstore();
    out.append(", ");
    value.remove_prefix(2);
  }
  return {};
}

Result<> mask_binary_form(Bytes value, const HstoreVisitor& visit, std::string& out) {
  BinaryReader in(value);
  const uint32_t count = in.be32();
  append_be32(out, count);
  std::string masked;
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    const auto key = in.field();
    const auto one = in.field();
    if (!key || !in.ok()) return no_hstore();
    masked.clear();
    visit(*key, std::nullopt, masked);
    append_counted(masked, out);
    if (!one) {
      append_be32(out, 0xFFFFFFFFU);
      continue;
    }
    masked.clear();
    visit(*key, *one, masked);
    append_counted(masked, out);
  }
  if (!in.done()) return no_hstore();
  return {};
}

HstoreVisitor by_rule(const Rule& rule, const Permuter& permuter) {
  return [&rule, &permuter](Bytes key, std::optional<Bytes> value, std::string& out) {
    if (value) {
      mask_text(*value, rule, permuter, kNoLimit, out);
    } else {
      out.append(key);
    }
  };
}

}  // namespace

Result<> mask_hstore(Format format, Bytes value, const HstoreVisitor& visit, std::string& out) {
  return format == Format::kText ? mask_text_form(value, visit, out)
                                 : mask_binary_form(value, visit, out);
}

Result<> mask_hstore_text(Bytes value, const Rule& rule, const Permuter& permuter,
                          std::string& out) {
  return mask_hstore(Format::kText, value, by_rule(rule, permuter), out);
}

Result<> mask_hstore_binary(Bytes value, const Rule& rule, const Permuter& permuter,
                            std::string& out) {
  return mask_hstore(Format::kBinary, value, by_rule(rule, permuter), out);
}

}  // namespace sluice::mask
