// inet, cidr, macaddr, macaddr8, uuid.
#include <array>
#include <charconv>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "mask/families.h"
#include "mask/scalar_masker.h"
#include "mask/text.h"

namespace sluice::mask {
namespace {

bool is_exact(const Rule& rule) {
  return rule.strategy == Strategy::kPseudonym || rule.strategy == Strategy::kHash;
}

bool is_coarse(const Rule& rule) {
  return rule.strategy == Strategy::kGeneralise || rule.strategy == Strategy::kPartial;
}

/// Where the last octet of "10.1.22.133" stands; nothing of any other text.
std::optional<size_t> last_octet(Bytes text) {
  size_t dots = 0, begin = 0;
  int octet = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      octet = octet * 10 + (c - '0');
      if (octet > 255 || (octet < 10 && i > begin)) return std::nullopt;
    } else if (c == '.' && i > begin && dots < 3) {
      ++dots;
      begin = i + 1;
      octet = 0;
    } else {
      return std::nullopt;
    }
  }
  return dots == 3 && begin < text.size() ? std::optional(begin) : std::nullopt;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// An address with the length of its network part.
struct Address {
  bool v6 = false;
  int bits = 32;
  std::array<unsigned char, 16> bytes{};

  int width() const { return v6 ? 128 : 32; }
  size_t size() const { return v6 ? 16 : 4; }
  void clear_host() {
    for (int bit = bits; bit < width(); ++bit) {
      bytes.at(static_cast<size_t>(bit / 8)) &= static_cast<unsigned char>(~(0x80 >> bit % 8));
    }
  }
  void append_host(std::string& out) const {
    if (v6) {
      std::array<char, INET6_ADDRSTRLEN> text{};
      out.append(inet_ntop(AF_INET6, bytes.data(), text.data(), text.size()));
      return;
    }
    // inet_ntop prints these by sprintf, which costs more than all else that is done to one.
    for (size_t i = 0; i < 4; ++i) {
      const fmt::format_int octet(bytes.at(i));
      if (i > 0) out.push_back('.');
      out.append(octet.data(), octet.size());
    }
  }
  bool read_host(const std::string& text) {
    v6 = text.find(':') != std::string::npos;
    return inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes.data()) == 1;
  }
};

struct InetCodec {
  using Value = Address;
  static constexpr std::string_view kName = "network address";
  bool cidr = false;

  std::optional<Value> parse(Bytes text) const {
    Address address;
    const size_t slash = text.find('/');
    if (!address.read_host(std::string(text.substr(0, slash)))) return std::nullopt;
    address.bits = address.width();
    if (slash != Bytes::npos) {
      const auto read =
          std::from_chars(text.data() + slash + 1, text.data() + text.size(), address.bits);
      if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    }
    if (address.bits < 0 || address.bits > address.width()) return std::nullopt;
    return address;
  }
  std::optional<Value> decode(Bytes bytes) const {
    // Family (2 or 3), bits, whether cidr, length, address.
    if (bytes.size() != 8 && bytes.size() != 20) return std::nullopt;
    Address address{.v6 = bytes[0] == 3, .bits = static_cast<unsigned char>(bytes[1])};
    if ((bytes[0] != 2 && bytes[0] != 3) || bytes.size() != 4 + address.size() ||
        static_cast<size_t>(bytes[3]) != address.size() || address.bits > address.width()) {
      return std::nullopt;
    }
    std::memcpy(address.bytes.data(), bytes.data() + 4, address.size());
    return address;
  }
  Masked mask(Value& value, const Means& means) const {
    if (is_exact(means.rule)) {
      pseudonym(value, *means.permuter);
    } else if (means.rule.strategy == Strategy::kRedact) {
      value.bytes.fill(0);
      value.bits = value.width();
    } else {
      value.bits = std::min(value.bits, value.v6 ? 48 : 24);
      value.clear_host();
    }
    if (cidr) value.clear_host();
    return Masked::kValue;
  }
  void print(const Value& value, std::string& out) const {
    value.append_host(out);
    if (cidr || value.bits != value.width()) {
      const fmt::format_int bits(value.bits);
      out.append("/").append(bits.data(), bits.size());
    }
  }
  /// 10.1.22.133 is 10.1.22.0/24; what is that already goes the long way.
  bool coarse_text(Bytes text, const Means& means, std::string& out) const {
    if (cidr || !is_coarse(means.rule)) return false;
    const auto last = last_octet(text);
    if (!last || text.substr(*last) == "0") return false;
    out.append(text.substr(0, *last)).append("0/24");
    return true;
  }
  /// 10.0.0.0 is the beginning of 10.0.0.0/24.
  bool shows(const Value& before, const Value& after) const {
    const bool bare = !cidr && before.bits == before.width();
    return before.v6 == after.v6 && before.bytes == after.bytes &&
           (bare || before.bits == after.bits);
  }
  void encode(const Value& value, std::string& out) const {
    out.push_back(value.v6 ? '\3' : '\2');
    out.push_back(static_cast<char>(value.bits));
    out.push_back(cidr ? '\1' : '\0');
    out.push_back(static_cast<char>(value.size()));
    out.append(reinterpret_cast<const char*>(value.bytes.data()), value.size());
  }

 private:
  /// By way of text, so that the address gets the same pseudonym in a column of text.
  static void pseudonym(Value& value, const Permuter& permuter) {
    std::string text;
    value.append_host(text);
    pseudonymise(text, 0, text.size(), Kind::kIp, permuter);
    Address other;
    if (other.read_host(text) && other.v6 == value.v6) {
      value.bytes = other.bytes;
      return;
    }
    const auto digest = permuter.digest(text);  // "::ffff:1.2.3.4" has no other of its shape
    std::memcpy(value.bytes.data(), digest.data(), value.size());
  }
};

/// uuid (16 bytes), macaddr (6) and macaddr8 (8): bytes with their text in hex.
struct HexCodec {
  using Value = std::string;
  static constexpr std::string_view kName = "uuid or MAC address";
  size_t size = 0;

  std::optional<Value> parse(Bytes text) const {
    std::string bytes;
    int high = -1;
    for (const char c : text) {
      const int digit = hex_value(c);
      if (digit < 0) {
        if (c != '-' && c != ':') return std::nullopt;
      } else if (high < 0) {
        high = digit;
      } else {
        bytes.push_back(static_cast<char>(high << 4 | digit));
        high = -1;
      }
    }
    if (bytes.size() != size || high >= 0) return std::nullopt;
    return bytes;
  }
  std::optional<Value> decode(Bytes bytes) const {
    if (bytes.size() != size) return std::nullopt;
    return std::string(bytes);
  }
  Masked mask(Value& value, const Means& means) const {
    if (is_exact(means.rule)) {
      std::string text;
      print(value, text);
      pseudonymise(text, 0, text.size(), is_uuid() ? Kind::kUuid : Kind::kMac, *means.permuter);
      value = parse(text).value_or(std::string(size, '\0'));
      return Masked::kValue;
    }
    // Of a uuid the last two bytes help to tell rows apart, of a MAC address the maker does.
    const bool part = means.rule.strategy != Strategy::kRedact;
    const size_t keep = part ? (is_uuid() ? 2 : 3) : 0;
    const size_t begin = is_uuid() ? 0 : keep;
    value.replace(begin, size - keep, size - keep, '\0');
    return Masked::kValue;
  }
  void print(const Value& value, std::string& out) const {
    const std::string hex = to_hex(value);
    for (size_t i = 0; i < hex.size(); ++i) {
      if (is_uuid() ? (i == 8 || i == 12 || i == 16 || i == 20) : (i > 0 && i % 2 == 0)) {
        out.push_back(is_uuid() ? '-' : ':');
      }
      out.push_back(hex[i]);
    }
  }
  void encode(const Value& value, std::string& out) const { out.append(value); }

 private:
  bool is_uuid() const { return size == 16; }
};

}  // namespace

MaskerPtr network_masker(TypeRef type, const Means& means) {
  switch (type.oid) {
    case 650:
      return scalar(InetCodec{true}, means);
    case 869:
      return scalar(InetCodec{false}, means);
    case 829:
      return scalar(HexCodec{6}, means);
    case 774:
      return scalar(HexCodec{8}, means);
    case 2950:
      return scalar(HexCodec{16}, means);
    default:
      return nullptr;
  }
}

}  // namespace sluice::mask
