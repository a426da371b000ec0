#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "gateway/capturing.h"
#include "gateway/exporting.h"
#include "gateway/masking.h"
#include "gateway/statement.h"
#include "gateway/taken.h"

namespace sluice::gateway {

/// Two such names could be one at the server, and two things here.
inline constexpr std::string_view kNameTooLong =
    "a prepared statement or portal has a name of more than 63 bytes, of which the server takes "
    "the "
    "first 63: choose shorter names";

/// A statement the server has confirmed, made by Parse or by SQL's PREPARE.
struct Prepared {
  std::shared_ptr<const Statement> text;  ///< as understood in scope `scope`
  std::shared_ptr<const policy::Decision> decision;
  uint64_t scope = 0;  ///< SessionScope::id
  size_t result = 0;   ///< which of the text's results it is, where that PREPAREs it
  /// The text as sent: the server resolves its names anew when the search path has changed.
  std::string source;
  std::string types;      ///< that Parse declared, as it did
  bool recorded = false;  ///< its parse or an execution stands in the audit log
};

/// When something was bound.
struct BoundAt {
  Moment moment;
  uint64_t epoch = 0;      ///< of what its meaning may depend on: Session::epoch_
  uint64_t principal = 0;  ///< SessionPrincipal::id of who bound it
};

/// What a statement of ours is bound to: as Parse declares and Bind sends it.
struct BoundTo {
  Bytes types;       ///< OIDs of parameters
  Bytes parameters;  ///< as wire::postgres::bind_parameters; empty: none
};

/// A portal the server has confirmed with BindComplete.
struct Portal {
  Prepared prepared;
  BoundAt bound;
  bool writes = false;  ///< it, or a statement that it EXECUTEs, may change rows
  Taken taken;          ///< so far
  Changes changed;      ///< so far, where that is counted
  std::shared_ptr<const ExportTerms> terms;  ///< its rows leave for training
  std::unique_ptr<Capturing> captured;       ///< what its Bind has told already, of what is kept
  std::string statement;
  std::string parameters;
  std::string parameters_digest;
  bool doubtful = false;      ///< its name may stand for something else by now
  RowPlanPtr rows_plan;       ///< of a result of which more may come; names may mean else by then
  AudiencePtr rows_audience;  ///< whom that is for
};

/// What the server holds under which name, following its confirmations in their order, so that a
/// name always means here what it means there.
class PreparedStatements {
 public:
  static constexpr size_t kMaxNamed = 10'000;  ///< of each kind; more is refused

  Prepared* find(std::string_view name) { return look_up(statements_, unnamed_, name); }
  Portal* find_portal(std::string_view name) { return look_up(portals_, unnamed_portal_, name); }

  Prepared& put(std::string_view name) { return slot(statements_, unnamed_, name); }
  Portal& put_portal(std::string_view name) { return slot(portals_, unnamed_portal_, name); }

  /// DEALLOCATE ALL: the unnamed statement stays.
  void close_all() { statements_.clear(); }
  void close(std::string_view name) { remove(statements_, unnamed_, name); }
  void close_portal(std::string_view name) { remove(portals_, unnamed_portal_, name); }
  /// Code may have closed any of them, and made something else of its name.
  void doubt_named_portals(std::string_view but) {
    for (auto& [name, portal] : portals_) portal.doubtful = portal.doubtful || name != but;
  }

  /// The transaction is over, and with it every portal.
  void close_portals() {
    if (!portals_.empty()) portals_.clear();
    has_unnamed_portal_ = false;
  }
  bool many_statements() const { return statements_.size() >= kMaxNamed; }
  bool many_portals() const { return portals_.size() >= kMaxNamed; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  template <typename T>
  using Map = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  bool& has_unnamed(const Prepared&) { return has_unnamed_; }
  bool& has_unnamed(const Portal&) { return has_unnamed_portal_; }

  template <typename T>
  T* look_up(Map<T>& map, T& unnamed, std::string_view name) {
    if (name.empty()) return has_unnamed(unnamed) ? &unnamed : nullptr;
    const auto it = map.find(name);
    return it == map.end() ? nullptr : &it->second;
  }
  template <typename T>
  T& slot(Map<T>& map, T& unnamed, std::string_view name) {
    if (name.empty()) {
      has_unnamed(unnamed) = true;
      return unnamed;
    }
    const auto it = map.find(name);
    return it == map.end() ? map.emplace(std::string(name), T()).first->second : it->second;
  }
  template <typename T>
  void remove(Map<T>& map, T& unnamed, std::string_view name) {
    if (name.empty()) {
      has_unnamed(unnamed) = false;
    } else if (const auto it = map.find(name); it != map.end()) {
      map.erase(it);
    }
  }

  Map<Prepared> statements_;
  Map<Portal> portals_;
  Prepared unnamed_;
  Portal unnamed_portal_;
  bool has_unnamed_ = false;
  bool has_unnamed_portal_ = false;
};

}  // namespace sluice::gateway
