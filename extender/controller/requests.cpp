#include "extender/controller/requests.h"

#include <fmt/format.h>

#include <algorithm>
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

using Requests = std::map<std::string, double>;  // by resource

Requests asked_in(const Json& holder, Path path) {
  Requests all;
  const Json* asked = find(holder, path);
  if (asked == nullptr || !asked->is_object()) return all;
  for (const auto& [resource, text] : asked->items())
    if (const auto amount = text.is_string() ? quantity_of(text.get<std::string>()) : std::nullopt)
      all[resource] = *amount;
  return all;
}

void add(Requests& all, const Requests& more) {
  for (const auto& [resource, amount] : more)
    all[resource] += amount;
}

void raise_to(Requests& all, const Requests& least) {
  for (const auto& [resource, amount] : least)
    all[resource] = std::max(all[resource], amount);
}

Requests sum_of_containers(const Json& pod) {
  Requests all;
  for (const Json& container : list_at(pod, {"spec", "containers"}))
    add(all, asked_in(container, {"resources", "requests"}));
  return all;
}

// What the Pod says as a whole (spec.resources) goes before its containers' sum.
Requests as_a_whole(const Json& pod, Requests all) {
  for (const auto& [resource, amount] : asked_in(pod, {"spec", "resources", "requests"}))
    all[resource] = amount;
  return all;
}

// Once its init containers have run.
Requests requests_of(const Json& pod) {
  return as_a_whole(pod, sum_of_containers(pod));
}

// What a node has to keep for it, whatever of it runs: one init container after the other, or all the rest. A sidecar
// is an init container that stays, beside those that follow it.
Requests held_by(const Json& pod) {
  Requests all = sum_of_containers(pod);
  Requests sidecars;
  Requests at_most;
  for (const Json& container : list_at(pod, {"spec", "initContainers"})) {
    Requests now = asked_in(container, {"resources", "requests"});
    const bool stays = text_at(container, {"restartPolicy"}) == "Always";
    if (stays) add(all, now);
    add(now, sidecars);
    if (stays) sidecars = now;
    raise_to(at_most, now);
  }
  raise_to(all, at_most);
  all = as_a_whole(pod, std::move(all));
  add(all, asked_in(pod, {"spec", "overhead"}));
  all["pods"] = 1;
  return all;
}

std::string amount_text(double amount) {
  return amount >= 0x1p20 ? fmt::format("{:.0f}Mi", amount / 0x1p20) : fmt::format("{:.6g}", amount);
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

std::string port_trouble(const Json& pod) {
  for (const Json& container : list_at(pod, {"spec", "containers"}))
    for (const Json& port : list_at(container, {"ports"}))
      if (const auto number = number_at(port, {"hostPort"}); number != 0)
        return fmt::format(
            "on its way back into its name it and its shadow stand on one node, whose port {} container {} takes "
            "(hostPort)",
            number, text_at(container, {"name"}));
  return "";
}

std::string return_trouble(const Json& pod, const NodeState& node) {
  for (const auto& [resource, asked] : requests_of(pod)) {
    const auto there = node.allocatable.find(resource);
    const auto has = there == node.allocatable.end() ? std::nullopt : quantity_of(there->second);
    if (!has || 2 * asked <= *has * (1 + kRounding)) continue;
    return fmt::format(
        "on its way back into its name it and its shadow stand on one node, and node {} has no more than {} {} where "
        "one of them asks for more than half of that; a larger node would do",
        node.name, there->second, resource);
  }
  return "";
}

std::string room_trouble(const Json& pod, const NodeState& node, const Json& others) {
  Requests taken;
  for (const Json& other : list_at(others, {"items"})) {
    const PodView view = view_of(other);
    if (view.node == node.name && view.phase != "Succeeded" && view.phase != "Failed") add(taken, held_by(other));
  }
  for (const auto& [resource, asked] : held_by(pod)) {
    const auto there = node.allocatable.find(resource);
    const auto has = there == node.allocatable.end() ? std::nullopt : quantity_of(there->second);
    if (!has || asked <= 0 || taken[resource] + asked <= *has * (1 + kRounding)) continue;
    return fmt::format("node {} has {} {}, of which its Pods ask for {}, and this one would for {} more", node.name,
                       there->second, resource, amount_text(taken[resource]), amount_text(asked));
  }
  return "";
}

Refusal no_way_back(const Json& pod, const std::string& trouble) {
  const PodView view = view_of(pod);
  return {"NoRoomToReturn",
          fmt::format("Pod {}/{}: {}; use --strategy sequential or stop", view.namespace_, view.name, trouble), ""};
}

}  // namespace migrate::controller
