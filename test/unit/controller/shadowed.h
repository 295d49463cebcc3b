// The live move of a set's Pod, whose broker may stay away from the switching on, and what becomes of its shadow.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "test/unit/controller/set_replay.h"

namespace migrate::controller {

struct Shadowed : SetReplay {
  Shadowed() : SetReplay(Strategy::live) {
    time.on_pass = [this] {
      lead_on();
      // Half an hour without a broker would be many looks at nothing; what was sent comes when it is back.
      if (!(switched && is_away) && cluster.look(path())) live_on();
    };
    cluster.before_write = [this](const std::string& verb,
                                  const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
      if (verb == "delete" && where.name == kTargetOfSet) is_removed = true;
      return std::nullopt;
    };
    broker->on_call = [this](const std::string& call) -> std::optional<Error> {
      if (!switched && cluster.look(path()) && status().phase == Phase::switching) switched = now();
      if (switched && on_switching) on_switching();
      if (!switched || !is_away) return std::nullopt;
      if (!time.is_ticking()) time.pass(std::chrono::seconds{4});
      return Error{call + ": timed out"};
    };
    time.pass(std::chrono::seconds{2});
  }

  void ask_for_deletion() {
    edit([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"; });
  }
  void decide(const char* what) {
    edit([&](Json& object) { object["spec"]["resolve"] = what; });
  }
  void run_on(int most = 40) {
    while (most-- > 0 && cluster.look(path()) && once()) {
    }
  }
  void kubelet_says_it_ended() { Replay::kubelet_says_it_ended(kTargetOfSet); }
  void check_doubt(const std::string& reason) const {
    const MigrationStatus now = status();
    BOOST_TEST(to_string(now.phase) == "InDoubt", now.reason + ": " + now.message + "\n" + log.text());
    BOOST_TEST(now.reason == reason);
    BOOST_TEST(!now.finished.has_value());  // nor does it end by itself, after a day
    BOOST_TEST(!is_removed);
    BOOST_TEST(now.message.find(kTargetOfSet + std::string{" is kept with its memory"}) != std::string::npos,
               now.message);
    BOOST_TEST(cluster.look(pod(kTargetOfSet)).has_value());
  }
  void check_came_home() const {
    BOOST_TEST((cluster.names("pods") == std::vector<std::string>{kPod}), log.text());
    BOOST_TEST(text_at(cluster.look(pod(kPod)).value_or(Json::object()), {"metadata", "uid"}) == kHome);
    BOOST_TEST(!is_removed);
    BOOST_TEST(!broker->has_queue(mirror_name));
  }

  bool is_away = false;  // the broker, from the switching on
  std::function<void()> on_switching;
  std::optional<Instant> switched;
  bool is_removed = false;  // the shadow, by us
  const std::string mirror_name = kMirror + std::string{"uid-migration"};
};

}  // namespace migrate::controller
