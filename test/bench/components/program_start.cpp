#include "test/bench/components/program_start.h"

#include "test/harness/cluster.h"

namespace bench {

void measure_program_start(const Tell& tell) {
  constexpr int kStarts = 101;
  const auto starts_of = [](const harness::Words& argv) {
    (void)harness::must(argv);  // from then on it is in the machine's memory
    return spread99_of(times_of(kStarts, [&] { (void)harness::must(argv); }));
  };
  tell({"plugin's start", "--help", "ms", starts_of({harness::program("kubectl-migrate").string(), "--help"}),
        "/bin/true", starts_of({"/bin/true"})});
}

}  // namespace bench
