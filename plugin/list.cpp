#include <algorithm>
#include <array>
#include <ostream>

#include "plugin/cluster.h"
#include "plugin/commands.h"
#include "plugin/format.h"
#include "plugin/output.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using Row = std::vector<std::string>;

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

Row row_of(const Migration& migration, Instant now) {
  const MigrationStatus& status = migration.status;
  const std::string& to = status.target.node.empty() ? migration.spec.target_node : status.target.node;
  return {migration.namespace_,
          migration.name,
          migration.spec.pod,
          or_dash(status.source.node),
          or_dash(to),
          std::string(to_string(status.phase)),
          status.gap ? duration_text(*status.gap) : "-",
          age_text(now - migration.created)};
}

void print_table(std::ostream& stream, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], characters(row[i]));
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += i + 1 < row.size() ? padded(row[i], widths[i] + 3) : row[i];
    stream << line << '\n';
  }
}

}  // namespace

int run_list(const Session& session, const Options& options) {
  const std::string namespace_ = options.all_namespaces ? "" : session.namespace_;
  auto all = list_migrations(session, namespace_);
  if (!all) return report(session.io, all.error());
  std::stable_sort(all->begin(), all->end(),
                   [](const Seen& a, const Seen& b) { return a.migration.created < b.migration.created; });
  std::ostream& stream = session.io.out.stream;
  if (options.output != Output::text) {
    Json items = Json::array();
    for (Seen& one : *all)
      items.push_back(std::move(one.object));
    print_object(stream, options.output, {{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}});
    return 0;
  }
  if (all->empty()) {
    session.io.err.stream << (namespace_.empty() ? std::string("No migrations found\n")
                                                 : "No migrations found in namespace " + namespace_ + "\n");
    return 0;
  }
  std::vector<Row> rows = {{"NAMESPACE", "NAME", "POD", "FROM", "TO", "PHASE", "GAP", "AGE"}};
  rows.reserve(all->size() + 1);
  for (const Seen& one : *all)
    rows.push_back(row_of(one.migration, session.io.clock.now()));
  if (!options.all_namespaces)
    for (Row& row : rows)
      row.erase(row.begin());
  print_table(stream, rows);
  stream.flush();
  return 0;
}

}  // namespace migrate::plugin
