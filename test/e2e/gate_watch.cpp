#include "test/e2e/gate_watch.h"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <set>

#include "shared/migration/names.h"

namespace harness {
namespace {

using Json = nlohmann::json;

// All kinds of objects are in one etcd, which numbers every write.
std::uint64_t version_of(const ObjectEvent& event) {
  return std::stoull(event.object.at("metadata").at("resourceVersion").get<std::string>());
}

bool is_of(const ObjectEvent& event, const std::string& pod) {
  return event.object.value(Json::json_pointer{"/spec/pod/name"}, std::string{}) == pod;
}

constexpr auto kNever = std::numeric_limits<std::uint64_t>::max();

// The write that says what was lost: made when the replay has been ended and somebody takes from the queue itself. Of
// those that were over before anybody looked it says nothing.
std::uint64_t cut_of(const std::string& pod, const std::vector<ObjectEvent>& migrations) {
  const Json::json_pointer lost{"/status/messages/lost"};
  std::set<std::string> under_way;
  for (const ObjectEvent& event : migrations) {
    if (!is_of(event, pod)) continue;
    if (!event.object.contains(lost))
      under_way.insert(uid_of(event.object));
    else if (under_way.contains(uid_of(event.object)))
      return version_of(event);
  }
  return kNever;
}

}  // namespace

std::string endpoints_before_cut(const std::string& pod, const std::vector<ObjectEvent>& slices,
                                 const std::vector<ObjectEvent>& migrations) {
  const std::uint64_t cut = cut_of(pod, migrations);
  if (cut == kNever) return fmt::format("no Migration of Pod {} has come to its cut\n", pod);
  bool is_seen = false;
  std::set<std::string> lines;  // each once, however many events say it
  for (const ObjectEvent& event : slices) {
    const Json endpoints = event.object.value("endpoints", Json::array());
    if (!endpoints.is_array()) continue;  // of a slice without any
    for (const Json& endpoint : endpoints) {
      const auto name = endpoint.value(Json::json_pointer{"/targetRef/name"}, std::string{});
      if (!name.starts_with(pod + "-mig-")) continue;
      is_seen = true;
      // What says nothing is ready.
      if (event.type != "DELETED" && version_of(event) < cut &&
          endpoint.value(Json::json_pointer{"/conditions/ready"}, true))
        lines.insert(fmt::format("Pod {} was a ready endpoint of {} before the cut\n", name, name_of(event.object)));
    }
  }
  if (!is_seen) lines.insert(fmt::format("nobody has seen a shadow of Pod {} among the endpoints\n", pod));
  return fmt::format("{}", fmt::join(lines, ""));
}

GateWatch::GateWatch(const Cluster& cluster, const std::string& ns, std::string pod)
    : pod_(std::move(pod)),
      slices_(cluster, "/apis/discovery.k8s.io/v1", ns, "endpointslices"),
      migrations_(cluster, fmt::format("/apis/{}", migrate::kApiVersion), ns, "migrations") {}

std::string GateWatch::trouble() const {
  return endpoints_before_cut(pod_, slices_.until_now(), migrations_.until_now());
}

}  // namespace harness
