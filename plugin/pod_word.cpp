#include "plugin/pod_word.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plugin/arguments.h"

namespace migrate::plugin {
namespace {

constexpr std::array<std::string_view, 3> kPods = {"pod", "po", "pods"};
constexpr std::array<std::string_view, 3> kNodes = {"node", "no", "nodes"};
constexpr std::array<std::string_view, 5> kSets = {"sts", "statefulset", "statefulsets", "statefulset.apps",
                                                   "statefulsets.apps"};
constexpr std::size_t kMostDigits = 9;

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// As the StatefulSet writes it into its Pods' names: without leading zeros.
bool is_ordinal(const std::string& text) {
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && text.size() <= kMostDigits && (text == "0" || text.front() != '0');
}

}  // namespace

bool is_pod_type(std::string_view type) {
  return is_one_of(kPods, type);
}

bool is_set_type(std::string_view type) {
  return is_one_of(kSets, type);
}

Result<std::string> pod_named(const std::string& word, const std::string* ordinal) {
  const std::size_t slash = word.find('/');
  const std::string type = slash == std::string::npos ? "" : word.substr(0, slash);
  std::string name = slash == std::string::npos ? word : word.substr(slash + 1);
  const bool is_set = is_set_type(type);
  if (!type.empty() && !is_set && !is_pod_type(type))
    return failure(
        fmt::format("{}: one Pod at a time is migrated, named as NAME, pod/NAME or sts/NAME --ordinal N (kubectl get "
                    "pods shows them)",
                    word));
  if (is_set && ordinal == nullptr)
    return failure(fmt::format("{}: which Pod of it? --ordinal N says, as in --ordinal 0 for {}-0", word, name));
  if (!is_set && ordinal != nullptr)
    return failure(fmt::format("--ordinal belongs to sts/NAME; {} is the name of one Pod already", word));
  if (ordinal != nullptr && !is_ordinal(*ordinal))
    return failure(fmt::format("--ordinal={}: not an ordinal such as 0 or 12", *ordinal));
  if (is_set) name += "-" + *ordinal;
  if (!is_object_name(name))
    return failure(fmt::format("\"{}\" cannot be the name of a Pod (lower case letters, digits, '-' and '.')", name));
  return name;
}

Result<std::string> node_named(const std::string& word) {
  const std::size_t slash = word.find('/');
  std::string name = slash == std::string::npos ? word : word.substr(slash + 1);
  if (slash != std::string::npos && !is_one_of(kNodes, word.substr(0, slash)))
    return failure(
        fmt::format("{}: not a node, which is named as NAME or node/NAME (kubectl get nodes shows them)", word));
  if (!is_object_name(name))
    return failure(fmt::format("\"{}\" cannot be the name of a node (lower case letters, digits, '-' and '.')", name));
  return name;
}

}  // namespace migrate::plugin
