#include "sql/layout.h"

#include <algorithm>
#include <array>
#include <vector>

#include "sql/lexer.h"

namespace sluice::sql {
namespace {

constexpr size_t kShort = 72;

/// Words that begin a clause, and those that go on with the one before (LEFT before JOIN).
constexpr std::array<std::string_view, 22> kClauses = {
    "select", "from",  "where",     "group",  "having", "window", "order",  "limit",
    "offset", "fetch", "returning", "values", "set",    "union",  "except", "intersect",
    "join",   "left",  "right",     "full",   "inner",  "cross"};
constexpr std::array<std::string_view, 4> kDeeper = {"and", "or", "add", "alter"};
constexpr std::array<std::string_view, 7> kBeforeJoin = {"left",  "right", "full",   "inner",
                                                         "cross", "outer", "natural"};

template <size_t N>
bool one_of(const Token& token, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return is_word(token, word); });
}

/// What of a text has been read up to the next word.
class Layout {
 public:
  explicit Layout(std::string_view text) : text_(text) {}

  std::string run() {
    Lexer lexer(text_);
    for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
      const auto begin = static_cast<size_t>(token.text.data() - text_.data());
      const std::string_view gap = text_.substr(at_, begin - at_);
      out_ += breaks_before(token, gap) ? line_end(token) : std::string(gap);
      out_ += token.text;
      at_ = begin + token.text.size();
      note(token);
    }
    return out_.append(text_.substr(at_));
  }

 private:
  /// Only where there is nothing but blanks to replace.
  bool breaks_before(const Token& token, std::string_view gap) const {
    if (gap.empty() || at_ == 0 || gap.find_first_not_of(" \t") != std::string_view::npos)
      return false;
    if (token.kind != TokenKind::kWord) return false;
    if (is_word(token, "and") && between_) return false;
    if (is_word(token, "join") && one_of(last_, kBeforeJoin)) return false;
    // FOR UPDATE OF …, DISTINCT FROM, EXTRACT(… FROM …), ON DELETE SET NULL.
    if (is_word(token, "from") && (is_word(last_, "distinct") || !query_.back())) return false;
    if (is_word(token, "set") && (is_word(last_, "delete") || is_word(last_, "update")))
      return false;
    return query_.back() && (one_of(token, kClauses) || one_of(token, kDeeper));
  }

  std::string line_end(const Token& token) const {
    const size_t depth = query_.size() - 1 + (one_of(token, kDeeper) ? 1 : 0);
    return "\n" + std::string(2 * depth, ' ');
  }

  void note(const Token& token) {
    if (token.kind == TokenKind::kOpen) query_.push_back(false);
    if (token.kind == TokenKind::kClose && query_.size() > 1) query_.pop_back();
    // In parentheses clauses begin with the query that they hold.
    if (is_word(token, "select")) query_.back() = true;
    between_ = is_word(token, "between") || (between_ && !is_word(token, "and"));
    last_ = token;
  }

  std::string_view text_;
  size_t at_ = 0;  ///< behind the last word
  std::string out_;
  std::vector<bool> query_{true};  ///< of each open parenthesis: whether it holds a query
  bool between_ = false;
  Token last_;
};

}  // namespace

std::string laid_out(std::string_view text) {
  if (text.size() <= kShort || text.find('\n') != std::string_view::npos) return std::string(text);
  return Layout(text).run();
}

}  // namespace sluice::sql
