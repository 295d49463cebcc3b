// Migrations whose checkpoint travels as an image, and through a registry.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "extender/controller/target_pod.h"
#include "shared/base/base64.h"
#include "test/unit/controller/scene.h"

namespace {

using namespace migrate;
using namespace migrate::controller;
namespace data = boost::unit_test::data;

const std::string kTarget = target_name(samples::migration(), 1);

BOOST_AUTO_TEST_SUITE(images)

void ask_for_image(Scene& scene) {
  scene.cluster.change(Scene::path(), [](Json& object) {
    object["spec"]["restore"] = "Image";
    object["spec"]["accept"] = {"emptydir-loss"};
  });
}

BOOST_AUTO_TEST_CASE(it_moves_as_an_image) {
  Scene scene;
  ask_for_image(scene);
  bool was_committed = false;
  Json made;
  const auto place = scene.cluster.on_create;
  scene.cluster.on_create = [&](const kube::ResourcePath& where, Json& object) {
    if (where.plural == "pods" && where.name == kTarget) {
      was_committed = scene.source.record.state == agent::SourceState::committed;
      made = object;
    }
    place(where, object);
  };
  const MigrationStatus status = scene.run();
  scene.check_succeeded(kTarget);
  BOOST_TEST(was_committed);
  BOOST_CHECK(status.restore == RestoreWay::image);
  const std::vector<std::string> steps{"Preparing",  "Placing",  "Freezing",  "Checkpointing", "Transferring",
                                       "Committing", "Renaming", "Restoring", "Finishing"};
  BOOST_TEST(names_of(status.steps) == steps, boost::test_tools::per_element());
  BOOST_TEST(std::count(scene.target.orders.begin(), scene.target.orders.end(), "release") == 0);
  BOOST_TEST(scene.target.host_name == "o");
  BOOST_TEST(made["spec"]["containers"][0]["image"] == "127.0.0.1:10962/abc@sha256:00");
  BOOST_TEST(!made["spec"].contains("runtimeClassName"));
  const std::string secret = pull_secret_name(samples::migration(), "127.0.0.1:10962/abc");
  BOOST_TEST(made["spec"]["imagePullSecrets"][0]["name"] == secret);
  const auto kept = scene.cluster.look(kube::core("secrets", "shop", secret));
  BOOST_REQUIRE(kept);
  BOOST_TEST((*kept)["metadata"]["ownerReferences"][0]["uid"] == "uid-migration");
}

BOOST_AUTO_TEST_CASE(it_moves_as_an_image_and_keeps_its_name) {
  Scene scene{true};
  ask_for_image(scene);
  const MigrationStatus status = scene.run();
  scene.check_succeeded("orders");
  BOOST_TEST(status.placeholder == "");
}

BOOST_AUTO_TEST_CASE(a_node_that_restores_no_images_is_refused_before_the_freeze) {
  Scene scene;
  ask_for_image(scene);
  scene.cluster.put(kube::core("nodes", "", "node-c"), Json::object());
  scene.report = [](NodeFacts& facts) { facts.restore_via_create = facts.node == "node-c"; };
  const MigrationStatus status = scene.run();
  scene.check_rolled_back();
  BOOST_TEST(status.reason == "NoImageRestore");
  BOOST_TEST(status.message.find("enable_experimental_restore_via_create = true") != std::string::npos, status.message);
  BOOST_TEST(std::count(scene.source.orders.begin(), scene.source.orders.end(), "freeze") == 0);
}

void ask_for_registry(Scene& scene, const char* repository = "r.example:5000/cp") {
  scene.cluster.change(Scene::path(), [&](Json& object) {
    object["spec"]["transfer"] = {{"via", "Registry"}, {"repository", repository}, {"secretName", "pull"}};
  });
  const std::string config = R"({"auths":{"r.example:5000":{"username":"someone","password":"secret"}}})";
  scene.cluster.put(kube::core("secrets", "shop", "pull"),
                    {{"type", "kubernetes.io/dockerconfigjson"},
                     {"data", {{".dockerconfigjson", to_base64(config)}, {"ca.crt", to_base64("an authority")}}}});
}

std::size_t times(const controller::fakes::Agent& agent, const char* order) {
  return static_cast<std::size_t>(std::count(agent.orders.begin(), agent.orders.end(), order));
}

BOOST_AUTO_TEST_CASE(its_archives_travel_through_a_registry) {
  Scene scene;
  ask_for_registry(scene);
  bool was_committed = false;
  scene.source.before = [&](const std::string& what) -> std::optional<agent::AgentError> {
    if (what == "commit") was_committed = !scene.source.pushed.empty() && scene.target.pulled_as.has_value();
    return std::nullopt;
  };
  scene.run();
  scene.check_succeeded(kTarget);
  BOOST_TEST(was_committed);
  BOOST_TEST(scene.source.orders.at(1) == "check_registry");
  BOOST_TEST(times(scene.source, "push") == 1U);
  const agent::RegistryAccess used = scene.target.pulled_as->registry.value();
  BOOST_TEST(used.repository == "r.example:5000/cp");
  BOOST_TEST(used.user == "someone");
  BOOST_TEST(used.password == "secret");
  BOOST_TEST(used.ca_pem == "an authority");
  BOOST_TEST(!scene.target.pulled_as->as_image);
  // Gone from there with the rest; nothing of what is secret stands in the object.
  BOOST_TEST(scene.source.pushed.empty());
  BOOST_TEST(scene.cluster.look(Scene::path()).value().dump().find("\"secret\"") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_is_pulled_from_a_registry_as_an_image) {
  Scene scene;
  ask_for_image(scene);
  ask_for_registry(scene);
  Json made;
  const auto place = scene.cluster.on_create;
  scene.cluster.on_create = [&](const kube::ResourcePath& where, Json& object) {
    if (where.plural == "pods" && where.name == kTarget) made = object;
    place(where, object);
  };
  scene.run();
  scene.check_succeeded(kTarget);
  BOOST_TEST(made["spec"]["containers"][0]["image"] == "r.example:5000/cp@sha256:11");
  BOOST_TEST(made["spec"]["imagePullSecrets"][0]["name"] == "pull");
  BOOST_TEST(scene.target.pulled_as->images.at(0).id == "sha256:22");
  BOOST_TEST(times(scene.source, "push") == 1U);  // and not again behind the commit
  BOOST_TEST(!scene.cluster.look(
      kube::core("secrets", "shop", pull_secret_name(samples::migration(), "127.0.0.1:10962/abc"))));
}

BOOST_AUTO_TEST_CASE(a_registry_that_keeps_what_was_pushed_is_told_of) {
  Scene scene;
  ask_for_registry(scene);
  scene.source.left = {"r.example:5000/cp@sha256:11 is left"};
  const MigrationStatus status = scene.run();
  scene.check_succeeded(kTarget);
  BOOST_REQUIRE(status.warnings.size() == 1U);
  BOOST_TEST(status.warnings.front() == "r.example:5000/cp@sha256:11 is left; delete it there");
}

BOOST_AUTO_TEST_CASE(what_was_pushed_is_deleted_on_the_way_back) {
  Scene scene;
  ask_for_registry(scene);
  scene.target.before = [](const std::string& what) -> std::optional<agent::AgentError> {
    if (what != "pull") return std::nullopt;
    return agent::AgentError{agent::AgentError::Kind::failed, "it was altered"};
  };
  scene.run();
  scene.check_rolled_back();
  BOOST_TEST(times(scene.source, "push") == 1U);
  BOOST_TEST(scene.source.pushed.empty());
}

struct BadSecret {
  const char* what;
  std::function<void(Scene&)> spoil;
  const char* says;
  friend std::ostream& operator<<(std::ostream& out, const BadSecret& one) { return out << one.what; }
};

const std::vector<BadSecret> kBadSecrets{
    {"none", [](Scene& scene) { scene.cluster.drop(kube::core("secrets", "shop", "pull")); }, "does not exist"},
    {"another type",
     [](Scene& scene) {
       scene.cluster.change(kube::core("secrets", "shop", "pull"), [](Json& object) { object["type"] = "Opaque"; });
     },
     "it is of type Opaque, not kubernetes.io/dockerconfigjson"},
    {"for another registry", [](Scene& scene) { ask_for_registry(scene, "other.example/cp"); },
     "has no credentials for other.example/cp"},
    {"refused",
     [](Scene& scene) {
       scene.source.before = [](const std::string& what) -> std::optional<agent::AgentError> {
         if (what != "check_registry") return std::nullopt;
         return agent::AgentError{agent::AgentError::Kind::refused, "the registry answered 401"};
       };
     },
     "the registry answered 401"},
};

BOOST_DATA_TEST_CASE(a_registry_that_cannot_be_used_is_refused_before_anything, data::make(kBadSecrets), bad) {
  Scene scene;
  ask_for_registry(scene);
  bad.spoil(scene);
  const MigrationStatus status = scene.run();
  BOOST_TEST(to_string(status.phase) == "Refused", status.message);
  BOOST_TEST(status.message.find(bad.says) != std::string::npos, status.message);
  BOOST_TEST(times(scene.source, "freeze") == 0U);
  BOOST_TEST(scene.cluster.names("pods") == std::vector<std::string>{"orders"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
