#include "extender/controller/requests.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace migrate::controller {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 16> kSuffixes{{{"", 1.0},
                                                                         {"n", 1e-9},
                                                                         {"u", 1e-6},
                                                                         {"m", 1e-3},
                                                                         {"k", 1e3},
                                                                         {"M", 1e6},
                                                                         {"G", 1e9},
                                                                         {"T", 1e12},
                                                                         {"P", 1e15},
                                                                         {"E", 1e18},
                                                                         {"Ki", 0x1p10},
                                                                         {"Mi", 0x1p20},
                                                                         {"Gi", 0x1p30},
                                                                         {"Ti", 0x1p40},
                                                                         {"Pi", 0x1p50},
                                                                         {"Ei", 0x1p60}}};

// Of parts of a milli-unit nobody asks; what is left beyond them is rounding.
constexpr double kRounding = 1e-6;

void add(std::map<std::string, double>& all, const Json& holder, bool replaces) {
  const Json* asked = find(holder, {"resources", "requests"});
  if (asked == nullptr || !asked->is_object()) return;
  for (const auto& [resource, text] : asked->items())
    if (const auto amount = text.is_string() ? quantity_of(text.get<std::string>()) : std::nullopt)
      all[resource] = replaces ? *amount : all[resource] + *amount;
}

// By resource. What the Pod says as a whole (spec.resources) goes before its containers' sum.
std::map<std::string, double> requests_of(const Json& pod) {
  std::map<std::string, double> all;
  for (const Json& container : list_at(pod, {"spec", "containers"}))
    add(all, container, /*replaces=*/false);
  if (const Json* spec = find(pod, {"spec"})) add(all, *spec, /*replaces=*/true);
  return all;
}

}  // namespace

std::optional<double> quantity_of(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
  for (const auto& [name, factor] : kSuffixes)
    if (suffix == name) return value * factor;
  return std::nullopt;
}

std::string return_trouble(const Json& pod, const NodeState& node) {
  for (const auto& [resource, asked] : requests_of(pod)) {
    const auto there = node.allocatable.find(resource);
    const auto has = there == node.allocatable.end() ? std::nullopt : quantity_of(there->second);
    if (!has || 2 * asked <= *has * (1 + kRounding)) continue;
    return fmt::format(
        "on its way back into its name it and its shadow stand on one node, and node {} has no more than {} {} where "
        "one of them asks for more than half of that",
        node.name, there->second, resource);
  }
  return "";
}

Refusal no_way_back(const Json& pod, const std::string& trouble) {
  const PodView view = view_of(pod);
  return {"NoRoomToReturn",
          fmt::format("Pod {}/{}: {}; use --strategy sequential or stop, or a larger node", view.namespace_, view.name,
                      trouble),
          ""};
}

}  // namespace migrate::controller
