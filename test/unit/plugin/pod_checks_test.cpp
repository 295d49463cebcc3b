#include "plugin/pod_checks.h"

#include "test/unit/plugin/dry_run_scene.h"

namespace migrate::plugin {
namespace {

const NamedQueue kNone;
const NamedQueue kQueue{"orders", "rabbitmq"};

Migration answered(MigrationStatus status) {
  Migration made = migration_in(Phase::pending);
  made.status = std::move(status);
  return made;
}

const Check kGood{Mark::ok, "the controller would migrate Pod shop/orders: nothing speaks against it"};
const Check kForecast{Mark::ok, "strategy Stop, forecast: gap 0.812 s, freeze 0.604 s, total 2.310 s"};

void check_lines(const std::vector<Check>& lines, const std::vector<Check>& wanted) {
  BOOST_TEST(lines.size() == wanted.size());
  for (std::size_t i = 0; i < std::min(lines.size(), wanted.size()); ++i) {
    BOOST_TEST(lines[i].what == wanted[i].what);
    BOOST_TEST((lines[i].mark == wanted[i].mark), lines[i].what);
    BOOST_TEST(lines[i].why == wanted[i].why);
    BOOST_TEST(lines[i].hint == wanted[i].hint);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pod_checking)

BOOST_AUTO_TEST_CASE(nothing_against_it_and_the_forecast) {
  check_lines(pod_checks(answered(planned()), kNone), {kGood, kForecast});
}

BOOST_AUTO_TEST_CASE(each_refusal_is_a_line_with_its_section) {
  check_lines(pod_checks(answered(refused_twice()), kQueue),
              {{Mark::failed, "NoHandler", "containerd 2.3.7 on node node-b does not know it",
                "docs/troubleshooting.md#nohandler"},
               {Mark::failed, "HostPath", "volume data is /srv of its node", "docs/troubleshooting.md#hostpath"}});
}

BOOST_AUTO_TEST_CASE(broker_and_queue_where_there_is_one) {
  const Check reached{Mark::ok, "the controller reaches the broker of Secret rabbitmq"};
  check_lines(pod_checks(answered(planned()), kQueue),
              {kGood,
               reached,
               {Mark::note, "what queue orders gets can be replayed", "the Pod names no queue and broker",
                "docs/troubleshooting.md#no-replay"},
               kForecast});
  MigrationStatus mirrorable = planned();
  mirrorable.alternatives[1].against.clear();
  check_lines(pod_checks(answered(mirrorable), kQueue),
              {kGood, reached, {Mark::ok, "what queue orders gets can be replayed"}, kForecast});
  // Nothing is to be replayed.
  Migration stop = answered(planned());
  stop.spec.strategy = Strategy::stop;
  check_lines(pod_checks(stop, kQueue), {kGood, reached, kForecast});
  MigrationStatus broken = refused_twice();
  broken.refusals = {{"Broker", "403 ACCESS_REFUSED", ""}};
  broken.alternatives = planned().alternatives;
  check_lines(pod_checks(answered(broken), kQueue),
              {{Mark::failed, "Broker", "403 ACCESS_REFUSED", "docs/troubleshooting.md#broker"}});
}

BOOST_AUTO_TEST_CASE(warnings_are_notes_and_other_ends_are_told) {
  MigrationStatus risky = planned();
  risky.warnings = {"accepted: a hook"};
  check_lines(pod_checks(answered(risky), kNone),
              {kGood, {Mark::note, "the controller warns", "accepted: a hook"}, kForecast});
  MigrationStatus late;
  late.phase = Phase::rolled_back;
  late.reason = "InspectFailed";
  late.message = "no answer";
  check_lines(pod_checks(answered(late), kNone),
              {{Mark::failed, "the controller looks at Pod shop/orders",
                "it ended RolledBack: InspectFailed: no answer", "docs/troubleshooting.md#no-answer"}});
}

BOOST_AUTO_TEST_CASE(queue_and_secret_are_flags_or_annotations) {
  const Json pod = Json::parse(R"({"metadata": {"annotations": {"kubectl-migrate.dev/queue": "orders",
                                                                "kubectl-migrate.dev/broker-secret": "rabbitmq"}}})");
  BOOST_TEST(queue_of({}, pod).is_named());
  BOOST_TEST(!queue_of({}, Json::object()).is_named());
  Options options;
  options.queue = "other";
  BOOST_TEST(queue_of(options, pod).queue == "other");
  BOOST_TEST(queue_of(options, pod).secret == "rabbitmq");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
