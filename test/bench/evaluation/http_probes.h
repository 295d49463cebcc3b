// Probes of a run's first consumer, through a Service, while it moves.
#pragma once

#include "test/bench/evaluation/bed.h"
#include "test/bench/evaluation/http_gap.h"
#include "test/harness/background.h"
#include "test/temporary_folder.h"

namespace evaluation {

class HttpProbes {
 public:
  // Makes the Service, begins to probe it from a node that has no part in the move, and returns when it answers.
  explicit HttpProbes(const Bed& bed);

  // Of all probes that are over, once the newest of them is answered: proxies learn of a Pod later than the API server.
  // What is not answered within 10 s stays as it is.
  [[nodiscard]] HttpFigures figures() const;

 private:
  migrate::test::TemporaryFolder folder_;
  harness::Background prober_;
};

}  // namespace evaluation
