// The node's kubelet as the agent asks it: over TLS with its token, and what its answers mean.
#include "node/agent/kubelet.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "test/unit/agent/helpers.h"
#include "test/unit/fake_server/server.h"

namespace migrate::agent {
namespace {

using test::FakeServer;

// Its answers are those of kubelet 1.36 (pkg/kubelet/server) and of go-restful, which finds its paths.
struct Kubelet {
  std::string rights = "allowed";  // "allowed", "forbidden", "unknown", "broken"
  bool gate = true;
  std::string pod = "orders";  // that it knows, with the one container `main`
  std::string asked;           // method and path of the last request
  std::string token;
  std::filesystem::path writes;  // in place of an answer, which is lost

  void answer(test::Connection& connection, const test::Request& request) {
    asked = request.method + " " + request.target;
    token = request.header("Authorization");
    const std::string begin = "/checkpoint/shop/" + pod + "/";
    if (rights == "forbidden")
      connection.answer(403, "Forbidden (user=agent, verb=create, resource=nodes, subresource(s)=[checkpoint])\n");
    else if (rights == "unknown")
      connection.answer(401, "Unauthorized");
    else if (rights == "broken")
      connection.answer(500, "Internal Error");
    else if (!gate)
      connection.answer(404, "404: Page Not Found");
    else if (!request.target.starts_with(begin))
      connection.answer(404, "pod does not exist");
    else if (request.target != begin + "main")
      connection.answer(404, "container " + request.target.substr(begin.size()) + " does not exist");
    else if (!writes.empty())
      test::write_text(writes, "a memory");
    else
      connection.answer(200, R"({"items":["/var/lib/kubelet/checkpoints/x.tar"]})");
  }
};

struct Fixture {
  test::TemporaryFolder folder;
  test::Authority authority{"a kubelet's own"};
  Kubelet kubelet;
  FakeServer server{FakeServer::each([this](test::Connection& connection, const test::Request& request) {
                      kubelet.answer(connection, request);
                    }),
                    test::ServerTls{authority.server({"DNS:node-a"}), ""}};
  DiskFiles files;
  HttpsKubelet agents{{.node = "node-a",
                       .url = server.url(),
                       .host_root = folder / "host",
                       .folder = "/var/lib/kubelet",
                       .token = folder / "token",
                       .cluster_ca = folder / "no-ca.crt"},
                      files};

  Fixture() {
    test::write_text(folder / "token", "a token\n");
    test::write_text(folder / "host/var/lib/kubelet/pki/kubelet.crt", authority.pem());
    test::write_text(folder / "host/var/lib/kubelet/checkpoints/x.tar", "an archive");
    std::filesystem::create_directories(folder / "host/archives");
  }
  Result<void> check() { return agents.check(pod(), 10s, {}); }
};

BOOST_FIXTURE_TEST_SUITE(kubelet_, Fixture)

BOOST_AUTO_TEST_CASE(whether_it_would_checkpoint_is_asked_with_a_container_that_cannot_be) {
  good(check());
  BOOST_TEST(kubelet.asked == "POST /checkpoint/shop/orders/kubectl-migrate.none");
  BOOST_TEST(kubelet.token == "Bearer a token");
}

struct Row {
  const char* what;
  std::function<void(Kubelet&)> change;
  const char* says;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.what; }
};

const std::vector<Row> kRows{
    {"no right", [](Kubelet& k) { k.rights = "forbidden"; },
     "subresource(s)=[checkpoint]); the agent's account needs create on nodes/checkpoint"},
    {"no right, and the gate is closed",
     [](Kubelet& k) {
       k.rights = "forbidden";
       k.gate = false;
     },
     "needs create on nodes/checkpoint"},
    {"the gate is closed", [](Kubelet& k) { k.gate = false; },
     "404: Page Not Found; its feature gate ContainerCheckpoint is off"},
    {"another Pod", [](Kubelet& k) { k.pod = "else"; }, "it answered 404: pod does not exist"},
};

BOOST_DATA_TEST_CASE(what_stands_in_the_way_is_told_before, boost::unit_test::data::make(kRows), row) {
  row.change(kubelet);
  const auto checked = check();
  BOOST_REQUIRE(!checked);
  const std::string& said = checked.error().message;
  BOOST_TEST(said.find("ask the kubelet of node-a whether it checkpoints shop/orders: ") == 0U, said);
  BOOST_TEST(said.find(row.says) != std::string::npos, said);
}

struct ProbeRow {
  const char* what;
  std::function<void(Kubelet&)> change;
  const char* state;
  const char* says;
  friend std::ostream& operator<<(std::ostream& out, const ProbeRow& row) { return out << row.what; }
};

const std::vector<ProbeRow> kProbeRows{
    {"it would", [](Kubelet&) {}, "Allowed", ""},
    {"no right", [](Kubelet& k) { k.rights = "forbidden"; }, "Forbidden",
     "ask the kubelet of node-a to checkpoint a Pod that is not there: it answered 403: Forbidden (user=agent, "
     "verb=create, resource=nodes, subresource(s)=[checkpoint]); the agent's account needs create on nodes/checkpoint"},
    {"no right, and the gate is closed",
     [](Kubelet& k) {
       k.rights = "forbidden";
       k.gate = false;
     },
     "Forbidden", "needs create on nodes/checkpoint"},
    {"a token that it does not know", [](Kubelet& k) { k.rights = "unknown"; }, "Forbidden", "it answered 401"},
    {"the gate is closed", [](Kubelet& k) { k.gate = false; }, "GateClosed", "feature gate ContainerCheckpoint is off"},
    {"whoever judges rights is away", [](Kubelet& k) { k.rights = "broken"; }, "Unknown", "it answered 500"},
};

BOOST_DATA_TEST_CASE(whether_it_would_at_all_is_asked_with_a_pod_that_cannot_be,
                     boost::unit_test::data::make(kProbeRows), row) {
  row.change(kubelet);
  const KubeletCheckpoint told = agents.probe(10s, {});
  BOOST_TEST(kubelet.asked == "POST /checkpoint/kubectl-migrate/kubectl_migrate_none/kubectl-migrate.none");
  BOOST_TEST(told.state == row.state);
  BOOST_TEST(told.message.find(row.says) != std::string::npos, told.message);
  BOOST_TEST(told.message.empty() == std::string(row.says).empty(), told.message);
}

BOOST_AUTO_TEST_CASE(a_kubelet_that_cannot_be_asked_is_told_as_such) {
  test::write_text(folder / "host/var/lib/kubelet/pki/kubelet.crt", test::Authority{"another"}.pem());
  const KubeletCheckpoint told = agents.probe(10s, {});
  BOOST_TEST(told.state == "Unknown");
  BOOST_TEST(told.message.starts_with("ask the kubelet of node-a to checkpoint a Pod that is not there: "),
             told.message);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_becomes_the_file_that_was_asked_for) {
  good(agents.checkpoint(pod(), "main", "/archives/main.tar", 10s, {}));
  BOOST_TEST(test::read_text(folder / "host/archives/main.tar") == "an archive");
  const auto other = agents.checkpoint(pod(), "side", "/archives/side.tar", 10s, {});
  BOOST_REQUIRE(!other);
  BOOST_TEST(other.error().message ==
             "checkpoint shop/orders, container side, by the kubelet of node-a: it answered 404: container side does "
             "not exist");
}

// It is whole or in part, and no answer names it.
BOOST_AUTO_TEST_CASE(an_archive_whose_answer_was_lost_is_removed) {
  const auto kept = folder / "host/var/lib/kubelet/checkpoints";
  test::write_text(kept / "checkpoint-orders_shop-main-2026-01-01T00:00:00Z.tar", "somebody's own");
  test::write_text(kept / "checkpoint-orders_shop-maintenance-2026-01-02T00:00:00Z.tar", "another container's");
  kubelet.writes = kept / "checkpoint-orders_shop-main-2026-01-02T00:00:00Z.tar";
  BOOST_TEST(!agents.checkpoint(pod(), "main", "/archives/main.tar", 10s, {}));
  BOOST_TEST(!test::is_there(kubelet.writes));
  BOOST_TEST(test::is_there(kept / "checkpoint-orders_shop-main-2026-01-01T00:00:00Z.tar"));
  BOOST_TEST(test::is_there(kept / "checkpoint-orders_shop-maintenance-2026-01-02T00:00:00Z.tar"));
}

BOOST_AUTO_TEST_CASE(who_has_another_certificate_is_told_nothing) {
  test::write_text(folder / "host/var/lib/kubelet/pki/kubelet.crt", test::Authority{"another"}.pem());
  BOOST_TEST(!check());
  BOOST_TEST(kubelet.token == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace migrate::agent
