#include "audit/erasure_words.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include <fmt/format.h>

namespace sluice::audit {
namespace {

constexpr std::string_view kErased = "erased: records ", kWithdrawn = "not erased: records ";

std::string format(std::string_view prefix, std::span<const Erasure> ranges,
                   std::string_view reason) {
  std::string out(prefix);
  for (const auto& range : ranges) {
    if (out.size() > prefix.size()) out += ", ";
    fmt::format_to(std::back_inserter(out), "{} to {}", range.first, range.last);
  }
  return fmt::format("{}: {}", out, reason);
}

std::vector<Erasure> parse(std::string_view prefix, std::string_view message) {
  if (!message.starts_with(prefix)) return {};
  message.remove_prefix(prefix.size());
  std::vector<Erasure> out;
  const auto number = [&](uint64_t& value) {
    const auto read = std::from_chars(message.data(), message.data() + message.size(), value);
    message.remove_prefix(static_cast<size_t>(read.ptr - message.data()));
    return read.ec == std::errc();
  };
  const auto skip = [&](std::string_view text) {
    if (!message.starts_with(text)) return false;
    message.remove_prefix(text.size());
    return true;
  };
  do {
    Erasure range;
    if (!number(range.first) || !skip(" to ") || !number(range.last)) return {};
    out.push_back(range);
  } while (skip(", "));
  return skip(":") ? out : std::vector<Erasure>();
}

}  // namespace

std::vector<Erasure> ranges_of(std::span<const uint64_t> numbers) {
  std::vector<Erasure> out;
  for (const uint64_t number : numbers) {
    if (!out.empty() && out.back().last + 1 == number) {
      out.back().last = number;
    } else {
      out.push_back({number, number});
    }
  }
  return out;
}

std::string format_erasure(std::span<const Erasure> ranges, std::string_view reason) {
  return format(kErased, ranges, reason);
}

std::vector<Erasure> parse_erasure(std::string_view message) { return parse(kErased, message); }

std::string format_withdrawal(std::span<const Erasure> ranges, std::string_view why) {
  return format(kWithdrawn, ranges, why);
}

std::vector<Erasure> parse_withdrawal(std::string_view message) {
  return parse(kWithdrawn, message);
}

std::string format_refused(const Erasure& range, std::string_view reason, const Error& why) {
  return fmt::format("refused to erase records {} to {}: {}; asked for: {}", range.first,
                     range.last, why.text, reason);
}

bool ErasureWords::add(uint64_t sequence, std::string_view message) {
  Word word{parse_erasure(message), false};
  if (word.ranges.empty()) word = {parse_withdrawal(message), true};
  if (word.ranges.empty()) return false;
  words_.insert_or_assign(sequence, std::move(word));
  return true;
}

void ErasureWords::add(const ErasureWords& others) {
  words_.insert(others.words_.begin(), others.words_.end());
}

std::vector<Erasure> ErasureWords::standing() const {
  std::vector<const Word*> told;
  for (const auto& [sequence, word] : words_) {
    if (!word.withdrawn) {
      told.push_back(&word);
      continue;
    }
    const auto last = std::find_if(told.rbegin(), told.rend(), [&](const Word* before) {
      return before->ranges == word.ranges;
    });
    if (last != told.rend()) told.erase(std::next(last).base());
  }
  std::vector<Erasure> out;
  for (const Word* word : told) out.insert(out.end(), word->ranges.begin(), word->ranges.end());
  return out;
}

}  // namespace sluice::audit
