#pragma once

#include <algorithm>
#include <deque>
#include <map>

#include <gtest/gtest.h>

#include "gateway/label_keeper.h"

/// Tables, and a server that answers when a test says so.
namespace sluice::gateway::label_keeper_tests {

constexpr catalog::Oid kCustomers = 16400, kOrders = 16401, kView = 16402, kPart = 16403,
                       kStatistic = 2619;

inline catalog::Column column(int16_t number, const std::string& name,
                              const std::string& type = "text") {
  catalog::Column out;
  out.number = number;
  out.name = name;
  out.type = 25;
  out.type_name = type;
  return out;
}

inline catalog::Relation relation(catalog::Oid oid, const std::string& name,
                                  std::vector<catalog::Column> columns) {
  catalog::Relation out;
  out.oid = oid;
  out.schema = oid < catalog::kFirstUserOid ? "pg_catalog" : "public";
  out.name = name;
  out.columns = std::move(columns);
  return out;
}

inline LabelKeeper::Catalog catalog_of(std::vector<catalog::Relation> relations) {
  catalog::Catalog::Contents contents;
  contents.relations = std::move(relations);
  return std::make_shared<const catalog::Catalog>(std::move(contents));
}

/// A server whose answers wait until a test gives them. Tables hold `values` in every column.
struct Server {
  struct Question {
    std::string text;
    CatalogKeeper::Answered answered;
  };
  std::deque<Question> asked;
  std::vector<std::string> texts;          ///< of all questions so far
  std::vector<std::string> values;         ///< of every column, one a row
  std::map<catalog::Oid, int> written;     ///< by table
  std::vector<std::string> broken;         ///< tables that cannot be read
  std::map<catalog::Oid, int> unreadable;  ///< a column without the right to read it
  LabelKeeper keeper{[this](std::string_view text, CatalogKeeper::Answered answered) {
                       texts.emplace_back(text);
                       asked.push_back({std::string(text), std::move(answered)});
                     },
                     [](const std::function<void()>& job) { job(); },
                     {}};

  static size_t count(std::string_view text, std::string_view what) {
    size_t out = 0;
    for (size_t at = 0; (at = text.find(what, at)) != std::string_view::npos; ++at) ++out;
    return out;
  }
  catalog::Rows counters() const {
    catalog::Rows out;
    for (const auto& [oid, count] : written)
      out.push_back({std::to_string(oid), std::to_string(count)});
    return out;
  }
  /// One statement a line is enough of SQL.
  std::vector<catalog::Rows> sample(std::string_view text) const {
    std::vector<catalog::Rows> out = {{}, {}, {}, {}, counters()};
    for (size_t at = 0; (at = text.find("BEGIN READ ONLY; ", at)) != std::string_view::npos;) {
      at += 17;
      const auto statement = text.substr(at, text.find("; COMMIT", at) - at);
      catalog::Rows rows;
      for (const auto& value : values)
        rows.emplace_back(count(statement, "CASE WHEN "), std::optional(value));
      out.insert(out.end(), {{}, std::move(rows), {}});
    }
    return out;
  }
  void answer() {
    const Question question = std::move(asked.front());
    asked.pop_front();
    const auto& text = question.text;
    if (text == written_query()) {
      question.answered(std::vector<catalog::Rows>{counters()});
    } else if (text.find("has_column_privilege") != std::string::npos) {
      catalog::Rows rows;
      for (const catalog::Oid oid : {kCustomers, kOrders, kPart})
        for (int number = 1; number <= 2; ++number)
          if (!unreadable.contains(oid) || unreadable.at(oid) != number)
            rows.push_back({std::to_string(oid), std::to_string(number)});
      question.answered(std::vector<catalog::Rows>{rows});
    } else if (std::any_of(broken.begin(), broken.end(), [&](const auto& part) {
                 return text.find(part) != std::string::npos;
               })) {
      question.answered(fail(ErrorCode::kUnavailable, "permission denied"));
    } else {
      question.answered(sample(text));
    }
  }
  void answer_all() {
    while (!asked.empty()) answer();
  }
  /// Whether it is known at once, or else once all questions are answered.
  bool know(const LabelKeeper::Catalog& catalog, std::vector<catalog::Oid> relations) {
    int told = 0;
    keeper.when_known(catalog, relations, [&](bool known) { told += known ? 1 : 100; });
    answer_all();
    EXPECT_EQ(told, 1);
    return told == 1;
  }
  const privacy::ColumnLabel& label(catalog::Oid oid, int16_t number) const {
    kept = keeper.current();
    return *kept->table(oid)->column(number);
  }
  mutable std::shared_ptr<const privacy::Labels> kept;
};

inline const auto kTables = [] {
  return std::vector{
      relation(kCustomers, "customers", {column(1, "id", "integer"), column(2, "email")}),
      relation(kOrders, "orders", {column(1, "id", "integer"), column(2, "colour", "integer")})};
};

}  // namespace sluice::gateway::label_keeper_tests
