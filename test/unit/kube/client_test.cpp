#include "shared/kube/client.h"

#include "shared/kube/transport.h"
#include "test/unit/kube/fakes.h"

namespace migrate::kube {
namespace {

using test::Connection;
using test::FakeServer;
using test::Request;
using Kind = ApiError::Kind;

const ResourcePath kPod = pod("ns", "web-0");

}  // namespace

BOOST_AUTO_TEST_SUITE(client_reads)

BOOST_AUTO_TEST_CASE(an_object_is_got_as_who_we_are) {
  Request seen;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    seen = request;
    connection.answer(200, object("web-0", "u", "7").dump());
  })};
  Api api;
  api.config.impersonate = {"jane", "", {"dev", "ops, all"}, {{"scopes/x", {"a", "b"}}}};
  const auto client = api.client(server);
  const auto got = client->get(kPod);
  BOOST_TEST(value_of(got).has_value());
  BOOST_TEST(seen.target == "/api/v1/namespaces/ns/pods/web-0");
  BOOST_TEST(seen.header("Authorization") == "Bearer first");
  BOOST_TEST(seen.header("User-Agent") == user_agent("kubectl-migrate"));
  BOOST_TEST(seen.header("User-Agent").find("kubectl-migrate/0.") == 0U);
  BOOST_TEST(seen.header("Accept") == "application/json");
  BOOST_TEST(seen.header("Impersonate-User") == "jane");
  BOOST_TEST(seen.all("Impersonate-Group") == (std::vector<std::string>{"dev", "ops, all"}),
             boost::test_tools::per_element());
  BOOST_TEST(seen.all("Impersonate-Extra-scopes%2Fx") == (std::vector<std::string>{"a", "b"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_such_object_is_absent_and_no_such_type_an_error) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request& request) {
    if (request.target.find("/pods/") != std::string::npos) {
      connection.answer(404, no_such_pod("web-0").dump());
    } else if (request.target.find("/v1alpha9/") != std::string::npos) {
      connection.answer(404, "404 page not found\n", {"Content-Type: text/plain"});
    } else {
      connection.answer(404, status_of(404, "NotFound", "the server could not find the requested resource").dump());
    }
  })};
  Api api;
  const auto client = api.client(server);
  BOOST_TEST(!value_of(client->get(kPod)).has_value());
  ResourcePath custom{
      .group = "example.org", .version = "v1", .plural = "things", .namespace_ = "ns", .name = "x", .subresource = ""};
  check_error(client->get(custom), Kind::not_found,
              "Error from server (NotFound): the server could not find the requested resource (does the server know "
              "things.example.org/v1?");
  check_error(client->list(custom), Kind::not_found);
  custom.version = "v1alpha9";
  check_error(client->get(custom), Kind::not_found,
              "get things.example.org \"x\": HTTP 404 with text/plain: 404 page not found");
}

BOOST_AUTO_TEST_CASE(answers_that_are_not_the_api_servers_are_errors) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request& request) {
    if (request.target == "/api/v1/nodes/html")
      connection.answer(502, "<html>Bad Gateway</html>", {"Content-Type: text/html"});
    if (request.target == "/api/v1/nodes/login") connection.answer(200, "<html>Log in</html>");
    if (request.target == "/api/v1/nodes/cut") connection.answer(200, R"({"kind":"Node","metadata":{)");
  })};
  Api api;
  const auto client = api.client(server);
  check_error(client->get(core("nodes", "", "html")), Kind::server,
              "get nodes \"html\": HTTP 502 with text/html: <html>Bad Gateway");
  check_error(client->get(core("nodes", "", "login")), Kind::malformed, "not a JSON object: <html>Log in");
  check_error(client->get(core("nodes", "", "cut")), Kind::malformed, "truncated or damaged JSON");
}

BOOST_AUTO_TEST_CASE(an_impossible_name_is_refused_before_it_is_sent) {
  FakeServer server{FakeServer::each([](Connection&, const Request&) {})};
  Api api;
  check_error(api.client(server)->get(pod("ns", "..")), Kind::local, "\"..\" cannot be the name");
  BOOST_TEST(server.connections() == 0U);
}

BOOST_AUTO_TEST_CASE(a_busy_server_is_asked_again_when_it_said) {
  int asked = 0;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request&) {
    if (++asked == 1) {
      connection.answer(429, status_of(429, "TooManyRequests", "busy").dump(), {"Retry-After: 3"});
    } else {
      connection.answer(200, object("web-0", "u", "7").dump());
    }
  })};
  Api api;
  BOOST_TEST(value_of(api.client(server)->get(kPod)).has_value());
  BOOST_TEST(asked == 2);
  BOOST_REQUIRE(api.pacer.slept.size() == 1U);
  BOOST_TEST(api.pacer.slept[0].count() == 3100);
}

BOOST_AUTO_TEST_CASE(asking_again_ends_with_the_callers_time) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request&) {
    connection.answer(429, status_of(429, "TooManyRequests", "busy").dump(), {"Retry-After: 25"});
  })};
  Api api;
  check_error(api.client(server)->get(kPod, {std::chrono::seconds{60}, {}}), Kind::too_many_requests, "busy");
  BOOST_TEST(api.pacer.slept.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_read_survives_a_lost_connection) {
  FakeServer server{[](Connection& connection, std::size_t number) {
    while (connection.read()) {
      if (number < 2) {
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
        return;
      }
      connection.answer(200, object("web-0", "u", "7").dump());
    }
  }};
  Api api;
  BOOST_TEST(value_of(api.client(server)->get(kPod)).has_value());
  BOOST_TEST(server.connections() == 3U);
  BOOST_REQUIRE(api.calls.size() == 3U);
  BOOST_TEST(api.calls[0].trouble.find("in the middle of the answer") != std::string::npos);
  BOOST_TEST(api.calls[2].attempt == 3U);
  BOOST_TEST(api.calls[2].status == 200U);
}

BOOST_AUTO_TEST_CASE(nobody_there_is_told_in_kubectls_words_after_a_few_tries) {
  Api api;
  const test::ClosedPort closed;
  api.config.server = "https://127.0.0.1:" + std::to_string(closed.port());
  ClientOptions options;
  options.pacer = &api.pacer;
  const auto client = value_or_fatal(make_client(api.config, api.credentials, options));
  const auto got = client->get(kPod);
  check_error(got, Kind::connection);
  BOOST_TEST(got.error().text() == "The connection to the server " + api.config.server.substr(8) +
                                       " was refused - did you specify the right host or port?");
  BOOST_TEST(api.pacer.slept.size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_renewed_once) {
  std::vector<std::string> shown;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    shown.push_back(request.header("Authorization"));
    if (shown.back() == "Bearer second") {
      connection.answer(200, object("web-0", "u", "7").dump());
    } else {
      connection.answer(401, status_of(401, "Unauthorized", "Unauthorized").dump());
    }
  })};
  Api api;
  api.credentials = std::make_shared<FakeCredentials>(std::vector<std::string>{"first", "second"});
  BOOST_TEST(value_of(api.client(server)->get(kPod)).has_value());
  BOOST_TEST(shown == (std::vector<std::string>{"Bearer first", "Bearer second"}), boost::test_tools::per_element());
  BOOST_TEST(server.connections() == 2U);  // the new identity has a connection of its own

  api.credentials = std::make_shared<FakeCredentials>(std::vector<std::string>{"bad", "worse", "worst"});
  check_error(api.client(server)->get(kPod), Kind::unauthorized, "You must be logged in to the server (Unauthorized)");
  BOOST_TEST(api.credentials->renewals == 1);
}

BOOST_AUTO_TEST_CASE(without_a_credential_nothing_is_sent) {
  FakeServer server{FakeServer::each([](Connection&, const Request&) {})};
  Api api;
  api.credentials = std::make_shared<FakeCredentials>(std::vector<std::string>{});
  check_error(api.client(server)->get(kPod), Kind::local, "get pods \"web-0\": no token");
  BOOST_TEST(server.connections() == 0U);
}

BOOST_AUTO_TEST_CASE(warnings_are_handed_over_once) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request&) {
    connection.answer(200, object("web-0", "u", "7").dump(),
                      {R"(Warning: 299 - "v1beta1 is deprecated, \"use\" v1")", R"(Warning: 299 - "second")",
                       R"(Warning: 199 - "not ours")"});
  })};
  Api api;
  const auto client = api.client(server);
  BOOST_TEST(client->get(kPod).has_value());
  BOOST_TEST(client->get(kPod).has_value());
  BOOST_TEST(api.warnings == (std::vector<std::string>{"v1beta1 is deprecated, \"use\" v1", "second"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(records_of_calls_hold_no_secrets) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request&) { connection.answer(200, "ok"); })};
  Api api;
  BOOST_TEST(value_of(api.client(server)->raw_get("/readyz")) == "ok");
  BOOST_REQUIRE(api.calls.size() == 1U);
  BOOST_TEST(api.calls[0].method == "GET");
  BOOST_TEST(api.calls[0].target == "/readyz");
  BOOST_TEST(api.calls[0].status == 200U);
  BOOST_TEST(api.calls[0].trouble.empty());
}

BOOST_AUTO_TEST_CASE(a_list_is_read_page_by_page) {
  std::vector<std::string> targets;
  constexpr int kObjects = 2500;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    targets.push_back(request.target);
    const auto at = request.target.find("continue=");
    const int first = at == std::string::npos ? 0 : std::stoi(request.target.substr(at + 9));
    std::vector<Json> items;
    for (int i = first; i < std::min(first + 1000, kObjects); ++i)
      items.push_back(object("pod-" + std::to_string(i), "u", "1"));
    connection.answer(200, list_of(items, "77", first + 1000 < kObjects ? std::to_string(first + 1000) : "").dump());
  })};
  Api api;
  ListOptions options;
  options.page = 1000;
  options.label_selector = "app=web";
  options.resource_version = "0";
  const auto listed = api.client(server)->list(core("pods", "ns"), options);
  const Json& whole = value_of(listed);
  BOOST_TEST(whole.at("items").size() == 2500U);
  BOOST_TEST(whole.at("items").back().at("metadata").at("name") == "pod-2499");
  BOOST_TEST(whole.at("metadata").at("resourceVersion") == "77");
  BOOST_TEST(!whole.at("metadata").contains("continue"));
  BOOST_TEST(targets == (std::vector<std::string>{
                            "/api/v1/namespaces/ns/pods?labelSelector=app%3Dweb&limit=1000&resourceVersion=0",
                            "/api/v1/namespaces/ns/pods?labelSelector=app%3Dweb&limit=1000&continue=1000",
                            "/api/v1/namespaces/ns/pods?labelSelector=app%3Dweb&limit=1000&continue=2000"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_a_list_the_first_page_may_be_enough) {
  std::vector<std::string> targets;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    targets.push_back(request.target);
    connection.answer(200, list_of({object("a", "u", "1"), object("b", "u", "2")}, "77", "more").dump());
  })};
  Api api;
  ListOptions options;
  options.page = 2;
  options.first_page_only = true;
  const auto listed = api.client(server)->list(core("pods", "ns"), options);
  BOOST_TEST(value_of(listed).at("items").size() == 2U);
  BOOST_TEST(!value_of(listed).at("metadata").contains("continue"));
  BOOST_TEST(targets == std::vector<std::string>{"/api/v1/namespaces/ns/pods?limit=2"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_list_whose_pages_expire_is_read_anew_in_one_piece) {
  std::vector<std::string> targets;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    targets.push_back(request.target);
    if (targets.size() == 1) connection.answer(200, list_of({object("old", "u", "1")}, "5", "more").dump());
    if (targets.size() == 2) connection.answer(410, status_of(410, "Expired", "too old").dump());
    if (targets.size() == 3)
      connection.answer(200, list_of({object("a", "u", "1"), object("b", "u", "2")}, "9").dump());
  })};
  Api api;
  const auto listed = api.client(server)->list(core("pods", "ns"));
  BOOST_TEST(value_of(listed).at("items").size() == 2U);
  BOOST_TEST(value_of(listed).at("metadata").at("resourceVersion") == "9");
  BOOST_REQUIRE(targets.size() == 3U);
  BOOST_TEST(targets[2] == "/api/v1/namespaces/ns/pods");
}

BOOST_AUTO_TEST_CASE(an_empty_list_may_have_null_for_items) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request&) {
    connection.answer(200, R"({"kind":"PodList","metadata":{"resourceVersion":"3"},"items":null})");
  })};
  Api api;
  BOOST_TEST(value_of(api.client(server)->list(core("pods", "ns"))).at("items") == Json::array());
}

BOOST_AUTO_TEST_CASE(logs_are_streamed_with_their_options) {
  std::string target;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    target = request.target;
    connection.begin_chunks();
    connection.chunk("line 1\nli");
    connection.chunk("ne 2\n");
    connection.end_chunks();
  })};
  Api api;
  LogOptions options;
  options.container = "app";
  options.follow = true;
  options.previous = true;
  options.since = std::chrono::seconds{60};
  options.tail = 10;
  std::string text;
  BOOST_TEST(api.client(server)
                 ->logs(kPod, options,
                        [&](std::string_view piece) {
                          text += piece;
                          return true;
                        },
                        {http::kNoTimeout, {}})
                 .has_value());
  BOOST_TEST(text == "line 1\nline 2\n");
  BOOST_TEST(
      target ==
      "/api/v1/namespaces/ns/pods/web-0/log?container=app&follow=true&previous=true&sinceSeconds=60&tailLines=10");
}

BOOST_AUTO_TEST_CASE(a_log_that_cannot_be_read_is_an_api_error) {
  FakeServer server{FakeServer::each([](Connection& connection, const Request&) {
    connection.answer(400,
                      status_of(400, "BadRequest", "container \"app\" in pod \"web-0\" is waiting to start").dump());
  })};
  Api api;
  check_error(api.client(server)->logs(kPod, {}, [](std::string_view) { return true; }, {}), Kind::invalid,
              "Error from server (BadRequest): container \"app\"");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::kube
