#include "extender/server/certificate_requests.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <ostream>

#include "test/fakes/host.h"
#include "test/unit/extender/fake_client.h"

namespace {

using namespace migrate;
using namespace migrate::extender;

Json good_review() {
  return {{"status",
           {{"authenticated", true},
            {"audiences", {"kubectl-migrate.dev"}},
            {"user",
             {{"username", "system:serviceaccount:kubectl-migrate:migrate-agent"},
              {"extra", {{"authentication.kubernetes.io/node-name", {"node-b"}}}}}}}}};
}

struct Case {
  std::string name;
  std::function<void(Json&)> change;  // of the review's status
  unsigned status;
  std::string says;
};
std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.name;
}

const std::vector<Case> kCases{
    {"not authenticated",
     [](Json& s) {
       s["authenticated"] = false;
       s["error"] = "token expired";
     },
     401, "token expired"},
    {"no answer at all", [](Json& s) { s = nullptr; }, 401, "does not accept the token"},
    {"an API server without audiences", [](Json& s) { s.erase("audiences"); }, 401, "did not confirm"},
    {"another audience", [](Json& s) { s["audiences"] = {"https://kubernetes.default.svc"}; }, 401, "did not confirm"},
    {"another account", [](Json& s) { s["user"]["username"] = "system:serviceaccount:kubectl-migrate:default"; }, 403,
     "only agents"},
    {"that account of another namespace",
     [](Json& s) { s["user"]["username"] = "system:serviceaccount:evil:migrate-agent"; }, 403, "only agents"},
    {"no node", [](Json& s) { s["user"].erase("extra"); }, 403, "which node"},
    {"two nodes",
     [](Json& s) {
       s["user"]["extra"]["authentication.kubernetes.io/node-name"] = {"node-a", "node-b"};
     },
     403, "which node"},
    {"an empty node", [](Json& s) { s["user"]["extra"]["authentication.kubernetes.io/node-name"] = {""}; }, 403,
     "which node"},
    {"not what a review looks like", [](Json& s) { s["user"] = "root"; }, 502, "TokenReview"},
};

BOOST_AUTO_TEST_SUITE(certificate_requests)

BOOST_DATA_TEST_CASE(whose_token_is_not_an_agents_is_refused, boost::unit_test::data::make(kCases), one) {
  Json review = good_review();
  one.change(review["status"]);
  const auto node = node_of(review, "kubectl-migrate");
  BOOST_REQUIRE(!node);
  BOOST_TEST(node.error().status == one.status);
  BOOST_TEST(node.error().message.find(one.says) != std::string::npos, node.error().message);
}

struct Scene {
  FakeClient client;
  fakes::Clock clock;
  authority::CurrentAuthority ca{value_or_fatal(certificates::make_authority(clock.time))};
  CertificateRequests requests{client, clock, ca, "kubectl-migrate"};
  Json asked;

  Scene() {
    client.on_create = [this](const ResourcePath& path, const Json& object) -> std::optional<ApiResult<Json>> {
      BOOST_TEST(path.plural == "tokenreviews");
      asked = object;
      return good_review();
    };
  }
};

BOOST_AUTO_TEST_CASE(an_agent_is_given_a_certificate_of_its_node) {
  Scene scene;
  const auto request = value_or_fatal(certificates::make_request());
  const auto issued = scene.requests.answer("Bearer the-token", request.csr_pem);
  BOOST_REQUIRE(issued);
  BOOST_TEST(issued->node == "node-b");
  BOOST_TEST(
      (value_or_fatal(certificates::expiry(issued->certificate_pem)) == scene.clock.time + std::chrono::hours{24}));
  BOOST_TEST((scene.asked.at("spec") == Json{{"token", "the-token"}, {"audiences", {"kubectl-migrate.dev"}}}));
}

BOOST_AUTO_TEST_CASE(without_a_token_nobody_is_asked) {
  Scene scene;
  for (const char* header : {"", "Bearer ", "Basic abc"}) {
    const auto issued = scene.requests.answer(header, "csr");
    BOOST_REQUIRE(!issued);
    BOOST_TEST(issued.error().status == 401U);
  }
  BOOST_TEST(scene.client.calls.empty());
}

BOOST_AUTO_TEST_CASE(a_broken_request_is_400_and_an_api_server_that_does_not_answer_502) {
  Scene scene;
  const auto broken = scene.requests.answer("Bearer t", "no PEM");
  BOOST_REQUIRE(!broken);
  BOOST_TEST(broken.error().status == 400U);
  scene.client.on_create = [](const ResourcePath&, const Json&) -> std::optional<ApiResult<Json>> {
    return tl::make_unexpected(kube::local_error("refused", ApiError::Kind::forbidden));
  };
  const auto unreviewed = scene.requests.answer("Bearer t", "csr");
  BOOST_REQUIRE(!unreviewed);
  BOOST_TEST(unreviewed.error().status == 502U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
