// orders-audit: says whether a run lost, repeated, reordered or altered anything, and how long its message gap was.
// Exit codes: 0 clean, 1 faults, 2 usage or something unreadable.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "shared/base/main.h"
#include "test/workloads/audit/report.h"

namespace {

orders::Accepted accepted_of(const std::vector<std::string>& words) {
  orders::Accepted accepted;
  for (const orders::Category category : orders::kCategories)
    if (std::find(words.begin(), words.end(), to_string(category)) != words.end()) accepted.insert(category);
  return accepted;
}

}  // namespace

int main(int argc, char** argv) {
  return migrate::run_main("orders-audit", [&]() -> int {
    CLI::App app{"Judges a run by the producers' records, the consumers' logs, the results and the final state."};
    orders::HistoryFiles files;
    double max_gap_ms = 0;
    std::vector<std::int64_t> gap_within;
    bool json = false;
    std::vector<std::string> accept;
    std::set<std::string> categories;
    for (const orders::Category category : orders::kCategories)
      categories.insert(to_string(category));
    const auto list = [&](const char* name, std::vector<std::string>& paths, const char* help) {
      app.add_option(name, paths, help)->required()->allow_extra_args(false);
    };
    list("--record", files.records, "A producer's record; may be repeated");
    list("--log", files.logs, "The log of one consumer instance; repeat it for every instance there was");
    list("--results", files.results, "Collected results; may be repeated");
    app.add_option("--state", files.state, "The last instance's /state, asked for when its queues were empty")
        ->required();
    app.add_option("--max-gap-ms", max_gap_ms, "A longer message gap is a fault (0: none is)");
    app.add_option("--gap-within", gap_within,
                   "FROM UNTIL: the message gap of that time alone, in microseconds since 1970")
        ->expected(2);
    app.add_option("--accept", accept, "A category of faults that is reported but not held against the run")
        ->check(CLI::IsMember(categories))
        ->allow_extra_args(false);
    app.add_flag("--json", json, "Print JSON");
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : 2;
    }

    auto history = orders::read_history(files);
    if (!history) throw migrate::Fatal(history.error().message, 2);
    if (!gap_within.empty()) history->gap_within = {gap_within.at(0), gap_within.at(1)};
    orders::Audit audit = judge(*history);
    if (max_gap_ms > 0 && static_cast<double>(audit.gap.length()) > max_gap_ms * 1000)
      audit.faults.push_back({orders::Category::gap, audit.gap.ended_by,
                              fmt::format("{:.3f} ms, {:.3f} ms are allowed",
                                          static_cast<double>(audit.gap.length()) / 1000, max_gap_ms)});
    const orders::Accepted accepted = accepted_of(accept);
    const std::string verdict = json ? json_of(audit, accepted) : table_of(audit, accepted);
    std::fwrite(verdict.data(), 1, verdict.size(), stdout);
    return is_clean(audit, accepted) ? 0 : 1;
  });
}
