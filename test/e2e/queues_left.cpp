#include "test/e2e/queues_left.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "test/e2e/broker_side.h"

namespace harness {
namespace {

using Json = nlohmann::json;

constexpr const char* kControl = "ms2m.control.";

std::string text_in(const Json& object, const char* pointer) {
  return object.value(Json::json_pointer{pointer}, std::string{});
}

std::set<std::string> pods_of(const Stage& stage) {
  std::set<std::string> names;
  const Json pods = stage.cluster().get({"pods", "-n", stage.ns().name()});
  for (const Json& pod : pods.at("items"))
    names.insert(pod.at("metadata").at("name").get<std::string>());
  return names;
}

std::vector<std::string> left(const Stage& stage, const Json& migrations, const std::string& virtual_host) {
  const std::set<std::string> unwanted = control_queues_without_pod(migrations, pods_of(stage));
  std::vector<std::string> found;
  for (const std::string& one : queues(stage.cluster(), "ms2m.", virtual_host))
    if (one.starts_with("ms2m.replay.") || unwanted.contains(one)) found.push_back(one);
  return found;
}

}  // namespace

std::set<std::string> control_queues_without_pod(const Json& migrations, const std::set<std::string>& pods) {
  std::set<std::string> named;
  std::set<std::string> spared;
  for (const Json& one : migrations) {
    const std::string control = text_in(one, "/status/messages/controlQueue");
    if (!control.empty() && !control.starts_with(kControl)) continue;
    // With a name to come into it is the end of a live migration, from its shadow.
    const bool is_stop = text_in(one, "/status/strategy") == "Stop" && text_in(one, "/spec/target/name").empty();
    (is_stop ? spared : named).insert(kControl + text_in(one, "/spec/pod/name"));
    if (const std::string target = text_in(one, "/status/target/pod"); !target.empty()) named.insert(kControl + target);
    if (!control.empty()) named.insert(control);
  }
  for (const std::string& pod : pods)
    spared.insert(kControl + pod);
  std::set<std::string> found;
  std::set_difference(named.begin(), named.end(), spared.begin(), spared.end(), std::inserter(found, found.end()));
  return found;
}

void check_no_queues_left(const Stage& stage, const Json& migrations, const std::string& name,
                          const std::string& virtual_host) {
  std::vector<std::string> found;
  try {
    eventually(
        "the broker to have no queue of ours that nobody looks into",
        [&] { return (found = left(stage, migrations, virtual_host)).empty(); }, std::chrono::seconds{60});
  } catch (const std::exception& error) {
    stage.fail(fmt::format("{}; left: {}", error.what(), fmt::join(found, " ")), name);
  }
}

void check_no_queues_left(const Stage& stage, const std::string& name, const std::string& virtual_host) {
  check_no_queues_left(stage,
                       stage.cluster().get({"migrations.kubectl-migrate.dev", "-n", stage.ns().name()}).at("items"),
                       name, virtual_host);
}

}  // namespace harness
