// bench-components --out DIR: the product's parts, each beside what limits it, into DIR/components.csv. The cluster
// must be up with the product on it. See test/bench/evaluate.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "shared/base/main.h"
#include "shared/base/result.h"
#include "test/bench/components/archive_digests.h"
#include "test/bench/components/container_restore.h"
#include "test/bench/components/extender_answers.h"
#include "test/bench/components/program_start.h"
#include "test/bench/components/transfer.h"
#include "test/bench/evaluation/machine.h"

int main(int argc, char** argv) {
  return migrate::run_main("bench-components", [&]() -> int {
    CLI::App app{"Measures the product's parts, each beside what limits it."};
    std::filesystem::path folder = "build/evaluation";
    app.add_option("--out", folder, "The folder of components.csv (build/evaluation)");
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : 2;
    }
    const evaluation::Surroundings around = evaluation::look_around(harness::Cluster{});
    std::filesystem::create_directories(folder);
    std::ofstream file{folder / "components.csv", std::ios::trunc};
    file << bench::header();
    const auto tell = [&](const bench::Line& line) {
      file << to_csv(line, around) << std::flush;
      if (!file) throw migrate::Fatal(fmt::format("write to {}", (folder / "components.csv").string()));
      fmt::print("{}, {}: p50 {:.3f}, p99 {:.3f} {}; {}: {:.3f}, {:.3f}\n", line.part, line.with, line.is.p50,
                 line.is.p99, line.unit, line.limit, line.limit_is.p50, line.limit_is.p99);
      std::fflush(stdout);
    };
    bench::measure_program_start(tell);
    bench::measure_archive_digests(tell);
    bench::measure_extender_answers(tell);
    bench::measure_transfer(tell);
    bench::measure_container_restore(tell);
    return 0;
  });
}
