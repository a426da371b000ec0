#pragma once

#include <map>
#include <string>

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

}  // namespace sluice::control
