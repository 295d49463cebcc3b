// What values each flag takes, as far as anybody but the user can know: words of its own, files, or names of something.
// For completion; arguments.cpp reads them, and a test holds both together. Pure.
#pragma once

#include <span>
#include <string_view>

#include "plugin/flags.h"

namespace migrate::plugin {

enum class Source {
  nowhere,  // free text, or what should not be read for a hint (Secrets)
  words,
  files,
  // of the kubeconfig
  contexts,
  clusters,
  users,
  // of the cluster
  pods,
  stateful_sets,
  ordinals,  // of the Pods of a StatefulSet
  migrations,
  nodes,
  namespaces,
};

struct FlagValues {
  Source source = Source::nowhere;
  std::span<const std::string_view> words = {};
  bool is_list = false;  // several, parted by commas
};

// Of a command; toggles have true and false.
[[nodiscard]] FlagValues values_of(const Flag& flag, Verb verb);

}  // namespace migrate::plugin
