#include "plugin/cleanup_sweep.h"

#include <fmt/format.h>

#include <ostream>

#include "plugin/format.h"
#include "plugin/json_path.h"
#include "plugin/our_label.h"
#include "shared/kube/known_objects.h"

namespace migrate::plugin {
namespace {

using namespace std::chrono_literals;
using Kind = kube::ApiError::Kind;

constexpr std::chrono::milliseconds kPoll = 500ms;
constexpr std::chrono::milliseconds kPodPatience = 120s;
constexpr std::chrono::milliseconds kNamespacePatience = 60s;
constexpr std::chrono::milliseconds kAccountPatience = 15s;

// What the kubelet says of a Pod that does not come to its end.
std::string trouble_of(const Json& pod) {
  const Json& containers = list_at(pod, {"status", "containerStatuses"});
  for (const Json& one : containers) {
    if (const std::string said = text_at(one, {"state", "terminated", "message"}); !said.empty()) return said;
    if (const std::string reason = text_at(one, {"state", "waiting", "reason"}); !reason.empty())
      return fmt::format("{}: {}", reason, text_at(one, {"state", "waiting", "message"}));
  }
  const std::string message = text_at(pod, {"status", "message"});
  return message.empty() ? fmt::format("it is {}", text_at(pod, {"status", "phase"})) : message;
}

}  // namespace

Json sweep_pod(const std::string& node, const std::string& image) {
  const Json everywhere{{"operator", "Exists"}};
  // As root in the host's files, like the agent: by way of the root folder of process 1. Nothing has to be mounted.
  const Json container{
      {"name", "sweep"},
      {"image", image},
      {"imagePullPolicy", "IfNotPresent"},
      {"command",
       {"/migrate-agent", "--state-folder=/proc/1/root/var/lib/kubectl-migrate", "uninstall", "--handler-unused"}},
      {"terminationMessagePolicy", "FallbackToLogsOnError"},
      {"securityContext", {{"privileged", true}, {"readOnlyRootFilesystem", true}}}};
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"name", node}, {"namespace", kSweepNamespace}}},
          {"spec",
           {{"nodeName", node},
            {"restartPolicy", "Never"},
            {"hostPID", true},
            {"automountServiceAccountToken", false},
            {"tolerations", Json::array({everywhere})},
            {"containers", Json::array({container})}}}};
}

// One that an earlier run has left goes first, with its Pods.
Outcome<void> NodeSweep::make_namespace() {
  const auto path = kube::core("namespaces", {}, kSweepNamespace);
  const auto until = session_.io.pacer.now() + kNamespacePatience;
  const Json wanted = {
      {"apiVersion", "v1"},
      {"kind", "Namespace"},
      {"metadata",
       {{"name", kSweepNamespace},
        {"labels", {{kPartOfLabel, kPartOfUs}, {"pod-security.kubernetes.io/enforce", "privileged"}}}}}};
  for (;;) {
    const auto made = session_.client.create(path.collection(), wanted);
    if (made) {
      uid_ = kube::metadata_of(*made, "uid");
      return {};
    }
    const bool is_over = made.error().kind != Kind::already_exists || session_.io.pacer.now() >= until;
    if (is_over && !made.error().may_have_run) return tl::make_unexpected(explain(made.error(), "create", path));
    const auto there = session_.client.get(path);
    if (!there) return tl::make_unexpected(explain(there.error(), "get", path));
    const bool is_ours = *there && text_at(**there, {"metadata", "labels", kPartOfLabel}) == kPartOfUs;
    if (*there && !is_ours)
      return fail(fmt::format("{} is there, and none of ours; cleaning nodes takes a namespace of that name",
                              kube::describe(path)));
    kube::DeleteOptions as_seen;
    if (is_ours) as_seen.uid = kube::metadata_of(**there, "uid");
    if (is_ours)
      if (const auto gone = session_.client.remove(path, as_seen); !gone && gone.error().kind != Kind::conflict)
        return tl::make_unexpected(explain(gone.error(), "delete", path));
    if (is_over) return tl::make_unexpected(explain(made.error(), "create", path));
    session_.io.pacer.sleep(kPoll, {});
  }
}

// A namespace that was just made takes no Pods until Kubernetes has given it its account, `default`.
Outcome<void> NodeSweep::make(const Json& pod) {
  const auto path = kube::pod(kSweepNamespace, kube::metadata_of(pod, "name"));
  const auto until = session_.io.pacer.now() + kAccountPatience;
  for (;;) {
    const auto made = session_.client.create(path.collection(), pod);
    if (made) return {};
    if (made.error().kind != Kind::forbidden || session_.io.pacer.now() >= until)
      return tl::make_unexpected(explain(made.error(), "create", path));
    session_.io.pacer.sleep(kPoll, {});
  }
}

Outcome<void> NodeSweep::begin(const std::vector<std::string>& nodes) {
  if (auto made = make_namespace(); !made) return made;
  for (const std::string& node : nodes)
    if (auto made = make(sweep_pod(node, image_)); !made) unmade_.emplace(node, made.error());
  return {};
}

Outcome<void> NodeSweep::await(const std::string& node) {
  if (const auto unmade = unmade_.find(node); unmade != unmade_.end()) return tl::make_unexpected(unmade->second);
  const auto path = kube::pod(kSweepNamespace, node);
  const auto until = session_.io.pacer.now() + kPodPatience;
  for (;;) {
    const auto found = session_.client.get(path);
    if (!found) return tl::make_unexpected(explain(found.error(), "get", path));
    if (!*found) return fail(fmt::format("Pod {}/{}, which finishes it, was deleted", path.namespace_, path.name));
    const std::string phase = text_at(**found, {"status", "phase"});
    if (phase == "Succeeded") return {};
    if (phase == "Failed") return fail(trouble_of(**found));
    if (session_.io.interrupted()) return fail("interrupted", exit_code::kDetached);
    if (session_.io.pacer.now() >= until)
      return fail(fmt::format("not within {} s: {}; the image is {}, another one by --image",
                              std::chrono::duration_cast<std::chrono::seconds>(kPodPatience).count(),
                              trouble_of(**found), image_));
    session_.io.pacer.sleep(kPoll, {});
  }
}

void NodeSweep::end() {
  if (uid_.empty()) return;
  const auto path = kube::core("namespaces", {}, kSweepNamespace);
  kube::DeleteOptions as_made;
  as_made.uid = uid_;
  // A conflict: somebody has made another one since.
  if (const auto gone = session_.client.remove(path, as_made); !gone && gone.error().kind != Kind::conflict)
    session_.io.err.stream << fmt::format("warning: namespace {} is left: {}\n", kSweepNamespace,
                                          one_line(gone.error().text()));
}

}  // namespace migrate::plugin
