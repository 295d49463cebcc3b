#include "shared/migration/node_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "shared/base/text.h"

namespace migrate {
namespace {

using What = Misfit::What;

constexpr std::size_t kShown = 3;  // features by name

void check_criu(const NodeFacts& from, const NodeFacts& to, std::vector<Misfit>& found) {
  const Version version = parse_version(to.criu);
  if (to.criu.empty()) {
    found.push_back({What::criu, fmt::format("node {} has no CRIU; install version 4.2 or newer there", to.node),
                     "no CRIU; version 4.2 or newer is needed"});
  } else if (version < kOldestCriu) {
    found.push_back({What::criu, fmt::format("node {} has CRIU {}; 4.2 or newer is needed", to.node, to.criu),
                     fmt::format("CRIU {}; 4.2 or newer is needed", to.criu)});
  } else if (version < least_criu(parse_version(from.criu))) {
    found.push_back({What::criu,
                     fmt::format("node {} has CRIU {}, and does not read what {} of the source's node {} writes; "
                                 "install that or a newer one there",
                                 to.node, to.criu, from.criu, from.node),
                     fmt::format("CRIU {} does not read what {} writes", to.criu, from.criu)});
  }
}

Version without_patch(const std::string& version) {
  Version parsed = parse_version(version);
  parsed.patch = 0;
  return parsed;
}

}  // namespace

std::vector<std::string> missing_features(const std::vector<std::string>& from, const std::vector<std::string>& to) {
  std::vector<std::string> missing;
  std::set_difference(from.begin(), from.end(), to.begin(), to.end(), std::back_inserter(missing));
  return missing;
}

Version least_criu(Version writer) {
  return std::max(kOldestCriu, writer);
}

std::vector<Misfit> misfits(const NodeFacts& from, const NodeFacts& to) {
  std::vector<Misfit> found;
  if (from.architecture != to.architecture) {
    found.push_back({What::architecture,
                     fmt::format("node {} is {}, the source's node {} is {}", to.node, to.architecture, from.node,
                                 from.architecture),
                     fmt::format("{}, not {}", to.architecture, from.architecture)});
  } else if (const auto missing = missing_features(from.cpu_features, to.cpu_features); !missing.empty()) {
    found.push_back({What::cpu_features,
                     fmt::format("the CPU of node {} lacks {} of the source's node {}; memory that uses them would "
                                 "crash there",
                                 to.node, some_of(missing, kShown), from.node),
                     fmt::format("without the CPU features {}", some_of(missing, kShown))});
  }
  check_criu(from, to, found);
  if (!to.kernel.empty() && without_patch(to.kernel) < without_patch(from.kernel))
    found.push_back({What::kernel,
                     fmt::format("node {} has kernel {}, older than {} of the source's node {}: what uses something "
                                 "newer of it is not restored there",
                                 to.node, to.kernel, from.kernel, from.node),
                     fmt::format("kernel {} is older than {}", to.kernel, from.kernel)});
  return found;
}

NodeMatch match(const NodeFacts& from, const NodeFacts& to) {
  NodeMatch made;
  for (const Misfit& one : misfits(from, to)) {
    made.fits = made.fits && !one.is_obstacle();
    made.why.push_back(one.message);
  }
  return made;
}

}  // namespace migrate
