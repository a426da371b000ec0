#include "cli/tree/usage.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.h"

namespace sluice::cli {
namespace {

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  return names;
}

const CLI::App* find_command(const CLI::App& app, const std::string& name) {
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name() == name) return sub;
  }
  return nullptr;
}

/// Options of a command, and those of the ones above it, which count there too.
const CLI::Option* find_option(const CLI::App* app, const std::string& name) {
  for (; app != nullptr; app = app->get_parent()) {
    if (const auto* option = app->get_option_no_throw(name)) return option;
  }
  return nullptr;
}

std::vector<std::string> options_of(const CLI::App* app) {
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const auto* option : app->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

size_t most_arguments(const CLI::App& app) {
  size_t most = 0;
  for (const auto* option : app.get_options()) {
    if (option->get_positional())
      most += static_cast<size_t>(std::max(option->get_items_expected_max(), 0));
  }
  return most;
}

/// "did you mean X?", where something is near, and where to look.
std::string hint_of(const CLI::App& app, const std::string& meant) {
  const std::string see = fmt::format("see: {} --help", path_of(app));
  return meant.empty() ? see : fmt::format("did you mean \"{}\"? {}", meant, see);
}

class Words {
 public:
  Words(const CLI::App& app, const std::vector<std::string>& words) : app_(&app), words_(words) {}

  std::optional<UsageError> unknown() {
    while (at_ < words_.size()) {
      const std::string& word = words_[at_++];
      if (word == "--") return std::nullopt;  // All that follows is meant as it is.
      const bool is_option = word.size() > 1 && word[0] == '-';
      if (auto wrong = is_option ? take_option(word) : take_word(word)) return wrong;
    }
    const auto commands = commands_of(*app_);
    if (commands.empty()) return std::nullopt;
    return UsageError{
        fmt::format("{} lacks a command", path_of(*app_)),
        fmt::format("there are {}; see: {} --help", fmt::join(commands, ", "), path_of(*app_))};
  }

 private:
  std::optional<UsageError> take_option(const std::string& word) {
    const bool is_long = word[1] == '-';
    const size_t equals = word.find('=');
    const std::string name = is_long ? word.substr(0, equals) : word.substr(0, 2);
    const auto* option = find_option(app_, name);
    if (option == nullptr) {
      return UsageError{fmt::format("{} has no option \"{}\"", path_of(*app_), name),
                        hint_of(*app_, nearest(name, options_of(app_)))};
    }
    int values = option->get_items_expected_max();
    if (is_long ? equals != word.npos : word.size() > 2) return std::nullopt;  // Its value.
    // As they are parsed: the first one whatever it is, others as long as they
    // are no options.
    for (bool first = true; values > 0 && at_ < words_.size(); first = false, --values) {
      if (!first && words_[at_].starts_with('-')) break;
      ++at_;
    }
    return std::nullopt;
  }

  std::optional<UsageError> take_word(const std::string& word) {
    const auto commands = commands_of(*app_);
    if (commands.empty()) {
      if (++arguments_ <= most_arguments(*app_)) return std::nullopt;
      return UsageError{fmt::format("\"{}\" is one word too many for {}", word, path_of(*app_)),
                        hint_of(*app_, "")};
    }
    if (const auto* found = find_command(*app_, word)) {
      app_ = found;
      return std::nullopt;
    }
    const std::string group = path_of(*app_);
    const std::string meant = nearest(word, commands);
    return UsageError{fmt::format("there is no command \"{} {}\"", group, word),
                      hint_of(*app_, meant.empty() ? "" : group + " " + meant)};
  }

  const CLI::App* app_;
  const std::vector<std::string>& words_;
  size_t at_ = 0, arguments_ = 0;
};

}  // namespace

std::string path_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : path_of(*app.get_parent()) + " " + app.get_name();
}

std::vector<Completed> completed(const CLI::App& app) {
  const bool root = app.get_parent() == nullptr;
  // What stands behind "sluice".
  const std::string path = root ? "" : path_of(app).substr(path_of(app).find(' ') + 1);
  Completed one{path, commands_of(app), {}, false};
  if (!root) one.options.emplace_back("--config");
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) one.options.push_back("--" + name);
    const std::string argument = option->get_positional() ? option->get_name(true) : "";
    if (argument == "database" || (path == "database check" && !argument.empty()))
      one.takes_database = true;
  }
  std::vector<Completed> all = {std::move(one)};
  for (const auto& name : commands_of(app)) {
    auto below = completed(*find_command(app, name));
    std::move(below.begin(), below.end(), std::back_inserter(all));
  }
  return all;
}

std::optional<UsageError> unknown_word(const CLI::App& app, const std::vector<std::string>& words) {
  return Words(app, words).unknown();
}

std::string see_help(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* command = &app;
  for (const auto& word : words) {
    if (const CLI::App* sub = find_command(*command, word)) command = sub;
  }
  return hint_of(*command, {});
}

}  // namespace sluice::cli
