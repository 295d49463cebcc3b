// The logs of our own programs for a support bundle, bounded in size and time.
#include <fmt/format.h>

#include <algorithm>

#include "plugin/bundle_collector.h"
#include "plugin/format.h"
#include "plugin/json_path.h"
#include "shared/kube/known_objects.h"
#include "shared/migration/names.h"
#include "shared/support/criu_texts.h"

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;
using kube::metadata_of;

constexpr std::size_t kMostAgents = 20;
constexpr unsigned kMostLines = 50'000;  // of a log that is not looked through for one Migration
constexpr Bytes kRoom = 4_MiB;           // of one log
constexpr Bytes kRoomForAll = 48_MiB;

// A container that has been started anew has a log of the time before.
bool has_previous(const Json& pod, const std::string& container) {
  for (const Json& status : list_at(pod, {"status", "containerStatuses"}))
    if (text_at(status, {"name"}) == container) return number_at(status, {"restartCount"}) > 0;
  return false;
}

}  // namespace

std::string BundleCollector::logs() {
  const std::vector<Json> chosen = pods_with_logs(our_pods_, nodes_of(migrations_), kMostAgents);
  if (chosen.size() < our_pods_.size() && options_.name.empty())
    bundle_.could_not(
        "read the logs of all agents",
        fmt::format("of {} Pods the logs of {} are read: agents of nodes that a Migration names, {} at most",
                    our_pods_.size(), chosen.size(), kMostAgents));
  for (const Json& pod : chosen)
    for (const Json& container : list_at(pod, {"spec", "containers"})) {
      const std::string name = text_at(container, {"name"});
      read_log(pod, name, false);
      if (has_previous(pod, name)) read_log(pod, name, true);
    }
  return fmt::format("{} log{}, {}", logs_, logs_ == 1 ? "" : "s", bytes_text(log_size_));
}

void BundleCollector::read_log(const Json& pod, const std::string& container, bool previous) {
  const std::string name = metadata_of(pod, "name");
  if (log_size_ >= kRoomForAll)
    return bundle_.could_not("read the log of " + name,
                             fmt::format("not tried: there are {} of logs already", bytes_text(log_size_)));
  kube::LogOptions options;
  options.container = container;
  options.previous = previous;
  support::LogQuestion question;
  if (options_.name.empty() || migrations_.empty()) {
    options.tail = kMostLines;
  } else {
    question = question_about(migrations_);
    const auto since = std::chrono::ceil<std::chrono::seconds>(session_.io.clock.now() - question.from);
    options.since = std::max(since, std::chrono::seconds{1});
  }
  support::LogLines lines{std::move(question), kRoom};
  if (!reader_.log(kube::pod(kSystemNamespace, name), options, lines)) return;
  const std::string text = lines.text();
  if (text.empty()) return;
  ++logs_;
  log_size_.count += text.size();
  bundle_.add(fmt::format("logs/{}/{}{}.log", name, container, previous ? ".previous" : ""), text);
  for (const auto& [which, told] : support::criu_texts(text))
    bundle_.add(fmt::format("criu/{}/{}", text_at(pod, {"spec", "nodeName"}), which), told);
}

}  // namespace migrate::plugin
