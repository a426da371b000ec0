#include "sql/normalise.h"

#include <array>
#include <cstdint>

namespace sluice::sql {
namespace {

// What stands for a literal; none of these bytes is taken in a text.
constexpr char kInteger = '\1';
constexpr char kDecimal = '\2';
constexpr char kString = '\3';
constexpr char kComment = '\4';

enum class Class : uint8_t { kRefused, kPlain, kWord, kDigit, kQuote, kName, kSlash, kMinus };

constexpr std::array<Class, 256> make_classes() {
  std::array<Class, 256> classes{};  // kRefused
  for (int c = 'a'; c <= 'z'; ++c) classes[c] = Class::kWord;
  for (int c = 'A'; c <= 'Z'; ++c) classes[c] = Class::kWord;
  classes['_'] = Class::kWord;
  for (int c = '0'; c <= '9'; ++c) classes[c] = Class::kDigit;
  for (const char c : {' ', '\t', '\n', '\r', ',', ';', '(', ')', '[', ']', '.', ':', '+', '*',
                       '<', '>',  '=',  '~',  '!', '@', '#', '%', '^', '&', '|', '?', '`'}) {
    classes[static_cast<unsigned char>(c)] = Class::kPlain;
  }
  classes['\''] = Class::kQuote;
  classes['"'] = Class::kName;
  classes['/'] = Class::kSlash;
  classes['-'] = Class::kMinus;
  return classes;
}
constexpr std::array<Class, 256> kClasses = make_classes();

class Normaliser {
 public:
  Normaliser(std::string_view text, std::string& out) : text_(text), out_(out) {}

  bool run() {
    out_.reserve(out_.size() + text_.size());
    while (pos_ < text_.size()) {
      if (!step()) return false;
    }
    return true;
  }

 private:
  char at(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  Class class_at(size_t i) const { return kClasses[static_cast<unsigned char>(at(i))]; }
  bool digit_at(size_t i) const { return class_at(i) == Class::kDigit; }
  bool word_at(size_t i) const { return class_at(i) == Class::kWord || digit_at(i); }

  bool step() {
    switch (class_at(pos_)) {
      case Class::kRefused:
        return false;
      case Class::kPlain:
        out_.push_back(text_[pos_++]);
        return true;
      case Class::kWord:
        return word();
      case Class::kDigit:
        return number();
      case Class::kQuote:
        return string();
      case Class::kName:
        return quoted_name();
      case Class::kMinus:
        if (at(pos_ + 1) == '-') return false;
        out_.push_back(text_[pos_++]);
        return true;
      case Class::kSlash:
        if (at(pos_ + 1) == '*') return comment();
        out_.push_back(text_[pos_++]);
        return true;
    }
    return false;
  }

  bool word() {
    const size_t begin = pos_;
    while (word_at(pos_)) ++pos_;
    // A prefix gives a string another meaning: E'…', B'…', X'…', N'…'; $ goes on with the word.
    if (at(pos_) == '\'' || at(pos_) == '$') return false;
    out_.append(text_.substr(begin, pos_ - begin));
    return true;
  }

  bool number() {
    if (pos_ > 0 && text_[pos_ - 1] == '.') return false;
    const size_t begin = pos_;
    while (digit_at(pos_)) ++pos_;
    // Longer ones are no integers to the grammar.
    if (pos_ - begin > 9) return false;
    char kind = kInteger;
    if (at(pos_) == '.') {
      const size_t fraction = ++pos_;
      while (digit_at(pos_)) ++pos_;
      if (pos_ == fraction || at(pos_) == '.') return false;
      kind = kDecimal;
    }
    if (word_at(pos_) || at(pos_) == '$' || at(pos_) == '\'') return false;
    out_.push_back(kind);
    return true;
  }

  bool string() {
    if (pos_ > 0 && text_[pos_ - 1] == '&') return false;  // U&'…'
    for (++pos_;; ++pos_) {
      if (pos_ >= text_.size() || text_[pos_] == '\\' || text_[pos_] == '\0') return false;
      if (text_[pos_] != '\'') continue;
      if (at(pos_ + 1) != '\'') break;
      ++pos_;
    }
    ++pos_;
    if (word_at(pos_) || at(pos_) == '$') return false;
    out_.push_back(kString);
    return true;
  }

  bool quoted_name() {
    if (pos_ > 0 && text_[pos_ - 1] == '&') return false;  // U&"…"
    const size_t begin = pos_++;
    while (pos_ < text_.size() && text_[pos_] != '"') {
      const auto c = static_cast<unsigned char>(text_[pos_]);
      if (c < ' ' || c >= 0x7F || c == '\\') return false;
      ++pos_;
    }
    if (pos_ >= text_.size()) return false;
    ++pos_;
    out_.append(text_.substr(begin, pos_ - begin));
    return true;
  }

  bool comment() {
    const size_t end = text_.find("*/", pos_ + 2);
    if (end == std::string_view::npos) return false;
    const std::string_view inside = text_.substr(pos_ + 2, end - pos_ - 2);
    if (inside.find("/*") != std::string_view::npos || inside.ends_with('/')) return false;
    for (const char c : inside) {
      if (c == '\0' || (c & 0x80) != 0) return false;
    }
    out_.push_back(kComment);
    pos_ = end + 2;
    return true;
  }

  std::string_view text_;
  std::string& out_;
  size_t pos_ = 0;
};

}  // namespace

bool normalise(std::string_view text, std::string& out) { return Normaliser(text, out).run(); }

}  // namespace sluice::sql
