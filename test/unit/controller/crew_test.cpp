// Which migration gets a thread, and when: with threads and the real time.
#include "extender/controller/crew.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "shared/base/time.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

struct Crewed : Scene {
  Crewed() {
    cluster.before_read = [this](const kube::ResourcePath& where) -> std::optional<kube::ApiError> {
      if (where.plural != "migrations") return std::nullopt;
      note(where.name);
      if (where.name == held)
        while (!is_let_go)
          std::this_thread::sleep_for(5ms);
      if (!is_unreadable) return std::nullopt;
      return controller::fakes::Cluster::error(kube::ApiError::Kind::server, "etcd has no leader");
    };
  }
  void note(const std::string& name) {
    const std::lock_guard lock{mutex_};
    taken_up_.emplace_back(name, std::chrono::steady_clock::now());
  }
  [[nodiscard]] std::vector<std::pair<std::string, Time>> taken_up() {
    const std::lock_guard lock{mutex_};
    return taken_up_;
  }
  // For as long as the limit, which only ends what hangs.
  void await_taken_up(std::size_t times) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (taken_up().size() < times && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(5ms);
    BOOST_REQUIRE(taken_up().size() >= times);
  }
  static Json named(const std::string& name, const std::string& uid) {
    Migration one = samples::migration();
    one.name = name;
    one.uid = uid;
    return object_of(one);
  }

  std::string held;  // whose reading takes until it is let go
  std::atomic<bool> is_let_go = false;
  bool is_unreadable = true;  // then it is to be taken up again after a second

 private:
  std::mutex mutex_;
  std::vector<std::pair<std::string, Time>> taken_up_;
};

// Ends its threads before what a test has in hand.
struct Threads {
  explicit Threads(Crewed& scene) : crew(scene.world, 1, leave.get_token()), scene_(scene) {}
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() {
    leave.request_stop();
    scene_.is_let_go = true;
  }
  std::stop_source leave;
  Crew crew;

 private:
  Crewed& scene_;
};

BOOST_AUTO_TEST_SUITE(crew_)

// Whatever their uids: some of those that wait for room would be due again each time that a thread is free.
BOOST_FIXTURE_TEST_CASE(who_has_been_due_for_longest_comes_first, Crewed) {
  held = "first";
  Threads threads{*this};
  threads.crew.changed(named("first", "uid-1"));
  await_taken_up(1);
  threads.crew.changed(named("earlier", "uid-3"));
  std::this_thread::sleep_for(5ms);
  threads.crew.changed(named("later", "uid-2"));
  Json edited = named("earlier", "uid-3");
  edited["spec"]["abort"] = true;
  threads.crew.changed(edited);  // which keeps its turn
  is_let_go = true;
  await_taken_up(3);
  BOOST_TEST(taken_up()[1].first == "earlier");
  BOOST_TEST(taken_up()[2].first == "later");
}

// Its record is written by itself.
BOOST_FIXTURE_TEST_CASE(who_waits_is_not_taken_up_for_its_own_record, Crewed) {
  Threads threads{*this};
  Json object = named("orders-1", "uid-migration");
  threads.crew.changed(object);
  await_taken_up(1);
  object["status"]["phase"] = "Placing";
  threads.crew.changed(object);
  await_taken_up(2);
  BOOST_TEST((taken_up()[1].second - taken_up()[0].second >= 900ms));
}

// What has ended is looked at again after an hour.
BOOST_FIXTURE_TEST_CASE(but_for_what_people_want_at_once, Crewed) {
  is_unreadable = false;
  cluster.change(path(), [this](Json& object) {
    object["status"]["phase"] = "Succeeded";
    object["status"]["finishedAt"] = to_rfc3339(now());
  });
  Threads threads{*this};
  Json object = cluster.look(path()).value();
  threads.crew.changed(object);
  await_taken_up(1);
  object["spec"]["abort"] = true;
  threads.crew.changed(object);
  await_taken_up(2);
  object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  threads.crew.changed(object);
  await_taken_up(3);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
