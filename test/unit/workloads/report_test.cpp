#include "test/workloads/consumer/report.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

namespace {

orders::ConsumerStatus some_status() {
  orders::ConsumerStatus status;
  status.state.apply({"a-2", "a", 2, 5});
  status.duplicates = 3;
  status.unpublished = 1;
  status.queue = "ms2m.replay.1";
  status.replaying = true;
  status.connected = true;
  status.connects = 4;
  return status;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(consumer_report)

BOOST_AUTO_TEST_CASE(state_says_everything) {
  const auto json = nlohmann::json::parse(state_json(some_status(), "orders-0", 17, {4096}, true));
  BOOST_TEST(json.at("pod") == "orders-0");
  BOOST_TEST(json.at("at") == 17);
  BOOST_TEST(json.at("count") == 1);
  BOOST_TEST(json.at("sum") == 5);
  BOOST_TEST(json.at("digest").get<std::string>().size() == 64);
  BOOST_TEST(json.at("lastSequence").at("a") == 2);
  BOOST_TEST(json.at("gaps") == 1);
  BOOST_TEST(json.at("reordered") == 0);
  BOOST_TEST(json.at("duplicates") == 3);
  BOOST_TEST(json.at("unpublished") == 1);
  BOOST_TEST(json.at("queue") == "ms2m.replay.1");
  BOOST_TEST(json.at("replaying") == true);
  BOOST_TEST(json.at("connected") == true);
  BOOST_TEST(json.at("connects") == 4);
  BOOST_TEST(json.at("memory").at("bytes") == 4096);
  BOOST_TEST(json.at("memory").at("intact") == true);
}

BOOST_AUTO_TEST_CASE(memory_that_was_not_verified_has_no_verdict) {
  const auto json = nlohmann::json::parse(state_json(some_status(), "orders-0", 17, {4096}, {}));
  BOOST_TEST(!json.at("memory").contains("intact"));
}

BOOST_AUTO_TEST_CASE(metrics_are_in_prometheus_text_format) {
  const auto text = metrics_text(some_status());
  BOOST_TEST(has_line(text, "# TYPE orders_effective_total counter"));
  BOOST_TEST(has_line(text, "orders_effective_total 1"));
  BOOST_TEST(has_line(text, "orders_duplicates_total 3"));
  BOOST_TEST(has_line(text, "orders_gaps_total 1"));
  BOOST_TEST(has_line(text, "orders_connects_total 4"));
  BOOST_TEST(has_line(text, "orders_unpublished 1"));
  BOOST_TEST(has_line(text, "orders_replaying 1"));
}

BOOST_AUTO_TEST_SUITE_END()
