#include <atomic>

#include "test/unit/kube/fakes.h"

namespace migrate::kube {
namespace {

using test::Connection;
using test::FakeServer;
using test::Request;
using Kind = ApiError::Kind;

const ResourcePath kPod = pod("ns", "web-0");

Json to_be_made(const std::string& owner = "set-1") {
  return {{"kind", "Pod"},
          {"metadata", {{"name", "web-0"}, {"labels", {{"app", "web"}}}, {"ownerReferences", {{{"uid", owner}}}}}}};
}

// Carries out what it is sent, but loses the first answer.
class Forgetful {
 public:
  explicit Forgetful(const std::function<void(Connection&, const Request&, int number)>& handler)
      : server_([this, handler](Connection& connection, std::size_t) {
          while (auto request = connection.read()) {
            const int number = ++requests_;
            if (number == 1) return;
            handler(connection, *request, number);
          }
        }) {}
  [[nodiscard]] int requests() const { return requests_; }
  [[nodiscard]] const FakeServer& server() const { return server_; }

 private:
  std::atomic<int> requests_ = 0;
  FakeServer server_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(client_writes)

BOOST_AUTO_TEST_CASE(each_verb_has_its_method_path_and_media_type) {
  std::vector<std::string> seen;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    seen.push_back(request.method + " " + request.target + " " + request.header("Content-Type") + " " + request.body);
    connection.answer(200, object("web-0", "u", "8").dump());
  })};
  Api api;
  const auto client = api.client(server);
  const Json body = {{"a", 1}};
  BOOST_TEST(client->create(core("pods", "ns"), body, {DryRun::server, "me", Force::no}).has_value());
  BOOST_TEST(client->create(kPod.sub("eviction"), body, {DryRun::no, "", Force::no}).has_value());
  BOOST_TEST(client->apply(kPod.sub("status"), body, {DryRun::no, "me", Force::yes}).has_value());
  BOOST_TEST(client->json_patch(kPod, Json::array(), {DryRun::no, "me", Force::no}).has_value());
  BOOST_TEST(client->merge_patch(kPod, body).has_value());
  BOOST_TEST(client->remove(kPod).has_value());
  BOOST_TEST(client->raw_post("/api/v1/nodes/n/proxy/checkpoint/ns/web-0/app?timeout=60").has_value());
  const std::vector<std::string> expected{
      R"(POST /api/v1/namespaces/ns/pods?fieldManager=me&dryRun=All application/json {"a":1})",
      R"(POST /api/v1/namespaces/ns/pods/web-0/eviction application/json {"a":1})",
      R"(PATCH /api/v1/namespaces/ns/pods/web-0/status?fieldManager=me&force=true application/apply-patch+yaml {"a":1})",
      R"(PATCH /api/v1/namespaces/ns/pods/web-0?fieldManager=me application/json-patch+json [])",
      R"(PATCH /api/v1/namespaces/ns/pods/web-0?fieldManager=kubectl-migrate application/merge-patch+json {"a":1})",
      R"(DELETE /api/v1/namespaces/ns/pods/web-0 application/json {"apiVersion":"v1","kind":"DeleteOptions"})",
      R"(POST /api/v1/nodes/n/proxy/checkpoint/ns/web-0/app?timeout=60  )"};
  BOOST_TEST(seen == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_delete_carries_its_preconditions) {
  Json sent;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    sent = Json::parse(request.body);
    connection.answer(200, object("web-0", "u", "8").dump());
  })};
  Api api;
  DeleteOptions options;
  options.uid = "u-1";
  options.resource_version = "8";
  options.grace_period = std::chrono::seconds{0};
  options.propagation = Propagation::orphan;
  options.dry_run = DryRun::server;
  BOOST_TEST(value_of(api.client(server)->remove(kPod, options)).has_value());
  BOOST_TEST(
      sent ==
      Json::parse(R"({"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"u-1","resourceVersion":"8"},
                                     "gracePeriodSeconds":0,"propagationPolicy":"Orphan","dryRun":["All"]})"));
}

BOOST_AUTO_TEST_CASE(what_is_gone_already_is_absent_and_another_uid_a_conflict) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request& request) {
    if (request.body.find("other") != std::string::npos) {
      connection.answer(409, status_of(409, "Conflict", "the UID in the precondition does not match").dump());
    } else {
      connection.answer(404, no_such_pod("web-0").dump());
    }
  })};
  Api api;
  const auto client = api.client(server);
  BOOST_TEST(!value_of(client->remove(kPod)).has_value());
  DeleteOptions options;
  options.uid = "other";
  check_error(client->remove(kPod, options), Kind::conflict, "does not match");
  check_error(client->remove(core("pods", "ns")), Kind::local, "no name");
}

BOOST_AUTO_TEST_CASE(a_create_whose_answer_was_lost_finds_its_own_object) {
  Json there = to_be_made();
  there["metadata"]["uid"] = "made";
  Forgetful api_server{[&](Connection& connection, const Request& request, int) {
    if (request.method == "POST")
      connection.answer(409, status_of(409, "AlreadyExists", "pods \"web-0\" already exists").dump());
    if (request.method == "GET") connection.answer(200, there.dump());
  }};
  Api api;
  const auto made = api.client(api_server.server())->create(core("pods", "ns"), to_be_made());
  BOOST_TEST(value_of(made).at("metadata").at("uid") == "made");
}

BOOST_AUTO_TEST_CASE(somebody_elses_object_of_that_name_is_not_taken_for_ours) {
  Forgetful api_server{[&](Connection& connection, const Request& request, int) {
    if (request.method == "POST")
      connection.answer(409, status_of(409, "AlreadyExists", "pods \"web-0\" already exists").dump());
    if (request.method == "GET") connection.answer(200, to_be_made("another-set").dump());
  }};
  Api api;
  check_error(api.client(api_server.server())->create(core("pods", "ns"), to_be_made()), Kind::already_exists);
}

// A Lease has nothing else to be told by than who holds it.
BOOST_AUTO_TEST_CASE(an_object_without_marks_is_ours_when_it_holds_what_we_sent) {
  const Json ours = {{"metadata", {{"name", "lead"}}}, {"spec", {{"holderIdentity", "me"}, {"leaseTransitions", 1}}}};
  for (const char* holder : {"me", "another"}) {
    Json there = ours;
    there["metadata"]["uid"] = "made";
    there["spec"]["holderIdentity"] = holder;
    Forgetful api_server{[&](Connection& connection, const Request& request, int) {
      if (request.method == "POST")
        connection.answer(409, status_of(409, "AlreadyExists", "leases \"lead\" already exists").dump());
      if (request.method == "GET") connection.answer(200, there.dump());
    }};
    Api api;
    const auto made = api.client(api_server.server())->create(core("leases", "ns"), ours);
    BOOST_TEST(made.has_value() == (std::string{holder} == "me"), holder);
  }
}

// CRIU's log names files, and a file's name may be any bytes.
BOOST_AUTO_TEST_CASE(what_is_no_utf8_is_sent_as_the_mark_that_stands_for_it) {
  std::vector<std::string> bodies;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    bodies.push_back(request.body);
    connection.answer(200, object("web-0", "u", "8").dump());
  })};
  Api api;
  const auto client = api.client(server);
  const Json body = {{"a", "x\xff"}};
  BOOST_TEST(client->create(core("pods", "ns"), body).has_value());
  BOOST_TEST(client->apply(kPod, body).has_value());
  BOOST_TEST(client->json_patch(kPod, body).has_value());
  BOOST_TEST(client->merge_patch(kPod, body).has_value());
  const std::vector<std::string> expected(4, "{\"a\":\"x\xef\xbf\xbd\"}");
  BOOST_TEST(bodies == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_exists_before_the_first_attempt_is_always_an_error) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request& request) {
    BOOST_TEST(request.method == "POST");
    connection.answer(409, status_of(409, "AlreadyExists", "pods \"web-0\" already exists").dump());
  })};
  Api api;
  check_error(api.client(server)->create(core("pods", "ns"), to_be_made()), Kind::already_exists);
}

BOOST_AUTO_TEST_CASE(a_write_that_would_happen_twice_is_sent_once_and_its_fate_is_called_unknown) {
  const Json generated = {{"metadata", {{"generateName", "web-"}}}};
  const Json blind_patch = Json::parse(R"([{"op":"add","path":"/metadata/labels/a","value":"b"}])");
  const std::vector<std::function<ApiResult<void>(Client&)>> writes{
      [&](Client& client) { return client.create(core("pods", "ns"), generated).map([](const Json&) {}); },
      [&](Client& client) { return client.create(kPod.sub("eviction"), generated).map([](const Json&) {}); },
      [&](Client& client) { return client.json_patch(kPod, blind_patch).map([](const Json&) {}); },
      [&](Client& client) { return client.merge_patch(kPod, generated).map([](const Json&) {}); },
      [&](Client& client) { return client.remove(kPod).map([](const auto&) {}); },
      [&](Client& client) { return client.raw_post("/x").map([](const std::string&) {}); },
  };
  for (const auto& write : writes) {
    Forgetful api_server{[](Connection& connection, const Request&, int) { connection.answer(200, "{}"); }};
    Api api;
    const auto client = api.client(api_server.server());
    const auto done = write(*client);
    check_error(done, Kind::connection, "whether it was carried out is not known");
    BOOST_TEST(done.error().may_have_run);
    BOOST_TEST(api_server.requests() == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_write_that_is_safe_to_repeat_is_repeated) {
  const Json tested =
      Json::parse(R"([{"op":"test","path":"/metadata/resourceVersion","value":"7"},{"op":"remove","path":"/spec/x"}])");
  DeleteOptions exact;
  exact.uid = "u";
  const std::vector<std::function<bool(Client&)>> writes{
      [&](Client& client) { return client.apply(kPod, to_be_made()).has_value(); },
      [&](Client& client) { return client.json_patch(kPod, tested).has_value(); },
      [&](Client& client) { return client.merge_patch(kPod, object("web-0", "u", "7")).has_value(); },
      [&](Client& client) { return client.remove(kPod, exact).has_value(); },
      [&](Client& client) { return client.create(kPod.sub("token"), to_be_made()).has_value(); },
  };
  for (const auto& write : writes) {
    Forgetful api_server{[](Connection& connection, const Request&, int) { connection.answer(200, "{}"); }};
    Api api;
    BOOST_TEST(write(*api.client(api_server.server())));
    BOOST_TEST(api_server.requests() == 2);
  }
}

BOOST_AUTO_TEST_CASE(an_evictions_refusal_is_an_answer) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request&) {
    connection.answer(
        429,
        status_of(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.").dump(),
        {"Retry-After: 10"});
  })};
  Api api;
  check_error(api.client(server)->create(kPod.sub("eviction"), to_be_made()), Kind::too_many_requests,
              "disruption budget");
  BOOST_TEST(api.pacer.slept.empty());
}

BOOST_AUTO_TEST_CASE(a_missing_namespace_is_an_error_even_when_it_has_the_pods_name) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request&) {
    connection.answer(
        404, status_of(404, "NotFound", "namespaces \"web-0\" not found", {{"name", "web-0"}, {"kind", "namespaces"}})
                 .dump());
  })};
  Api api;
  check_error(api.client(server)->create(core("pods", "web-0"), to_be_made()), Kind::not_found,
              "namespaces \"web-0\" not found");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::kube
