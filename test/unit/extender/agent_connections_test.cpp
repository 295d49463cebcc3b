#include "extender/agents/agent_connections.h"

#include <boost/test/unit_test.hpp>

#include "extender/authority/authority.h"
#include "test/fakes/host.h"

namespace {

using namespace migrate;
using namespace std::chrono_literals;

// An agent is only handed on here, so a pointer that is never looked behind will do.
struct Scene {
  fakes::Clock clock;
  authority::CurrentAuthority ca{value_or_fatal(certificates::make_authority(clock.time))};
  authority::RenewedCertificate certificate{ca, authority::controller_subject(), clock};
  std::map<std::string, NodeFacts> reported;
  std::vector<std::string> connected;
  std::vector<agent::TlsIdentity> shown;
  int body = 0;
  AgentConnections agents{
      ca, certificate,
      [this](const std::string& node) -> Lookup<NodeFacts> {
        const auto found = reported.find(node);
        if (found == reported.end()) return std::nullopt;
        return found->second;
      },
      [this](const std::string& address, const std::string& node, const agent::TlsIdentity& identity) {
        connected.push_back(node + " " + address);
        shown.push_back(identity);
        return std::shared_ptr<agent::AgentApi>(std::make_shared<int>(body), reinterpret_cast<agent::AgentApi*>(&body));
      }};

  void report(const std::string& node, const std::string& address) {
    reported[node].node = node;
    reported[node].address = address;
  }
};

BOOST_AUTO_TEST_SUITE(agent_connections)

BOOST_AUTO_TEST_CASE(a_connection_is_kept_until_the_address_or_our_certificate_changes) {
  Scene scene;
  scene.report("b", "10.0.0.2:10960");
  scene.report("c", "10.0.0.3:10960");
  for (int i = 0; i < 3; ++i)
    BOOST_TEST(scene.agents.agent("b").has_value());
  BOOST_TEST(scene.agents.agent("c").has_value());
  BOOST_TEST(scene.connected.size() == 2U);
  scene.report("b", "10.0.0.9:10960");
  BOOST_TEST(scene.agents.agent("b").has_value());
  BOOST_TEST(scene.connected.back() == "b 10.0.0.9:10960");
  scene.clock.tick(12h);
  BOOST_TEST(scene.agents.agent("b").has_value());
  BOOST_TEST(scene.connected.size() == 4U);
  BOOST_TEST(scene.shown.front().ca_pem == scene.ca.pair().certificate_pem);
  BOOST_TEST(scene.shown.front().certificate_pem != scene.shown.back().certificate_pem);
  BOOST_TEST(scene.ca.replace(value_or_fatal(certificates::make_authority(scene.clock.time))));
  BOOST_TEST(scene.agents.agent("b").has_value());
  BOOST_TEST(scene.connected.size() == 5U);
  BOOST_TEST(scene.shown.back().ca_pem == scene.ca.pair().certificate_pem);
}

BOOST_AUTO_TEST_CASE(a_node_without_an_agent_is_an_error_that_says_so) {
  Scene scene;
  const auto none = scene.agents.agent("b");
  BOOST_REQUIRE(!none);
  BOOST_TEST(none.error().message.find("no migrate-agent has reported from node b") == 0U, none.error().message);
  scene.report("b", "");
  BOOST_TEST(!scene.agents.agent("b").has_value());
  BOOST_TEST(scene.connected.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
