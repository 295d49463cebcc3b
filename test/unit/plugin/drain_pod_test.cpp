#include "plugin/drain_pod.h"

#include "test/unit/plugin/drain_scene.h"

namespace migrate::plugin {
namespace {

using Way = Leaving::Way;

constexpr DrainRules kNone{};
constexpr DrainRules kEvict{.evict = true};
constexpr DrainRules kAll{.evict = true, .ignore_daemonsets = true, .delete_emptydir_data = true, .force = true};

Json with(Json pod, const char* place, const Json& value) {
  pod[Json::json_pointer{place}] = value;
  return pod;
}

Json with_empty_dir(Json pod) {
  return with(std::move(pod), "/spec/volumes", Json::array({{{"name", "cache"}, {"emptyDir", Json::object()}}}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(drain_pods)

BOOST_AUTO_TEST_CASE(which_way_a_pod_leaves) {
  struct Row {
    const char* name;
    Json pod;
    DrainRules rules;
    bool is_enabled;
    Way way;
    const char* why;
    const char* advice;
  };
  const Json bare = running("cache");
  const Json of_set = running("orders-0", "StatefulSet/orders");
  const Json of_job = running("report", "Job/report");
  const Json of_daemons = running("log-x", "DaemonSet/log");
  const Json mirror =
      with(running("proxy-node-a", "Node/node-a"), "/metadata/annotations", {{"kubernetes.io/config.mirror", "abc"}});
  const Json crashing = with(of_set, "/status/containerStatuses",
                             Json::array({{{"state", {{"waiting", {{"reason", "CrashLoopBackOff"}}}}}},
                                          {{"state", {{"terminated", {{"exitCode", 1}}}}}}}));
  const Json half = with(crashing, "/status/containerStatuses/0/state", {{"running", Json::object()}});
  const Json finished = with(with_empty_dir(of_daemons), "/status/phase", "Succeeded");
  const Json pending = with(of_set, "/status/phase", "Pending");
  const Json going = with(bare, "/metadata/deletionTimestamp", "2026-01-01T12:00:00Z");
  const std::vector<Row> rows = {
      {"a bare Pod moves", bare, kNone, true, Way::migrate, "", ""},
      {"so does a set's", of_set, kNone, true, Way::migrate, "", ""},
      {"and a ReplicaSet's", running("web-x", "ReplicaSet/web"), kAll, true, Way::migrate, "", ""},
      {"an emptyDir is the controller's to say", with_empty_dir(bare), kNone, true, Way::migrate, "", ""},
      {"a static Pod is the node's", mirror, kAll, true, Way::ignore, "a static Pod of the node", ""},
      {"also in a namespace without migrations", mirror, kNone, false, Way::ignore, "a static Pod of the node", ""},
      {"what is going goes", going, kAll, true, Way::go, "it is being deleted", ""},
      {"what has finished is evicted without questions", finished, kNone, false, Way::evict, "it has finished", ""},
      {"a DaemonSet's stays", of_daemons, kEvict, true, Way::nothing, "DaemonSet log would make it anew on this node",
       "--ignore-daemonsets leaves such Pods where they are"},
      {"or is ignored", of_daemons, {.ignore_daemonsets = true}, true, Way::ignore, "a DaemonSet-managed Pod", ""},
      {"no migrations here", of_set, kNone, false, Way::nothing, "migrations are not enabled in namespace shop",
       "kubectl migrate enable -n shop enables them; --evict evicts what cannot be migrated"},
      {"and so evicted", of_set, kEvict, false, Way::evict, "migrations are not enabled in namespace shop", ""},
      {"a Job's", of_job, kNone, true, Way::nothing,
       "it belongs to Job report, which would not know the target for its own",
       "--evict evicts what cannot be migrated"},
      {"a Job's, evicted", of_job, kEvict, true, Way::evict,
       "it belongs to Job report, which would not know the target for its own", ""},
      {"with local storage", with_empty_dir(of_job), kEvict, true, Way::nothing,
       "it belongs to Job report, which would not know the target for its own; nor is it evicted: it has local storage "
       "(emptyDir)",
       "--delete-emptydir-data evicts it all the same"},
      {"which may be lost",
       with_empty_dir(of_job),
       {.evict = true, .delete_emptydir_data = true},
       true,
       Way::evict,
       "it belongs to Job report, which would not know the target for its own",
       ""},
      {"not started", pending, kNone, true, Way::nothing, "it is Pending, not Running: there is no memory to move",
       "--evict evicts what cannot be migrated"},
      {"nothing of it runs", crashing, kNone, true, Way::nothing,
       "none of its containers runs: there is no memory to move", "--evict evicts what cannot be migrated"},
      {"and so evicted", crashing, kEvict, true, Way::evict, "none of its containers runs: there is no memory to move",
       ""},
      {"one container has memory", half, kEvict, true, Way::migrate, "", ""},
      {"nobody makes it anew", bare, kEvict, false, Way::nothing,
       "migrations are not enabled in namespace shop; nor is it evicted: it declares no controller",
       "kubectl migrate enable -n shop enables them; --force evicts it all the same"},
      {"and nobody has to",
       bare,
       {.evict = true, .force = true},
       false,
       Way::evict,
       "migrations are not enabled in namespace shop",
       ""},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      const Leaving found = leaving(drain_pod(row.pod), row.is_enabled, row.rules);
      BOOST_TEST((found.way == row.way));
      BOOST_TEST(found.why == row.why);
      BOOST_TEST(found.advice == row.advice);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_pod_that_is_lent_is_its_sets) {
  Json lent = running("orders-0", "StatefulSet/orders");
  lent["metadata"]["ownerReferences"][0]["controller"] = false;
  lent["metadata"]["ownerReferences"].push_back({{"apiVersion", kApiVersion},
                                                 {"kind", "Migration"},
                                                 {"name", "orders-0-x"},
                                                 {"uid", "uid-m"},
                                                 {"controller", true}});
  BOOST_TEST((drain_pod(lent).owner == OwnerRef{"StatefulSet", "orders", "uid-orders"}));
  // A Pod of its own, while it moves, is nobody's.
  lent["metadata"]["ownerReferences"].erase(0);
  BOOST_TEST((drain_pod(lent).owner == OwnerRef{}));
  // Who is no controller makes nothing anew.
  Json owned = running("cache", "ConfigMap/x");
  owned["metadata"]["ownerReferences"][0].erase("controller");
  BOOST_TEST((drain_pod(owned).owner == OwnerRef{}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
