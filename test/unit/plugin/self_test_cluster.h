// A cluster for a self-test: its Pods count, and what may go wrong with their migrations does.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "shared/counter/counter.h"
#include "test/unit/plugin/scene.h"

namespace migrate::plugin {

// What goes wrong with a Pod of that name.
struct Faults {
  std::set<std::string> cold;         // starts anew on the other node
  std::set<std::string> rolled_back;  // is not let go
  std::set<std::string> hanging;      // its migration has no end
  std::set<std::string> doubtful;     // nobody knows whether it was restored
  std::set<std::string> orphaned;     // its set does not get it back
  std::set<std::string> dead;         // ends at once
  int accounts_late = 0;              // so many Pods are refused before the namespace has its account
  bool namespace_stays = false;
};

// A cluster in which Pods count, and migrations happen as soon as they are asked for.
class Living final : public fakes::Cluster {
 public:
  Faults faults;
  std::set<std::string> denied;  // rights, "VERB PLURAL/SUBRESOURCE"
  std::function<void(const Migration&)> on_migration = [](const Migration&) {};
  std::vector<Migration> asked_for;

  kube::ApiResult<Json> create(const kube::ResourcePath& path, const Json& object, const kube::WriteOptions& write,
                               const kube::CallOptions& call) override {
    if (path.plural == "selfsubjectaccessreviews") return reviewed(object);
    if (path.plural == "pods" && faults.accounts_late-- > 0) return no_account();
    auto made = Cluster::create(path, object, write, call);
    if (!made || write.dry_run != kube::DryRun::no) return made;
    if (path.plural == "pods") start(path.named(name_of(object)), *made);
    if (path.plural == "statefulsets") start_of_set(path.namespace_, name_of(object), *made);
    if (path.plural == "migrations") return move(path.namespace_, *made);
    return made;
  }
  kube::ApiResult<void> logs(const kube::ResourcePath& pod, const kube::LogOptions& options, const http::BodySink& sink,
                             const kube::CallOptions&) override {
    const auto found = processes_.find(pod.name);
    if (found == processes_.end()) return tl::make_unexpected(kube::local_error("the container is waiting to start"));
    Process& process = found->second;
    if (options.tail) ++process.last;
    counter::Line line = process.line;
    line.count = options.tail ? process.last : process.first;
    const std::string text = counter::to_string(line) + "\n";
    // Pieces are no lines.
    if (sink(text.substr(0, 7))) sink(text.substr(7) + "count=");
    return {};
  }
  Lookup<Json, kube::ApiError> remove(const kube::ResourcePath& path, const kube::DeleteOptions& options,
                                      const kube::CallOptions& call) override {
    if (path.plural == "namespaces" && faults.namespace_stays) return std::optional{Json::object()};
    return Cluster::remove(path, options, call);
  }

 private:
  struct Process {
    counter::Line line;
    std::uint64_t first = 1;  // on this node
    std::uint64_t last = 1;
  };

  static std::string name_of(const Json& object) { return kube::metadata_of(object, "name"); }
  kube::ApiResult<Json> reviewed(Json object) const {
    const Json& asked = object.at("spec").at("resourceAttributes");
    std::string right = asked.at("verb").get<std::string>() + " " + asked.at("resource").get<std::string>();
    if (const auto sub = asked.at("subresource").get<std::string>(); !sub.empty()) right += "/" + sub;
    object["status"]["allowed"] = !denied.contains(right);
    return object;
  }
  static kube::ApiResult<Json> no_account() {
    kube::ApiError error = kube::local_error("error looking up service account: serviceaccount \"default\" not found");
    error.kind = kube::ApiError::Kind::forbidden;
    return tl::make_unexpected(error);
  }
  void start(const kube::ResourcePath& path, Json pod) {
    pod["status"] = Json::parse(R"({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})");
    if (faults.dead.contains(path.name))
      pod["status"] = Json::parse(
          R"({"phase": "Running", "containerStatuses": [{"name": "counter", "state": {"terminated": {"exitCode": 128}}}]})");
    put(path, pod);
    processes_[path.name] = {{1, ++nonce_, 7}};
  }
  void start_of_set(const std::string& namespace_, const std::string& name, const Json& set) {
    Json pod = {{"spec", set.at("spec").at("template").at("spec")}};
    pod["spec"]["nodeName"] = "node-b";
    pod["metadata"]["ownerReferences"] = owned_by(name);
    start(kube::pod(namespace_, name + "-0"), pod);
  }
  static Json owned_by(const std::string& set) {
    const Json owner = {{"kind", "StatefulSet"}, {"name", set}, {"uid", "uid-" + set}, {"controller", true}};
    return Json::array({owner});
  }
  kube::ApiResult<Json> move(const std::string& namespace_, const Json& object) {
    Migration migration = value_or_fatal(parse_migration(object));
    asked_for.push_back(migration);
    on_migration(migration);
    const std::string source = migration.spec.pod;
    const std::string base = source.substr(0, source.find("-mig-"));
    const bool is_set = source == "set-0";
    MigrationStatus& status = migration.status;
    status.source = {source, migration.spec.pod_uid, ""};
    if (faults.hanging.contains(base)) {
      status.phase = Phase::transferring;
    } else if (faults.rolled_back.contains(base)) {
      status.phase = Phase::rolled_back;
      status.reason = "TransferFailed";
      status.message = "node-b does not answer";
      for (int i = 1; i <= 6; ++i)
        put(kube::core("events", namespace_, fmt::format("event-{}", i)),
            {{"involvedObject", {{"uid", migration.uid}}},
             {"type", "Warning"},
             {"reason", "MigrationStep"},
             {"message", fmt::format("event {}", i)},
             {"lastTimestamp", fmt::format("2026-01-01T12:00:0{}Z", i)}});
    } else {
      const bool keeps = is_set || migration.spec.keep_name;
      const std::string target = keeps ? source : fmt::format("{}-mig-{:05}", base, asked_for.size());
      status.phase = faults.doubtful.contains(base) ? Phase::in_doubt : Phase::succeeded;
      status.target = {target, "uid-target", migration.spec.target_node};
      status.freeze = milliseconds{400 + asked_for.size()};
      status.gap = 800ms;
      carry(namespace_, source, status.target, faults.cold.contains(base),
            is_set && !faults.orphaned.contains(base) ? "set" : "");
    }
    put(migrations(namespace_, migration.name), with_status(migration));
    return *find(migrations(namespace_, migration.name));
  }
  void carry(const std::string& namespace_, const std::string& source, const PodPlace& target, bool is_cold,
             const std::string& set) {
    Process process = processes_.at(source);
    Json pod = *find(kube::pod(namespace_, source));
    (void)Cluster::remove(kube::pod(namespace_, source), {}, {});
    processes_.erase(source);
    process.first = ++process.last;
    if (is_cold) process = {{1, ++nonce_, 7}};
    pod["spec"]["nodeName"] = target.node;
    pod["metadata"].erase("uid");
    pod["metadata"].erase("ownerReferences");
    if (!set.empty()) pod["metadata"]["ownerReferences"] = owned_by(set);
    put(kube::pod(namespace_, target.pod), pod);
    processes_[target.pod] = process;
  }

  std::map<std::string, Process> processes_;
  std::uint64_t nonce_ = 0xabc;
};

}  // namespace migrate::plugin
