#include "extender/controller/requests.h"

#include <boost/test/unit_test.hpp>

#include "test/unit/controller/samples.h"

namespace {

using namespace migrate::controller;

BOOST_AUTO_TEST_SUITE(requests)

BOOST_AUTO_TEST_CASE(quantities) {
  BOOST_TEST(quantity_of("250m").value() == 0.25);
  BOOST_TEST(quantity_of("2").value() == 2.0);
  BOOST_TEST(quantity_of("1.5Gi").value() == 1.5 * 1024 * 1024 * 1024);
  BOOST_TEST(quantity_of("1e3").value() == 1000.0);
  BOOST_TEST(quantity_of("3E").value() == 3e18);
  BOOST_TEST(quantity_of("5k").value() == 5000.0);
  for (const char* text : {"", "much", "1X", "1 Gi"})
    BOOST_TEST(!quantity_of(text), text);
}

// One CPU of samples::pod(), and what a row adds.
BOOST_AUTO_TEST_CASE(room_for_a_shadow_and_who_comes_after_it) {
  Json pod = samples::pod();
  NodeState node = samples::node("node-b", {});
  const auto says = [&] { return return_trouble(pod, node); };
  BOOST_TEST(says() == "");  // nothing is known of the node
  node.allocatable = {{"cpu", "2"}, {"memory", "1Gi"}};
  BOOST_TEST(says() == "");
  node.allocatable["cpu"] = "1999m";
  BOOST_TEST(says().find("node node-b has no more than 1999m cpu") != std::string::npos, says());
  node.allocatable["cpu"] = "8";
  pod["spec"]["containers"].push_back(
      {{"name", "more"}, {"resources", {{"requests", {{"cpu", "3"}, {"memory", "513Mi"}}}}}});
  BOOST_TEST(says().find("1Gi memory") != std::string::npos, says());
  pod["spec"]["containers"][1]["resources"]["requests"]["memory"] = "512Mi";
  BOOST_TEST(says() == "");
  pod["spec"]["containers"][1]["resources"]["requests"]["cpu"] = "3100m";
  BOOST_TEST(says().find("8 cpu") != std::string::npos, says());
  // Of the Pod as a whole.
  pod["spec"]["resources"]["requests"]["cpu"] = "4";
  BOOST_TEST(says() == "");
  const Refusal told = no_way_back(pod, "no room");
  BOOST_TEST(told.reason == "NoRoomToReturn");
  BOOST_TEST(told.message.find("Pod shop/orders: no room; use --strategy sequential or stop") != std::string::npos,
             told.message);
}

BOOST_AUTO_TEST_CASE(a_port_of_the_node_is_taken_by_one) {
  Json pod = samples::pod();
  pod["spec"]["containers"][0]["ports"] = {{{"containerPort", 8080}}};
  BOOST_TEST(port_trouble(pod) == "");
  pod["spec"]["containers"][0]["ports"].push_back({{"containerPort", 8081}, {"hostPort", 9081}});
  BOOST_TEST(port_trouble(pod).find("port 9081 container app takes") != std::string::npos, port_trouble(pod));
}

// As Kubernetes' own documents count an effective request: what is more of the containers' sum and any init container
// with the sidecars before it, and the overhead on top.
BOOST_AUTO_TEST_CASE(what_is_on_a_node_counts_as_a_scheduler_counts_it) {
  const Json pod = samples::pod();  // one CPU
  NodeState node = samples::node("node-a", {});
  node.allocatable = {{"cpu", "4"}, {"memory", "1Gi"}, {"pods", "3"}};
  Json other = samples::pod();
  Json others;
  const auto says = [&] {
    others["items"] = Json::array({other});
    return room_trouble(pod, node, others);
  };
  const auto ask_for = [](Json& holder, const char* field, const char* cpu) { holder[field]["requests"]["cpu"] = cpu; };
  ask_for(other["spec"]["containers"][0], "resources", "3");
  BOOST_TEST(says() == "");
  other["spec"]["overhead"]["cpu"] = "100m";
  BOOST_TEST(says() == "node node-a has 4 cpu, of which its Pods ask for 3.1, and this one would for 1 more");
  other["spec"].erase("overhead");
  Json init;
  ask_for(init, "resources", "3");
  other["spec"]["initContainers"] = Json::array({init});
  BOOST_TEST(says() == "");  // before the others, not beside them
  ask_for(init, "resources", "3100m");
  other["spec"]["initContainers"] = Json::array({init});
  BOOST_TEST(says().find("ask for 3.1,") != std::string::npos, says());
  ask_for(init, "resources", "200m");
  init["restartPolicy"] = "Always";
  other["spec"]["initContainers"] = Json::array({init});
  BOOST_TEST(says().find("ask for 3.2,") != std::string::npos, says());
  Json after = Json::object();
  ask_for(after, "resources", "3500m");
  other["spec"]["initContainers"] = Json::array({init, after});
  BOOST_TEST(says().find("ask for 3.7,") != std::string::npos, says());
  ask_for(other["spec"], "resources", "2");  // as a whole
  BOOST_TEST(says() == "");
}

BOOST_AUTO_TEST_CASE(who_has_ended_or_is_elsewhere_takes_no_room) {
  Json pod = samples::pod();
  NodeState node = samples::node("node-a", {});
  node.allocatable = {{"cpu", "1500m"}, {"pods", "1"}};
  Json others;
  const auto says = [&](const Json& other) {
    others["items"] = Json::array({other});
    return room_trouble(pod, node, others);
  };
  Json other = samples::pod();
  BOOST_TEST(says(other) == "node node-a has 1500m cpu, of which its Pods ask for 1, and this one would for 1 more");
  for (const char* phase : {"Succeeded", "Failed"}) {
    Json over = samples::pod();
    over["status"]["phase"] = phase;
    BOOST_TEST(says(over) == "", phase);
  }
  Json elsewhere = samples::pod();
  elsewhere["spec"]["nodeName"] = "node-b";
  BOOST_TEST(says(elsewhere) == "");
  // Pods are counted, too, whatever they ask for; and memory reads as people write it.
  for (Json* one : {&pod, &other})
    (*one)["spec"]["containers"][0].erase("resources");
  BOOST_TEST(says(other) == "node node-a has 1 pods, of which its Pods ask for 1, and this one would for 1 more");
  node.allocatable = {{"memory", "1Gi"}};
  for (Json* one : {&pod, &other})
    (*one)["spec"]["containers"][0]["resources"]["requests"]["memory"] = "600Mi";
  BOOST_TEST(says(other).find("ask for 600Mi, and this one would for 600Mi more") != std::string::npos, says(other));
  // What asks for nothing of it is in nobody's way.
  pod["spec"]["containers"][0].erase("resources");
  other["spec"]["containers"][0]["resources"]["requests"]["memory"] = "2Gi";
  BOOST_TEST(says(other) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
