#include "node/agent/criu_config.h"

#include <array>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

namespace migrate::agent {
namespace {

constexpr std::string_view kBegin = "# kubectl-migrate: begin (taken away by its uninstallation)";
constexpr std::string_view kEnd = "# kubectl-migrate: end";

// Connections end instead of failing the dump; file locks, sockets of others and deleted files are carried along; the
// cgroup is runc's affair.
constexpr std::array<std::string_view, 6> kOptions{"tcp-close",   "skip-in-flight", "file-locks",
                                                   "ext-unix-sk", "link-remap",     "manage-cgroups=ignore"};

std::string_view name_of(std::string_view line) {
  const auto begin = line.find_first_not_of(" \t-");
  if (begin == std::string_view::npos || line[begin] == '#') return {};
  return line.substr(begin, line.find_first_of(" \t=", begin) - begin);
}

}  // namespace

std::string without_our_options(const std::string& text) {
  std::istringstream lines{text};
  std::string kept;
  bool ours = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == kBegin) ours = true;
    if (!ours) kept += line + "\n";
    if (line == kEnd) ours = false;
  }
  return kept;
}

std::vector<std::string> missing_options(const std::string& text) {
  std::map<std::string, bool, std::less<>> in_force;  // by our option's line
  for (const std::string_view option : kOptions)
    in_force.emplace(option, false);
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string word;
    words >> word;
    for (auto& [option, is_set] : in_force)
      if (word == option)
        is_set = true;
      else if (name_of(word) == name_of(option) || word == "no-" + option)
        is_set = false;
  }
  std::vector<std::string> missing;
  for (const std::string_view option : kOptions)
    if (!in_force.find(option)->second) missing.emplace_back(option);
  return missing;
}

std::string with_our_options(const std::string& text) {
  std::string others = without_our_options(text);
  std::set<std::string, std::less<>> set;
  std::istringstream lines{others};
  for (std::string line; std::getline(lines, line);)
    set.emplace(name_of(line));
  std::string block;
  for (const std::string_view option : kOptions)
    if (!set.contains(name_of(option))) block += std::string(option) + "\n";
  if (block.empty()) return others;
  return others + std::string(kBegin) + "\n" + block + std::string(kEnd) + "\n";
}

}  // namespace migrate::agent
