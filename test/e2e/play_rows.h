// Plays rows of the fault table, one after the other with one consumer under load, and lets the audit judge at the end.
#pragma once

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <memory>

#include "test/e2e/faults.h"

namespace harness {

inline void judge_rows(Scene& scene) {
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

inline void play_rows(const std::string& ns, const std::vector<Row>& rows) {
  std::unique_ptr<Scene> scene;
  int scenes = 0;
  for (const Row& row : rows) {
    try {
      if (!scene) {
        scene = std::make_unique<Scene>(scenes == 0 ? ns : fmt::format("{}-{}", ns, scenes));
        ++scenes;
        scene->start(Scene::consumer_on("node-a"));
      }
      BOOST_TEST_MESSAGE(to_string(row) << " -> " << play(*scene, row));
    } catch (const std::exception& error) {
      BOOST_ERROR(to_string(row) << ": " << error.what());
      scene.reset();  // the next row needs a consumer that is where one believes it
    }
  }
  if (scene) judge_rows(*scene);
}

}  // namespace harness
