#include "test/e2e/small_pods.h"

#include <fmt/format.h>

namespace harness {
namespace {

using Json = nlohmann::json;

}  // namespace

int restarts_of(const Json& pod) {
  int restarts = 0;
  for (const Json& status : pod.at("status").at("containerStatuses"))
    restarts += status.at("restartCount").get<int>();
  return restarts;
}

Json small_pod(const std::string& ns, const std::string& name, const std::string& node, const std::string& script) {
  const std::string loop =
      script + "; i=0; while true; do i=$((i+1)); echo $i >/tmp/new; mv /tmp/new /tmp/count; sleep 0.1; done";
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"name", name}, {"namespace", ns}}},
          {"spec",
           {{"nodeName", node},
            {"terminationGracePeriodSeconds", 0},
            {"containers", Json::array({{{"name", "main"}, {"image", kBusybox}, {"command", {"sh", "-c", loop}}}})}}}};
}

Undo::~Undo() {
  try {
    undo_();
  } catch (const std::exception& error) {
    fmt::print(stderr, "mending after a test: {}\n", error.what());
  }
}

Untouched::Untouched(const Stage& stage, std::string pod) : stage_(stage), pod_(std::move(pod)) {
  const Json now = stage_.pod(pod_);
  uid_ = now.at("metadata").at("uid").get<std::string>();
  restarts_ = restarts_of(now);
}

std::string Untouched::change() const {
  const auto found = stage_.cluster().run({"kubectl", "-n", stage_.ns().name(), "get", "pod", pod_, "-o", "json"});
  if (!found.succeeded()) return text_of(found);
  const Json now = Json::parse(found.output);
  if (now.at("metadata").at("uid") != uid_) return "it is another Pod";
  if (restarts_of(now) != restarts_)
    return fmt::format("it has restarted {} times, it was {} before", restarts_of(now), restarts_);
  return "";
}

std::string Untouched::trouble() const {
  if (std::string changed = change(); !changed.empty()) return changed;
  const auto counts =
      stage_.cluster().run({"kubectl", "-n", stage_.ns().name(), "exec", pod_, "-c", "main", "--request-timeout=20s",
                            "--", "sh", "-c", "a=$(cat /tmp/count); sleep 0.5; [ \"$(cat /tmp/count)\" -gt $a ]"});
  if (!counts.succeeded()) return "its process does not count on: " + text_of(counts);
  return "";
}

}  // namespace harness
