// Session: what of an approved statement is kept, so that it can be undone.
//
// Things that it would destroy are taken out of its way before it runs (undo/keep.h). Rows are
// looked at when it has run and nobody has been told yet: the new ones here, in its transaction,
// the old ones on a connection of the gateway's own, which still sees them (undo/capture.h). Only
// when they are kept does the statement count as having succeeded.
#include <algorithm>

#include <fmt/format.h>

#include "base/random.h"
#include "gateway/refusals.h"
#include "gateway/session.h"
#include "gateway/worker.h"

namespace sluice::gateway {
namespace {

std::shared_ptr<const policy::Decision> not_kept(const std::string& why) {
  return refusal("undoable", "42501",
                 fmt::format("the statement was to be kept undoable, and is undone: {}", why),
                 "Run it in a way that can be undone, or ask for a rule that does not need it.");
}

Duration longest(const policy::Decision& decision) {
  Duration keep{};
  for (const auto& spec : decision.holds) keep = std::max(keep, spec->undoable);
  return keep;
}

}  // namespace

/// Null where nothing is to be kept, or nothing of it can be lost. kDenied: something is to be, and
/// cannot.
Result<Session::UndoablePtr> Session::to_be_kept(const policy::Decision& decision,
                                                 const sql::StatementFacts& facts,
                                                 int64_t request) const {
  auto undoable = std::make_shared<policy::Undoable>();
  undoable->keep = longest(decision);
  if (undoable->keep <= Duration::zero()) return nullptr;
  if (worker_.shared().undo == nullptr)
    return fail(ErrorCode::kDenied, "nothing is kept here that could be undone");
  undoable->request = request;
  const auto& catalog = *scope_.scope->catalog;
  SLUICE_ASSIGN(undoable->rows, undo::changes_rows(facts, catalog));
  // Of several gateways in front of one server, each has requests of its own.
  undoable->place = fmt::format("{}{}_{:08x}", catalog::kKeptPrefix, request,
                                static_cast<uint32_t>(random_u64()));
  SLUICE_ASSIGN(auto keeping, undo::keep_first(facts, catalog, undoable->place));
  if (keeping) {
    undoable->first = std::move(keeping->first);
    undoable->content = undo::encode(keeping->kept);
    undoable->summary = std::move(keeping->summary);
  }
  if (!keeping && !undoable->rows) return nullptr;
  return undoable;
}

/// The decision on what was held and may run now: with what is kept of it, by what its names mean
/// by now.
Session::DecisionPtr Session::as_approved(const sql::StatementFacts& facts, DecisionPtr held,
                                          int64_t by) const {
  auto approved = std::make_shared<policy::Decision>(*held);
  auto undoable = to_be_kept(*approved, facts, by);
  if (!undoable) return not_kept(undoable.error().text);
  approved->undoable = std::move(*undoable);
  return approved;
}

/// The statement that waits in `settling_` has changed so many rows.
void Session::keep_changed(const Changes& changed) {
  const auto& undoable = *settling_->decision->undoable;
  if (!undoable.first.empty()) {
    if (!changed.empty()) return settle(not_kept("it changes rows besides what it destroys"));
    auto kept = undo::decode_kept(undoable.content);
    if (!kept) return settle(not_kept(kept.error().text));
    return keep([kept = std::move(*kept), place = undoable.place, summary = undoable.summary](
                    undo::UndoStore& store, undo::Entry entry) {
      entry.place = place;
      entry.summary = summary;
      return store.keep(entry, kept);
    });
  }
  if (changed.empty()) return settle(nullptr);
  auto capture = undo::Capture::of(changed, *scope_.scope->catalog);
  if (!capture) return settle(not_kept(capture.error().text));
  if (!undoing_) undoing_ = std::make_unique<Undoing>();
  undoing_->capture = std::move(*capture);
  run_own(undoing_->capture->new_rows(), [this](OwnRun& run) {
    if (run.answer.error) return settle_failed(&*run.answer.error);
    if (const auto taken = undoing_->capture->take_new(run.answer.results); !taken)
      return settle(not_kept(taken.error().text));
    worker_.ask(admission_.database, undoing_->capture->old_rows(),
                [&worker = worker_, id = id_](auto answer) {
                  Session* session = worker.find_session(id);
                  if (session != nullptr) session->keep_rows(std::move(answer));
                });
  });
}

void Session::keep_rows(Result<std::vector<catalog::Rows>> old_rows) {
  if (finished_ || !settling_ || !undoing_ || !undoing_->capture) return;
  now_ = Moment::now();
  if (!old_rows) return settle(not_kept(old_rows.error().text));
  auto images = undoing_->capture->take_old(*old_rows, undoing_->earlier);
  undoing_->capture.reset();
  if (!images) return settle(not_kept(images.error().text));
  undo::add_to(undoing_->earlier, *images);
  keep([images = std::move(*images)](undo::UndoStore& store, undo::Entry entry) {
    entry.summary = images.summary();
    return store.keep(entry, images);
  });
}

/// Where waiting for the disk holds up nobody.
void Session::keep(std::function<Result<int64_t>(undo::UndoStore&, undo::Entry)> work) {
  const auto& undoable = *settling_->decision->undoable;
  undo::Entry entry;
  entry.request = undoable.request;
  entry.requester = admission_.user;
  entry.database = admission_.database->config().name;
  entry.created_micros = now_.wall_micros;
  entry.until_micros = entry.created_micros +
                       std::chrono::duration_cast<std::chrono::microseconds>(undoable.keep).count();
  Shared& shared = worker_.shared();
  shared.approving.submit(
      [&shared, &worker = worker_, id = id_, entry = std::move(entry), work = std::move(work)] {
        const auto kept = work(*shared.undo, entry);
        worker.post([id, why = kept ? std::string() : kept.error().text](Worker& self) {
          Session* session = self.find_session(id);
          if (session == nullptr || session->finished_ || !session->settling_) return;
          session->now_ = Moment::now();
          session->settle(why.empty() ? nullptr : not_kept(why));
        });
      });
}

}  // namespace sluice::gateway
