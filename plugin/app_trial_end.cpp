// The end of a trial, however it came: the copy is ended, and its queues go when nobody can make them anew.
#include <fmt/format.h>

#include "plugin/app_trial.h"
#include "shared/kube/known_objects.h"

namespace migrate::plugin {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPoll{100};
constexpr milliseconds kPatience{60'000};

}  // namespace

// Its processes get one second: a copy that ends well gives back what it holds. The object stays until they are gone.
bool AppTrial::remove_pod() {
  const auto path = kube::pod(session_.namespace_, plan_.copy.name);
  kube::DeleteOptions options;
  options.uid = pod_uid_;
  options.grace_period = std::chrono::seconds{1};
  const Steady until = now() + kPatience;
  for (bool is_asked = false; now() < until;) {
    if (!is_asked) is_asked = session_.client.remove(path, options).has_value();
    const auto found = session_.client.get(path);
    const bool is_another = found && *found && !pod_uid_.empty() && kube::metadata_of(**found, "uid") != pod_uid_;
    if (found && (!*found || is_another)) {
      has_pod_ = false;
      return true;
    }
    session_.io.pacer.sleep(kPoll, {});
  }
  return false;
}

void AppTrial::clean_up() {
  if (!has_queues_) return;
  std::string trouble;
  const auto add = [&](const std::string& text) { trouble += (trouble.empty() ? "" : "\n") + text; };
  if (has_pod_ && !remove_pod())
    add(fmt::format("Pod {0} is still there; remove it with: kubectl delete pod {0} -n {1} --now", plan_.copy.name,
                    session_.namespace_));
  for (const std::string& queue : {plan_.copy.control_queue, plan_.mirror})
    if (auto removed = broker_.remove_queue(queue, {}); !removed) add(removed.error().message);
  checks_.group("clean-up");
  const std::string what = "the copy and its queues are removed";
  if (trouble.empty())
    checks_.ok(what);
  else
    checks_.failed(what, trouble, "");
}

}  // namespace migrate::plugin
