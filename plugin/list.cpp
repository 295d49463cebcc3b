#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <utility>

#include "plugin/cluster.h"
#include "plugin/commands.h"
#include "plugin/format.h"
#include "plugin/output.h"
#include "plugin/row_printer.h"
#include "plugin/watching.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using Row = RowPrinter::Row;

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string or_dash(std::optional<milliseconds> span) {
  return span ? duration_text(*span) : "-";
}

// Columns by what was asked for.
class MigrationTable {
 public:
  MigrationTable(const Session& session, const Options& options)
      : session_(session), options_(options), table_(session.io.out.stream) {}

  void print(const std::vector<Seen>& some) {
    if (some.empty()) return;
    std::vector<Row> rows;
    rows.reserve(some.size() + 1);
    if (!std::exchange(has_head_, true)) rows.push_back(head());
    for (const Seen& one : some)
      rows.push_back(row_of(one.migration));
    table_.print(rows);
  }

 private:
  [[nodiscard]] Row head() const {
    Row row{"NAME", "POD", "FROM", "TO", "PHASE", "GAP", "AGE"};
    if (options_.all_namespaces) row.insert(row.begin(), "NAMESPACE");
    if (options_.output == Output::wide) row.insert(row.end(), {"STRATEGY", "FREEZE", "TOTAL", "BYTES", "REASON"});
    return row;
  }
  [[nodiscard]] Row row_of(const Migration& migration) const {
    const MigrationStatus& status = migration.status;
    Row row{migration.name,
            migration.spec.pod,
            or_dash(status.source.node),
            or_dash(status.target.node.empty() ? migration.spec.target_node : status.target.node),
            std::string(to_string(status.phase)),
            or_dash(status.gap),
            age_text(session_.io.clock.now() - migration.created)};
    if (options_.all_namespaces) row.insert(row.begin(), migration.namespace_);
    if (options_.output != Output::wide) return row;
    const bool is_over = status.started && status.finished;
    const auto total = is_over
                           ? std::optional{std::chrono::duration_cast<milliseconds>(*status.finished - *status.started)}
                           : std::nullopt;
    row.insert(row.end(), {std::string(to_string(strategy_of(migration))), or_dash(status.freeze), or_dash(total),
                           status.archives.empty() ? "-" : bytes_text(total_size(status)), or_dash(status.reason)});
    return row;
  }

  const Session& session_;
  const Options& options_;
  RowPrinter table_;
  bool has_head_ = false;
};

void sort_by_age(std::vector<Seen>& all) {
  std::stable_sort(all.begin(), all.end(),
                   [](const Seen& a, const Seen& b) { return a.migration.created < b.migration.created; });
}

int watch(const Session& session, const Options& options, const std::string& namespace_) {
  MigrationTable table{session, options};
  bool is_first = true;
  return watch_objects(session, {migrations(namespace_), options.selector, ""}, [&](std::vector<Sighting> sightings) {
    std::vector<Json> objects;
    objects.reserve(sightings.size());
    for (Sighting& sighting : sightings)
      objects.push_back(std::move(sighting.object));
    std::vector<Seen> some = understood(session, std::move(objects));
    sort_by_age(some);
    if (!is_document(options.output)) table.print(some);
    for (const Seen& one : some) {
      // kubectl's way to part the documents of a stream.
      if (options.output == Output::yaml && !is_first) session.io.out.stream << "---\n";
      is_first = false;
      if (!print_object(session.io, options, one.object)) return false;
    }
    return true;
  });
}

}  // namespace

int run_list(const Session& session, const Options& options) {
  const std::string namespace_ = options.all_namespaces ? "" : session.namespace_;
  if (options.watch) return watch(session, options, namespace_);
  auto all = list_migrations(session, namespace_, options.selector);
  if (!all) return report(session.io, all.error());
  sort_by_age(*all);
  if (is_document(options.output)) {
    Json items = Json::array();
    for (Seen& one : *all)
      items.push_back(std::move(one.object));
    const Json list = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}};
    return print_object(session.io, options, list) ? exit_code::kDone : exit_code::kFailed;
  }
  if (all->empty()) {
    session.io.err.stream << (namespace_.empty() ? std::string("No resources found\n")
                                                 : fmt::format("No resources found in {} namespace.\n", namespace_));
    session.io.err.stream.flush();
  }
  MigrationTable{session, options}.print(*all);
  return exit_code::kDone;
}

}  // namespace migrate::plugin
