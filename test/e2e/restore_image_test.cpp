// The way of the paper: a checkpoint as an OCI image, which the target's own containerd pulls from its agent's registry
// on the loopback and restores as it creates the container.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "test/e2e/registry_side.h"
#include "test/e2e/small_pods.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

const Json& container_status(const Json& pod) {
  return pod.at("status").at("containerStatuses").at(0);
}

std::string image_of(const Scene& scene) {
  return scene.stage().pod(scene.consumer()).at("spec").at("containers").at(0).at("image").get<std::string>();
}

void check(const Scene::Move& move) {
  const Json& status = move.migration.at("status");
  BOOST_TEST(status.at("phase") == "Succeeded");
  BOOST_TEST_MESSAGE("gap " << status.value("gapMs", -1) << " ms\n" << move.told);
}

// What containerd has under the names of checkpoints: nothing but references to the real image.
std::string checkpoints_on(const Scene& scene, const std::string& node) {
  const std::string names = scene.cluster().on(node, {"ctr", "-n", "k8s.io", "images", "ls", "-q"});
  std::string found;
  for (std::size_t at = names.find("127.0.0.1:"); at != std::string::npos; at = names.find("127.0.0.1:", at + 1)) {
    const std::string name = names.substr(at, names.find('\n', at) - at);
    const std::string digest = name.substr(name.find('@') + 1);
    const std::string target =
        scene.cluster().on(node, {"ctr", "-n", "k8s.io", "images", "ls", fmt::format("name=={}", name)});
    if (target.find(digest, target.find(name) + name.size()) != std::string::npos) found += name + " ";
  }
  return found;
}

// Its process is killed from the node: inside, the kernel keeps pid 1 from it.
void kill(const Scene& scene) {
  const Json before = container_status(scene.stage().pod(scene.consumer()));
  const auto restarts = before.at("restartCount").get<int>();
  const auto id = before.at("containerID").get<std::string>();
  scene.cluster().on(scene.node(),
                     {"ctr", "-n", "k8s.io", "tasks", "kill", "-s", "SIGKILL", id.substr(id.find("//") + 2)});
  eventually(scene.consumer() + " to be started anew", [&] {
    const Json now = container_status(scene.stage().pod(scene.consumer()));
    return now.at("restartCount").get<int>() == restarts + 1 && now.at("ready") == true;
  });
}

// Not where the checkpoint was, though the name in its spec is the checkpoint's.
void check_starts_cold(const Scene& scene) {
  kill(scene);
  const Json state = scene.orders().state(scene.consumer());
  BOOST_TEST(state.at("count") == 0, state.dump());
}

void judge(Scene& scene) {
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

// A Pod of somebody else's on that node that names the checkpoint's image and has no credentials for it.
void check_forbidden_to_others(const Scene& scene, const std::string& image) {
  const std::string ns = scene.stage().ns().name();
  Json thief = small_pod(ns, "thief", scene.node());
  thief["spec"]["containers"][0]["image"] = image;
  thief["spec"]["containers"][0]["imagePullPolicy"] = "Always";
  scene.cluster().apply(thief);
  const Undo undo{[&] { scene.cluster().kubectl({"-n", ns, "delete", "pod", "thief", "--wait=false"}); }};
  std::string message;
  eventually("the pull of another Pod to be answered", [&] {
    const Json statuses = scene.stage().pod("thief").at("status").value("containerStatuses", Json::array());
    if (statuses.empty()) return false;
    const Json waiting = statuses.at(0).at("state").value("waiting", Json::object());
    message = waiting.value("message", "");
    return message.find("127.0.0.1:") != std::string::npos && waiting.value("reason", "").find("ImagePull") == 0;
  });
  // containerd's words for the registry's 401.
  BOOST_TEST(message.find("authorization failed") != std::string::npos, message);
}

void check_gone_from_registry(const Scene& scene, const std::string& image) {
  const std::string digest = image.substr(image.find('@') + 1);
  const std::string status =
      scene.cluster().on("node-a", {"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-u", "pusher:checkpoints",
                                    "-H", "Accept: application/vnd.oci.image.manifest.v1+json",
                                    "https://registry.test:5000/v2/team/checkpoints/manifests/" + digest});
  BOOST_TEST(status == "404");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(image)

BOOST_AUTO_TEST_CASE(stopped_and_restored_from_an_image_and_started_cold_when_it_is_killed) {
  Scene scene{"image-stop", 20};
  scene.start(Scene::consumer_on("node-a"));
  const auto there = scene.move({"--to", "node-b", "--strategy", "stop", "--restore", "image"});
  check(there);
  const std::string image = image_of(scene);
  BOOST_TEST(image.find("127.0.0.1:10962/") == 0U, image);
  BOOST_TEST(!scene.stage().pod(scene.consumer()).at("spec").contains("runtimeClassName"));
  BOOST_TEST(checkpoints_on(scene, "node-b") == "");
  scene.stage().check_nothing_left(there.migration.at("metadata").at("name").get<std::string>());
  check_forbidden_to_others(scene, image);
  scene.wait_for_more(20);
  // What was restored from an image is migrated the other way, under its own image again.
  const auto back = scene.move({"--to", "node-a", "--strategy", "stop"});
  check(back);
  BOOST_TEST(image_of(scene).find("127.0.0.1") == std::string::npos);
  scene.wait_for_more(20);
  const auto again = scene.move({"--to", "node-b", "--strategy", "stop", "--restore", "image", "--keep-name"});
  check(again);
  scene.wait_for_more(20);
  judge(scene);

  check_starts_cold(scene);
}

BOOST_AUTO_TEST_CASE(a_shadow_is_pulled_from_a_registry_with_credentials_and_refused_with_other_ones) {
  Scene scene{"registry-live"};
  make_registry_secret(scene, "guessed");
  ConsumerSpec consumer = Scene::consumer_on("node-a");
  consumer.service_ms = 50;
  consumer.prefetch = 5;
  scene.start(consumer, {.per_second = 5, .producers = 2, .count = 0});
  const Words words = through_registry({"--to", "node-b", "--strategy", "live", "--restore", "image"});
  Words refused_words{scene.consumer()};
  refused_words.insert(refused_words.end(), words.begin(), words.end());
  const auto refused = scene.stage().plugin(refused_words);
  BOOST_TEST(code_of(refused) == 3, text_of(refused));
  for (const char* part : {"401", "asked as user pusher", "--registry-secret"})
    BOOST_TEST(text_of(refused).find(part) != std::string::npos, text_of(refused));

  make_registry_secret(scene, "checkpoints");
  const auto move = scene.move(words);
  check(move);
  BOOST_TEST(move.migration.at("status").at("messages").value("lost", -1) == 0);
  const std::string image = image_of(scene);
  BOOST_TEST(image.find(std::string(kRepository) + "@sha256:") == 0U, image);
  check_gone_from_registry(scene, image);
  scene.stage().check_nothing_left(move.migration.at("metadata").at("name").get<std::string>());
  scene.wait_for_more(20);
  judge(scene);
  check_starts_cold(scene);
}

BOOST_AUTO_TEST_SUITE_END()
