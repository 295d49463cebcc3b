#include "plugin/node_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "plugin/format.h"
#include "plugin/table.h"
#include "shared/base/text.h"
#include "shared/migration/names.h"
#include "shared/migration/node_match.h"

namespace migrate::plugin {
namespace {

constexpr std::size_t kMostInTable = 20;
constexpr std::size_t kNamesShown = 5;

struct Marks {
  std::string_view self, fits, not_at_all;
};
constexpr Marks kAscii{".", "ok", "-"};
constexpr Marks kUnicode{"·", "✓", "–"};
constexpr std::string_view kWithNote = "*";  // behind the one of what fits

std::string cell(const std::string& text) {
  const std::string line = one_line(text);
  return line.empty() ? "-" : line;
}

std::string yes_no(bool value) {
  return value ? "yes" : "no";
}

bool is_silent(const NodeFacts& facts, Instant now) {
  return now - facts.heartbeat >= kHeartbeatLimit;
}

bool never_beat(const NodeFacts& facts) {
  return facts.heartbeat == Instant{};
}

std::string look_at_agents() {
  return "see " + in_one_piece(fmt::format("kubectl get pods -n {} -o wide", kSystemNamespace));
}

// What keeps a node from giving and from taking; empty: nothing.
std::string trouble_of(const NodeFacts& facts, Instant now) {
  if (never_beat(facts)) return "its migrate-agent has never reported; " + look_at_agents();
  if (is_silent(facts, now))
    return fmt::format("its migrate-agent has been silent for {}; {}", age_text(now - facts.heartbeat),
                       look_at_agents());
  if (facts.criu.empty()) return "it has no CRIU; install version 4.2 or newer there";
  if (parse_version(facts.criu) < kOldestCriu)
    return fmt::format("it has CRIU {}; install version 4.2 or newer there", facts.criu);
  return "";
}

// The same from taking alone.
std::string target_trouble(const NodeFacts& facts) {
  if (facts.has_handler) return "";
  return fmt::format("{} {} does not know the runtime handler {}; {} shows the lines to add to its configuration",
                     facts.runtime, facts.runtime_version, kRuntimeClass, in_one_piece("kubectl migrate check"));
}

// The same obstacle, or note, between many.
struct Between {
  std::string brief;
  bool is_obstacle = true;
  std::vector<std::string> from;
  std::vector<std::string> to;
};

void add(std::vector<Between>& all, const Misfit& misfit, const std::string& from, const std::string& to) {
  for (Between& one : all)
    if (one.brief == misfit.brief) {
      one.from.push_back(from);
      return;
    }
  all.push_back({misfit.brief, misfit.is_obstacle(), {from}, {to}});
}

// Those that can be asked, by their facts.
using Facts = std::vector<const NodeFacts*>;

bool are_alike(const NodeFacts& a, const NodeFacts& b) {
  return a.architecture == b.architecture && a.criu == b.criu && a.kernel == b.kernel &&
         a.cpu_features == b.cpu_features;
}

// Most nodes of a large cluster are of a few kinds, whose pairs are looked at once.
class Pairs {
 public:
  explicit Pairs(const Facts& nodes) : nodes_(nodes) {
    for (const NodeFacts* node : nodes_) {
      const auto known =
          std::find_if(kinds_.begin(), kinds_.end(), [&](const NodeFacts* kind) { return are_alike(*kind, *node); });
      kind_of_.push_back(static_cast<std::size_t>(known - kinds_.begin()));
      if (known == kinds_.end()) kinds_.push_back(node);
    }
    for (const NodeFacts* from : kinds_)
      for (const NodeFacts* to : kinds_)
        misfits_.push_back(misfits(*from, *to));
  }

  [[nodiscard]] std::vector<Between> all() const {
    std::vector<Between> all;
    for (std::size_t to = 0; to < nodes_.size(); ++to) {
      std::vector<Between> of_this;
      for (std::size_t from = 0; from < nodes_.size(); ++from)
        for (const Misfit& one : misfits_[kind_of_[from] * kinds_.size() + kind_of_[to]])
          add(of_this, one, nodes_[from]->node, nodes_[to]->node);
      for (Between& one : of_this) {
        const auto same = std::find_if(all.begin(), all.end(), [&](const Between& other) {
          return other.brief == one.brief && other.from == one.from;
        });
        if (same == all.end())
          all.push_back(std::move(one));
        else
          same->to.push_back(nodes_[to]->node);
      }
    }
    return all;
  }

 private:
  const Facts& nodes_;
  Facts kinds_;  // one node of each
  std::vector<std::size_t> kind_of_;
  std::vector<std::vector<Misfit>> misfits_;  // by kind of the source, then of the target
};

std::string mark(const NodeFacts& from, const NodeFacts& to, Instant now, const Marks& marks) {
  if (&from == &to) return std::string(marks.self);
  const NodeMatch found = match(from, to);
  const bool is_free = trouble_of(from, now).empty() && trouble_of(to, now).empty() && target_trouble(to).empty();
  if (!is_free || !found.fits) return std::string(marks.not_at_all);
  return fmt::format("{}{}", marks.fits, found.why.empty() ? "" : kWithNote);
}

std::vector<std::string> matrix(const Facts& nodes, Instant now, const Style& style) {
  const Marks& marks = style.unicode ? kUnicode : kAscii;
  std::vector<TableRow> rows{{"FROM \\ TO"}};
  for (const NodeFacts* to : nodes)
    rows.front().push_back(to->node);
  for (const NodeFacts* from : nodes) {
    TableRow& row = rows.emplace_back(TableRow{from->node});
    for (const NodeFacts* to : nodes)
      row.push_back(mark(*from, *to, now, marks));
  }
  auto lines = table(rows, style.width);
  if (lines.size() == rows.size()) return lines;
  // Numbers are narrower than names.
  for (std::size_t i = 1; i < rows.size(); ++i) {
    rows.front()[i] = std::to_string(i);
    rows[i].front() =
        fmt::format("{}  {}", padded(rows.front()[i], std::to_string(nodes.size()).size()), rows[i].front());
  }
  return table(rows, style.width);
}

void explain_nodes(const std::vector<NodeView>& nodes, Instant now, const Style& style,
                   std::vector<std::string>& lines) {
  const std::string head = fmt::format("{} ", (style.unicode ? kUnicode : kAscii).not_at_all);
  const auto say = [&](const std::string& who, const std::string& what) {
    if (what.empty()) return;
    for (std::string& line : wrapped(head, one_line(fmt::format("{}: {}", who, what)), style.width))
      lines.push_back(std::move(line));
  };
  for (const NodeView& node : nodes)
    if (node.is_gone)
      say(node.name, "there is no such node any more; " + in_one_piece("kubectl delete migrationnode " + node.name));
    else if (!node.facts)
      say(node.name, "no migrate-agent has reported from it; " + look_at_agents());
    else
      say(node.name, trouble_of(*node.facts, now));
  for (const NodeView& node : nodes)
    if (node.facts && !node.is_gone) say("to " + node.name, target_trouble(*node.facts));
}

void explain_pairs(const std::vector<Between>& all, const Style& style, std::vector<std::string>& lines) {
  const Marks& marks = style.unicode ? kUnicode : kAscii;
  for (const bool obstacles : {true, false})
    for (const Between& one : all) {
      if (one.is_obstacle != obstacles) continue;
      const std::string text =
          fmt::format("to {} from {}: {}", some_of(one.to, kNamesShown), some_of(one.from, kNamesShown), one.brief);
      for (std::string& line :
           wrapped(fmt::format("{} ", obstacles ? marks.not_at_all : kWithNote), one_line(text), style.width))
        lines.push_back(std::move(line));
    }
}

}  // namespace

std::string status_of(const NodeView& node, Instant now) {
  if (node.is_gone) return "Gone";
  if (!node.facts) return "NoAgent";
  if (never_beat(*node.facts)) return "NotAlive";
  return is_silent(*node.facts, now) ? "NotAlive " + age_text(now - node.facts->heartbeat) : "Ready";
}

std::vector<std::string> node_table(const std::vector<NodeView>& nodes, Instant now, Columns columns,
                                    std::size_t width) {
  std::vector<TableRow> rows{{"NAME", "STATUS", "RUNTIME", "CRIU", "HANDLER", "DIRECT", "IMAGES", "FREE"}};
  if (columns == Columns::all) rows.front().insert(rows.front().end(), {"KERNEL", "ARCH", "AGENT", "ADDRESS"});
  for (const NodeView& node : nodes) {
    TableRow& row = rows.emplace_back(TableRow{node.name, status_of(node, now)});
    if (const auto& facts = node.facts) {
      row.insert(row.end(), {cell(fmt::format("{} {}", facts->runtime, facts->runtime_version)), cell(facts->criu),
                             yes_no(facts->has_handler), yes_no(facts->can_checkpoint_directly),
                             yes_no(image_restore_trouble(*facts).empty()), bytes_text(facts->free_disk)});
      if (columns == Columns::all)
        for (const std::string& one : {facts->kernel, facts->architecture, facts->agent_version, facts->address})
          row.push_back(cell(one));
    }
    row.resize(rows.front().size(), "-");
  }
  return table(rows, width);
}

std::vector<std::string> node_pairs(const std::vector<NodeView>& nodes, Instant now, const Style& style) {
  Facts known;
  for (const NodeView& node : nodes)
    if (node.facts && !node.is_gone) known.push_back(&*node.facts);
  std::vector<std::string> lines;
  const bool has_table = known.size() > 1 && known.size() <= kMostInTable;
  if (has_table) lines = matrix(known, now, style);
  std::vector<std::string> why;
  explain_nodes(nodes, now, style, why);
  Facts free;
  std::copy_if(known.begin(), known.end(), std::back_inserter(free),
               [&](const NodeFacts* node) { return trouble_of(*node, now).empty(); });
  explain_pairs(Pairs{free}.all(), style, why);
  if (known.size() > kMostInTable)
    lines.push_back(fmt::format("What runs on any of these {} nodes can move to any other{}", known.size(),
                                why.empty() ? "" : ", but:"));
  if (has_table && !why.empty()) lines.emplace_back();
  lines.insert(lines.end(), why.begin(), why.end());
  return lines;
}

}  // namespace migrate::plugin
