// What is left over in the cluster of migrations whose object is gone, and of an installation that is. Pure: objects
// in, what to do about each out.
//
// Ours is what says so itself: a Pod that our field manager has written, with the label and the annotation of a target;
// an owner of our group, or an ownerReference that our field manager wrote; a pull Secret that a Migration owns; the
// label that the manifests put on everything. Whatever belongs to a Migration that is there is never touched.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "shared/broker/broker.h"
#include "shared/kube/resource.h"
#include "shared/migration/node_facts.h"

namespace migrate::plugin {

// What is done about a leftover. An object is removed or changed only as it was seen.
struct RemoveObject {
  kube::ResourcePath path;
  std::string uid;
  std::string resource_version;
  bool is_held_by_us = false;  // our finalizer is taken away once it is marked for deletion
};
struct ChangeObject {
  kube::ResourcePath path;
  nlohmann::json patch;  // RFC 7386, with uid and resourceVersion
};
// `broker`: whose queue it is; entered by who has looked there.
struct RemoveQueue {
  broker::RemoveOnly only;
  std::shared_ptr<broker::Broker> broker = {};
};
struct PurgeQueue {
  std::shared_ptr<broker::Broker> broker = {};
};
struct ForgetOnNode {
  std::string migration;  // its uid
};
struct SweepNode {};
using Remedy = std::variant<RemoveObject, ChangeObject, RemoveQueue, PurgeQueue, ForgetOnNode, SweepNode>;

struct Leftover {
  std::string kind;        // "pod", as kubectl says it; "queue", "node"
  std::string namespace_;  // empty: of none
  std::string name;
  std::string why;   // a clause
  std::string done;  // what it is afterwards: "deleted"
  Remedy remedy;
  // Of a mirror, and of what is done about that Migration's memory once its mirror has gone: its uid.
  std::string migration = {};
};
// What is left over, perhaps, and that only a person can decide about.
struct LeftAlone {
  std::string kind;
  std::string namespace_;
  std::string name;
  std::string why;  // and what to do
};
struct Findings {
  std::vector<Leftover> leftovers;  // in the order in which they are to go
  std::vector<LeftAlone> alone;
  void add(Findings more);
};

// What was seen. Pods may be of more namespaces than the one that is looked at.
struct Inventory {
  bool has_controller = true;  // a controller is installed, and may be about to finish what is being deleted
  std::vector<nlohmann::json> migrations;
  std::vector<nlohmann::json> pods;
  std::vector<nlohmann::json> pull_secrets;
  std::vector<NodeFacts> nodes;
  bool has_all_nodes = true;  // what each agent tells could be read, and how old it is
  Instant now = {};           // by the API server's clock: by it a heartbeat is old
  std::string namespace_;     // empty: all
};

// Which Migrations there are, and of which there are only traces.
class MigrationsKnown {
 public:
  explicit MigrationsKnown(const Inventory& seen);

  [[nodiscard]] bool is_live(const std::string& uid) const { return live_.contains(uid); }
  // False, too, for no uid.
  [[nodiscard]] bool is_gone(const std::string& uid) const { return !uid.empty() && !is_live(uid); }
  // Of one that is gone: whether it was of this cluster.
  [[nodiscard]] bool was_here(const std::string& uid) const { return traces_.contains(uid); }
  void trace(const std::string& uid) { traces_.insert(uid); }
  // Whether a Migration that is there moves this Pod, or has made it.
  [[nodiscard]] bool is_moved_by_live(const std::string& pod_uid) const { return live_pods_.contains(pod_uid); }

 private:
  std::set<std::string> live_;
  std::set<std::string> live_pods_;
  std::set<std::string> traces_;
};

// Of Migrations that are gone: targets and placeholders that go, owners and finalizers on Pods; pull Secrets.
[[nodiscard]] Findings find_left_objects(const Inventory& seen, const MigrationsKnown& known);
// And the marks of what is the application now, what agents keep of them, and Migrations that nobody finishes. They go
// last: by them it is known whose all the rest was.
[[nodiscard]] Findings find_left_records(const Inventory& seen, const MigrationsKnown& known);
// The uids of Migrations that are gone and whose restored Pod is the application now, or may be.
[[nodiscard]] std::set<std::string> served_by_targets(const Inventory& seen, const MigrationsKnown& known);
// The uids of those whose source works on, as its agent has just told: nobody needs what is in their mirrors.
[[nodiscard]] std::set<std::string> served_by_sources(const Inventory& seen, const MigrationsKnown& known);

// The control queues that Pods look into.
struct LookedInto {
  std::set<std::string> by_left;  // only by such as are left over and go
  std::set<std::string> by_living;
};
[[nodiscard]] LookedInto control_queues_of(const Inventory& seen, const MigrationsKnown& known);

// A broker's queue of ours.
struct QueueSight {
  std::string name;
  std::vector<std::string> words = {};  // of a control queue: what waits in it
};
struct QueueQuestion {
  std::vector<QueueSight> queues;        // mirrors and control queues
  std::set<std::string> told;            // control queues that Migrations use that are there
  std::set<std::string> served;          // served_by_targets()
  std::set<std::string> unneeded;        // served_by_sources()
  std::set<std::string> forsaken;        // LookedInto::by_left
  bool accepts_unknown_mirrors = false;  // the broker is of this cluster alone
};
// Which mirror a control message tells to replay; empty: none.
[[nodiscard]] std::string mirror_in(const std::string& word);
[[nodiscard]] Findings find_left_queues(const QueueQuestion& asked, const MigrationsKnown& known);

// metadata.finalizers without ours.
[[nodiscard]] nlohmann::json other_finalizers(const nlohmann::json& object);

// What an installation leaves. Objects are those with the manifests' label.
struct InstallationSight {
  bool has_types = true;  // the CustomResourceDefinition of Migrations is there
  bool has_home = true;   // and the namespace kubectl-migrate
  struct Labelled {
    std::string kind;
    kube::ResourcePath collection;  // without namespace
    std::vector<nlohmann::json> objects;
  };
  std::vector<Labelled> policies;
  std::vector<Labelled> rights;
  std::vector<nlohmann::json> enabled_namespaces;
  nlohmann::json runtime_class = nullptr;  // null: there is none of ours
  std::vector<std::string> handler_users;  // NAMESPACE/NAME of Pods that have it
  std::vector<std::string> nodes;          // with Linux
};
[[nodiscard]] Findings find_installation_leftovers(const InstallationSight& seen);

}  // namespace migrate::plugin
