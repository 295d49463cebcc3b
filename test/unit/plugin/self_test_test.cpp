#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "plugin/commands.h"
#include "plugin/migrate.h"
#include "test/unit/plugin/self_test_cluster.h"
#include "test/unit/plugin/self_test_facts.h"

namespace migrate::plugin {
namespace {

// Time passes while somebody waits, or looks at the clock; names are random. Watches ask from their own thread.
class Stepping final : public kube::Pacer {
 public:
  std::atomic<std::int64_t> a_look{0};  // in seconds
  std::chrono::steady_clock::time_point now() override {
    passed_ += a_look * 1'000;
    return std::chrono::steady_clock::time_point{std::chrono::milliseconds{passed_}};
  }
  bool sleep(std::chrono::milliseconds span, const std::stop_token&) override {
    passed_ += span.count();
    return true;
  }
  double random() override { return static_cast<double>(drawn_++ * 7 % 27) / 27; }

 private:
  std::atomic<std::int64_t> passed_{3'600'000};
  std::atomic<int> drawn_{0};
};

struct Trial {
  std::ostringstream out;
  std::ostringstream err;
  fakes::Clock clock;
  Stepping pacer;
  Living cluster;
  bool interrupted = false;
  Io io = plain_io(out, err, clock, pacer, interrupted);
  Options options;
  std::string namespace_;

  explicit Trial(Faults faults = {}) {
    cluster.faults = std::move(faults);
    clock.time = at(0s);
    for (const char* name : {"node-a", "node-b"}) {
      cluster.put(kube::core("nodes", "", name), ready_node());
      put(able_node(name));
    }
    cluster.put({.group = "apps",
                 .version = "v1",
                 .plural = "deployments",
                 .namespace_ = kSystemNamespace,
                 .name = kExtenderAccount,
                 .subresource = {}},
                Json::parse(R"({"spec": {"template": {"spec": {"containers": [{"image": "extender:1"}]}}}})"));
    Stepping same;
    namespace_ = chosen_name("kubectl-migrate-self-test", [&] { return same.random(); });
  }
  void put(const NodeFacts& facts) {
    cluster.put({.group = kGroup,
                 .version = kVersion,
                 .plural = "migrationnodes",
                 .namespace_ = {},
                 .name = facts.node,
                 .subresource = {}},
                to_json(facts));
  }
  int run() { return run_self_test({io, cluster, "default"}, options); }

  void check_nothing_left() {
    BOOST_TEST(cluster.find(kube::core("namespaces", "", namespace_)) == nullptr);
    const auto left = cluster.list(migrations(namespace_), {}, {});
    BOOST_REQUIRE(left);
    BOOST_TEST(left->at("items").empty(), left->at("items").dump());
  }
  // It never came so far that there was something.
  void check_nothing_made() {
    for (const std::string& call : cluster.written)
      BOOST_TEST(call.starts_with("dry-run "), call);
  }
  // Whatever is named as a hint is a heading of that page.
  void check_hints() const {
    const char* source = std::getenv("MIGRATE_SOURCE");
    BOOST_REQUIRE_MESSAGE(source != nullptr, "MIGRATE_SOURCE is not set: run by ctest");
    const std::string mark = "see docs/self-test.md#";
    const std::string text = out.str();
    std::size_t hints = 0;
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1), ++hints) {
      const std::size_t begin = at + mark.size();
      std::string heading = text.substr(begin, text.find(' ', begin) - begin);
      std::replace(heading.begin(), heading.end(), '-', ' ');
      heading.front() = static_cast<char>(std::toupper(heading.front()));
      std::ifstream page{std::string(source) + "/docs/self-test.md"};
      const std::string all{std::istreambuf_iterator<char>{page}, {}};
      BOOST_TEST(all.find("\n## " + heading + "\n") != std::string::npos, heading);
    }
    BOOST_TEST(hints > 0U, text);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(self_test)

BOOST_AUTO_TEST_CASE(every_way_there_and_back_passes_and_nothing_is_left) {
  Trial trial;
  BOOST_TEST(trial.run() == 0, trial.err.str());
  const std::string out = trial.out.str();
  const std::string begin = R"(what it needs
-------------
ok   you have the rights
ok   nodes node-a and node-b restore what runs on the other
ok   migrate-counter is to be found in image extender:1

checkpoint by the agent (--checkpoint direct)
---------------------------------------------
ok   deploy: Pod direct runs on node-a
ok   node-a -> node-b, frozen for 0.401 s, a gap of 0.800 s
ok   memory: 8 MiB as they were, and the count went on from 2 to 3
ok   node-b -> node-a, frozen for 0.402 s, a gap of 0.800 s
ok   memory: 8 MiB as they were, and the count went on from 4 to 5

checkpoint by the kubelet (--checkpoint kubelet)
------------------------------------------------
ok   deploy: Pod kubelet runs on node-a
)";
  BOOST_TEST(out.substr(0, begin.size()) == begin);
  // Wherever its set has started it.
  check_says(out,
             "the Pod of a StatefulSet\n------------------------\nok   deploy: Pod set-0 runs on node-b\n"
             "ok   node-b -> node-a, frozen for 0.409 s");
  const std::string end = R"(
with replay (--strategy live, sequential)
-----------------------------------------
skip there and back
    it takes a broker, and an application that follows the replay protocol
    kubectl migrate check-app POD tries one of yours

clean-up
--------
ok   namespace )" + trial.namespace_ +
                          R"( is removed with all that was in it

summary
-------
ok   5 ways passed, 0 failed, 1 skipped; frozen for 0.401 s to 0.410 s; a gap of 0.800 s

Status check results are ok
)";
  BOOST_TEST(out.ends_with(end), out);
  BOOST_TEST(count_of(out, "memory: 8 MiB as they were") == 10U);
  BOOST_TEST(count_of(out, "ok   StatefulSet set has its Pod again") == 2U);
  BOOST_TEST(trial.err.str().empty(), trial.err.str());
  trial.check_nothing_left();
}

BOOST_AUTO_TEST_CASE(the_typists_clock_makes_no_agent_silent) {
  Trial trial;
  trial.clock.time = at(40s);
  BOOST_TEST(trial.run() == 0, trial.out.str());
}

BOOST_AUTO_TEST_CASE(a_document_for_programs_stands_alone) {
  Trial trial;
  trial.options.output = Output::json;
  BOOST_TEST(trial.run() == 0, trial.err.str());
  const Json document = Json::parse(trial.out.str(), nullptr, false);
  BOOST_REQUIRE(!document.is_discarded());
  BOOST_TEST(document.at("success") == true);
  const Json& groups = document.at("categories");
  BOOST_TEST(groups.front().at("categoryName") == "what it needs");
  BOOST_TEST(groups.back().at("categoryName") == "summary");
  BOOST_TEST(groups.size() == 9U);
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_is_what_the_way_says) {
  Trial trial;
  trial.options.from = "node-b";
  trial.options.image = "another:2";
  // Nothing else needs the Deployment.
  trial.cluster.denied = {"get deployments"};
  std::string image;
  bool is_enabled = false;
  trial.cluster.on_migration = [&](const Migration& migration) {
    image = trial.cluster.find(kube::pod(migration.namespace_, migration.spec.pod))
                ->at("spec")
                .at("containers")
                .at(0)
                .at("image")
                .get<std::string>();
    is_enabled = trial.cluster.find(kube::core("namespaces", "", migration.namespace_))
                     ->at("metadata")
                     .at("labels")
                     .value(kEnabledLabel, "") == "true";
  };
  BOOST_TEST(trial.run() == 0, trial.err.str());
  BOOST_TEST(image == "another:2");
  BOOST_TEST(is_enabled);
  const auto& asked = trial.cluster.asked_for;
  BOOST_REQUIRE(asked.size() == 10U);
  const auto spec = [&](std::size_t i) { return asked.at(i).spec; };
  BOOST_TEST(spec(0).target_node == "node-a");
  BOOST_TEST(spec(1).target_node == "node-b");
  for (const Migration& one : asked) {
    BOOST_TEST(one.namespace_ == trial.namespace_);
    BOOST_TEST((one.spec.strategy == Strategy::stop));
    BOOST_TEST((one.spec.timeout == 120s));
  }
  BOOST_TEST((spec(0).checkpoint == CheckpointBackend::direct && spec(0).restore == RestoreWay::runtime));
  BOOST_TEST((spec(2).checkpoint == CheckpointBackend::kubelet && spec(3).checkpoint == CheckpointBackend::kubelet));
  BOOST_TEST((spec(4).keep_name && spec(5).keep_name));
  BOOST_TEST((spec(6).restore == RestoreWay::image && spec(7).restore == RestoreWay::image));
  BOOST_TEST(spec(9).pod == "set-0");
}

BOOST_AUTO_TEST_CASE(without_a_right_nothing_is_made) {
  Trial trial;
  trial.cluster.denied = {"create namespaces", "get pods/log", "bind clusterroles"};
  BOOST_TEST(trial.run() == 1);
  check_says(trial.out.str(),
             "FAIL you have the rights\n    missing:\n    create namespaces\n"
             "    bind clusterroles.rbac.authorization.k8s.io kubectl-migrate-namespace\n"
             "    get pods/log in namespace " +
                 trial.namespace_ + "\n    see docs/self-test.md#rights for hints\n");
  check_says(trial.out.str(), "Status check results are FAIL\n");
  trial.check_nothing_made();
  trial.check_hints();
}

BOOST_AUTO_TEST_CASE(with_one_node_nothing_is_made) {
  Trial trial;
  Json cordoned = ready_node();
  cordoned["spec"]["unschedulable"] = true;
  trial.cluster.put(kube::core("nodes", "", "node-b"), cordoned);
  BOOST_TEST(trial.run() == 1);
  check_says(trial.out.str(),
             "FAIL two nodes that restore what runs on the other\n"
             "    a migration needs two nodes, and only one can be used: node-a\n    node-b: it is cordoned\n");
  trial.check_nothing_made();
  trial.check_hints();
}

BOOST_AUTO_TEST_CASE(where_it_is_not_installed_it_says_how) {
  Trial trial;
  trial.cluster.forget_type("migrationnodes");
  BOOST_TEST(trial.run() == 1);
  check_says(trial.err.str(), "kubectl-migrate is not installed in this cluster");
  trial.check_nothing_made();
}

BOOST_AUTO_TEST_CASE(one_way_that_fails_does_not_stop_the_others) {
  struct Row {
    Faults faults;
    const char* says;
  };
  const std::vector<Row> rows{
      {{.cold = {"direct"}}, "FAIL memory\n    it began anew instead: its nonce was "},
      {{.rolled_back = {"direct"}},
       "FAIL node-a -> node-b\n    RolledBack: TransferFailed: node-b does not answer\n    last events:\n"
       "      Warning MigrationStep: event 2\n      Warning MigrationStep: event 3\n"},
      {{.doubtful = {"direct"}}, "FAIL node-a -> node-b\n    InDoubt: "},
      {{.dead = {"direct"}}, "FAIL deploy\n    Pod direct does not run: container counter: exit code 128\n"},
      {{.orphaned = {"set-0"}}, "FAIL StatefulSet set has its Pod again\n    Pod set-0 is there and does not belong "},
  };
  for (const Row& row : rows) {
    Trial trial{row.faults};
    BOOST_TEST_CONTEXT(row.says) {
      BOOST_TEST(trial.run() == 1, trial.err.str());
      check_says(trial.out.str(), row.says);
      check_says(trial.out.str(), "note 4 ways passed, 1 failed, 1 skipped; frozen for ");
      check_says(trial.out.str(), row.faults.orphaned.empty()
                                      ? "    failed: checkpoint by the agent (--checkpoint direct)\n"
                                      : "    failed: the Pod of a StatefulSet\n");
      check_says(trial.out.str(), "is removed with all that was in it\n");
      trial.check_nothing_left();
      trial.check_hints();
    }
  }
}

BOOST_AUTO_TEST_CASE(a_migration_without_an_end_is_not_waited_for) {
  Trial trial{{.hanging = {"direct"}}};
  trial.cluster.on_migration = [&](const Migration& migration) {
    trial.pacer.a_look = migration.spec.pod == "direct" ? 60 : 0;
  };
  BOOST_TEST(trial.run() == 1, trial.err.str());
  check_says(trial.out.str(), "FAIL node-a -> node-b\n    it is in phase Transferring after 4 m 0 s");
  check_says(trial.out.str(), "note 4 ways passed, 1 failed, 1 skipped; ");
  trial.check_nothing_left();
}

BOOST_AUTO_TEST_CASE(what_the_cluster_does_not_allow_is_no_failure) {
  Trial trial;
  NodeFacts facts = able_node("node-b");
  facts.kubelet_checkpoint = KubeletCheckpoint{"GateClosed", "404 page not found"};
  facts.restore_via_create = false;
  trial.put(facts);
  BOOST_TEST(trial.run() == 0, trial.out.str());
  check_says(trial.out.str(),
             "skip there and back\n    the kubelet of node node-b does not checkpoint (GateClosed): 404");
  check_says(trial.out.str(), "ok   3 ways passed, 0 failed, 3 skipped; ");
  trial.check_nothing_left();
}

BOOST_AUTO_TEST_CASE(a_namespace_without_its_account_is_waited_for) {
  Trial trial{{.accounts_late = 3}};
  BOOST_TEST(trial.run() == 0, trial.out.str());
  trial.check_nothing_left();

  Trial never{{.accounts_late = 1'000'000}};
  BOOST_TEST(never.run() == 1);
  check_says(never.out.str(), "FAIL deploy\n    ");
  check_says(never.out.str(), "serviceaccount \"default\" not found");
  // Its Pod is made by its set.
  check_says(never.out.str(), "note 1 way passed, 4 failed, 1 skipped");
  never.check_nothing_left();
}

BOOST_AUTO_TEST_CASE(interrupted_it_ends_what_it_does_and_leaves_nothing) {
  Trial under_way{{.hanging = {"direct"}}};
  under_way.cluster.on_migration = [&](const Migration&) { under_way.interrupted = true; };
  BOOST_TEST(under_way.run() == 130);
  check_says(under_way.err.str(),
             "Ctrl-C again leaves at once; what remains then is removed by: kubectl delete "
             "namespace " +
                 under_way.namespace_ + "\n");
  check_says(under_way.err.str(), "error: interrupted\n");
  check_says(under_way.out.str(), "is removed with all that was in it\n");
  BOOST_TEST(under_way.cluster.asked_for.size() == 1U);
  under_way.check_nothing_left();

  Trial before_it_began;
  before_it_began.interrupted = true;
  BOOST_TEST(before_it_began.run() == 130);
  before_it_began.check_nothing_made();
}

BOOST_AUTO_TEST_CASE(a_doubt_is_decided_before_it_is_removed) {
  Trial trial{{.doubtful = {"direct"}}};
  BOOST_TEST(trial.run() == 1);
  const auto& written = trial.cluster.written;
  const auto position = [&](const std::string& begin) {
    return std::find_if(written.begin(), written.end(), [&](const auto& call) { return call.starts_with(begin); });
  };
  const std::string name = "migrations.kubectl-migrate.dev \"" + trial.cluster.asked_for.front().name + "\"";
  BOOST_TEST((position("patch " + name) < position("delete " + name)));
  BOOST_TEST((position("delete " + name) < position("delete namespaces")));
  BOOST_TEST((position("delete namespaces") != written.end()));
}

BOOST_AUTO_TEST_CASE(what_remains_is_said_and_is_a_failure) {
  Trial trial{{.namespace_stays = true}};
  BOOST_TEST(trial.run() == 1);
  check_says(trial.out.str(), "is removed with all that was in it\n    it is still there; kubectl get namespace ");
  trial.check_hints();
}

BOOST_AUTO_TEST_CASE(a_namespace_that_could_not_be_opened_is_removed) {
  Trial trial;
  trial.cluster.forbid("apply rolebindings");
  BOOST_TEST(trial.run() == 1);
  check_says(trial.err.str(), "enable migrations in namespace " + trial.namespace_ + ": ");
  trial.check_nothing_left();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
