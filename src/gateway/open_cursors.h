#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "gateway/opened_under.h"
#include "gateway/statement.h"
#include "gateway/taken.h"
#include "policy/decision.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

// What functions that a statement runs may do to cursors, and cursors to what comes after them.

/// Whether it runs code that is not in its text: users' functions, CALL, SQL that is put together.
bool runs_code(const sql::StatementFacts& facts);

/// Whether such code may open and close cursors.
bool moves_cursors_in_code(const sql::StatementFacts& facts);

/// Whether the statement, or code that it runs, opens or closes cursors, as far as code is known.
bool moves_cursors(const sql::StatementFacts& facts);

/// Whether the server looks names up anew when a portal of it is executed, and not at its Bind:
/// bodies of functions that can be followed, and statements that have no plan.
bool looked_up_when_run(const sql::StatementFacts& facts);

/// What the cursors that SQL has opened in a session bring along when they are taken from.
struct OpenCursors {
  static constexpr size_t kMostDeclared = 1000;

  /// The tightest bounds of all that may have opened one; null: none has any.
  std::shared_ptr<const policy::Decision> bounds;
  bool write = false;  ///< taking from one may change rows
  CursorUse use;
  std::unordered_map<std::string, Cursor> declared;  ///< by SQL, and known by name
  OpenedUnder held_under;                            ///< those WITH HOLD that nobody knows by name

  // Of the transaction: what outlives it (WITH HOLD) has run by then.
  OpenedUnder opened_under;  ///< all that may have been opened
  bool code = false;         ///< one runs code as it is taken from
  bool moves = false;        ///< which may open and close others
  bool unheld = false;       ///< one was declared that ends with it
  bool held = false;         ///< one that runs code does so at COMMIT
  /// Bounds the time, and the words of errors, of what COMMIT runs: of cursors WITH HOLD, and what
  /// writes have put off until then. Null: nothing does.
  std::shared_ptr<const policy::Decision> at_commit;
  uint8_t doubts = 0;    ///< what such code may bring into doubt
  uint64_t scope = 0;    ///< SessionScope::id where its names were looked up
  bool several = false;  ///< of such scopes

  /// A text is sent that may open some, bounded as it is, as decided for `whom`.
  void open(const sql::StatementFacts& facts, const policy::Decision& decision, bool writes,
            uint64_t whom);
  /// The same of a cursor that nobody knows by name, and of what it opens as it is taken from.
  /// `anything`: of a function of which nothing is known.
  void take(std::string_view policy, uint64_t whom, bool anything = false);
  /// Something that is bounded like this runs as the transaction commits.
  void put_off(const policy::Limits& limits, const policy::Decision& decision);
  /// What has changed since `policy` decided for `whom` on a cursor that nobody knows by name;
  /// empty: nothing.
  std::string_view changed(std::string_view policy, uint64_t whom) const;
  /// DECLARE has opened one. Of more than kMostDeclared at once none is known by name.
  void declare(const std::string& name, Cursor cursor);
  /// None is known by name any longer: code may have closed it, and opened another.
  void forget_declared();
  /// All have been closed.
  void all_closed();
  /// The same of the code that they run.
  void note_code(const sql::StatementFacts& facts, uint64_t in_scope, uint8_t brings);
  void end_transaction();
  /// Whether names in code that `facts` has run may mean other things than where it was decided on.
  bool elsewhere(const sql::StatementFacts& facts, uint64_t now) const;
  /// The same of a portal that SQL has opened.
  bool elsewhere(uint64_t now) const { return code && (several || scope != now); }
};

}  // namespace sluice::gateway
