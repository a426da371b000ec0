#include "gateway/bounded_words.h"

#include <fmt/format.h>

#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

std::optional<pg::ErrorFields> left_out(const pg::ErrorFields& fields,
                                        const policy::Decision* decision, uint64_t bytes) {
  if (decision == nullptr || !decision->limits.bytes) return std::nullopt;
  const auto& most = *decision->limits.bytes;
  if (bytes <= most.most) return std::nullopt;
  pg::ErrorFields out;
  out.set_severity("ERROR");
  out.set(pg::kFieldSqlstate, fields.sqlstate());
  out.set(pg::kFieldMessage,
          fmt::format("the server's error is left out: with it there were more than the {} bytes "
                      "that rule \"{}\" allows",
                      most.most, most.rule));
  out.set(pg::kFieldHint, "The code says what failed. Ask for less, or for a wider limit.");
  return out;
}

}  // namespace

std::optional<pg::ErrorFields> words_left_out(const pg::ErrorFields& fields, const Expected& entry,
                                              size_t length) {
  if (!entry.limited) return std::nullopt;
  return left_out(fields, entry.decision.get(),
                  entry.before.bytes + entry.said.bytes + entry.bytes + length);
}

std::optional<pg::ErrorFields> words_left_out(const pg::ErrorFields& fields,
                                              const policy::Decision* decision, size_t length) {
  return left_out(fields, decision, length);
}

}  // namespace sluice::gateway
