#include "node/agent/agent.h"

#include <thread>

#include "node/agent/observed.h"
#include "test/unit/agent/helpers.h"

namespace migrate::agent {
namespace {

using Kind = AgentError::Kind;

struct Fixture {
  Node node;
  SystemClock clock;
  Agent agent{{node.places, "node-a", node.boot_id, node.runtime, node.kubelet, clock, node.log,
               [](const std::string&, const std::string&) { return nullptr; }}};
  Call call;

  Fixture() { node.run("c1", "main"); }
  SourceRecord freeze(std::chrono::milliseconds limit, std::int64_t term = 1) {
    return good(agent.freeze(order(term), {pod(), {"main"}, "node-b", limit}, call));
  }
};

BOOST_FIXTURE_TEST_SUITE(agent_of_a_node, Fixture)

BOOST_AUTO_TEST_CASE(it_thaws_at_the_deadline_without_being_asked) {
  freeze(1s);
  BOOST_TEST(node.runtime.is_paused("c1"));
  for (int i = 0; i < 3000 && node.runtime.is_paused("c1"); ++i)
    std::this_thread::sleep_for(10ms);
  BOOST_TEST(!node.runtime.is_paused("c1"));
  BOOST_TEST((good(agent.source_record(order(), call)).state == SourceState::thawed));
}

BOOST_AUTO_TEST_CASE(it_tells_its_clock_with_every_record) {
  const Instant before = clock.now();
  const auto told = [&](const SourceRecord& record) {
    return record.clock && *record.clock >= before && *record.clock <= clock.now();
  };
  BOOST_TEST(told(freeze(60s)));
  BOOST_TEST(told(good(agent.source_record(order(), call))));
  BOOST_TEST(told(good(agent.thaw(order(), false, call))));
  BOOST_TEST(told(good(agent.commit(order(), call))));
}

BOOST_AUTO_TEST_CASE(a_snapshot_that_takes_too_long_is_thawed_without_being_asked) {
  bool ran = false;
  node.kubelet.before = [&] {
    for (int i = 0; i < 3000 && node.runtime.is_paused("c1"); ++i)
      std::this_thread::sleep_for(10ms);
    ran = !node.runtime.is_paused("c1");
  };
  const auto made = agent.snapshot(order(), {{pod(), {"main"}, "node-b", 300ms}, {Backend::kubelet, {}}}, call);
  BOOST_TEST(ran);
  BOOST_TEST(!made);
  const SourceRecord record = good(agent.source_record(order(), call));
  BOOST_TEST((record.state == SourceState::thawed));
  BOOST_TEST(record.message.find("snapshot was not taken until its deadline") != std::string::npos, record.message);
}

BOOST_AUTO_TEST_CASE(an_old_leader_that_wakes_up_is_refused_in_every_order) {
  freeze(60s, 2);
  const Order old = order(1);
  const auto sink = [](std::string_view) { return true; };
  fails(agent.inspect(old, pod(), {}, {}, call), Kind::stale);
  fails(agent.freeze(old, {}, call), Kind::stale);
  fails(agent.checkpoint(old, {}, call), Kind::stale);
  fails(agent.snapshot(old, {}, call), Kind::stale);
  fails(agent.read_archive(old, "main", sink, call), Kind::stale);
  fails(agent.commit(old, call), Kind::stale);
  fails(agent.thaw(old, false, call), Kind::stale);
  fails(agent.source_record(old, call), Kind::stale);
  fails(agent.source_is_gone(old, call), Kind::stale);
  fails(agent.prepare(old, {}, call), Kind::stale);
  fails(agent.pull(old, {}, call), Kind::stale);
  fails(agent.release(old, {}, call), Kind::stale);
  fails(agent.restore_states(old, pod(), {}, {}, call), Kind::stale);
  fails(agent.cancel(old, pod(), call), Kind::stale);
  fails(agent.clean_up(old, call), Kind::stale);
  BOOST_TEST(node.runtime.is_paused("c1"));
  BOOST_TEST((good(agent.thaw(order(2), false, call)).state == SourceState::thawed));
}

BOOST_AUTO_TEST_CASE(clean_up_forgets_both_sides_but_not_the_term) {
  freeze(60s, 2);
  good(agent.prepare(order(2), {pod("pod-2"), {"main"}, 1ms}, call));
  fails(agent.clean_up(order(2), call), Kind::refused);
  BOOST_TEST(test::is_there(node.places.restore("pod-2")));
  good(agent.thaw(order(2), false, call));
  good(agent.clean_up(order(2), call));
  BOOST_TEST(!test::is_there(node.places.source("m-1")));
  BOOST_TEST(!test::is_there(node.places.restore("pod-2")));
  fails(agent.freeze(order(1), {}, call), Kind::stale);
}

// "none" would be answered for a source that stays frozen.
BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_read_is_no_record_of_none) {
  test::write_text(node.places.source("m-2") / "record.json", R"({"state":"of a newer version"})");
  test::write_text(node.places.target("m-3") / "record.json", "{}");
  Agent started{{node.places, "node-a", node.boot_id, node.runtime, node.kubelet, clock, node.log,
                 [](const std::string&, const std::string&) { return nullptr; }}};
  fails(started.thaw(order(1, "m-2"), false, call), Kind::failed, "of a newer version");
  fails(started.source_record(order(1, "m-2"), call), Kind::failed, "record.json");
  fails(started.freeze(order(1, "m-2"), {pod(), {"main"}, "node-b", 60s}, call), Kind::failed);
  fails(started.clean_up(order(1, "m-2"), call), Kind::failed);
  fails(started.prepare(order(1, "m-3"), {pod("pod-2"), {"main"}, 1ms}, call), Kind::failed, "record.json");
  started.forget({"m-2", "m-3"});
  BOOST_TEST(test::is_there(node.places.source("m-2") / "record.json"));
  BOOST_TEST((started.held() == std::vector<HeldMigration>{{"m-2", "", kHeldUnreadable, ""}}));
  BOOST_TEST(!node.runtime.is_paused("c1"));
}

BOOST_AUTO_TEST_CASE(it_tells_what_it_holds_and_forgets_what_is_gone) {
  freeze(60s);
  good(agent.prepare(order(1, "m-2"), {pod("pod-2"), {"main"}, 1ms}, call));
  const std::vector<HeldMigration> both{{"m-1", "shop/orders", kHeldFrozen, "pod-1"}, {"m-2", "shop/orders", "", ""}};
  BOOST_TEST((agent.held() == both));
  agent.forget({"m-1", "m-2", "m-3"});
  BOOST_TEST((agent.held() == std::vector<HeldMigration>{both.front()}), "a source that is frozen is not forgotten");
  BOOST_TEST(!test::is_there(node.places.restore("pod-2")));
  BOOST_TEST(node.runtime.is_paused("c1"));
  good(agent.thaw(order(), false, call));
  agent.forget({"m-2"});
  BOOST_TEST(test::is_there(node.places.source("m-1")), "only what is named");
  agent.forget({"m-1"});
  BOOST_TEST(agent.held().empty());
  BOOST_TEST(!test::is_there(node.places.source("m-1")));
}

BOOST_AUTO_TEST_CASE(what_is_committed_is_forgotten_when_its_containers_have_gone) {
  freeze(60s);
  good(agent.checkpoint(order(), {Backend::kubelet, {}}, call));
  BOOST_TEST((good(agent.commit(order(), call)).state == SourceState::committed));
  agent.forget({"m-1"});
  BOOST_REQUIRE(agent.held().size() == 1U);
  BOOST_TEST(agent.held().front().source == kHeldCommitted);
  node.runtime.containers.erase("c1");
  agent.forget({"m-1"});
  BOOST_TEST(agent.held().empty());
}

BOOST_AUTO_TEST_CASE(the_kubelet_is_asked_before_it_is_needed) {
  good(agent.check_kubelet(order(2), pod(), call));
  BOOST_TEST(node.kubelet.checked == "orders");
  node.kubelet.error = "it answered 403";
  fails(agent.check_kubelet(order(2), pod(), call), Kind::failed, "403");
  fails(agent.check_kubelet(order(1), pod(), call), Kind::stale);
}

BOOST_AUTO_TEST_CASE(every_order_is_one_line_and_one_figure) {
  Metrics metrics;
  ObservedAgent observed{agent, node.log, metrics};
  node.log.lines.clear();
  good(observed.inspect(order(), pod(), {"main"}, {}, call));
  fails(observed.commit(order(), call), Kind::precondition);
  good(observed.snapshot(order(), {{pod(), {"main"}, "node-b", 60s}, {}}, call));
  BOOST_TEST(node.log.lines == (std::vector<std::string>{"inspect", "commit", "snapshot"}),
             boost::test_tools::per_element());
  const std::string text = metrics.text();
  BOOST_TEST(
      text.find(R"(migrate_agent_order_seconds_count{order="commit",outcome="precondition"} 1)") != std::string::npos,
      text);
}

BOOST_AUTO_TEST_CASE(the_room_for_archives_is_told) {
  Metrics metrics;
  metrics.archives_have_free(20_MiB);
  metrics.archives_have_free(10_MiB);
  BOOST_TEST(metrics.text().find("migrate_agent_archives_free_bytes 10485760\n") != std::string::npos, metrics.text());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
