#include <algorithm>
#include <limits>
#include <map>
#include <ostream>

#include "plugin/cluster.h"
#include "plugin/commands.h"
#include "plugin/format.h"
#include "plugin/node_view.h"
#include "plugin/output.h"
#include "plugin/server_clock.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

// By name; one that cannot be understood is told on stderr and left out.
std::map<std::string, NodeView> told_of(const Session& session, const Json& items) {
  std::map<std::string, NodeView> nodes;
  for (const Json& item : items) {
    auto facts = parse_node_facts(item);
    if (facts)
      nodes[facts->node] = {facts->node, *facts};
    else
      session.io.err.stream << "warning: read " << one_line(facts.error().message) << '\n';
  }
  return nodes;
}

// Those that have no agent, and agents that have no node; not everybody may look at nodes.
void compare_with_cluster(const Session& session, std::map<std::string, NodeView>& nodes) {
  const auto list = session.client.list(kube::core("nodes"));
  if (!list) return;
  for (auto& [name, node] : nodes)
    node.is_gone = true;
  for (const Json& item : list->at("items")) {
    const std::string name = kube::metadata_of(item, "name");
    nodes.try_emplace(name, NodeView{name, std::nullopt}).first->second.is_gone = false;
  }
}

// What goes into a file or a pipe is not broken into lines.
Style style_of(const Io& io) {
  const std::size_t width = io.out.is_live ? io.screen().columns : std::numeric_limits<std::size_t>::max();
  return {width, io.out.is_colour, io.is_unicode};
}

void print(std::ostream& stream, const std::vector<std::string>& lines) {
  for (const std::string& line : lines)
    stream << line << '\n';
}

}  // namespace

int run_nodes(const Session& session, const Options& options) {
  auto list = session.client.list(migration_nodes());
  if (!list) return report(session.io, explain(list.error(), "list", migration_nodes()));
  Json& items = list->at("items");
  std::ostream& stream = session.io.out.stream;
  if (options.output != Output::text && options.output != Output::wide) {
    // The server leaves these out of a list's items.
    for (Json& item : items) {
      item["apiVersion"] = kApiVersion;
      item["kind"] = "MigrationNode";
    }
    print_object(stream, options.output, {{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}});
    return exit_code::kDone;
  }
  auto known = told_of(session, items);
  compare_with_cluster(session, known);
  if (known.empty()) {
    session.io.err.stream << "No resources found\n";
    return exit_code::kDone;
  }
  std::vector<NodeView> nodes;
  nodes.reserve(known.size());
  for (auto& [name, node] : known)
    nodes.push_back(std::move(node));
  const Instant now = server_now(session);
  const Style style = style_of(session.io);
  print(stream, node_table(nodes, now, options.output == Output::wide ? Columns::all : Columns::usual, style.width));
  if (const auto pairs = node_pairs(nodes, now, style); !pairs.empty()) {
    stream << '\n';
    print(stream, pairs);
  }
  stream.flush();
  return exit_code::kDone;
}

}  // namespace migrate::plugin
