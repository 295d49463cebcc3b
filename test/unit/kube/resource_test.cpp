#include "shared/kube/resource.h"

#include <boost/test/unit_test.hpp>

namespace migrate::kube {

BOOST_AUTO_TEST_SUITE(resource)

BOOST_AUTO_TEST_CASE(paths_follow_the_api_servers_scheme) {
  BOOST_TEST(*url_path(core("nodes", "", "worker-1")) == "/api/v1/nodes/worker-1");
  BOOST_TEST(*url_path(core("pods")) == "/api/v1/pods");
  BOOST_TEST(*url_path(pod("ns", "web-0").sub("status")) == "/api/v1/namespaces/ns/pods/web-0/status");
  const ResourcePath sets{.group = "apps",
                          .version = "v1",
                          .plural = "statefulsets",
                          .namespace_ = "ns",
                          .name = "db",
                          .subresource = "scale"};
  BOOST_TEST(*url_path(sets) == "/apis/apps/v1/namespaces/ns/statefulsets/db/scale");
  BOOST_TEST(*url_path(sets.collection()) == "/apis/apps/v1/namespaces/ns/statefulsets");
  BOOST_TEST(*url_path(core("nodes", "", "n1").sub("proxy/checkpoint/ns/web-0/app")) ==
             "/api/v1/nodes/n1/proxy/checkpoint/ns/web-0/app");
}

BOOST_AUTO_TEST_CASE(a_name_cannot_lead_somewhere_else) {
  BOOST_TEST(*url_path(pod("ns", "a?b#c%d e:f")) == "/api/v1/namespaces/ns/pods/a%3Fb%23c%25d%20e%3Af");
  BOOST_TEST(!url_path(pod("ns", "..")));
  BOOST_TEST(!url_path(pod(".", "x")));
  BOOST_TEST(!url_path(pod("ns", "x/eviction")));
  BOOST_TEST(!url_path(core("pods", "ns").sub("status")));  // would be a Pod named "status"
  BOOST_TEST(!url_path(core("")));
}

BOOST_AUTO_TEST_CASE(resources_are_called_as_kubectl_calls_them) {
  BOOST_TEST(describe(pod("ns", "web-0")) == "pods \"web-0\"");
  BOOST_TEST(describe({.group = "apps",
                       .version = "v1",
                       .plural = "statefulsets",
                       .namespace_ = "ns",
                       .name = "db",
                       .subresource = ""}) == "statefulsets.apps \"db\"");
  BOOST_TEST(describe(core("pods")) == "pods");
}

BOOST_AUTO_TEST_CASE(queries_escape_keys_and_values_and_skip_what_is_empty) {
  Query query;
  BOOST_TEST(query.text().empty());
  query.add("labelSelector", "app in (a,b)").add("fieldSelector", "").add("limit", "5");
  BOOST_TEST(query.text() == "?labelSelector=app%20in%20%28a%2Cb%29&limit=5");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::kube
