#include "privacy/known_names.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "privacy/find.h"
#include "privacy/fold.h"
#include "privacy/scan.h"
#include "privacy/value_form.h"

namespace sluice::privacy {
namespace {

/// fold() keeps what is a letter of its own in some languages; names are looked up without.
std::string plain(std::string_view text) {
  std::string out;
  const std::string folded = fold(text);
  for (size_t i = 0; i < folded.size();) {
    const auto [code, length] = decode(std::string_view(folded).substr(i));
    if (code == 0xF8 || code == 0xD8) {
      out += 'o';
    } else if (code == 0x2019) {
      out += '\'';
    } else if (code == 0x401 || code == 0x451) {
      out += "е";
    } else {
      out.append(folded, i, length);
    }
    i += length;
  }
  return out;
}

WordSet words_of(std::string_view list) {
  WordSet out;
  for (size_t at = 0; at < list.size();) {
    const size_t end = std::min(list.find(' ', at), list.size());
    if (end > at) out.insert(plain(list.substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

bool has_family_ending(std::string_view word) {
  constexpr std::string_view kEndings[] = {
      "owski", "owska", "ewski",   "ewska",   "inski",  "inska",   "ynski",   "ynska",  "wicz",
      "czyk",  "czak",  "iak",     "ovic",    "evic",   "kovic",   "ovich",   "ova",    "eva",
      "ikova", "enko",  "chuk",    "shvili",  "adze",   "opoulos", "opoulou", "akis",   "idis",
      "iadis", "oglu",  "sson",    "sdottir", "dottir", "strom",   "qvist",   "gren",   "lund",
      "gaard", "nen",   "sen",     "stra",    "berger", "mann",    "auskas",  "aityte", "iene",
      "escu",  "eanu",  "ецкий",   "ский",    "ская",   "цкий",    "цкая",    "енко",   "ович",
      "ов",    "ова",   "юк",      "ець",     "ишин",   "ев",      "ева",     "ин",     "ина",
      "чук",   "ых",    "όπουλος", "οπούλου", "ίδης",   "ίδου",    "άκης",    "άκη",    "άδης",
      "ιάδης", "πούλου"};
  constexpr std::string_view kBeginnings[] = {"mc", "mac", "o'", "n'", "papa", "παπα", "χατζη"};
  constexpr size_t kLeast = 3;  // bytes before the ending
  return std::any_of(std::begin(kEndings), std::end(kEndings),
                     [&](std::string_view ending) {
                       return word.size() >= ending.size() + kLeast && word.ends_with(ending);
                     }) ||
         std::any_of(std::begin(kBeginnings), std::end(kBeginnings), [&](std::string_view start) {
           return word.size() >= start.size() + 4 && word.starts_with(start);
         });
}

}  // namespace

bool is_given_name(std::string_view word) {
  static const auto* const all = new WordSet(words_of(given_names()));
  return word.size() >= 2 && all->contains(plain(word));
}

bool is_family_name(std::string_view word) {
  static const auto* const all = new WordSet(words_of(family_names()));
  if (word.size() < 2) return false;
  const std::string looked_up = plain(word);
  return all->contains(looked_up) || has_family_ending(looked_up);
}

size_t japanese_family_name(std::string_view text) {
  // Of three characters before those of two.
  constexpr std::string_view kNames =
      " 佐々木 長谷川 小野寺 五十嵐 大久保 久保田 宇佐美 日比野 東海林 "
      "佐藤 鈴木 高橋 田中 伊藤 渡辺 渡邊 渡部 山本 中村 小林 加藤 吉田 山田 山口 松本 井上 木村 "
      "斎藤 斉藤 齋藤 清水 山崎 池田 橋本 阿部 石川 山下 "
      "中島 石井 小川 前田 岡田 長田 藤田 後藤 近藤 村上 遠藤 青木 坂本 福田 太田 西村 藤井 金子 "
      "岡本 藤原 中野 三浦 原田 中川 松田 竹内 小野 "
      "田村 中山 和田 石田 森田 上田 内田 柴田 酒井 宮崎 横山 高木 安藤 宮本 大野 小島 谷口 工藤 "
      "今井 高田 増田 丸山 杉山 村田 大塚 新井 藤本 小山 "
      "平野 河野 上野 野口 武田 松井 千葉 菅原 岩崎 木下 野村 佐野 菊地 菊池 渡会 市川 水野 桜井 "
      "島田 古川 杉本 浜田 野田 松尾 川口 大西 石原 川崎 "
      "吉川 北村 永井 飯田 本田 熊谷 川上 安田 西田 小池 中田 矢野 松下 荒木 福島 服部 岩田 関口 "
      "土屋 樋口 秋山 大橋 黒田 川村 永田 松浦 望月 "
      "広瀬 尾崎 早川 浅野 小松 菅野 大島 西川 片山 堀内 岡崎 伊東 平田 吉村 須藤 星野 田口 荒井 "
      "大谷 栗原 馬場 辻本 三宅 片岡 奥村 "
      "三好 川田 内藤 成田 川島 小沢 岩本 平井 大川 小田 奥田 河合 白石 久保 高山 田辺 中西 渋谷 "
      "福井 本間 ";
  for (const size_t characters : {3, 2}) {
    size_t end = 0;
    for (size_t n = 0; n < characters && end < text.size(); ++n)
      end += decode(text.substr(end)).length;
    if (end != characters * 3 || end > text.size()) continue;
    const size_t at = kNames.find(text.substr(0, end));
    if (at != std::string_view::npos && kNames[at - 1] == ' ' && kNames[at + end] == ' ')
      return end;
  }
  return 0;
}

double known_as_person(std::string_view value) {
  if (value.size() > 60) return 0;
  if (!value.empty() && is_high(value[0])) {
    if (japanese_family_name(value) > 0) return 1;
    // Of Chinese and Korean names the first character is one of few.
    constexpr size_t kLongest = 4 * 3;
    if (value.size() <= kLongest && has_no_case(value) && starts_with_family_name(value)) return .6;
  }
  size_t words = 0, given = 0, family = 0;
  for (size_t i = 0; i < value.size();) {
    if (value[i] == ' ' || value[i] == ',' || value[i] == '-' || value[i] == '.') {
      ++i;
      continue;
    }
    const size_t end = std::min(value.find_first_of(" ,-.", i), value.size());
    const std::string word = fold(value.substr(i, end - i));
    i = end;
    if (word.size() < 2 || word.find_first_of("0123456789") != std::string::npos) continue;
    ++words;
    if (is_given_name(word)) {
      ++given;
      if (is_family_name(word)) ++family;
    } else if (is_family_name(word)) {
      ++family;
    }
  }
  if (words == 0 || given + family == 0) return 0;
  if (words == 1) return given > 0 ? .6 : .5;
  if (given > 0 && family > 0 && given + family >= 2) return 1;
  return given > 0 ? .6 : .4;
}

}  // namespace sluice::privacy
