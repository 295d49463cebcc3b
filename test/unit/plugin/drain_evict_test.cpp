#include "plugin/drain_evict.h"

#include "test/unit/plugin/drain_scene.h"

namespace migrate::plugin {

BOOST_AUTO_TEST_SUITE(drain_evict)

BOOST_AUTO_TEST_CASE(answers_are_told_as_kubectl_tells_them) {
  using Api = kube::ApiError::Kind;
  using Kind = EvictAnswer::Kind;
  kube::ApiError ending = kube::local_error("the namespace is being terminated", Api::forbidden);
  ending.causes = {{"NamespaceTerminating", "", ""}};
  struct Row {
    kube::ApiError error;
    Kind kind;
    const char* told;
  };
  const std::vector<Row> rows = {
      {kube::local_error("no budget", Api::too_many_requests), Kind::later,
       "error when evicting pods/\"web\" -n \"shop\" (will retry after 5s): no budget"},
      {kube::local_error("cut off", Api::connection), Kind::later,
       "error when evicting pods/\"web\" -n \"shop\" (will retry after 5s): cut off"},
      {ending, Kind::later,
       "error when evicting pod \"web\" from terminating namespace \"shop\" (will retry after 5s): the namespace is "
       "being terminated"},
      {kube::local_error("it is another one", Api::conflict), Kind::later,
       "error when evicting pods/\"web\" -n \"shop\" (will retry after 5s): it is another one"},
      {kube::local_error("it is gone", Api::not_found), Kind::gone, ""},
      {kube::local_error("more than one budget", Api::server), Kind::refused,
       "error when evicting pods/\"web\" -n \"shop\": more than one budget"},
      {kube::local_error("you may not", Api::forbidden), Kind::refused,
       "error when evicting pods/\"web\" -n \"shop\": you may not"},
  };
  DrainScene scene;
  const Session session{scene.io, scene.cluster, "default"};
  const DrainPod pod = drain_pod(running("web"));
  for (const Row& row : rows) {
    scene.cluster.evictions["web"] = {row.error};
    const EvictAnswer answer = evict(session, pod, kube::DryRun::no);
    BOOST_TEST((answer.kind == row.kind));
    BOOST_TEST(answer.told == row.told);
  }
  BOOST_TEST((evict(session, pod, kube::DryRun::no).kind == Kind::agreed));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
