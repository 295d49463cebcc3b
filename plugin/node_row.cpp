#include "plugin/node_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

// What an agent says may hold anything, so this is no format of fmt's.
std::string placed(std::string what, const std::string& nodes) {
  const std::size_t place = what.rfind("{}");
  return place == std::string::npos ? what : what.replace(place, 2, nodes);
}

}  // namespace

std::string names_text(const std::vector<std::string>& nodes) {
  constexpr std::size_t kFew = 4;
  if (nodes.size() > kFew) return fmt::format("{} nodes", nodes.size());
  if (nodes.size() < 2) return joined(nodes);
  return fmt::format("{} and {}", joined({nodes.begin(), nodes.end() - 1}), nodes.back());
}

void NodeRow::ok(const std::string& what, const NodeFacts& node) {
  like(Mark::ok, what).nodes.push_back(node.node);
}

void NodeRow::skipped(const std::string& what, const std::string& why, const NodeFacts& node) {
  like(Mark::skipped, what, why).nodes.push_back(node.node);
}

void NodeRow::bad(Mark mark, const std::string& what, const std::string& node, std::string why, std::string hint) {
  bad_.push_back({mark, placed(what, node), std::move(why), std::move(hint)});
}

void NodeRow::into(std::vector<Check>& lines) {
  for (const Like& one : alike_)
    lines.push_back({one.mark, placed(one.what, names_text(one.nodes)), one.why});
  std::move(bad_.begin(), bad_.end(), std::back_inserter(lines));
}

NodeRow::Like& NodeRow::like(Mark mark, const std::string& what, const std::string& why) {
  const auto found = std::find_if(alike_.begin(), alike_.end(), [&](const Like& one) {
    return one.mark == mark && one.what == what && one.why == why;
  });
  return found != alike_.end() ? *found : alike_.emplace_back(Like{mark, what, why, {}});
}

}  // namespace migrate::plugin
