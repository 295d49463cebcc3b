// One thing on all nodes, as lines of a check: those of nodes where it is well, alike ones in one, before those of
// nodes where it is not. Pure.
#pragma once

#include <string>
#include <vector>

#include "plugin/check_list.h"
#include "shared/migration/node_facts.h"

namespace migrate::plugin {

class NodeRow {
 public:
  // `what` has a place for the nodes: "handler `migrate` on {}".
  void ok(const std::string& what, const NodeFacts& node);
  void skipped(const std::string& what, const std::string& why, const NodeFacts& node);
  void bad(Mark mark, const std::string& what, const std::string& node, std::string why, std::string hint);
  void into(std::vector<Check>& lines);

 private:
  struct Like {
    Mark mark;
    std::string what;
    std::string why;
    std::vector<std::string> nodes;
  };
  Like& like(Mark mark, const std::string& what, const std::string& why = "");

  std::vector<Like> alike_;
  std::vector<Check> bad_;
};

// "node-a, node-b and node-c", of many nodes their number.
[[nodiscard]] std::string names_text(const std::vector<std::string>& nodes);

}  // namespace migrate::plugin
