#include "test/bench/evaluation/naive_move.h"

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "shared/base/host.h"
#include "test/e2e/hop.h"

namespace evaluation {
namespace {

using namespace harness;
using Json = nlohmann::json;
using Steady = std::chrono::steady_clock;

constexpr const char* kRepository = "registry.test/checkpoints";

migrate::Microseconds since(Steady::time_point then) {
  return std::chrono::duration_cast<migrate::Microseconds>(Steady::now() - then);
}

// The same Pod on the other node, restored from that image.
Json target_of(const Json& consumer, const std::string& node, const std::string& image) {
  Json target = consumer;
  target["spec"]["nodeName"] = node;
  target["spec"]["containers"][0]["image"] = image;
  return target;
}

// The source stands still until it is gone, or until somebody gives up.
class Frozen {
 public:
  Frozen(const Cluster& cluster, std::string node, std::string container)
      : cluster_(cluster), node_(std::move(node)), container_(std::move(container)) {
    cluster_.on(node_, {"ctr", "-n", "k8s.io", "tasks", "pause", container_});
  }
  ~Frozen() {
    if (!is_gone_) (void)cluster_.run({"exec", node_, "ctr", "-n", "k8s.io", "tasks", "resume", container_});
  }
  void gone() { is_gone_ = true; }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  const Cluster& cluster_;
  std::string node_;
  std::string container_;
  bool is_gone_ = false;
};

}  // namespace

NaiveMove naive_move(Scene& scene, const Json& consumer, const Words& delete_words) {
  const Cluster& cluster = scene.cluster();
  const Namespace& ns = scene.stage().ns();
  const std::string source_node = scene.node();
  const std::string target_node = scene.other_node();
  const std::string& pod = scene.consumer();
  const std::string container = container_id(scene.stage().pod(pod));
  // A right that whoever runs such a script has already.
  allow_checkpoints(cluster, ns);
  const std::string token = checkpoint_token(cluster, ns);

  NaiveMove move;
  const migrate::SystemClock clock;
  const auto began = Steady::now();
  const auto step = [&](const char* name, const std::function<void()>& work) {
    const migrate::Instant step_began = clock.now();
    work();
    move.steps.push_back({name, step_began, clock.now(), ""});
  };
  std::string archive;
  // A name of its own: a node that has an image of that name does not pull it again.
  const std::string image = fmt::format("{}/{}:{}", kRepository, ns.name(), container.substr(0, 12));
  {
    std::optional<Frozen> frozen;
    step("freeze", [&] { frozen.emplace(cluster, source_node, container); });
    step("checkpoint", [&] { archive = checkpoint(cluster, ns, source_node, pod, token); });
    step("delete", [&] {
      Words words{"-n", ns.name(), "delete", "pod", pod, "--wait=false"};
      words.insert(words.end(), delete_words.begin(), delete_words.end());
      cluster.kubectl(words);
    });
    step("push", [&] { push_checkpoint(cluster, source_node, archive, image); });
    step("gone", [&] { cluster.kubectl({"-n", ns.name(), "wait", "--for=delete", "pod/" + pod, "--timeout=120s"}); });
    frozen->gone();
  }
  step("restore", [&] {
    cluster.apply(target_of(consumer, target_node, image));
    cluster.wait_ready(ns.name(), pod);
  });
  move.total = since(began);

  move.archive = {std::stoull(cluster.on(source_node, {"stat", "-c", "%s", archive}))};
  cluster.on(source_node, {"rm", "-f", archive});
  scene.follow_name();
  return move;
}

void forget_images(const Cluster& cluster) {
  // The kubelet's side of containerd knows an image by its digest as well, and either name keeps the content.
  constexpr const char* kForget =
      "ctr -n k8s.io images ls | awk -v wanted=\"$0/\" 'index($1, wanted) == 1 {ours[$3]} {digest[$1] = $3} "
      "END {for (name in digest) if (digest[name] in ours) print name}' | "
      "xargs -r ctr -n k8s.io images rm --sync >/dev/null";
  for (const char* node : {"node-a", "node-b"})
    cluster.on(node, {"sh", "-c", kForget, kRepository});
  // The registry's API forgets names alone; their layers go when the whole repository has gone.
  cluster.on("control", {"sh", "-c",
                         "rm -rf /var/lib/registry/docker/registry/v2/repositories/checkpoints && "
                         "docker-registry garbage-collect /etc/registry.yaml >/dev/null 2>&1"});
}

}  // namespace evaluation
