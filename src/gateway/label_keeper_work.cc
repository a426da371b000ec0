// The work of LabelKeeper: what is wanted, read and decided, a batch at a time.
#include <algorithm>

#include "gateway/label_keeper.h"

namespace sluice::gateway {

namespace {

/// Relations read in one go: few while somebody waits for one of them.
constexpr size_t kUrgentBatch = 8, kBatch = 24;
/// Of foreign keys that are followed to what is decided first.
constexpr int kDeepest = 64;

}  // namespace

void LabelKeeper::want(const Catalog& catalog, catalog::Oid oid, bool urgent) {
  auto [it, added] = wanted_.try_emplace(oid);
  const bool sooner = urgent && !it->second.urgent;
  it->second.catalog = catalog;
  it->second.urgent |= urgent;
  if (sooner) {
    urgent_.push_back(oid);
  } else if (added) {
    later_.push_back(oid);
  }
  if (!urgent) return;
  // What it refers to is decided first, so that it can be inherited.
  const auto* relation = catalog->relation(oid);
  for (const auto& constraint : relation->constraints) {
    if (constraint.type != 'f' || constraint.referenced == oid) continue;
    if (!is_known(catalog, constraint.referenced) && !wanted_.contains(constraint.referenced)) {
      wanted_[constraint.referenced] = {catalog, false};
      later_.push_back(constraint.referenced);
    }
  }
}

bool LabelKeeper::next_batch(Batch& batch) {
  auto& queue = batch.urgent ? urgent_ : later_;
  const size_t most = batch.urgent ? kUrgentBatch : kBatch;
  std::unordered_set<catalog::Oid> visited;
  while (!queue.empty() && batch.relations.size() < most) {
    const auto it = wanted_.find(queue.front());
    if (it != wanted_.end()) {
      // What is read together is described by one catalog.
      if (batch.catalog && batch.catalog != it->second.catalog) break;
      batch.catalog = it->second.catalog;
      add_with_references(it->first, batch, visited, 0);
    }
    queue.pop_front();
  }
  return !batch.relations.empty();
}

void LabelKeeper::add_with_references(catalog::Oid oid, Batch& batch,
                                      std::unordered_set<catalog::Oid>& visited, int depth) {
  const auto it = wanted_.find(oid);
  if (it == wanted_.end() || it->second.catalog != batch.catalog || depth > kDeepest ||
      !visited.insert(oid).second)
    return;
  const auto* relation = batch.catalog->relation(oid);
  for (const auto& constraint : relation->constraints)
    if (constraint.type == 'f')
      add_with_references(constraint.referenced, batch, visited, depth + 1);
  batch.relations.push_back(oid);
  wanted_.erase(oid);
}

void LabelKeeper::pump() {
  for (const bool urgent : {true, false}) {
    Batch batch;
    batch.urgent = urgent;
    {
      const std::lock_guard lock(mutex_);
      bool& working = urgent ? working_urgently_ : working_;
      if (working || !next_batch(batch)) continue;
      working = true;
    }
    sample(batch);
  }
}

void LabelKeeper::sample(const Batch& batch) {
  std::vector<SampleWish> wishes;
  for (const catalog::Oid oid : batch.relations) {
    const auto* relation = batch.catalog->relation(oid);
    if (is_sampled(*relation)) wishes.push_back(whole_sample(*relation));
  }
  if (wishes.empty()) {
    classify(batch, std::make_shared<const Samples>());
    return;
  }
  const std::string question = sample_query(*batch.catalog, wishes);
  ask_(question, [this, batch, wishes = std::move(wishes)](auto answer) {
    auto read = answer ? read_samples(*batch.catalog, wishes, std::move(*answer))
                       : Result<std::vector<Sample>>(fail(std::move(answer.error())));
    if (!read) {
      ask_rights(batch);
      return;
    }
    auto samples = std::make_shared<Samples>();
    for (size_t i = 0; i < wishes.size(); ++i)
      (*samples)[wishes[i].relation->oid] = {wishes[i], std::move((*read)[i])};
    classify(batch, std::move(samples));
  });
}

void LabelKeeper::ask_rights(const Batch& batch) {
  std::vector<catalog::Oid> relations;
  for (const catalog::Oid oid : batch.relations)
    if (is_sampled(*batch.catalog->relation(oid))) relations.push_back(oid);
  ask_(rights_query(relations), [this, batch, relations](auto answer) {
    std::vector<SampleWish> wishes;
    if (answer) wishes = read_rights(*batch.catalog, relations, *answer);
    std::erase_if(wishes, [](const SampleWish& wish) { return wish.columns.empty(); });
    sample_alone(batch, std::move(wishes), 0, std::make_shared<Samples>());
  });
}

void LabelKeeper::sample_alone(const Batch& batch, std::vector<SampleWish> wishes, size_t next,
                               std::shared_ptr<Samples> samples) {
  if (next == wishes.size()) {
    classify(batch, std::move(samples));
    return;
  }
  const std::vector<SampleWish> one = {wishes[next]};
  ask_(sample_query(*batch.catalog, one),
       [this, batch, wishes = std::move(wishes), next, samples](auto answer) mutable {
         if (answer) {
           const std::vector<SampleWish> one = {wishes[next]};
           auto read = read_samples(*batch.catalog, one, std::move(*answer));
           if (read) (*samples)[one[0].relation->oid] = {one[0], std::move(read->front())};
         }
         sample_alone(batch, std::move(wishes), next + 1, std::move(samples));
       });
}

void LabelKeeper::classify(const Batch& batch, std::shared_ptr<const Samples> samples) {
  elsewhere_([this, batch, samples = std::move(samples)] {
    std::shared_ptr<const privacy::Labels> labels;
    std::vector<privacy::Correction> corrections;
    {
      const std::lock_guard lock(mutex_);
      labels = labels_;
      corrections = corrections_;
    }
    std::unordered_map<catalog::Oid, std::shared_ptr<const privacy::TableLabels>> fresh;
    const auto known = [&](uint32_t oid, int16_t number) -> std::optional<privacy::Class> {
      const auto it = fresh.find(oid);
      const auto* table = it != fresh.end() ? it->second.get() : labels->table(oid);
      const auto* column = table == nullptr ? nullptr : table->column(number);
      if (column == nullptr || column->decision.shape != privacy::Shape::kWhole)
        return std::nullopt;
      return column->decision.cls;
    };
    std::vector<Found> found;
    for (const catalog::Oid oid : batch.relations) {
      const auto& relation = *batch.catalog->relation(oid);
      const auto it = samples->find(oid);
      const bool sampled = it != samples->end();
      auto input =
          classifier_input(*batch.catalog, relation, sampled ? it->second.first : SampleWish{},
                           sampled ? &it->second.second : nullptr);
      privacy::inherit(input, relation, known);
      auto table =
          std::make_shared<const privacy::TableLabels>(privacy::label(relation, input, {}));
      auto corrected = std::make_shared<privacy::TableLabels>(*table);
      privacy::correct(*corrected, corrections);
      fresh[oid] = std::move(corrected);
      // What is never sampled (temporary tables) is as whole as it gets.
      const bool whole = sampled ? it->second.first.columns.size() == relation.columns.size()
                                 : !is_sampled(relation);
      found.push_back({std::move(table), sampled, whole, sampled ? it->second.second.written : 0});
    }
    classified(batch, std::move(found));
  });
}

void LabelKeeper::classified(const Batch& batch, std::vector<Found> found) {
  std::vector<std::function<void(bool)>> told;
  {
    const std::lock_guard lock(mutex_);
    (batch.urgent ? working_urgently_ : working_) = false;
    for (size_t i = 0; i < found.size(); ++i)
      take(*batch.catalog, *batch.catalog->relation(batch.relations[i]), std::move(found[i]));
    finish_families(*batch.catalog, batch.relations);
    if (changed_) publish();
    told = who_knows_now();
    // Two may have waited for it as different catalogs have it: one after the other.
    for (const Waiter& waiter : waiting_)
      for (const catalog::Oid oid : waiter.relations)
        if (std::find(batch.relations.begin(), batch.relations.end(), oid) != batch.relations.end())
          want(waiter.catalog, oid, true);
  }
  for (const auto& tell : told) tell(true);
  pump();
}

}  // namespace sluice::gateway
