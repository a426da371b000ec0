// date, time, timetz, timestamp, timestamptz, interval.
#include <algorithm>

#include "mask/decimal.h"
#include "mask/families.h"
#include "mask/scalar_masker.h"
#include "mask/time_text.h"

namespace sluice::mask {
namespace {

bool is_exact(const Rule& rule) {
  return rule.strategy == Strategy::kPseudonym || rule.strategy == Strategy::kHash;
}
bool is_coarse(const Rule& rule) {
  return rule.strategy == Strategy::kGeneralise || rule.strategy == Strategy::kPartial;
}

int order_of(int64_t a, int64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

void append_be64(std::string& out, int64_t value) {
  append_be32(out, static_cast<uint32_t>(static_cast<uint64_t>(value) >> 32));
  append_be32(out, static_cast<uint32_t>(value));
}

int64_t load_int64(Bytes bytes, size_t at) {
  return static_cast<int64_t>(load_be64(bytes.data() + at));
}
int32_t load_int32(Bytes bytes, size_t at) {
  return static_cast<int32_t>(load_be32(bytes.data() + at));
}

/// The first day of its year that PostgreSQL knows.
int64_t first_of_year(int64_t day) {
  return std::max(to_days({to_civil(day).year, 1, 1}), first_day());
}

struct DateCodec {
  using Value = int32_t;
  static constexpr std::string_view kName = "date";
  static constexpr Value kLast = std::numeric_limits<Value>::max();
  static constexpr Value kFirst = std::numeric_limits<Value>::min();

  std::optional<Value> parse(Bytes text) const { return parse_day(text); }
  std::optional<Value> decode(Bytes bytes) const {
    if (bytes.size() != 4) return std::nullopt;
    const int32_t day = load_int32(bytes, 0);
    if (day != kLast && day != kFirst && (day < first_day() || day >= end_of_dates())) {
      return std::nullopt;
    }
    return day;
  }
  Masked mask(Value& day, const Means& means) const {
    if (means.rule.strategy == Strategy::kRedact) {
      day = 0;
    } else if (day != kLast && day != kFirst) {
      day = static_cast<Value>(is_coarse(means.rule) ? first_of_year(day)
                                                     : permute_day(day, *means.permuter));
    }
    return Masked::kValue;
  }
  void print(Value day, std::string& out) const { append_day(day, out); }
  static bool shows(Value before, Value after) { return before == after; }
  /// 1975-11-23 is 1975-01-01; what is that already goes the long way.
  static bool coarse_text(Bytes text, const Means& means, std::string& out) {
    if (!is_coarse(means.rule) || !is_plain_day(text) || text.substr(4) == "-01-01") return false;
    out.append(text.substr(0, 4)).append("-01-01");
    return true;
  }
  void encode(Value day, std::string& out) const { append_be32(out, static_cast<uint32_t>(day)); }
  static int order(Value a, Value b) { return order_of(a, b); }
};

struct TimeCodec {
  using Value = ZonedTime;
  static constexpr std::string_view kName = "time";
  bool zoned = false;

  std::optional<Value> parse(Bytes text) const { return parse_time(text, zoned); }
  std::optional<Value> decode(Bytes bytes) const {
    if (bytes.size() != (zoned ? 12U : 8U)) return std::nullopt;
    const Value time{load_int64(bytes, 0), zoned ? load_int32(bytes, 8) : 0};
    constexpr int32_t kMostWest = 16 * 3600;
    if (time.time < 0 || time.time > kDay || time.west <= -kMostWest || time.west >= kMostWest) {
      return std::nullopt;
    }
    return time;
  }
  Masked mask(Value& time, const Means& means) const {
    if (is_exact(means.rule)) {
      time.time = permute_time_of_day(time.time, *means.permuter);
    } else if (is_coarse(means.rule)) {
      time.time = time.time / kHour * kHour;
    } else {
      time = {};
    }
    return Masked::kValue;
  }
  void print(const Value& time, std::string& out) const { append_time(time, zoned, out); }
  void encode(const Value& time, std::string& out) const {
    append_be64(out, time.time);
    if (zoned) append_be32(out, static_cast<uint32_t>(time.west));
  }
};

struct TimestampCodec {
  using Value = Moment;
  static constexpr std::string_view kName = "timestamp";
  bool zoned = false;

  std::optional<Value> parse(Bytes text) const { return parse_moment(text, zoned); }
  std::optional<Value> decode(Bytes bytes) const {
    if (bytes.size() != 8) return std::nullopt;
    const Moment moment = load_int64(bytes, 0);
    if (moment == kEndless || moment == kBeginless) return moment;
    if (moment < first_day() * kDay || moment >= end_of_timestamps() * kDay) return std::nullopt;
    return moment;
  }
  Masked mask(Value& moment, const Means& means) const {
    if (means.rule.strategy == Strategy::kRedact) {
      moment = 0;
    } else if (moment != kEndless && moment != kBeginless) {
      const int64_t day = floor_div(moment, kDay);
      moment = is_coarse(means.rule)
                   ? first_of_year(day) * kDay
                   : permute_day(day, *means.permuter) * kDay +
                         permute_time_of_day(floor_mod(moment, kDay), *means.permuter);
    }
    return Masked::kValue;
  }
  void print(Value moment, std::string& out) const { append_moment(moment, zoned, out); }
  static bool shows(Value before, Value after) { return before == after; }
  void encode(Value moment, std::string& out) const { append_be64(out, moment); }
  static int order(Value a, Value b) { return order_of(a, b); }
};

struct IntervalCodec {
  using Value = Interval;
  static constexpr std::string_view kName = "interval";

  std::optional<Value> parse(Bytes text) const { return parse_interval(text); }
  std::optional<Value> decode(Bytes bytes) const {
    if (bytes.size() != 16) return std::nullopt;
    return Interval{load_int64(bytes, 0), load_int32(bytes, 8), load_int32(bytes, 12)};
  }
  Masked mask(Value& value, const Means& means) const {
    if (is_coarse(means.rule)) {
      coarsen(value);
    } else if (is_exact(means.rule)) {
      value.months = permute_part(value.months, *means.permuter);
      value.days = permute_part(value.days, *means.permuter);
      value.microseconds = permute_clock(value.microseconds, *means.permuter);
    } else {
      value = {};
    }
    return Masked::kValue;
  }
  void print(const Value& value, std::string& out) const { append_interval(value, out); }
  void encode(const Value& value, std::string& out) const {
    append_be64(out, value.microseconds);
    append_be32(out, static_cast<uint32_t>(value.days));
    append_be32(out, static_cast<uint32_t>(value.months));
  }

 private:
  /// Only the largest part stays, without its details.
  static void coarsen(Value& value) {
    if (value.months != 0) {
      const int32_t whole = value.months / 12 * 12;
      value = {0, 0, whole};
    } else if (value.days != 0) {
      value.microseconds = 0;
      value.days = value.days / 30 * 30;
    } else {
      value.microseconds = value.microseconds / kHour * kHour;
    }
  }

  static int32_t permute_part(int32_t part, const Permuter& permuter) {
    // No months or days are most often not a number of them.
    if (part == 0) return 0;
    const bool negative = part < 0;
    const auto magnitude = static_cast<uint64_t>(negative ? -int64_t{part} : int64_t{part});
    // Nonzero among numbers of as many digits, and never outside int32_t.
    const uint64_t other = magnitude < 10 ? 1 + permuter.permute(magnitude - 1, 9)
                                          : permute_magnitude(magnitude, negative, permuter);
    return static_cast<int32_t>(negative ? -static_cast<int64_t>(other)
                                         : static_cast<int64_t>(other));
  }

  static int64_t permute_clock(int64_t value, const Permuter& permuter) {
    // What 64 bits cannot hold as microseconds once permuted is far beyond any real span.
    constexpr int64_t kLimit = 1'000'000'000'000 * kSecond;
    if (value == 0 || value >= kLimit || value <= -kLimit) return value == 0 ? 0 : kHour;
    const int64_t magnitude = value < 0 ? -value : value;
    auto seconds = static_cast<uint64_t>(magnitude / kSecond);
    if (seconds > 0) {
      seconds = seconds < 10 ? 1 + permuter.permute(seconds - 1, 9)
                             : permute_magnitude(seconds, false, permuter);
    }
    const int64_t other =
        static_cast<int64_t>(seconds) * kSecond + permute_fraction(magnitude % kSecond, permuter);
    return value < 0 ? -other : other;
  }
};

/// Text in a style that is not read here becomes NULL; in binary there is but one form.
template <typename Codec>
class StyleMasker : public ScalarMasker<Codec> {
 public:
  StyleMasker(Codec codec, const Means& means)
      : ScalarMasker<Codec>(codec, means), redacts_(means.rule.strategy == Strategy::kRedact) {}

 private:
  Result<Masked> text(Bytes value, std::string& out) const override {
    // Its only error is that it cannot be read.
    if (auto masked = ScalarMasker<Codec>::text(value, out)) return masked;
    if (!redacts_) return Masked::kNull;
    this->codec_.print(typename Codec::Value{}, out);
    return Masked::kValue;
  }

  bool redacts_;
};

template <typename Codec>
MaskerPtr styled(Codec codec, const Means& means) {
  return std::make_shared<StyleMasker<Codec>>(codec, means);
}

}  // namespace

MaskerPtr time_masker(TypeRef type, const Means& means) {
  switch (type.oid) {
    case 1082:
      return styled(DateCodec{}, means);
    case 1083:
      return styled(TimeCodec{false}, means);
    case 1266:
      return styled(TimeCodec{true}, means);
    case 1114:
      return styled(TimestampCodec{false}, means);
    case 1184:
      return styled(TimestampCodec{true}, means);
    case 1186:
      return styled(IntervalCodec{}, means);
    default:
      return nullptr;
  }
}

}  // namespace sluice::mask
