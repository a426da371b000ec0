#include "privacy/columns.h"

#include <algorithm>

#include <fmt/format.h>

#include "catalog/catalog.h"
#include "privacy/column_papers.h"
#include "privacy/column_people.h"
#include "privacy/column_type.h"
#include "privacy/column_values.h"
#include "privacy/json_labels.h"
#include "privacy/name_class.h"
#include "privacy/value_form.h"

namespace sluice::privacy {
namespace {

constexpr float kEnough = .5F;
/// What a name says besides something stronger.
constexpr float kNearlyAsStrong = .8F;

/// All that is known of one column.
struct Column {
  const ColumnInput& input;
  TypeKind type;
  ValueStats stats;
  Concepts concepts;
  std::vector<NameVerdict> names;
};

/// A handful of words again and again: states, kinds, levels.
bool few_values(const ValueStats& stats) {
  return stats.values >= 20 && stats.distinct <= std::max<size_t>(6, stats.values / 25) &&
         stats.mean_length <= 24;
}

/// Classes whose values are few by nature.
bool may_be_few(Class cls) {
  switch (cls) {
    case Class::kCity:
    case Class::kRegion:
    case Class::kPostcode:
    case Class::kAge:
    case Class::kGender:
    case Class::kNationality:
    case Class::kReligion:
    case Class::kEthnicity:
    case Class::kCardExpiry:
    case Class::kBankRouting:
    case Class::kBic:
    case Class::kSalary:
    case Class::kHealthData:
    case Class::kIpAddress:
    case Class::kGeoPosition:
      return true;
    default:
      return false;
  }
}

ColumnDecision whole(Class cls, float confidence, std::vector<std::string> evidence) {
  ColumnDecision out;
  out.shape = Shape::kWhole;
  out.cls = cls;
  out.confidence = confidence;
  out.evidence = std::move(evidence);
  return out;
}

ColumnDecision shaped(Shape shape, float confidence, std::string evidence) {
  ColumnDecision out;
  out.shape = shape;
  out.confidence = confidence;
  out.evidence.push_back(std::move(evidence));
  return out;
}

std::string says(const Column& column, const NameVerdict& verdict) {
  return fmt::format("the name \"{}\" says {} ({:.2f})", column.input.name, name(verdict.cls),
                     verdict.strength);
}

/// Whether the values leave the class possible that the name gives.
bool values_agree(const Column& column, const NameVerdict& verdict,
                  std::vector<std::string>& evidence) {
  const ValueStats& stats = column.stats;
  if (!fits(column.type, verdict.cls)) {
    evidence.push_back(fmt::format("the type {} cannot hold it", column.input.type));
    return false;
  }
  if (stats.values == 0) return true;
  const double share = plausible_share(verdict.cls, column.input);
  if (share < .6) {
    evidence.push_back(
        fmt::format("only {:.0f} % of {} values look like it", share * 100, stats.values));
    return false;
  }
  const bool people = verdict.cls == Class::kPersonName && stats.person_pairs > .9;
  if (few_values(stats) && !people && !may_be_few(verdict.cls) &&
      (verdict.strength < .9F || stats.lower_word > .8)) {
    evidence.push_back(fmt::format("only {} different values in {}", stats.distinct, stats.values));
    return false;
  }
  if (verdict.cls == Class::kPersonName && stats.firms > .3) {
    evidence.push_back("the values are names of firms");
    return false;
  }
  // What people's names look like is known only of scripts with capitals.
  const bool no_case = stats.no_case > .8;
  if (verdict.cls == Class::kPersonName && verdict.strength < .9F && !no_case &&
      (stats.firms > .1 || stats.person_pairs + stats.capitalised_word < .4)) {
    evidence.push_back("the values do not look like names of people");
    return false;
  }
  if (verdict.cls == Class::kPersonName && verdict.strength < .8F && stats.person_pairs < .5 &&
      !stats.capitalised_word && !no_case)
    return false;
  // An account is a user's or one at a bank: nobody is called by digits alone.
  if (verdict.cls == Class::kUserName && has(column.concepts, Concept::kAccount) &&
      stats.digits_only > .95) {
    evidence.push_back("the values are digits, as accounts at banks are");
    return false;
  }
  if (stats.rising && (verdict.cls == Class::kPhone || is_national_id(verdict.cls)) &&
      column.input.key)
    return false;
  evidence.push_back(fmt::format("{:.0f} % of {} values agree", share * 100, stats.values));
  return true;
}

/// What the name says, with what the values say about that.
ColumnDecision by_name(const Column& column) {
  ColumnDecision out, shown;
  for (const NameVerdict& verdict : column.names) {
    if (verdict.strength < (shown.shape == Shape::kWhole ? kNearlyAsStrong : kEnough)) break;
    std::vector<std::string> evidence = {says(column, verdict)};
    if (values_agree(column, verdict, evidence)) {
      auto found = whole(verdict.cls, verdict.strength, std::move(evidence));
      if (found.masked()) return found;
      // "salutation_name" may be both: what is masked goes before what is shown.
      if (shown.shape != Shape::kWhole) shown = std::move(found);
      continue;
    }
    out.evidence.insert(out.evidence.end(), evidence.begin(), evidence.end());
  }
  return shown.shape == Shape::kWhole ? shown : out;
}

/// What the values prove; where only their form speaks, a name that speaks of things outweighs it.
ColumnDecision by_values(const Column& column, int year) {
  if (column.stats.values == 0 || !may_hold_identifiers(column.type)) return {};
  const ValueVerdict verdict = class_of_values(column.input, column.stats, year);
  if (verdict.confidence < kEnough || !fits(column.type, verdict.cls)) return {};
  const bool thing = names_a_thing(column.concepts) || has(column.concepts, Concept::kTime);
  const bool numeric = column.type == TypeKind::kInteger;
  if (verdict.form_only && (thing || column.input.key)) return {};
  if (column.input.key && numeric) return {};
  // A number of an order may pass a check digit as well as a card's: the name decides unless the
  // check is hard to pass.
  if (thing && (verdict.confidence < .9F || verdict.common_check)) return {};
  return whole(verdict.cls, verdict.confidence, {verdict.evidence});
}

bool says_text(const Column& column) { return has(column.concepts, Concept::kText); }

/// The share of values whose form nothing else has.
double self_proving(const ValueStats& stats) {
  double out = 0;
  for (const Class cls : {Class::kEmail, Class::kIban, Class::kJwt, Class::kApiKey,
                          Class::kPrivateKey, Class::kPasswordHash, Class::kConnectionString})
    out += stats.whole[static_cast<size_t>(cls)];
  return out;
}

/// Text that must be searched value by value.
ColumnDecision by_text(const Column& column) {
  const ValueStats& stats = column.stats;
  if (column.type != TypeKind::kText && column.type != TypeKind::kBytes) return {};
  if (stats.json >= .8) return shaped(Shape::kStructured, .9F, "the values are JSON");
  if (stats.xml >= .8) return shaped(Shape::kStructured, .9F, "the values are XML");
  if (stats.pairs >= .8) return shaped(Shape::kStructured, .8F, "the values are keys with values");
  if (few_values(stats) && stats.with_find == 0) return {};
  if (stats.whole[static_cast<size_t>(Class::kIpAddress)] > .8 && are_versions(column.input))
    return {};
  if (stats.firms > .25 && stats.with_find < .05) return {};
  // Codes of one make-up: were they of a scheme, none of them would break its rules.
  if (stats.values >= 20 && stats.uniform >= .97 && stats.with_space < .05 &&
      stats.with_digit >= .95 && stats.whole_find < .99 && self_proving(stats) < .02)
    return {};
  if (stats.prose >= .3)
    return shaped(Shape::kFreeText, .9F,
                  fmt::format("{:.0f} % of the values are sentences", stats.prose * 100));
  if (says_text(column) && (stats.values == 0 || stats.with_space > .2 || stats.with_find > 0))
    return shaped(Shape::kFreeText, .7F,
                  fmt::format("the name \"{}\" speaks of text", column.input.name));
  if (stats.whole_find >= .9 && !names_a_thing(column.concepts))
    return shaped(Shape::kFreeText, .8F, "the values are sensitive, of several classes");
  if (column.type == TypeKind::kBytes)
    return shaped(Shape::kFreeText, .5F, "bytes that may be text");
  if (stats.values == 0 && column.names.empty())
    return shaped(Shape::kFreeText, .5F, "text without any values yet");
  // Of single words and numbers some pass a check digit by chance: only what proves itself counts.
  // Scripts without spaces are told by what is found in them.
  const bool spaced = stats.with_space > .2 || (stats.with_find > .5 && stats.digits_only < .5);
  const bool text_like = spaced && stats.person_pairs < .5 && stats.with_find > .02;
  // Links hold addresses too.
  // One that proves itself is enough: the others are only looked into.
  if (stats.with_proof > 0 || (!names_a_thing(column.concepts) && text_like))
    return shaped(
        Shape::kFreeText, .5F,
        fmt::format("something is found in {:.0f} % of the values", stats.with_find * 100));
  return {};
}

ColumnDecision decide(const Column& column, int year) {
  const ColumnInput& input = column.input;
  if (input.inherited && *input.inherited != Class::kNone)
    return whole(
        *input.inherited, .95F,
        {fmt::format("holds what {} holds: {}", input.inherited_from, name(*input.inherited))});
  if (column.type == TypeKind::kBoolean) return {};
  ColumnDecision named = by_name(column);
  if (column.type == TypeKind::kDocument || column.type == TypeKind::kComposite) {
    if (named.shape == Shape::kWhole && named.confidence >= .85F && named.masked()) return named;
    return shaped(Shape::kStructured, .9F, fmt::format("the type {} has parts", input.type));
  }
  if (column.type == TypeKind::kArray) {
    if (named.shape == Shape::kWhole) return named;
    return names_a_thing(column.concepts) && input.parts.empty() && column.stats.with_proof == 0
               ? ColumnDecision{}
               : shaped(Shape::kStructured, .8F, "each element is judged by itself");
  }
  ColumnDecision valued = by_values(column, year);
  // A checksum that all values pass says more than a name.
  if (valued.shape == Shape::kWhole &&
      (named.shape != Shape::kWhole ||
       (valued.confidence >= (named.cls == Class::kUserName ? .8F : .9F) &&
        named.confidence < .9F && !named.masked()))) {
    valued.evidence.insert(valued.evidence.end(), named.evidence.begin(), named.evidence.end());
    return valued;
  }
  if (named.shape == Shape::kWhole) {
    if (valued.cls == named.cls)
      named.confidence = std::max(named.confidence, std::min(.99F, named.confidence + .05F));
    // "notes about the customer" are text, whatever else the name says.
    if (column.stats.prose >= .5 && column.stats.mean_length > 30 &&
        named.cls != Class::kPostalAddress && named.cls != Class::kHealthData &&
        named.cls != Class::kSeedPhrase)
      return shaped(Shape::kFreeText, .9F, "the values are sentences");
    return named;
  }
  ColumnDecision text = by_text(column);
  // Where addresses stand, people do, whatever the name says.
  text.people = says_text(column) || column.stats.with_proof > .3 ||
                !(names_a_thing(column.concepts) || has(column.concepts, Concept::kOrg));
  text.evidence.insert(text.evidence.end(), named.evidence.begin(), named.evidence.end());
  return text;
}

std::vector<Column> gather(const TableInput& table) {
  std::vector<Column> out;
  Concepts path = meaning_of_name(table.name);
  // A table about people is one that has columns that only people have.
  for (const ColumnInput& each : table.columns) {
    const Concepts words = meaning_of_name(each.name);
    if (has(words, Concept::kBirth) || has(words, Concept::kGender) ||
        (has(words, Concept::kGiven) && has(words, Concept::kName)))
      path.set(static_cast<size_t>(Concept::kPerson));
  }
  for (const ColumnInput& each : table.columns) {
    // "field7" is no field of anything.
    const bool named = !is_meaningless(each.name);
    Column column{each, type_kind(each), measure(each),
                  named ? meaning_of_name(each.name) : Concepts{},
                  named ? classes_of_name(each.name, path) : std::vector<NameVerdict>{}};
    if (column.names.empty() && !each.comment.empty()) {
      for (NameVerdict verdict : classes_of_name(each.comment.substr(0, 80), path)) {
        verdict.strength *= .8F;
        column.names.push_back(verdict);
      }
    }
    out.push_back(std::move(column));
  }
  return out;
}

/// Where a column is called a birth date, one beside it that is called something else is no second
/// one, however far its dates are spread. Without a name it may be.
void leave_other_dates(const std::vector<Column>& columns, std::vector<ColumnDecision>& decisions) {
  const auto is_birth = [&](size_t i) {
    return decisions[i].shape == Shape::kWhole && decisions[i].cls == Class::kBirthDate;
  };
  const auto called = [&](size_t i) { return has(columns[i].concepts, Concept::kBirth); };
  bool any = false;
  for (size_t i = 0; i < columns.size(); ++i) any = any || (is_birth(i) && called(i));
  for (size_t i = 0; any && i < columns.size(); ++i) {
    if (!is_birth(i) || called(i) || is_meaningless(columns[i].input.name)) continue;
    decisions[i] = shaped(Shape::kNone, .7F, "a date beside the one of birth");
  }
}

/// Whether any key tells of a person, so that a bare "name" is that person's.
bool tells_of_people(const ColumnInput& keys) {
  size_t looked_at = 0;
  for (const auto& key : keys.sample)
    if (key && ++looked_at <= kMostValues && tells_of_a_person(*key)) return true;
  return false;
}

/// Words of a text for searching, where the table holds people or texts with something in them.
void find_text_vectors(const std::vector<Column>& columns, std::vector<ColumnDecision>& decisions) {
  const auto speaks = [&](size_t i) {
    const ColumnDecision& each = decisions[i];
    if (each.shape == Shape::kFreeText) return columns[i].stats.with_find > .02;
    return each.masked() && (each.shape != Shape::kWhole || each.cls == Class::kPersonName ||
                             each.cls == Class::kEmail || each.cls == Class::kPhone ||
                             each.cls == Class::kPostalAddress || each.cls == Class::kHealthData);
  };
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].input.type != "tsvector" || decisions[i].shape != Shape::kNone) continue;
    for (size_t k = 0; k < columns.size(); ++k) {
      if (!speaks(k)) continue;
      decisions[i] =
          shaped(Shape::kFreeText, .7F,
                 fmt::format("words of a table that holds \"{}\"", columns[k].input.name));
      break;
    }
  }
}

/// A column of keys beside one of values.
void find_key_values(const std::vector<Column>& columns, std::vector<ColumnDecision>& decisions) {
  for (size_t v = 0; v < columns.size(); ++v) {
    const Column& value = columns[v];
    if (value.type != TypeKind::kText || decisions[v].shape == Shape::kWhole) continue;
    const bool value_named =
        has(value.concepts, Concept::kValue) || is_meaningless(value.input.name);
    for (size_t k = 0; value_named && k < columns.size(); ++k) {
      const Column& key = columns[k];
      if (k == v || key.type != TypeKind::kText || key.stats.values == 0 ||
          key.stats.distinct > 60 || (key.stats.values >= 8 && key.stats.distinct_share() > .7))
        continue;
      const double telling = key_share(key.input);
      if (telling < .2 || key.stats.with_space > .5) continue;
      decisions[v] = shaped(Shape::kByKey, .85F,
                            fmt::format("\"{}\" says what each value is", key.input.name));
      decisions[v].key_column = static_cast<int>(k);
      decisions[v].people = tells_of_people(key.input);
      break;
    }
  }
}

}  // namespace

std::string_view name(Shape shape) {
  switch (shape) {
    case Shape::kNone:
      return "none";
    case Shape::kWhole:
      return "whole";
    case Shape::kFreeText:
      return "free_text";
    case Shape::kStructured:
      return "structured";
    case Shape::kByKey:
      return "by_key";
  }
  return "";
}

std::vector<ColumnDecision> classify(const TableInput& table) {
  const std::vector<Column> columns = gather(table);
  std::vector<ColumnDecision> decisions;
  decisions.reserve(columns.size());
  for (const Column& column : columns) decisions.push_back(decide(column, table.year));
  std::vector<ColumnFacts> facts;
  facts.reserve(columns.size());
  for (const Column& column : columns)
    facts.push_back({&column.input, &column.stats, column.concepts, column.type});
  leave_other_dates(columns, decisions);
  find_people_columns(facts, decisions);
  find_position_columns(facts, decisions);
  leave_positions_of_sites(table.name, facts, decisions);
  leave_recent_dates(facts, table.year, decisions);
  find_few_birth_dates(facts, table.year, decisions);
  find_paper_columns(facts, decisions);
  find_key_values(columns, decisions);
  find_text_vectors(columns, decisions);
  return decisions;
}

TableInput describe(const catalog::Relation& relation) {
  TableInput out;
  out.name = relation.name;
  out.comment = relation.comment;
  for (const catalog::Column& each : relation.columns) {
    ColumnInput column;
    column.name = each.name;
    column.type = each.type_name;
    column.comment = each.comment;
    column.key = each.identity;
    for (const catalog::Constraint& constraint : relation.constraints)
      if (constraint.type == 'p' && constraint.columns.size() == 1 &&
          constraint.columns[0] == each.number)
        column.key = true;
    out.columns.push_back(std::move(column));
  }
  return out;
}

void inherit(TableInput& table, const catalog::Relation& relation, const KnownColumns& known) {
  for (const catalog::Constraint& key : relation.constraints) {
    if (key.type != 'f') continue;
    for (size_t i = 0; i < key.columns.size() && i < key.referenced_columns.size(); ++i) {
      const auto held = known(key.referenced, key.referenced_columns[i]);
      if (!held || *held == Class::kNone) continue;
      for (size_t c = 0; c < relation.columns.size() && c < table.columns.size(); ++c) {
        if (relation.columns[c].number != key.columns[i]) continue;
        table.columns[c].inherited = held;
        table.columns[c].inherited_from =
            fmt::format("the column that the foreign key \"{}\" refers to", key.name);
      }
    }
  }
}

}  // namespace sluice::privacy
