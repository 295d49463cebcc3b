// A controller may end at any point: at any write, or after any order. The next one goes on.
#pragma once

#include <optional>
#include <string>

#include "test/unit/controller/scene.h"

namespace migrate::controller {

// The end of one controller, once: at the n-th of what is armed.
class Ending {
 public:
  explicit Ending(int n) : left_(n) {}

  // Whether the write is carried out or not. Leases' do not count.
  void at_write(Scene& scene, bool is_written = false) {
    scene.cluster.before_write = [this, &scene, is_written](
                                     const std::string&,
                                     const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
      if (where.plural == "leases" || --left_ != 0) return std::nullopt;
      scene.die();
      if (is_written) return std::nullopt;
      return fakes::Cluster::error(kube::ApiError::Kind::cancelled, "killed");
    };
  }
  // To either agent.
  void after_order(Scene& scene) {
    for (fakes::Agent* agent : {&scene.source, &scene.target})
      agent->after = [this, &scene](const std::string& what) {
        if (what == "release") scene.run_containers();
        if (--left_ == 0) scene.die();
      };
  }
  [[nodiscard]] bool has_come() const { return left_ <= 0; }

 private:
  int left_;
};

// With n = 1, 2, … until there are not so many; of fewer than `least` the test would tell little. `move` arms a scene
// of its own.
template <class Move>
void for_each_ending(int least, const Move& move) {
  for (int n = 1;; ++n) {
    Ending ending{n};
    BOOST_TEST_CONTEXT("the controller ends at number " << n) move(ending);
    if (!ending.has_come()) {
      BOOST_TEST(n > least);
      return;
    }
  }
}

}  // namespace migrate::controller
