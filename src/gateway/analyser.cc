#include "gateway/analyser.h"

#include <algorithm>

#include "sql/normalise.h"

namespace sluice::gateway {

AnalyserThreads::AnalyserThreads(unsigned count) {
  threads_.reserve(count);
  for (unsigned i = 0; i < count; ++i) {
    threads_.emplace_back(sql::kAnalyserStackBytes, "analyser", [this] { run(); });
  }
}

AnalyserThreads::~AnalyserThreads() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  wake_.notify_all();
}

void AnalyserThreads::submit(std::string text, sql::Settings settings, Done done) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({std::move(text), std::move(settings), std::move(done)});
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
    job.done({sql::analyse(job.text, job.settings), sql::recorded(job.text)});
    job = {};
    lock.lock();
  }
}

const std::shared_ptr<const policy::Decision>& Meaning::decision_for(
    const Database& database) const {
  for (const auto& [id, decision] : decisions_) {
    if (id == database.id()) return decision;
  }
  const auto& config = database.config();
  // Reloads leave decisions of databases that are gone; there are few, but not without bound.
  if (decisions_.size() >= 16) decisions_.clear();
  decisions_.emplace_back(database.id(), std::make_shared<const policy::Decision>(policy::decide(
                                             *facts_, {config.name, config.environment})));
  return decisions_.back().second;
}

namespace {

// The settings come first in a key and end with a NUL, which no encoding name contains.
void begin_key(std::string& key, const sql::Settings& settings) {
  key.assign(1, settings.standard_conforming_strings ? '1' : '0');
  key.append(settings.client_encoding);
  key.push_back('\0');
}

}  // namespace

Bytes Analyser::key(Bytes text, const sql::Settings& settings) {
  begin_key(key_, settings);
  key_.append(text);
  return key_;
}

/// Empty: this text is only ever looked up as it is.
Bytes Analyser::normalised_key(Bytes text, const sql::Settings& settings) {
  begin_key(normalised_, settings);
  if (text.size() > sql::kInlineAnalysisLimit || !sql::normalise(text, normalised_)) return {};
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
  if (!ascii && (settings.client_encoding != "UTF8" || !is_utf8(text))) return {};
  return normalised_;
}

std::shared_ptr<const Statement> Analyser::find_or_analyse(Bytes text,
                                                           const sql::Settings& settings) {
  const Bytes normalised = normalised_key(text, settings);
  if (!normalised.empty()) {
    if (auto meaning = meanings_.find(normalised)) {
      counters_.cache_hits.add();
      return std::make_shared<const Statement>(std::move(meaning), sql::recorded(text));
    }
  }
  if (auto found = statements_.find(key(text, settings))) {
    counters_.cache_hits.add();
    return found;
  }
  if (text.size() > sql::kInlineAnalysisLimit) return nullptr;
  return remember(text, settings, {sql::analyse(text, settings), sql::recorded(text)});
}

std::shared_ptr<const Statement> Analyser::remember(Bytes text, const sql::Settings& settings,
                                                    Analysis analysis) {
  constexpr size_t kOverhead = 512;
  counters_.cache_misses.add();
  const bool shared = !analysis.facts->depends_on_literals;
  const size_t weight = analysis.facts->weight() + kOverhead;
  auto meaning = std::make_shared<const Meaning>(std::move(analysis.facts));
  auto statement = std::make_shared<const Statement>(meaning, std::move(analysis.recorded));
  const Bytes normalised = shared ? normalised_key(text, settings) : Bytes();
  if (!normalised.empty()) {
    meanings_.insert(normalised, std::move(meaning), weight);
  } else {
    statements_.insert(key(text, settings), statement, weight + statement->recorded.text.size());
  }
  if (key_.capacity() > 2 * sql::kInlineAnalysisLimit) std::string().swap(key_);
  return statement;
}

}  // namespace sluice::gateway
