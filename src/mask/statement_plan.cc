#include "mask/statement_plan.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "mask/copied.h"
#include "mask/derivation.h"
#include "mask/refused_use.h"
#include "sql/large_objects.h"

namespace sluice::mask {
namespace {

using privacy::Shape;
using sql::ActionKind;
using sql::ColumnRef;
using sql::FunctionRisk;

/// What runs by itself, later and for others: it would see values in clear.
bool is_fired(const sql::Action& action) {
  return (action.kind == ActionKind::kCreate || action.kind == ActionKind::kAlter) &&
         (action.object_kind == "trigger" || action.object_kind == "rule" ||
          action.object_kind == "policy");
}

bool same_plan(const ColumnPlan& a, const ColumnPlan& b) {
  return a.shape == b.shape && a.shape == Shape::kWhole && a.rule == b.rule && a.cls == b.cls;
}

bool changes_rows(ActionKind kind) {
  return kind == ActionKind::kInsert || kind == ActionKind::kUpdate ||
         kind == ActionKind::kDelete || kind == ActionKind::kMerge || kind == ActionKind::kCopyIn;
}

class Planner {
 public:
  Planner(const sql::StatementFacts& facts, const Audience& audience)
      : facts_(facts), audience_(audience) {}

  StatementPlan run() {
    look_around();
    look_at_code();
    for (const auto& result : facts_.results) out_.results.push_back(result_plan(result));
    look_at_uses();
    look_at_pseudonyms();
    look_at_computing();
    look_at_comparisons();
    look_at_writes();
    look_at_copies();
    out_.copies = copied(facts_, *audience_.catalog, *audience_.labels);
    return std::move(out_);
  }

 private:
  const ColumnView& column(ColumnRef ref) {
    const auto [it, added] = views_.try_emplace(ref);
    if (added) it->second = view(audience_, ref);
    return it->second;
  }

  void look_around() {
    std::vector<catalog::Oid> relations;
    for (const auto& used : facts_.columns) {
      if (column(used.column).hidden()) {
        out_.hides = true;
        if (column(used.column).proven && (used.uses & ~(sql::kWritten | sql::kArbiter)) != 0)
          reads_hidden_ = true;
      }
      relations.push_back(used.column.relation);
    }
    for (const auto& action : facts_.actions) {
      if (action.kind == ActionKind::kCall) out_.opaque = true;
      const bool made = action.kind == ActionKind::kCreate || action.kind == ActionKind::kAlter;
      if (!made && !changes_rows(action.kind)) continue;
      // A failing row is shown with all its columns, as is what a new index finds twice.
      for (const auto& target : action.targets) {
        if (target.oid != 0 && column({target.oid, 0}).hidden()) out_.hides = true;
        if (target.oid != 0 && !made) relations.push_back(target.oid);
      }
    }
    std::sort(relations.begin(), relations.end());
    relations.erase(std::unique(relations.begin(), relations.end()), relations.end());
    for (const auto oid : relations) {
      if (needs_label(audience_, oid)) out_.unlabelled.push_back(oid);
    }
    unreadable_ = facts_.dynamic_sql;
    bool sets = false, calls = false;
    for (const auto& function : facts_.functions) {
      if (function.oid == 0 || function.oid >= catalog::kFirstUserOid) out_.opaque = true;
      if (is_unreadable(function, *audience_.catalog)) unreadable_ = true;
      sets = sets || function.risk == FunctionRisk::kSetting;
      calls = calls || function.oid >= catalog::kFirstUserOid;
    }
    // What a body's names mean may then be something else than what was looked at.
    unreadable_ = unreadable_ || (sets && calls);
    unknown_ = unreadable_ || facts_.unresolved;
    for (const auto& used : facts_.columns) {
      const sql::ColumnUses decides =
          sql::kUsedInPredicate | sql::kUsedInJoin | sql::kUsedInGrouping;
      if ((used.uses & decides) != 0) chooses_rows_ = true;
    }
    chooses_rows_ = chooses_rows_ || facts_.has_limit;
  }

  /// What cannot be looked into may read anything, and pass it on in many ways.
  void look_at_code() {
    if (unreadable_ && audience_.hides_something) {
      object({},
             "this runs code that cannot be looked into, and may read columns that are masked "
             "for you",
             "Write the statement out, or ask for a rule that unmasks what it reads.");
    }
    // SET CONSTRAINTS in it runs what other statements have put off.
    const bool others = facts_.may_change_settings && audience_.hides_something;
    if (facts_.reads_errors && (out_.hides || others)) {
      object({}, "code in it looks at the texts of errors, which may show columns masked for you",
             "Leave SQLERRM and GET STACKED DIAGNOSTICS out, or ask for a rule that unmasks them.");
    }
    const bool turns =
        facts_.schema_change || facts_.temporary_change || facts_.may_change_settings;
    const bool sends = std::any_of(facts_.results.begin(), facts_.results.end(),
                                   [](const auto& result) { return result.returns_rows; });
    if (facts_.statements > 1 && turns && sends && reads_rows() && audience_.hides_something) {
      object({}, "a text that changes what names mean, and reads rows, cannot be masked",
             "Send the statements one by one.");
    }
    for (const auto& action : facts_.actions) {
      if (action.kind == ActionKind::kCreate && action.object_kind == "function") {
        look_at_trigger_function(action);
      }
      const bool defines = facts_.defines_expressions && (action.kind == ActionKind::kCreate ||
                                                          action.kind == ActionKind::kAlter);
      if (!is_fired(action) && !defines) continue;
      for (const auto& target : action.targets) {
        look_at_definition(action.object_kind, target.oid);
        if (action.object_kind == "domain") look_at_domain(target.oid);
      }
    }
  }

  bool reads_rows() const {
    return std::any_of(facts_.actions.begin(), facts_.actions.end(), [](const auto& action) {
      return action.kind == ActionKind::kRead || action.kind == ActionKind::kCopyOut;
    });
  }

  void look_at_definition(std::string_view what, catalog::Oid relation) {
    if (relation == 0) return;
    const ColumnView& row = column({relation, 0});
    if (!row.hidden() || !row.proven) return;
    object(row,
           fmt::format("{} holds columns that are masked for you, which this {} would look into",
                       row.name, what),
           "Ask somebody who may see them to do it.");
  }

  /// A domain's checks look into every column of it.
  void look_at_domain(catalog::Oid domain) {
    for (const auto& relation : audience_.catalog->relations()) {
      for (const auto& one : relation.columns) {
        if (domain != 0 && one.type == domain) look_at_definition("domain", relation.oid);
      }
    }
  }

  /// One that is replaced runs for the tables that it is a trigger of.
  void look_at_trigger_function(const sql::Action& action) {
    for (const auto& relation : audience_.catalog->relations()) {
      for (const auto& trigger : relation.triggers) {
        const auto* function = audience_.catalog->function(trigger.function);
        const bool replaced =
            function != nullptr &&
            std::any_of(action.targets.begin(), action.targets.end(),
                        [&](const auto& target) { return target.name == function->name; });
        const ColumnView* row = replaced ? &column({relation.oid, 0}) : nullptr;
        if (row == nullptr || !row->hidden() || !row->proven) continue;
        object(*row,
               fmt::format("{} holds columns that are masked for you, which its trigger {} "
                           "would see",
                           row->name, trigger.name),
               "Ask somebody who may see them to replace the function.");
      }
    }
  }

  ResultPlan result_plan(const sql::StatementResult& result) {
    ResultPlan plan;
    keys_.clear();
    if (result.explained) {
      // The planner runs functions, and shows what they return.
      plan.hides_unknown = plan.masks = out_.hides && !facts_.functions.empty();
      // What an EXECUTE runs is known by its name alone.
      plan.masks = plan.masks || !result.executes.empty();
      return plan;
    }
    plan.hides_unknown = result.unknown_columns && (out_.hides || unknown_);
    for (const auto& output : result.columns) add_output(output, plan);
    for (ColumnPlan& column : plan.columns) place_key(column, result, plan);
    // What these return is found out when they run.
    const bool by_name = !result.executes.empty() || !result.fetches.empty();
    plan.masks = plan.hides_unknown || by_name ||
                 std::any_of(plan.columns.begin(), plan.columns.end(),
                             [](const auto& column) { return column.shape != Shape::kNone; });
    const bool told = !result.copy || (result.copy->to_stdout && result.copy->encoding.empty());
    plan.sees =
        told && std::any_of(plan.columns.begin(), plan.columns.end(),
                            [](const auto& column) { return column.cls != privacy::Class::kNone; });
    return plan;
  }

  void add_output(const sql::OutputColumn& output, ResultPlan& plan) {
    ColumnPlan& column = plan.columns.emplace_back();
    ColumnNote& note = plan.notes.emplace_back();
    if (output.unknown && (out_.hides || unknown_)) {
      column = redacted();
      note = {"expression", privacy::Class::kNone, "default"};
      return;
    }
    const ColumnView* first = nullptr;
    const ColumnView* shown = nullptr;
    bool itself = true, object = false;
    for (const auto& source : output.sources) {
      if (tells_presence(source)) continue;
      const ColumnView& one = this->column(source.column);
      note_release(one);
      if (!one.hidden() && one.plan.cls != privacy::Class::kNone) shown = &one;
      if (!one.hidden() || (one.aggregates && is_sum(source) && !chooses_rows_)) continue;
      const bool whole_object = sql::is_whole_large_object(source);
      if (first != nullptr && object != whole_object) itself = false;
      object = whole_object;
      if (first != nullptr && first != &one && !same_plan(first->plan, one.plan)) itself = false;
      if (!is_itself(source, one) && !object) itself = false;
      const auto unsteady =
          std::find_if_not(source.functions.begin(), source.functions.end(),
                           [&](const auto& name) { return is_steady(name) || is_called(name); });
      if (unsteady != source.functions.end() && one.proven && !object)
        object_to_unsteady(one, *unsteady);
      if (first == nullptr) {
        first = &one;
        note.column = one.name;
      } else if (first != &one && note.column.size() < 200) {
        note.column += "," + one.name;
      }
    }
    if (first == nullptr) {
      if (shown == nullptr) return;
      column = shown->plan;
      note = {shown->name, shown->plan.cls, shown->rule};
      return;
    }
    note.cls = first->plan.cls;
    note.rule = first->rule;
    // What large objects hold nobody has looked at.
    column = !itself ? redacted() : object ? free_text() : first->plan;
    if (itself && column.shape == Shape::kByKey) keys_[plan.columns.size() - 1] = first->key;
  }

  /// Code of users' own, whose body is among what has been looked at.
  bool is_called(std::string_view name) const {
    return std::any_of(facts_.functions.begin(), facts_.functions.end(), [&](const auto& use) {
      return use.oid >= catalog::kFirstUserOid &&
             (use.name == name || name == use.schema + "." + use.name);
    });
  }

  ColumnPlan free_text() const {
    ColumnPlan column;
    column.shape = Shape::kFreeText;
    column.treatment = std::make_shared<const Treatment>(audience_.anywhere);
    return column;
  }

  void note_release(const ColumnView& one) {
    if (!one.sensitive || one.hidden()) return;
    std::string text = fmt::format("{} {} {}", one.name, privacy::name(one.cls), one.rule);
    if (std::find(out_.released.begin(), out_.released.end(), text) == out_.released.end()) {
      out_.released.push_back(std::move(text));
    }
  }

  /// Where in the row the key of a key-value table stands.
  void place_key(ColumnPlan& column, const sql::StatementResult& result, const ResultPlan& plan) {
    if (column.shape != Shape::kByKey) return;
    const auto key = keys_.find(static_cast<size_t>(&column - plan.columns.data()));
    column.key_column = -1;
    // Read more than once, the key may be another row's.
    if (facts_.range_items != 1) return;
    for (size_t i = 0; key != keys_.end() && i < result.columns.size(); ++i) {
      const auto& sources = result.columns[i].sources;
      const bool is_key = sources.size() == 1 && sources[0].as_is &&
                          sources[0].column == key->second && !result.columns[i].unknown;
      if (is_key) column.key_column = static_cast<int>(i);
    }
  }

  void object(const ColumnView& one, std::string message, std::string hint) {
    if (out_.objection) return;
    out_.objection = Objection{one.name, std::move(message), std::move(hint)};
  }
  void object_to(const ColumnView& one, std::string_view message, std::string hint) {
    object(one, fmt::format("column {} is masked for you and {}", one.name, message),
           std::move(hint));
  }

  void look_at_uses() {
    using policy::Predicates;
    for (const auto& used : facts_.columns) {
      const ColumnView& one = column(used.column);
      if (!one.hidden() || !one.proven) continue;
      if (auto why = refused_use(with_field(one, used.column, facts_), used.uses))
        object(one, std::move(why->message), std::move(why->hint));
      if (one.predicates != Predicates::kAny && (used.uses & sql::kUsedInPredicate) != 0) {
        out_.guesses = std::max<size_t>(1, facts_.comparisons);
      }
    }
  }

  void look_at_pseudonyms() {
    for (const auto& with : facts_.compared) {
      const ColumnView& one = column(with.column);
      const bool shown = one.hidden() && one.proven && one.plan.shape == Shape::kWhole &&
                         one.plan.rule.strategy == Strategy::kPseudonym;
      if (shown) out_.compared.push_back({with, one.name});
    }
  }

  /// Whether what is made of a hidden value fails tells something of it, also where nobody sees
  /// what comes of it. What is returned has been looked at by then.
  void look_at_computing() {
    for (const auto& [ref, function] : facts_.computed) {
      const ColumnView& one = column(ref);
      if (!one.hidden() || !one.proven || is_steady(function) || is_called(function)) continue;
      if (one.predicates == policy::Predicates::kAny || is_returned(ref, function)) continue;
      object_to_unsteady(one, function);
    }
  }

  bool is_returned(ColumnRef ref, const std::string& function) const {
    const auto by = [&](const sql::Source& source) {
      return source.column == ref && !tells_presence(source) &&
             std::find(source.functions.begin(), source.functions.end(), function) !=
                 source.functions.end();
    };
    return std::any_of(facts_.results.begin(), facts_.results.end(), [&](const auto& result) {
      return std::any_of(result.columns.begin(), result.columns.end(), [&](const auto& output) {
        return std::any_of(output.sources.begin(), output.sources.end(), by);
      });
    });
  }

  void object_to_unsteady(const ColumnView& one, std::string_view function) {
    object_to(one,
              fmt::format("cannot be computed with by \"{}\": whether that fails would tell "
                          "something of it",
                          function),
              "Select the column itself, or ask for a rule that unmasks it.");
  }

  /// Compared with a column that anybody may fill, a hidden one is guessed by a dictionary.
  void look_at_comparisons() {
    for (const auto& [a, b] : facts_.equated) {
      for (const auto& [one, other] : {std::pair(a, b), std::pair(b, a)}) {
        const ColumnView& hidden = column(one);
        if (!hidden.hidden() || !hidden.proven) continue;
        if (hidden.predicates == policy::Predicates::kAny) continue;
        if (writes_own(other)) {
          object_to(hidden, "cannot be compared with values that the same statement writes",
                    "Write first, and compare then, or ask for a rule that unmasks it.");
        }
        if (column(other).hidden()) continue;
        object_to(hidden, "can only be compared with single values, or with another such column",
                  "Compare it with a value, or ask for a rule with \"predicates: any\".");
      }
    }
  }

  /// Whether values of one's own come into a column.
  bool writes_own(ColumnRef ref) const {
    return std::any_of(facts_.written.begin(), facts_.written.end(), [&](const auto& written) {
      return written.target == ref && !written.fired && written.sources.empty();
    });
  }

  /// What is hidden may only be written where it stays hidden, and as it is: what a function makes
  /// of it may have the parts in sight that the mask hides.
  void look_at_writes() {
    for (const auto& written : facts_.written) {
      // What a trigger does, its table's owner wrote; but temporary ones are one's own.
      if (written.fired && !is_temporary(written.target.relation)) continue;
      const ColumnView& target = column(written.target);
      if (target.hidden() && target.proven) {
        out_.fills_hidden = true;
        if (changes(written.target.relation)) out_.overwritten.push_back(target.name);
      }
      if (written.unknown && reads_hidden_ && !target.hidden()) {
        object({}, "this writes what code makes of columns that are masked for you",
               "Leave them out, or ask for a rule that unmasks them.");
      }
      for (const auto& source : written.sources) {
        if (tells_presence(source)) continue;
        const ColumnView& one = column(source.column);
        if (!one.hidden() || !one.proven) continue;
        const bool stays = source.column == written.target ||
                           (target.hidden() && target.proven && same_plan(one.plan, target.plan));
        if (stays && is_itself(source, one)) continue;
        object_to(one, "cannot be written where it would be readable",
                  "Leave the column out, or ask for a rule that unmasks it.");
      }
      if (changes(written.target.relation)) look_at_key(written.target);
    }
  }

  bool is_temporary(catalog::Oid oid) const {
    const auto* relation = audience_.catalog->relation(oid);
    return relation != nullptr && relation->persistence == 't';
  }

  bool changes(catalog::Oid relation) const {
    return std::any_of(facts_.actions.begin(), facts_.actions.end(), [&](const auto& action) {
      return (action.kind == ActionKind::kUpdate || action.kind == ActionKind::kMerge) &&
             std::any_of(action.targets.begin(), action.targets.end(),
                         [&](const auto& target) { return target.oid == relation; });
    });
  }

  /// Under another key a value would be shown as another thing.
  void look_at_key(ColumnRef written) {
    const auto* relation = audience_.catalog->relation(written.relation);
    if (relation == nullptr) return;
    for (const auto& one : relation->columns) {
      const ColumnView& value = column({relation->oid, one.number});
      if (value.plan.shape != Shape::kByKey || !(value.key == written)) continue;
      object_to(value, "is told by a key that cannot be changed while it is",
                "Insert a new row, or ask for a rule that unmasks the column.");
    }
  }

  void look_at_copies() {
    for (size_t i = 0; i < facts_.results.size(); ++i) {
      const auto& copy = facts_.results[i].copy;
      if (!copy || !out_.results[i].masks) continue;
      ColumnView what;
      for (const auto& note : out_.results[i].notes) {
        if (!note.column.empty()) what.name = note.column;
      }
      if (!copy->to_stdout) {
        object_to(what, "cannot be copied into a file or program of the server",
                  "COPY … TO STDOUT sends it masked.");
      } else if (copy->format == "text" && !copy->null_text.empty() &&
                 !copy->null_text.starts_with('\\')) {
        object_to(what, "cannot be copied where NULL is written as a value might be",
                  "Leave NULL out.");
      } else if (!copy->encoding.empty()) {
        object_to(what, "cannot be copied in an encoding of its own",
                  "Leave ENCODING out: the data then comes in the client's.");
      }
    }
  }

  const sql::StatementFacts& facts_;
  const Audience& audience_;
  StatementPlan out_;
  std::map<ColumnRef, ColumnView> views_;
  std::map<size_t, ColumnRef> keys_;  ///< of the result being planned
  bool reads_hidden_ = false;         ///< not only beside what it does
  bool unknown_ = false;              ///< it names what is not in the catalog, or as below
  bool unreadable_ = false;           ///< it runs what cannot be read
  bool chooses_rows_ = false;         ///< it looks at some rows only, or at groups of them
};

}  // namespace

bool StatementPlan::sees() const {
  return std::any_of(results.begin(), results.end(),
                     [](const ResultPlan& result) { return result.sees; });
}

bool StatementPlan::masks() const {
  return std::any_of(results.begin(), results.end(),
                     [](const ResultPlan& result) { return result.masks; });
}

StatementPlan plan(const sql::StatementFacts& facts, const Audience& audience) {
  return Planner(facts, audience).run();
}

OriginPlan plan_origin(const Audience& audience, sql::ColumnRef ref) {
  const ColumnView one = view(audience, ref);
  OriginPlan out;
  out.plan = one.plan;
  // Where its key stands is not known here.
  if (out.plan.shape == Shape::kByKey) out.plan.key_column = -1;
  if (one.hidden() || one.plan.cls != privacy::Class::kNone)
    out.note = {one.name, one.plan.cls, one.rule};
  return out;
}

}  // namespace sluice::mask
