// What the tests of check-app have in common.
#pragma once

#include <string>

#include "test/e2e/scene.h"

namespace harness {

// The cluster's own kubectl, where kubectl-migrate looks for one.
class ClusterKubectl {
 public:
  ClusterKubectl();

 private:
  migrate::test::TemporaryFolder folder_;
};

[[nodiscard]] ConsumerSpec consumer_to_check();

// Each throws when it is otherwise.
void check_says(const std::string& text, const std::string& part);
// Every line of a check of an application that does all right, but for the end, which is played only with consent.
void check_passes(const migrate::Completed& done);
// No Pod beside consumer and producer, no queue of a check.
void check_left_nothing(const Scene& scene);

}  // namespace harness
