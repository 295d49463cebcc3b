// Two agents that reach each other as on a cluster: gRPC over TLS, with certificates of one authority.
#include "node/agent/serving.h"

#include "shared/certificates/certificates.h"
#include "test/unit/agent/helpers.h"

namespace migrate::agent {
namespace {

using Kind = AgentError::Kind;

struct OneNode : Node {
  SystemClock real_clock;
  std::string name;
  TlsIdentity identity;
  Agent agent;
  Serving serving;

  OneNode(const std::string& node, const certificates::KeyPair& authority)
      : name(node),
        agent{{places, node, boot_id, runtime, kubelet, real_clock, log,
               [this](const std::string& address, const std::string& peer) { return serving.connect(address, peer); }}},
        serving{agent, "127.0.0.1", 0} {
    const auto pair = value_or_fatal(
        certificates::issue(authority, {"agent/" + node, {certificates::agent_dns_name(node)}, {}}, real_clock.now()));
    identity = {authority.certificate_pem, pair.certificate_pem, pair.key_pem};
  }
};

struct Fixture {
  SystemClock clock;
  certificates::KeyPair authority = value_or_fatal(certificates::make_authority(clock.now()));
  OneNode a{"node-a", authority};
  OneNode b{"node-b", authority};
  OneNode c{"node-c", authority};
  Call call;
  std::vector<Archive> made;
  std::string address;

  Fixture() {
    for (OneNode* node : {&a, &b, &c})
      good(node->serving.take(node->identity));
    address = "127.0.0.1:" + std::to_string(a.serving.port());
    a.run("c1", "main");
    a.runtime.memory = std::string(5'000'000, 'm');
    good(a.agent.freeze(order(), {pod(), {"main"}, "node-b", 60s}, call));
    made = good(a.agent.checkpoint(order(), {}, call));
  }
  AgentResult<PullFacts> pull(OneNode& node, const std::string& source = "node-a") {
    return node.agent.pull(order(), {source, address, made}, call);
  }
};

BOOST_FIXTURE_TEST_SUITE(serving, Fixture)

BOOST_AUTO_TEST_CASE(the_targets_agent_pulls_from_the_sources) {
  good(pull(b));
  BOOST_TEST((test::read_text(b.places.target("m-1") / "archives/main/checkpoint/pages-1.img") == a.runtime.memory));
}

BOOST_AUTO_TEST_CASE(no_other_agent_does) {
  fails(pull(c), Kind::refused, "node-b");
}

BOOST_AUTO_TEST_CASE(the_source_itself_does) {
  good(pull(a));
}

BOOST_AUTO_TEST_CASE(who_answers_there_must_be_the_source) {
  fails(pull(b, "node-x"), Kind::unreachable);
}

BOOST_AUTO_TEST_CASE(a_renewed_certificate_is_used) {
  good(a.serving.take(a.identity));
  good(pull(b));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
