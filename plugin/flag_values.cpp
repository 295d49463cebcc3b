#include "plugin/flag_values.h"

#include <algorithm>
#include <array>

#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using Words = std::span<const std::string_view>;

template <std::size_t N>
using List = std::array<std::string_view, N>;

constexpr List<2> kToggle = {"true", "false"};
constexpr List<4> kStrategies = {"auto", "live", "sequential", "stop"};
constexpr List<3> kCheckpoints = {"auto", "kubelet", "direct"};
constexpr List<3> kRestores = {"auto", "runtime", "image"};
constexpr List<2> kTransfers = {"direct", "registry"};
constexpr List<1> kCutoffs = {"auto"};
constexpr List<3> kDryRuns = {"none", "server", "client"};
constexpr List<2> kKept = {"source", "target"};
constexpr List<1> kAppRisks = {"touch-queue"};

struct Row {
  std::string_view flag;
  Source source = Source::words;
  Words words = {};
};

// Those that are not here take any text.
constexpr auto kRows = std::to_array<Row>({
    {"to", Source::nodes},
    {"from", Source::nodes},
    {"ordinal", Source::ordinals},
    {"strategy", Source::words, kStrategies},
    {"checkpoint", Source::words, kCheckpoints},
    {"restore", Source::words, kRestores},
    {"transfer", Source::words, kTransfers},
    {"cutoff", Source::words, kCutoffs},
    {"dry-run", Source::words, kDryRuns},
    {"keep", Source::words, kKept},
    {"namespace", Source::namespaces},
    {"context", Source::contexts},
    {"cluster", Source::clusters},
    {"user", Source::users},
    {"file", Source::files},
    {"kubeconfig", Source::files},
    {"certificate-authority", Source::files},
    {"client-certificate", Source::files},
    {"client-key", Source::files},
});

}  // namespace

FlagValues values_of(const Flag& flag, Verb verb) {
  if (flag.kind == FlagKind::toggle) return {Source::words, kToggle};
  if (flag.name == "output") return {Source::words, formats_of(verb)};
  if (flag.name == "accept") return {Source::words, verb == Verb::check_app ? Words{kAppRisks} : Words{kRisks}, true};
  const auto* row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& one) { return one.flag == flag.name; });
  return row != kRows.end() ? FlagValues{row->source, row->words} : FlagValues{};
}

}  // namespace migrate::plugin
