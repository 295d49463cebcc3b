// evaluate: measures the product and its baseline on the test cluster, run by run, into a table. See
// test/bench/evaluate. SIGTERM: the run under way is made to its end, and none begun behind it. Exit codes: 0 all runs
// of this call are clean, 1 some are not, or it could not go on; 2 usage.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "shared/base/main.h"
#include "test/bench/evaluation/evaluate.h"

namespace {

void tell(const std::string& text) {
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

// Not SIGINT: a terminal gives that to test/bench/evaluate as well, which then ends the cluster under the run.
volatile std::sig_atomic_t is_told_to_stop = 0;

}  // namespace

int main(int argc, char** argv) {
  return migrate::run_main("evaluate", [&]() -> int {
    CLI::App app{"Measures migrations on the test cluster; a row for each in OUT/runs.csv."};
    evaluation::Order order;
    bool quick = false;
    bool resume = false;
    std::string folder = "build/evaluation";
    std::size_t at_most = 0;
    int minutes = 0;
    app.add_flag("--quick", quick, "One run at two rates: whether all of it works, no figures");
    app.add_option("--only", order.selection.only, "Names of grids and strategies, with commas between them")
        ->delimiter(',');
    app.add_flag("--resume", resume, "Add the runs that are missing to the table that is there");
    app.add_option("--out", folder, "The folder of the results (build/evaluation)");
    app.add_option("--at-most", at_most, "So many runs now; 0: all");
    app.add_option("--minutes", minutes, "Begin no run after so many minutes; 0: all")->check(CLI::NonNegativeNumber);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : 2;
    }
    using evaluation::Extent;
    using Mode = evaluation::ResultsFile::Mode;
    order.selection.extent = quick ? Extent::quick : Extent::full;
    order.mode = resume ? Mode::resume : Mode::create;
    order.folder = folder;
    order.is_to_stop = [] { return is_told_to_stop != 0; };
    (void)std::signal(SIGTERM, [](int) { is_told_to_stop = 1; });
    if (at_most > 0) order.at_most = at_most;
    if (minutes > 0) order.begin_within = std::chrono::minutes{minutes};
    const evaluation::Tally tally = evaluate(order, tell);
    tell(fmt::format("{} runs made, {} of them not clean; {} are left", tally.made, tally.flawed, tally.left));
    return tally.flawed == 0 ? 0 : 1;
  });
}
