#include "gateway/said_settings.h"

#include <algorithm>
#include <utility>

namespace sluice::gateway {
namespace {

/// Whoever makes more savepoints is taken back to the last of these.
constexpr size_t kMostPlaces = 1000;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

}  // namespace

std::string savepoint_in(std::string_view text) {
  while (!text.empty() && (is_blank(text.back()) || text.back() == ';')) text.remove_suffix(1);
  if (text.empty() || text.find("--") != text.npos || text.find("/*") != text.npos) return {};
  if (text.back() == '"') {
    const size_t begin = text.find('"');
    const std::string_view name = text.substr(begin + 1, text.size() - begin - 2);
    return begin + 1 == text.size() || name.find('"') != name.npos ? std::string()
                                                                   : std::string(name);
  }
  const auto begin = std::find_if(text.rbegin(), text.rend(), is_blank).base();
  std::string name(begin, text.end());
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return name;
}

/// Where its place is not known, all of the transaction is taken back: a claim that is lost is
/// refused.
std::optional<Said> SaidSettings::back_to(std::string_view savepoint) {
  if (places_.empty()) return std::nullopt;
  const auto found = std::find_if(places_.rbegin(), places_.rend(), [&](const Place& place) {
    return !savepoint.empty() && place.savepoint == savepoint;
  });
  if (found != places_.rend()) {
    places_.erase(found.base(), places_.end());
    return places_.back().said;
  }
  return places_.front().said;
}

std::optional<Said> SaidSettings::sent(const std::vector<sql::TransactionEffect>& effects,
                                       std::string_view text, const Said& now) {
  using enum sql::TransactionEffect;
  std::optional<Said> said;
  const auto current = [&]() -> const Said& { return said ? *said : now; };
  const std::string name = effects.size() == 1 ? savepoint_in(text) : std::string();
  for (const auto effect : effects) {
    // A block takes along what was said before BEGIN in the same pipeline.
    if (effect == kBegin && places_.empty())
      places_.push_back({{}, implicit_.empty() ? current() : implicit_.back().said});
    if (effect == kSavepoint && !places_.empty() && places_.size() < kMostPlaces)
      places_.push_back({name, current()});
    if (effect == kRollbackTo) {
      if (auto back = back_to(name)) said = std::move(back);
    }
    // ROLLBACK without BEGIN takes back the pipeline or text that it stands in.
    if (effect == kRollback && places_.empty() && !implicit_.empty()) said = implicit_.back().said;
    if ((effect == kRollback || effect == kCommit || effect == kPrepareTransaction) &&
        !places_.empty()) {
      if (effect == kRollback) {
        said = places_.front().said;
      } else {
        before_ = places_.front().said;
      }
      places_.clear();
    }
  }
  return said;
}

std::optional<Said> SaidSettings::not_committed() { return std::exchange(before_, std::nullopt); }

void SaidSettings::changes(const Said& now, size_t readies) {
  if (!places_.empty()) return;
  if (implicit_.empty() || implicit_.back().readies < readies) implicit_.push_back({readies, now});
}

std::optional<Said> SaidSettings::failed() {
  if (implicit_.empty() || implicit_.front().readies > 1) return std::nullopt;
  Said said = std::move(implicit_.front().said);
  implicit_.pop_front();
  if (implicit_.empty()) return said;
  // What pipelines behind it have said stays.
  implicit_.front().said = std::move(said);
  return std::nullopt;
}

void SaidSettings::ready() {
  for (Implicit& one : implicit_) --one.readies;
  while (!implicit_.empty() && implicit_.front().readies == 0) implicit_.pop_front();
}

void SaidSettings::ended() {
  places_.clear();
  implicit_.clear();
  before_.reset();
}

}  // namespace sluice::gateway
