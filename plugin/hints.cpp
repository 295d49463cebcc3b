#include "plugin/hints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

constexpr std::string_view kFile = "docs/troubleshooting.md#";

constexpr auto kAnchors = std::to_array<std::string_view>({
    "no-api-server",  "not-logged-in",    "old-kubernetes",     "not-installed",    "api-version",
    "old-schema",     "deployment-down",  "no-controller",      "versions-differ",  "own-scheduler",
    "scheduler-down", "extender-down",    "extender-not-asked", "policies-missing", "no-runtime-class",
    "missing-right",  "stale-node",       "old-runtime",        "criu-check",       "criu-options",
    "clock-skew",     "one-kind-of-node", "too-few-nodes",      "wrong-annotation", "no-replay",
    "no-answer",
});
static_assert(kAnchors.size() == static_cast<std::size_t>(Topic::no_answer) + 1);

}  // namespace

std::string hint(Topic topic) {
  return std::string(kFile) + std::string(kAnchors.at(static_cast<std::size_t>(topic)));
}

std::string hint(std::string_view reason) {
  std::string text(kFile);
  std::transform(reason.begin(), reason.end(), std::back_inserter(text),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

std::string see_pods() {
  return fmt::format("kubectl -n {} get pods -o wide", kSystemNamespace);
}

std::span<const std::string_view> topic_anchors() {
  return kAnchors;
}

}  // namespace migrate::plugin
