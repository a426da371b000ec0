#include "gateway/analyser.h"

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
    job.done(sql::analyse(job.text, job.settings));
    job = {};
    lock.lock();
  }
}

Bytes Analyser::key(Bytes text, const sql::Settings& settings) {
  // The settings come first and end with a NUL, which no encoding name contains.
  key_.assign(1, settings.standard_conforming_strings ? '1' : '0');
  key_.append(settings.client_encoding);
  key_.push_back('\0');
  key_.append(text);
  return key_;
}

std::shared_ptr<const Understood> Analyser::find_or_analyse(Bytes text,
                                                            const sql::Settings& settings) {
  if (auto found = cache_.find(key(text, settings))) {
    counters_.cache_hits.add();
    return found;
  }
  if (text.size() > sql::kInlineAnalysisLimit) return nullptr;
  return remember(text, settings, sql::analyse(text, settings));
}

std::shared_ptr<const Understood> Analyser::remember(
    Bytes text, const sql::Settings& settings, std::shared_ptr<const sql::StatementFacts> facts) {
  counters_.cache_misses.add();
  const size_t weight = facts->weight() + 256;
  auto understood = std::make_shared<Understood>();
  understood->facts = std::move(facts);
  cache_.insert(key(text, settings), understood, weight);
  if (key_.capacity() > 2 * sql::kInlineAnalysisLimit) std::string().swap(key_);
  return understood;
}

const std::shared_ptr<const policy::Decision>& Understood::decision_for(
    const Database& database) const {
  for (const auto& [id, decision] : decisions) {
    if (id == database.id()) return decision;
  }
  const auto& config = database.config();
  // Reloads leave decisions of databases that are gone; there are few, but not without bound.
  if (decisions.size() >= 16) decisions.clear();
  decisions.emplace_back(database.id(), std::make_shared<const policy::Decision>(policy::decide(
                                            *facts, {config.name, config.environment})));
  return decisions.back().second;
}

}  // namespace sluice::gateway
