#pragma once

#include <map>
#include <string>
#include <utility>

namespace sluice::control {

/// How many of something are taken: at most so many, and by one alone at most so many of them. One
/// thread.
class Tally {
 public:
  Tally(size_t most, size_t most_of_one) : most_(most), most_of_one_(most_of_one) {}

  /// False: there is none left for them. Nobody ("") is not one.
  bool take(const std::string& whose) {
    if (total_ >= most_) return false;
    size_t& theirs = taken_[whose];
    if (theirs >= most_of_one_ && !whose.empty()) return false;
    ++theirs;
    ++total_;
    return true;
  }
  void give_back(const std::string& whose) {
    const auto found = taken_.find(whose);
    if (found == taken_.end()) return;
    --total_;
    if (--found->second == 0) taken_.erase(found);
  }

 private:
  const size_t most_, most_of_one_;
  size_t total_ = 0;
  std::map<std::string, size_t> taken_;
};

/// What one has taken, given back with it.
class TallyShare {
 public:
  TallyShare(Tally& tally, std::string whose) : tally_(&tally), whose_(std::move(whose)) {}
  ~TallyShare() { give_back(); }
  TallyShare(const TallyShare&) = delete;
  TallyShare& operator=(const TallyShare&) = delete;

  /// All of `many`, or none.
  bool take(size_t many) {
    const size_t before = taken_;
    while (taken_ < before + many) {
      if (!tally_->take(whose_)) {
        give_back(taken_ - before);
        return false;
      }
      ++taken_;
    }
    return true;
  }
  void give_back() { give_back(taken_); }

 private:
  void give_back(size_t many) {
    for (; many > 0; --many, --taken_) tally_->give_back(whose_);
  }

  Tally* tally_;
  const std::string whose_;
  size_t taken_ = 0;
};

}  // namespace sluice::control
