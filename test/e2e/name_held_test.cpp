// Who may make a Pod under the name of a StatefulSet's Pod that is on its way, by the phase of its Migration: the list
// of phases in the policy kubectl-migrate-name-is-held, asked phase by phase of the API server.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <vector>

#include "shared/migration/names.h"
#include "shared/migration/phase.h"
#include "test/harness/cluster.h"
#include "test/harness/product.h"

using namespace harness;
using Json = nlohmann::json;
using migrate::Phase;

namespace {

constexpr const char* kExtender = "system:serviceaccount:kubectl-migrate:migrate-extender";
constexpr const char* kSetsController = "system:serviceaccount:kube-system:statefulset-controller";
constexpr const char* kNobodys = "00000000-0000-0000-0000-000000000000";

// Before a Pod is lent its set makes it anew if need be; when all is over as well, but for what failed behind its
// commit. A phase that is new holds.
bool holds(Phase phase) {
  const std::set<Phase> free{Phase::pending,     Phase::preparing, Phase::placing, Phase::succeeded,
                             Phase::rolled_back, Phase::refused,   Phase::planned};
  return !free.contains(phase);
}

std::string name_for(const char* what, Phase phase) {
  std::string name = fmt::format("{}-{}", what, to_string(phase));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

// A Migration of the Pod itself, and a second hop into that name.
struct Kind {
  const char* migration;
  const char* name;
  bool is_second_hop;
};
const std::vector<Kind> kKinds{{"of", "held", false}, {"into", "home", true}};

Json list_of(Json items) {
  Json list;
  list["apiVersion"] = "v1";
  list["kind"] = "List";
  list["items"] = std::move(items);
  return list;
}

// Migrations for each phase, which stand there for ever. The controller has refused them, as there are no such Pods;
// and it cannot read them any more once their status has a step without a name, so that it lets them be.
struct Held {
  Cluster cluster;
  Namespace ns{cluster, "name-held"};
  std::map<std::string, std::string> uids;  // of the Migrations, by their names

  Held() {
    install_product(cluster);
    enable_migrations(cluster, ns);
    for (const Kind& kind : kKinds)
      make(kind);
    Json all;
    eventually("the controller to have refused all Migrations of " + ns.name(), [&] {
      all = cluster.get({"migrations.kubectl-migrate.dev", "-n", ns.name()}).at("items");
      return std::all_of(all.begin(), all.end(), [](const Json& one) {
        return one.value(Json::json_pointer{"/status/phase"}, std::string{}) == "Refused";
      });
    });
    for (const Json& one : all)
      uids[one.at("metadata").at("name").get<std::string>()] = one.at("metadata").at("uid").get<std::string>();
    set_phases(all);
  }

  // All of them at once: each kubectl takes a while to start.
  void make(const Kind& kind) const {
    Json items = Json::array();
    for (const Phase phase : migrate::all_phases()) {
      Json one;
      one["apiVersion"] = migrate::kApiVersion;
      one["kind"] = "Migration";
      one["metadata"]["name"] = name_for(kind.migration, phase);
      one["metadata"]["namespace"] = ns.name();
      one["spec"]["pod"]["uid"] = kNobodys;
      one["spec"]["pod"]["name"] = name_for(kind.name, phase);
      if (kind.is_second_hop) {
        one["spec"]["target"]["name"] = name_for(kind.name, phase);
        one["spec"]["target"]["node"] = "node-a";
        one["spec"]["pod"]["name"] = name_for("shadow", phase);
      }
      items.push_back(std::move(one));
    }
    // A second hop is the controller's alone to make.
    cluster.kubectl({"create", "-f", "-", std::string{"--as="} + kExtender}, list_of(std::move(items)).dump());
  }

  // Those that hold nothing first, and one that holds without any doubt last: then all have been read.
  void set_phases(const Json& all) const {
    Json items = Json::array();
    for (const Phase phase : in_order())
      for (const Kind& kind : kKinds) {
        const std::string name = name_for(kind.migration, phase);
        Json one = *std::find_if(all.begin(), all.end(),
                                 [&](const Json& made) { return made.at("metadata").at("name") == name; });
        Json step;
        step["name"] = "";
        step["startedAt"] = "2026-01-01T00:00:00Z";
        one.erase("status");
        one["status"]["phase"] = to_string(phase);
        one["status"]["steps"] = Json::array({step});
        items.push_back(std::move(one));
      }
    cluster.kubectl({"replace", "--subresource=status", "-f", "-"}, list_of(std::move(items)).dump());
    const std::string intruder = pod(name_for(kKinds.back().name, kLast), "").dump();
    eventually("the API server to have read the phase of each Migration", [&] {
      return !cluster.run({"kubectl", "create", "-f", "-", "--dry-run=server"}, intruder).succeeded();
    });
  }
  static constexpr Phase kLast = Phase::restoring;
  static std::vector<Phase> in_order() {
    std::vector<Phase> phases = migrate::all_phases();
    const auto rank = [](Phase phase) { return (holds(phase) ? 1 : 0) + (phase == kLast ? 1 : 0); };
    std::stable_sort(phases.begin(), phases.end(), [&](Phase a, Phase b) { return rank(a) < rank(b); });
    return phases;
  }

  // `restores`: the Migration whose target it says it is; empty: none.
  [[nodiscard]] Json pod(const std::string& name, const std::string& restores) const {
    Json container;
    container["name"] = "main";
    container["image"] = "registry.test/busybox:trixie";
    Json made;
    made["apiVersion"] = "v1";
    made["kind"] = "Pod";
    made["metadata"]["name"] = name;
    made["metadata"]["namespace"] = ns.name();
    made["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] = name;
    if (!restores.empty()) made["metadata"]["annotations"][migrate::kRestoreAnnotation] = restores;
    made["spec"]["containers"] = Json::array({container});
    return made;
  }
};

Held& held() {
  static Held made;
  return made;
}

// Whose target a Pod says it is.
enum class Says { nobodys, its_migrations, anothers };

// Tries it under each name, without doing it.
void check(const char* user, Says says, bool (*is_taken)(Phase)) {
  for (const Kind& kind : kKinds) {
    Json items = Json::array();
    for (const Phase phase : migrate::all_phases()) {
      const std::string uid = says == Says::its_migrations ? held().uids.at(name_for(kind.migration, phase))
                              : says == Says::anothers     ? kNobodys
                                                           : "";
      items.push_back(held().pod(name_for(kind.name, phase), uid));
    }
    const auto answer = held().cluster.run(
        {"kubectl", "create", "-f", "-", "--dry-run=server", "-o", "name", std::string{"--as="} + user},
        list_of(std::move(items)).dump());
    std::set<std::string> taken;
    std::istringstream lines{answer.output};
    for (std::string line; std::getline(lines, line);)
      taken.insert(line);
    for (const Phase phase : migrate::all_phases()) {
      const std::string name = name_for(kind.name, phase);
      const bool is_denied =
          answer.errors.find(fmt::format("holds the name {} for its target", name)) != std::string::npos;
      BOOST_TEST(taken.contains("pod/" + name) == is_taken(phase), name << "\n" << answer.output << answer.errors);
      BOOST_TEST(is_denied == !is_taken(phase), name << "\n" << answer.errors);
    }
  }
}

bool is_free(Phase phase) {
  return !holds(phase);
}

bool is_always(Phase) {
  return true;
}

// The target of a live migration that comes back into its name is its second hop's.
bool is_free_or_returned_to(Phase phase) {
  return is_free(phase) || phase == Phase::returning;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(name_held)

BOOST_AUTO_TEST_CASE(the_set_makes_its_pod_only_where_no_migration_has_it) {
  check(kSetsController, Says::nobodys, is_free);
}

BOOST_AUTO_TEST_CASE(nor_does_an_annotation_help_who_is_not_the_controller) {
  check(kSetsController, Says::its_migrations, is_free);
}

BOOST_AUTO_TEST_CASE(the_controller_makes_the_target) {
  check(kExtender, Says::its_migrations, is_always);
}

BOOST_AUTO_TEST_CASE(and_nothing_else) {
  check(kExtender, Says::nobodys, is_free);
}

BOOST_AUTO_TEST_CASE(another_migrations_target_comes_in_while_the_first_one_returns) {
  check(kExtender, Says::anothers, is_free_or_returned_to);
}

BOOST_AUTO_TEST_SUITE_END()
