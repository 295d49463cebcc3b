// What the end-to-end test of a live move's readiness gate judges by.
#include "test/e2e/gate_watch.h"

#include <boost/test/unit_test.hpp>

using namespace harness;
using Json = nlohmann::json;

namespace {

ObjectEvent event_of(Json object, const std::string& name, int version) {
  object["metadata"]["name"] = name;
  object["metadata"]["uid"] = "uid-" + name;
  object["metadata"]["resourceVersion"] = std::to_string(version);
  return {"MODIFIED", std::move(object)};
}

ObjectEvent migration(const std::string& name, int version, bool is_cut) {
  Json object;
  object["spec"]["pod"]["name"] = "orders-1";
  if (is_cut) object["status"]["messages"]["lost"] = 0;
  return event_of(std::move(object), name, version);
}

ObjectEvent slice(const std::string& pod, int version, bool is_ready) {
  Json endpoint;
  endpoint["targetRef"]["name"] = pod;
  endpoint["conditions"]["ready"] = is_ready;
  Json object;
  object["endpoints"] = Json::array({endpoint});
  return event_of(std::move(object), "orders-x2x2x", version);
}

struct Moved {
  std::vector<ObjectEvent> slices{slice("orders-1", 10, true), slice("orders-1-mig-a6pfz", 20, false),
                                  slice("orders-1-mig-a6pfz", 40, true)};
  std::vector<ObjectEvent> migrations{migration("first", 15, false), migration("first", 30, true)};
  [[nodiscard]] std::string trouble() const { return endpoints_before_cut("orders-1", slices, migrations); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(gate_watch)

BOOST_FIXTURE_TEST_CASE(a_shadow_may_be_ready_from_the_cut_on, Moved) {
  BOOST_TEST(trouble() == "");
}

BOOST_FIXTURE_TEST_CASE(and_not_before, Moved) {
  slices.push_back(slice("orders-1-mig-a6pfz", 29, true));
  BOOST_TEST(trouble() == "Pod orders-1-mig-a6pfz was a ready endpoint of orders-x2x2x before the cut\n");
}

// A Service takes it for ready as well.
BOOST_FIXTURE_TEST_CASE(an_endpoint_that_says_nothing_is_ready, Moved) {
  ObjectEvent silent = slice("orders-1-mig-a6pfz", 21, true);
  silent.object["endpoints"][0].erase("conditions");
  slices.push_back(silent);
  BOOST_TEST(trouble() != "");
}

BOOST_FIXTURE_TEST_CASE(who_has_seen_nothing_says_so, Moved) {
  slices = {slice("orders-1", 10, true), slice("orders-11-mig-a6pfz", 20, false)};
  BOOST_TEST(trouble() == "nobody has seen a shadow of Pod orders-1 among the endpoints\n");
  migrations.pop_back();
  BOOST_TEST(trouble() == "no Migration of Pod orders-1 has come to its cut\n");
}

BOOST_FIXTURE_TEST_CASE(a_move_that_was_over_before_is_another_one, Moved) {
  migrations.insert(migrations.begin(), migration("earlier", 12, true));
  slices.push_back(slice("orders-1-mig-a6pfz", 29, true));
  BOOST_TEST(trouble() != "");
}

// Its endpoints are null then.
BOOST_FIXTURE_TEST_CASE(a_slice_may_be_empty, Moved) {
  Json empty;
  empty["endpoints"] = nullptr;
  slices.push_back(event_of(empty, "orders-x2x2x", 50));
  BOOST_TEST(trouble() == "");
}

BOOST_AUTO_TEST_SUITE_END()
