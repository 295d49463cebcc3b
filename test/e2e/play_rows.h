// Plays rows of tables of faults, one after the other with one consumer under load, and lets the audit judge at the
// end.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>

#include "test/e2e/faults.h"

namespace harness {

// Of a Scene, or of a set's.
template <typename Of>
struct PlayOf {
  std::string name;
  std::function<std::string(Of&)> play;  // throws; returns how it ended
};
using NamedPlay = PlayOf<Scene>;

inline std::vector<NamedPlay> plays_of(const std::vector<Row>& rows) {
  std::vector<NamedPlay> plays;
  plays.reserve(rows.size());
  for (const Row& row : rows)
    plays.push_back({to_string(row), [row](Scene& scene) { return play(scene, row); }});
  return plays;
}

template <typename Of>
void judge_rows(Of& scene) {
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

// Rows stop the consumer for up to a minute each: what piles up is worked off between them, or a row would be judged by
// what was sent long before it.
inline void start_for_stop(Scene& scene) {
  scene.start(Scene::consumer_on("node-a"), {.per_second = 10, .producers = 2, .count = 0});
}

// As in the paper's evaluation: ten orders a second, each of which takes 50 ms.
inline void start_for_replay(Scene& scene) {
  ConsumerSpec consumer = Scene::consumer_on("node-a");
  consumer.service_ms = 50;
  consumer.prefetch = 5;
  scene.start(consumer, {.per_second = 5, .producers = 2, .count = 0});
}

// MIGRATE_ROWS, where it is set: only those whose name holds it are played, for whoever looks at one row.
template <typename Of>
std::vector<PlayOf<Of>> wanted(const std::vector<PlayOf<Of>>& plays) {
  const char* part = std::getenv("MIGRATE_ROWS");
  std::vector<PlayOf<Of>> found;
  std::copy_if(plays.begin(), plays.end(), std::back_inserter(found),
               [&](const PlayOf<Of>& one) { return part == nullptr || one.name.find(part) != std::string::npos; });
  BOOST_TEST_REQUIRE(!found.empty(), "no row's name holds MIGRATE_ROWS");
  return found;
}

template <typename Of>
void play_rows_of(const std::string& ns, const std::vector<PlayOf<Of>>& plays, const std::function<void(Of&)>& start) {
  std::unique_ptr<Of> scene;
  int scenes = 0;
  for (const PlayOf<Of>& one : wanted(plays)) {
    try {
      if (!scene) {
        scene = std::make_unique<Of>(scenes == 0 ? ns : fmt::format("{}-{}", ns, scenes));
        ++scenes;
        start(*scene);
      }
      BOOST_TEST_MESSAGE(one.name << " -> " << one.play(*scene));
    } catch (const std::exception& error) {
      BOOST_ERROR(one.name << ": " << error.what());
      scene.reset();  // the next row needs a consumer that is where one believes it
    }
  }
  if (scene) judge_rows(*scene);
}

inline void play_rows(const std::string& ns, const std::vector<NamedPlay>& plays,
                      const std::function<void(Scene&)>& start) {
  play_rows_of<Scene>(ns, plays, start);
}

}  // namespace harness
