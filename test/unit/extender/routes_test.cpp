#include "extender/server/routes.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "extender/authority/authority.h"
#include "shared/http_client/http_client.h"
#include "test/unit/extender/whole_extender.h"

namespace {

using namespace migrate;
using namespace migrate::extender;

const char* const kOther = R"({"Pod":{"metadata":{"name":"web","namespace":"ns"}},"NodeNames":["a","b"]})";
const char* const kOurs =
    R"({"Pod":{"metadata":{"name":"p","namespace":"ns","labels":{"kubectl-migrate.dev/migration":"m"}}},"NodeNames":["a","b"]})";

struct Scene : WholeExtender<MemoryLog> {
  http::Response ask(const std::string& method, const std::string& target, const std::string& body = "") {
    return routes.answer({method, target, body});
  }
  void add_migration(const std::string& node) {
    Migration migration;
    migration.namespace_ = "ns";
    migration.name = "m";
    migration.uid = "uid-m";
    migration.spec.pod = "orders";
    migration.spec.pod_uid = "pod-uid";
    migration.status.phase = Phase::placing;
    know(migration);
    NodeFacts facts;
    facts.node = node;
    facts.heartbeat = clock.time;
    facts.has_handler = true;
    facts.criu = "4.2.1";
    facts.free_disk = Bytes{std::uint64_t{1} << 30};
    know(facts);
  }
};

BOOST_AUTO_TEST_SUITE(routes)

BOOST_AUTO_TEST_CASE(other_pods_pass_also_while_nothing_is_known) {
  Scene scene;
  const auto answer = Json::parse(scene.ask("POST", "/filter", kOther).body);
  BOOST_TEST((answer.at("NodeNames") == Json{"a", "b"}));
  BOOST_TEST(answer.at("Error") == "");
  BOOST_TEST(scene.ask("POST", "/prioritize", kOther).body == "[]");
  BOOST_TEST(scene.log.lines().empty());
}

BOOST_AUTO_TEST_CASE(our_pods_wait_until_the_migrations_are_known) {
  Scene scene;
  BOOST_TEST(scene.ask("GET", "/readyz").status == 503U);
  const auto early = scene.ask("POST", "/filter", kOurs);
  BOOST_TEST(early.status == 200U);
  BOOST_TEST(Json::parse(early.body).at("Error").get<std::string>().find("just started") != std::string::npos);
  scene.sync();
  BOOST_TEST(scene.ask("GET", "/readyz").status == 200U);
  const auto unknown = Json::parse(scene.ask("POST", "/filter", kOurs).body);
  BOOST_TEST(unknown.at("Error") == "Migration ns/m is not known here (yet)");
  BOOST_TEST(scene.metrics.text().find("kubectl_migrate_extender_filter_errors_total 2\n") != std::string::npos,
             "both questions had an error for an answer");
  scene.add_migration("b");
  const auto answer = Json::parse(scene.ask("POST", "/filter", kOurs).body);
  BOOST_TEST((answer.at("NodeNames") == Json{"b"}));
  BOOST_TEST(answer.at("FailedNodes").at("a").get<std::string>().find("no migrate-agent") == 0U);
  BOOST_TEST(scene.log.lines().back().find("filter: 1 of 2 nodes; not: no migrate-agent") == 0U,
             scene.log.lines().back());
  const auto scores = Json::parse(scene.ask("POST", "/prioritize", kOurs).body);
  BOOST_TEST(scores.size() == 2U);
  BOOST_TEST(scene.metrics.text().find("kubectl_migrate_extender_filter_errors_total 2\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_understood_is_said) {
  Scene scene;
  const auto broken = scene.ask("POST", "/filter", "{");
  BOOST_TEST(broken.status == 200U);  // only so the scheduler shows the words
  BOOST_TEST(Json::parse(broken.body).at("Error").get<std::string>().find("ExtenderArgs") != std::string::npos);
  BOOST_TEST(scene.metrics.text().find("kubectl_migrate_extender_filter_errors_total 1\n") != std::string::npos);
  BOOST_TEST(scene.ask("POST", "/prioritize", "{").status == 400U);
  BOOST_TEST(scene.ask("GET", "/filter").status == 405U);
  BOOST_TEST(scene.ask("POST", "/healthz").status == 405U);
  BOOST_TEST(scene.ask("GET", "/").status == 404U);
  for (const char* body : {"", "{", "[]", "{}", R"({"csr":7})"})
    BOOST_TEST(scene.ask("POST", "/certificates", body).status == 400U);
  BOOST_TEST(scene.ask("POST", "/certificates", std::string(100'000, 'x')).status == 413U);
  BOOST_TEST(scene.ask("POST", "/certificates", R"({"csr":"x"})").status == 401U);
}

BOOST_AUTO_TEST_CASE(probes_and_metrics) {
  Scene scene;
  BOOST_TEST(scene.ask("GET", "/healthz?verbose").status == 200U);
  const std::string text = scene.ask("GET", "/metrics").body;
  BOOST_TEST(
      text.find("kubectl_migrate_extender_requests_total{code=\"200\",path=\"/healthz\"} 1") != std::string::npos,
      text);
  BOOST_TEST(text.find("kubectl_migrate_extender_request_seconds_count") != std::string::npos);
  BOOST_TEST(text.find("more 1\n") != std::string::npos);
  BOOST_TEST(text.find("kubectl_migrate_extender_answer_seconds_count{verb=\"filter\"} 0") != std::string::npos);
  scene.ask("POST", "/filter", kOther);
  scene.ask("POST", "/prioritize", kOther);
  const std::string later = scene.ask("GET", "/metrics").body;
  for (const char* verb : {"filter", "prioritize"})
    BOOST_TEST(later.find(std::string{"kubectl_migrate_extender_answer_seconds_count{verb=\""} + verb + "\"} 1") !=
                   std::string::npos,
               later);
}

BOOST_AUTO_TEST_CASE(where_schedulers_show_certificates_nobody_else_is_answered) {
  Scene scene;
  Routes routes{
      {scene.cache, scene.certificates, scene.clock, scene.log, scene.metrics, {}, Askers{true, {"scheduler"}}}};
  const auto ask = [&](const char* path, const std::optional<std::string>& peer) {
    http::Request request{"POST", path, kOther};
    request.peer = peer;
    return routes.answer(request);
  };
  for (const auto& peer : {std::optional<std::string>{}, std::optional<std::string>{"agent/node-b"}}) {
    const auto refused = ask("/filter", peer);
    BOOST_TEST(refused.status == 200U);  // only so the scheduler shows the words
    const Json answer = Json::parse(refused.body);
    BOOST_TEST(answer.at("NodeNames").is_null());
    BOOST_TEST(answer.at("Error").get<std::string>().find("the migrate-extender") == 0U);
    BOOST_TEST(ask("/prioritize", peer).status == 403U);
  }
  BOOST_TEST(scene.log.lines().size() == 2U);
  const auto answered = Json::parse(ask("/filter", "scheduler").body);
  BOOST_TEST((answered.at("NodeNames") == Json{"a", "b"}));
  BOOST_TEST(ask("/prioritize", "scheduler").body == "[]");
  // Kubelets, Prometheus and agents that ask for their first certificate have none.
  BOOST_TEST(routes.answer({"GET", "/healthz", ""}).status == 200U);
  BOOST_TEST(routes.answer({"GET", "/metrics", ""}).status == 200U);
  BOOST_TEST(routes.answer({"POST", "/certificates", R"({"csr":"x"})"}).status == 401U);
}

BOOST_AUTO_TEST_CASE(an_agent_gets_its_certificate_over_https) {
  Scene scene;
  scene.client.on_create = [](const ResourcePath&, const Json& object) -> std::optional<ApiResult<Json>> {
    Json review = object;
    review["status"] = {{"authenticated", object.at("spec").at("token") == "good"},
                        {"audiences", {"kubectl-migrate.dev"}},
                        {"user",
                         {{"username", "system:serviceaccount:kubectl-migrate:migrate-agent"},
                          {"extra", {{"authentication.kubernetes.io/node-name", {"node-b"}}}}}}};
    return review;
  };
  SystemClock clock;  // TLS looks at the real one
  scene.ca.replace(value_or_fatal(certificates::make_authority(clock.now())));
  const auto own =
      value_or_fatal(certificates::issue(scene.ca.pair(), authority::server_subject("kubectl-migrate"), clock.now()));
  const auto server = value_or_fatal(http::Server::start(
      "127.0.0.1", 0, [&](const http::Request& request) { return scene.routes.answer(request); }, server_limits(),
      http::ServerCertificate{own.certificate_pem, own.key_pem}));
  http::HttpClientOptions options;
  options.base_url = "https://localhost:" + std::to_string(server->port());
  options.tls.ca_pem = scene.ca.pair().certificate_pem;
  const auto client = value_or_fatal(http::make_http_client(options));
  http::HttpRequest request;
  request.method = "POST";
  request.target = "/certificates";
  request.body = Json{{"csr", value_or_fatal(certificates::make_request()).csr_pem}}.dump();
  request.headers = {{"Authorization", "Bearer good"}};
  const auto answer = client->send(request);
  BOOST_REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().message));
  BOOST_TEST(answer->status == 200U, answer->body);
  BOOST_TEST(certificates::expiry(Json::parse(answer->body).at("certificate").get<std::string>()).has_value());
  request.headers = {{"Authorization", "Bearer bad"}};
  const auto refused = client->send(request);
  BOOST_REQUIRE(refused);
  BOOST_TEST(refused->status == 401U);
  BOOST_TEST(scene.log.lines().size() == 2U);
  for (const std::string& line : scene.log.lines())
    BOOST_TEST(line.find("good") == std::string::npos);  // tokens are secrets
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
