// Following: endings, exit codes, lost connections, Ctrl-C.
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

using Words = std::vector<std::string>;

const std::vector<std::string> kStatus = {"status", "orders-x7k2p"};

}  // namespace

BOOST_AUTO_TEST_SUITE(following)

BOOST_AUTO_TEST_CASE(the_ending_is_the_exit_code) {
  const std::pair<Phase, int> endings[] = {{Phase::succeeded, 0},   {Phase::failed, 1},   {Phase::refused, 3},
                                           {Phase::rolled_back, 4}, {Phase::in_doubt, 6}, {Phase::planned, 0}};
  for (const auto& [phase, code] : endings) {
    BOOST_TEST_CONTEXT(to_string(phase)) {
      Scene watched;
      watched.put(migration_in(Phase::placing));
      watched.then(migration_in(phase));
      BOOST_TEST(watched.run(kStatus) == code, watched.err.str());
      BOOST_TEST(watched.err.str().starts_with("error: ") == (code != 0), watched.err.str());
      Scene looked_at_later;
      looked_at_later.put(migration_in(phase));
      BOOST_TEST(looked_at_later.run(kStatus) == code, looked_at_later.err.str());
    }
  }
  Scene late;
  late.put(migration_in(Phase::placing));
  Migration timed_out = migration_in(Phase::rolled_back);
  timed_out.status.reason = "TimedOut";
  late.then(timed_out);
  BOOST_TEST(late.run(kStatus) == 5);
}

BOOST_AUTO_TEST_CASE(no_wait_is_one_picture) {
  Scene scene;
  scene.put(migration_in(Phase::placing, {step(Phase::placing, 0ms)}));
  BOOST_TEST(scene.run({"status", "orders-x7k2p", "--no-wait"}) == 0);
  check_says(scene.out.str(), "  > Placing          0.000 s\n  . Freezing\n");
}

BOOST_AUTO_TEST_CASE(ctrl_c_detaches_and_says_how_to_come_back) {
  Scene scene;
  scene.put(migration_in(Phase::placing));
  scene.interrupted = true;
  BOOST_TEST(scene.run(kStatus) == 130);
  check_says(scene.err.str(), "the migration goes on. Follow it with: kubectl migrate status orders-x7k2p -n shop");
  BOOST_TEST(scene.cluster.written.empty());
}

BOOST_AUTO_TEST_CASE(whose_patience_is_over_is_told_that_it_goes_on) {
  for (const std::vector<std::string>& more : {Words{}, Words{"-w", "-o", "name"}}) {
    Scene scene;
    scene.put(migration_in(Phase::placing));
    Words words{"status", "orders-x7k2p", "--timeout", "1ms"};
    words.insert(words.end(), more.begin(), more.end());
    BOOST_TEST(scene.run(words) == 1);
    check_says(scene.err.str(),
               "error: timed out waiting for the end of Migration shop/orders-x7k2p, which is in phase Placing and "
               "goes on\nFollow it with: kubectl migrate status orders-x7k2p -n shop\n");
    BOOST_TEST(scene.cluster.written.empty());
  }
  // What is over is told as it is, however little time there is.
  Scene over;
  over.put(migration_in(Phase::rolled_back));
  BOOST_TEST(over.run({"status", "orders-x7k2p", "--timeout", "1ms"}) == 4);
}

BOOST_AUTO_TEST_CASE(a_lost_connection_is_told_once_and_survived) {
  Scene scene;
  scene.put(migration_in(Phase::placing));
  for (int i = 0; i < 3; ++i)
    scene.cluster.then([](const kube::EventSink&) -> kube::ApiResult<void> {
      return tl::make_unexpected(kube::local_error("connection refused", kube::ApiError::Kind::connection));
    });
  scene.then(migration_in(Phase::succeeded));
  BOOST_TEST(scene.run(kStatus) == 0, scene.err.str());
  const std::string told = "The connection to the API server is lost; trying again: connection refused";
  check_says(scene.out.str(), told);
  BOOST_TEST(scene.out.str().find(told) == scene.out.str().rfind(told));
}

BOOST_AUTO_TEST_CASE(what_can_no_longer_be_watched_goes_on_without_us) {
  Scene scene;
  scene.put(migration_in(Phase::placing));
  scene.cluster.forbid("watch migrations");
  BOOST_TEST(scene.run(kStatus) == 1);
  check_says(scene.err.str(), "The right to watch migrations.kubectl-migrate.dev in namespace shop is missing");
  check_says(scene.err.str(), "The migration goes on without us");
}

BOOST_AUTO_TEST_CASE(a_deleted_migration_ends_the_wait) {
  Scene scene;
  scene.put(migration_in(Phase::placing));
  scene.cluster.then_goes(migrations("shop", "orders-x7k2p"));
  BOOST_TEST(scene.run(kStatus) == 1);
  check_says(scene.err.str(), "Migration shop/orders-x7k2p was deleted while it was in phase Placing");
}

BOOST_AUTO_TEST_CASE(another_one_of_that_name_is_not_ours) {
  Scene scene;
  scene.put(migration_in(Phase::placing));
  Migration other = migration_in(Phase::succeeded);
  other.uid = "another";
  scene.then(other);
  BOOST_TEST(scene.run(kStatus) == 1);
  check_says(scene.err.str(), "was deleted");
}

BOOST_AUTO_TEST_CASE(when_nobody_takes_it_up_it_is_said_where_to_look) {
  Scene scene;
  scene.put(migration_in(Phase::pending));
  scene.cluster.then([&](const kube::EventSink&) -> kube::ApiResult<void> {
    scene.interrupted = true;
    return {};
  });
  // Seen pending at noon; ten seconds later nothing has happened.
  bool first = true;
  class Later final : public Clock {
   public:
    explicit Later(bool& is_first) : first_(is_first) {}
    [[nodiscard]] Instant now() const override { return std::exchange(first_, false) ? at(0ms) : at(11s); }

   private:
    bool& first_;
  } later{first};
  Io io{.out = {scene.out},
        .err = {scene.err},
        .clock = later,
        .pacer = scene.pacer,
        .screen = scene.io.screen,
        .interrupted = [calls = 0]() mutable { return ++calls > 2; },
        .utc_offset = 0s,
        .is_unicode = false};
  const auto options = parse(kStatus);
  BOOST_REQUIRE(options);
  BOOST_TEST(run_command({io, scene.cluster, "shop"}, *options, scene.no_way) == 130);
  check_says(scene.out.str(), "No controller has taken this up yet. Look at: kubectl -n kubectl-migrate get pods");
}

BOOST_AUTO_TEST_CASE(an_unknown_name_is_answered_with_what_may_be_meant) {
  Scene scene;
  scene.put(migration_in(Phase::placing));
  BOOST_TEST(scene.run({"status", "orders-x7k2q"}) == 1);
  BOOST_TEST(scene.err.str() ==
             "Error from server (NotFound): migrations.kubectl-migrate.dev \"orders-x7k2q\" not found\n"
             "Did you mean orders-x7k2p?\nkubectl migrate list -n shop shows what there is\n");
  Scene by_pod;
  by_pod.put(migration_in(Phase::placing));
  BOOST_TEST(by_pod.run({"status", "orders"}) == 1);
  check_says(by_pod.err.str(), "\nOf Pod orders there is orders-x7k2p\n");
  Scene missing;
  missing.cluster.forget_type("migrations");
  BOOST_TEST(missing.run(kStatus) == 1);
  check_says(missing.err.str(), "kubectl-migrate is not installed in this cluster");
}

BOOST_AUTO_TEST_CASE(with_watch_and_a_format_each_change_is_a_document) {
  Scene scene;
  scene.put(migration_in(Phase::placing));
  scene.then(migration_in(Phase::freezing));
  scene.then(migration_in(Phase::succeeded));
  BOOST_TEST(scene.run({"status", "orders-x7k2p", "-w", "-o", "jsonpath={.status.phase} "}) == 0, scene.err.str());
  BOOST_TEST(scene.out.str() == "Placing Freezing Succeeded ");
  BOOST_TEST(scene.err.str().empty(), scene.err.str());
  Scene yaml;
  yaml.put(migration_in(Phase::placing));
  yaml.then(migration_in(Phase::rolled_back));
  BOOST_TEST(yaml.run({"status", "orders-x7k2p", "-w", "-o", "yaml"}) == 4);
  check_says(yaml.out.str(), "\n---\napiVersion: ");
  check_says(yaml.err.str(), "error: Rolled back: ");
}

BOOST_AUTO_TEST_CASE(a_stream_ends_with_its_object_its_right_or_its_reader) {
  const std::vector<std::string> words = {"status", "orders-x7k2p", "-w", "-o", "name"};
  Scene deleted;
  deleted.put(migration_in(Phase::placing));
  deleted.cluster.then_goes(migrations("shop", "orders-x7k2p"));
  BOOST_TEST(deleted.run(words) == 1);
  check_says(deleted.err.str(), "error: Migration shop/orders-x7k2p was deleted while it was in phase Placing");
  Scene forbidden;
  forbidden.put(migration_in(Phase::placing));
  forbidden.cluster.forbid("watch migrations");
  BOOST_TEST(forbidden.run(words) == 1);
  check_says(forbidden.err.str(), "The right to watch migrations.kubectl-migrate.dev in namespace shop is missing");
  Scene left;
  left.put(migration_in(Phase::placing));
  left.interrupted = true;
  BOOST_TEST(left.run(words) == 130);
  check_says(left.err.str(), "Detached: the migration goes on. Follow it with: kubectl migrate status orders-x7k2p");
  Scene wrong;
  wrong.put(migration_in(Phase::placing));
  BOOST_TEST(wrong.run({"status", "orders-x7k2p", "-w", "-o", "jsonpath={.status.phase[0]}"}) == 1);
  check_says(wrong.err.str(), "string is not array or slice");
}

BOOST_AUTO_TEST_CASE(an_object_that_makes_no_sense_is_an_error) {
  Scene scene;
  Json broken = with_status(migration_in(Phase::placing));
  broken["status"]["phase"] = "Warping";
  scene.cluster.put(migrations("shop", "orders-x7k2p"), broken);
  BOOST_TEST(scene.run(kStatus) == 1);
  check_says(scene.err.str(), "read Migration shop/orders-x7k2p: ");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
