#include "extender/scheduling/wire.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "test/unit/scheduling/world_of.h"

namespace {

using namespace migrate::scheduling;

// As kube-scheduler 1.36 sends it: Go's names at the top, the Pod as Kubernetes writes it.
const char* const kArgs = R"({
  "Pod": {
    "metadata": {
      "name": "orders-mig-abcde", "namespace": "shop", "uid": "1",
      "labels": {"app": "orders", "kubectl-migrate.dev/migration": "orders-1"},
      "annotations": {"kubectl-migrate.dev/restore": "uid-1", "name": "not this one",
                      "kubectl-migrate.dev/prefer-nodes": "node-b, node-\u0063"},
      "ownerReferences": [{"name": "nor this", "labels": {"kubectl-migrate.dev/migration": "nor that"}}],
      "managedFields": [{"fieldsV1": {"f:metadata": {"f:labels": {".": {}}}}}]
    },
    "spec": {"containers": [{"name": "app", "env": [{"name": "X", "value": "1"}]}], "priority": 0, "enable": true,
             "metadata": {"name": "never"}, "nodeName": null, "ratio": 0.5},
    "status": {"phase": "Pending"}
  },
  "Nodes": null,
  "NodeNames": ["node-a", "node-b"]
})";

BOOST_AUTO_TEST_SUITE(wire)

BOOST_AUTO_TEST_CASE(what_the_scheduler_sends_is_read) {
  const auto args = parse_extender_args(kArgs);
  BOOST_REQUIRE(args);
  BOOST_TEST(args->pod.namespace_ == "shop");
  BOOST_TEST(args->pod.name == "orders-mig-abcde");
  BOOST_TEST(args->pod.migration == "orders-1");
  BOOST_TEST(args->pod.restore == "uid-1");
  BOOST_TEST(args->pod.prefer_nodes == "node-b, node-c");
  BOOST_TEST((args->nodes == NodeNames{"node-a", "node-b"}));
}

BOOST_AUTO_TEST_CASE(keys_in_lower_case_and_in_another_order_are_read_too) {
  const auto args = parse_extender_args(
      R"({"nodenames":["x"],"pod":{"spec":{},"metadata":{"namespace":"n","name":"p"}},"NodeNames2":["y"]})");
  BOOST_REQUIRE(args);
  BOOST_TEST(args->pod.name == "p");
  BOOST_TEST(args->pod.migration == "");
  BOOST_TEST(args->pod.prefer_nodes == "");
  BOOST_TEST((args->nodes == NodeNames{"x"}));
}

BOOST_AUTO_TEST_CASE(no_nodes_left_is_a_question_too) {
  const auto args = parse_extender_args(R"({"Pod":{},"NodeNames":[]})");
  BOOST_REQUIRE(args);
  BOOST_TEST(args->nodes.empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_question_is_an_error) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "read the scheduler's ExtenderArgs"},
      {"[", "read the scheduler's ExtenderArgs"},
      {"7", "an object is expected"},
      {R"({"Pod":{},"NodeNames":["a")", "node names are expected"},
      {R"({"Pod":{},"NodeNames":["a",]})", "node names are expected"},
      {R"({"Pod":{},"NodeNames":["a\u0041"]})", "node names are expected"},
      {R"({"Pod":{},"NodeNames":["a\",\"b"]})", "node names are expected"},
      {R"({"Pod":{},"NodeNames":["a"]} x)", "nothing more is expected"},
      {R"({"Pod":{"metadata":},"NodeNames":["a"]})", "its Pod: "},
      {R"({"Pod":,"NodeNames":["a"]})", "a value is expected"},
      {R"({"Pod":{},"Nodes":{"items":[]},"NodeNames":null})", "nodeCacheCapable: true"},
      {R"({})", "nodeCacheCapable: true"}};
  for (const auto& [text, says] : cases) {
    const auto args = parse_extender_args(text);
    BOOST_TEST_CONTEXT(text) {
      BOOST_REQUIRE(!args);
      BOOST_TEST(args.error().message.find(says) != std::string::npos, args.error().message);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_answer_to_filter) {
  const NodeNames nodes{"a", "b", "c", "d"};
  Filtered filtered;
  filtered.fitting = {1, 3};
  filtered.failed = {{0, 0}, {2, 1}};
  filtered.reasons = {"the \"source\"", "no room"};
  BOOST_TEST(
      filter_answer(nodes, filtered) ==
      R"({"Nodes":null,"NodeNames":["b","d"],"FailedNodes":{"a":"the \"source\"","c":"no room"},"FailedAndUnresolvableNodes":{},"Error":""})");
  filtered = {};
  BOOST_TEST(filter_answer(nodes, filtered) ==
             R"({"Nodes":null,"NodeNames":[],"FailedNodes":{},"FailedAndUnresolvableNodes":{},"Error":""})");
  filtered.error = "not\nyet";
  BOOST_TEST(filter_answer(nodes, filtered) ==
             R"({"Nodes":null,"NodeNames":null,"FailedNodes":{},"FailedAndUnresolvableNodes":{},"Error":"not\nyet"})");
}

BOOST_AUTO_TEST_CASE(who_is_nobody_s_business_gets_the_names_back_as_they_came) {
  const auto args = parse_extender_args(R"({"NodeNames": ["a" , "b"] ,"Pod":{}})");
  BOOST_REQUIRE(args);
  BOOST_TEST(filter_passes(args->names_text) ==
             R"({"Nodes":null,"NodeNames":["a" , "b"],"FailedNodes":{},"FailedAndUnresolvableNodes":{},"Error":""})");
}

BOOST_AUTO_TEST_CASE(the_answer_to_prioritize) {
  BOOST_TEST(score_answer({"a", "b"}, {3, 10}) == R"([{"Host":"a","Score":3},{"Host":"b","Score":10}])");
  BOOST_TEST(score_answer({"a", "b"}, {}) == "[]");
}

BOOST_AUTO_TEST_CASE(every_cut_of_a_question_is_an_error_and_none_is_fatal) {
  const std::string whole = kArgs;
  for (std::size_t length = 0; length < whole.size(); ++length)
    BOOST_TEST(!parse_extender_args(whole.substr(0, length)).has_value());
}

BOOST_AUTO_TEST_CASE(five_thousand_names_come_back_as_they_were) {
  nlohmann::json names = nlohmann::json::array();
  for (int i = 0; i < 5'000; ++i)
    names.push_back("node-" + std::to_string(i));
  const std::string body = nlohmann::json{{"Pod", nlohmann::json::object()}, {"NodeNames", names}}.dump(1);
  const auto args = parse_extender_args(body);
  BOOST_REQUIRE(args);
  const std::string answer = filter_answer(args->nodes, filter_nodes(args->pod, args->nodes, World{}, kNow));
  BOOST_TEST((nlohmann::json::parse(answer).at("NodeNames") == names));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
