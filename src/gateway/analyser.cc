#include "gateway/analyser.h"

#include <algorithm>

#include "gateway/changes.h"
#include "gateway/statement_details.h"
#include "sql/normalise.h"

namespace sluice::gateway {

Analysis analyse(Bytes text, const Reading& reading) {
  static const sql::Scope kNowhere;
  return {
      sql::analyse(text, reading.settings, reading.scope.scope ? *reading.scope.scope : kNowhere),
      sql::recorded(text)};
}

AnalyserThreads::AnalyserThreads(unsigned count) {
  threads_.reserve(count);
  for (unsigned i = 0; i < count; ++i) {
    threads_.emplace_back(sql::kAnalyserStackBytes, "analyser", [this] { run(); });
  }
}

void AnalyserThreads::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  wake_.notify_all();
  threads_.clear();
}

void AnalyserThreads::submit(std::string text, Reading reading, Done done) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({std::move(text), std::move(reading), std::move(done)});
  }
  wake_.notify_one();
}

void AnalyserThreads::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job.done(analyse(job.text, job.reading));
    job = {};
    lock.lock();
  }
}

const policy::Judgement& Meaning::judgement(const std::shared_ptr<const policy::Policy>& policy,
                                            const SessionPrincipal& principal,
                                            const Database& database) const {
  // Read before what it is the version of: a change in between shows the next time.
  const uint64_t version = policy->asks_classes() ? database.labels().version() : 0;
  for (const Judged& known : judged_) {
    if (known.principal == principal.id && known.database == database.id() &&
        known.policy == policy && known.labels == version) {
      return *known.judgement;
    }
  }
  std::erase_if(judged_, [&](const Judged& old) {
    return old.database == database.id() && old.policy == policy && old.labels != version;
  });
  const auto labels = version == 0 ? nullptr : database.labels().current();
  const auto& config = database.config();
  const auto scope = scope_.lock();
  // Many people may use one statement, and reloads leave what is of no more use.
  if (judged_.size() >= 64) judged_.clear();
  judged_.push_back(
      {principal.id, database.id(), policy, version,
       policy::judge(policy, *facts_, scope ? scope->catalog.get() : nullptr, principal.principal,
                     {config.name, config.environment}, labels.get())});
  return *judged_.back().judgement;
}

std::shared_ptr<const Masking> Meaning::masking(const NumberedAudience& audience) const {
  for (const Masked& known : masked_) {
    if (known.audience == audience.id) return known.masking;
  }
  auto plan = mask::plan(*facts_, audience.audience);
  if (masked_.size() >= 64) masked_.clear();
  auto masking = plan.idle() ? nullptr : std::make_shared<const Masking>(std::move(plan));
  masked_.push_back({audience.id, masking});
  return masking;
}

Bytes Meaning::details(const LabelKeeper* labels) const {
  const uint64_t version = labels == nullptr ? 0 : labels->version();
  if (version == details_of_) return details_;
  const auto scope = scope_.lock();
  // What was found while there was a catalog is better than what can be told without.
  if (!scope && !details_.empty()) return details_;
  const auto known = labels == nullptr ? nullptr : labels->current();
  details_ = audit::encode_details(
      details_of(*facts_, scope ? scope->catalog.get() : nullptr, known.get()));
  details_of_ = version;
  return details_;
}

Bytes Meaning::counted_table() const {
  if (!counted_table_) {
    const auto scope = scope_.lock();
    const auto* table =
        scope && scope->catalog ? counted_by_tag(*facts_, *scope->catalog) : nullptr;
    counted_table_ = table == nullptr ? std::string() : table->qualified_name();
  }
  return *counted_table_;
}

namespace {

// What the text is read by comes first in a key and ends with a NUL, which no encoding name
// contains.
void begin_key(std::string& key, const Reading& reading) {
  key.assign(reinterpret_cast<const char*>(&reading.scope.id), sizeof reading.scope.id);
  key.push_back(reading.settings.standard_conforming_strings ? '1' : '0');
  key.append(reading.settings.client_encoding);
  for (const sql::Oid type : reading.settings.parameter_types) {
    key.push_back(' ');
    key.append(std::to_string(type));
  }
  key.push_back('\0');
}

}  // namespace

Bytes Analyser::key(Bytes text, const Reading& reading) {
  begin_key(key_, reading);
  key_.append(text);
  return key_;
}

/// Empty: this text is only ever looked up as it is.
Bytes Analyser::normalised_key(Bytes text, const Reading& reading) {
  begin_key(normalised_, reading);
  if (text.size() > sql::kInlineAnalysisLimit || !sql::normalise(text, normalised_)) return {};
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
  if (!ascii && (reading.settings.client_encoding != "UTF8" || !is_utf8(text))) return {};
  return normalised_;
}

std::shared_ptr<const Statement> Analyser::find_or_analyse(Bytes text, const Reading& reading) {
  const Bytes normalised = normalised_key(text, reading);
  if (!normalised.empty()) {
    if (auto meaning = meanings_.find(normalised)) {
      counters_.cache_hits.add();
      return std::make_shared<const Statement>(std::move(meaning), sql::recorded(text));
    }
  }
  if (auto found = statements_.find(key(text, reading))) {
    counters_.cache_hits.add();
    return found;
  }
  if (text.size() > sql::kInlineAnalysisLimit) return nullptr;
  return remember(text, reading, analyse(text, reading));
}

std::shared_ptr<const Statement> Analyser::remember(Bytes text, const Reading& reading,
                                                    Analysis analysis) {
  constexpr size_t kOverhead = 512;
  counters_.cache_misses.add();
  const bool shared = !analysis.facts->depends_on_literals;
  // Names of columns for the record take about as much as they may at most be.
  const size_t details = std::min(analysis.facts->columns.size(), audit::kMostDetails) * 32;
  const size_t weight = analysis.facts->weight() + details + kOverhead;
  auto meaning = std::make_shared<const Meaning>(std::move(analysis.facts), reading.scope.scope);
  auto statement = std::make_shared<const Statement>(meaning, std::move(analysis.recorded));
  const Bytes normalised = shared ? normalised_key(text, reading) : Bytes();
  if (!normalised.empty()) {
    meanings_.insert(normalised, std::move(meaning), weight);
  } else {
    statements_.insert(key(text, reading), statement, weight + statement->recorded.text.size());
  }
  if (key_.capacity() > 2 * sql::kInlineAnalysisLimit) std::string().swap(key_);
  return statement;
}

}  // namespace sluice::gateway
