#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

const kube::ResourcePath kDeployment{.group = "apps",
                                     .version = "v1",
                                     .plural = "deployments",
                                     .namespace_ = "kubectl-migrate",
                                     .name = "migrate-extender",
                                     .subresource = {}};

Json with_image(const std::string& image) {
  return {{"spec", {{"template", {{"spec", {{"containers", {{{"image", image}}}}}}}}}}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(versions)

BOOST_AUTO_TEST_CASE(the_servers_is_its_label_or_its_images_tag) {
  const std::pair<Json, std::string> cases[] = {
      {with_image("registry:5000/kubectl-migrate/extender:0.2.0"), "0.2.0"},
      {with_image("registry:5000/kubectl-migrate/extender"), "unknown"},
      {with_image("extender:0.3@sha256:abc"), "0.3"},
      {{{"metadata", {{"labels", {{"app.kubernetes.io/version", "0.4"}}}}}}, "0.4"}};
  for (const auto& [deployment, version] : cases) {
    Scene scene;
    scene.cluster.put(kDeployment, deployment);
    BOOST_TEST(scene.run({"version"}) == 0);
    BOOST_TEST(scene.out.str() == "Plugin   " MIGRATE_VERSION "\nServer   " + version + "\n");
  }
}

BOOST_AUTO_TEST_CASE(absent_or_unreachable) {
  Scene absent;
  BOOST_TEST(absent.run({"version"}) == 0);
  check_says(absent.out.str(), "Server   not installed\n");
  Scene json;
  BOOST_TEST(json.run({"version", "-o", "json"}) == 0);
  const Json versions = Json::parse(json.out.str(), nullptr, false);
  BOOST_TEST((versions.at("plugin") == MIGRATE_VERSION && versions.at("server").is_null()));
  Scene away;
  away.cluster.refuse("get deployments", kube::local_error("connection refused", kube::ApiError::Kind::connection));
  BOOST_TEST(away.run({"version"}) == 1);
  check_says(away.out.str(), "Plugin   ");
  check_says(away.err.str(), "connection refused");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
