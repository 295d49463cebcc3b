#include "plugin/bundle_subject.h"

#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

using Names = std::vector<std::string>;

Json named(const std::string& name, const std::string& owner_uid = "") {
  Json object = {{"metadata", {{"name", name}, {"uid", "uid-" + name}}}};
  if (!owner_uid.empty()) object["metadata"]["ownerReferences"] = {{{"kind", "Migration"}, {"uid", owner_uid}}};
  return object;
}

Names names_of(const std::vector<Json>& objects) {
  Names names;
  for (const Json& object : objects)
    names.push_back(kube::metadata_of(object, "name"));
  return names;
}

Names texts_of(const std::vector<kube::ResourcePath>& paths) {
  Names texts;
  for (const kube::ResourcePath& path : paths)
    texts.push_back(path.namespace_ + "/" + path.name);
  return texts;
}

Json our_pod(const std::string& name, const std::string& part, const std::string& node) {
  return {{"metadata", {{"name", name}, {"labels", {{"app.kubernetes.io/name", part}}}}},
          {"spec", {{"nodeName", node}}}};
}

Json event(const std::string& kind, const std::string& name, const std::string& uid) {
  return {{"involvedObject", {{"kind", kind}, {"name", name}, {"uid", uid}}}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bundle_subject)

BOOST_AUTO_TEST_CASE(a_migration_brings_its_second_hop_and_the_other_way_round) {
  const Json items = {named("first"), named("second", "uid-first"), named("other"), named("third", "uid-other")};
  BOOST_TEST(names_of(related_to("first", items)) == (Names{"first", "second"}), boost::test_tools::per_element());
  BOOST_TEST(names_of(related_to("second", items)) == (Names{"first", "second"}), boost::test_tools::per_element());
  BOOST_TEST(related_to("fourth", items).empty());
}

BOOST_AUTO_TEST_CASE(pods_and_nodes_are_named_once_and_none_is_empty) {
  Migration moved = migration_in(Phase::placing);
  moved.status.placeholder = "orders-mig-hold";
  Migration waiting = migration_in(Phase::pending);
  waiting.spec.target_node = "node-c";
  waiting.namespace_ = "bazaar";
  const std::vector<Migration> both = {moved, waiting};
  BOOST_TEST(texts_of(pods_of(both)) ==
                 (Names{"bazaar/orders", "shop/orders", "shop/orders-mig-ab12c", "shop/orders-mig-hold"}),
             boost::test_tools::per_element());
  BOOST_TEST(nodes_of(both) == (std::set<std::string>{"node-a", "node-b", "node-c"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(owners_of_known_kinds_have_a_place) {
  const auto set = owner_path("StatefulSet", "orders", "shop");
  BOOST_REQUIRE(set);
  BOOST_TEST(value_or_fatal(kube::url_path(*set)) == "/apis/apps/v1/namespaces/shop/statefulsets/orders");
  BOOST_TEST(!owner_path("Migration", "orders", "shop"));
  BOOST_TEST(!owner_path("StatefulSet", "", "shop"));
}

BOOST_AUTO_TEST_CASE(of_logs_its_time_and_its_names_are_asked_for) {
  Migration done = succeeded();
  done.created = at(0ms);
  const auto question = question_about({done});
  BOOST_TEST((question.from == at(0ms) - kAround));
  BOOST_TEST((question.to == at(2'310ms) + kAround));
  BOOST_TEST(question.words == (Names{"shop/orders-x7k2p", "uid-orders-x7k2p", "shop/orders", "shop/orders-mig-ab12c"}),
             boost::test_tools::per_element());
  // One that goes on has no end yet.
  Migration running = migration_in(Phase::freezing);
  running.created = at(-1h);
  const auto both = question_about({done, running});
  BOOST_TEST((both.from == at(-1h) - kAround));
  BOOST_TEST((both.to == Instant::max()));
  BOOST_TEST(question_about({}).words.empty());
}

BOOST_AUTO_TEST_CASE(events_are_told_by_uid_and_those_of_pods_by_name) {
  const EventSubjects subjects{{"uid-1"}, {"orders"}};
  BOOST_TEST(is_about(event("Migration", "x", "uid-1"), subjects));
  BOOST_TEST(is_about(event("Pod", "orders", "uid-of-an-earlier-one"), subjects));
  BOOST_TEST(!is_about(event("Service", "orders", "uid-2"), subjects));
  BOOST_TEST(!is_about(event("Pod", "billing", "uid-3"), subjects));
}

BOOST_AUTO_TEST_CASE(agents_of_other_nodes_are_not_read) {
  const std::vector<Json> pods = {our_pod("ext-1", "migrate-extender", "node-c"),
                                  our_pod("a-1", kAgentAccount, "node-a"), our_pod("a-2", kAgentAccount, "node-b"),
                                  our_pod("a-3", kAgentAccount, "node-c")};
  BOOST_TEST(names_of(pods_with_logs(pods, {"node-a", "node-b"}, 20)) == (Names{"ext-1", "a-1", "a-2"}),
             boost::test_tools::per_element());
  BOOST_TEST(names_of(pods_with_logs(pods, {}, 20)).size() == 4U);
  BOOST_TEST(names_of(pods_with_logs(pods, {}, 2)) == (Names{"ext-1", "a-1", "a-2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_node_is_kept_without_its_images) {
  BOOST_TEST(node_as_collected({{"status", {{"images", {1, 2}}, {"nodeInfo", {{"kernelVersion", "6.1"}}}}}}) ==
             (Json{{"status", {{"nodeInfo", {{"kernelVersion", "6.1"}}}}}}));
  BOOST_TEST(node_as_collected(Json::object()) == Json::object());
}

BOOST_AUTO_TEST_CASE(bundles_are_named_after_migration_and_time) {
  BOOST_TEST(bundle_name("orders-x7k2p", at(1'234ms)) == "kubectl-migrate-support-orders-x7k2p-20260101T120001Z");
  BOOST_TEST(bundle_name("", at(0ms)) == "kubectl-migrate-support-20260101T120000Z");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
