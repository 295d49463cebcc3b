#include "test/e2e/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "test/e2e/never_again.h"
#include "test/e2e/phase_gate.h"
#include "test/e2e/queues_left.h"
#include "test/e2e/row_hold.h"

namespace harness {
namespace {

using Json = nlohmann::json;
using migrate::Phase;
using namespace std::chrono_literals;

bool is_deletion(Fault fault) {
  return fault == Fault::deleted_in_background || fault == Fault::deleted_in_foreground;
}

// Nobody can ask it anything meanwhile.
void restart_api_server(const Cluster& cluster) {
  const auto pid = [&] { return cluster.run({"exec", "control", "pgrep", "-x", "kube-apiserver"}).output; };
  const std::string before = pid();
  cluster.on("control", {"sv", "kill", "/etc/machine/services/kube-apiserver"});
  eventually("the API server to come again", [&] {
    const std::string now = pid();
    return !now.empty() && now != before && cluster.run({"kubectl", "get", "--raw", "/readyz"}).succeeded();
  });
}

// One row at work.
class Play {
 public:
  Play(Scene& scene, const Row& row)
      : scene_(scene),
        row_(row),
        source_(row.in_return ? scene.other_node() : scene.node()),
        target_(scene.other_node()),
        name_(unique_name()),
        held_(row.in_return ? name_ + "-name-1" : name_) {}

  std::string run() {
    const auto next = held_before(row_);
    const std::string door = row_.at_adoption ? "the ReplicaSet" : to_text(next.value_or(row_.phase));
    // It is the hold as well.
    const bool stays = next || row_.at_adoption;
    PhaseGate gate = row_.at_adoption
                         ? PhaseGate::at_adoption(cluster(), ns())
                         : PhaseGate{cluster(), ns(), door, held_,
                                     stays ? PhaseGate::Holds::until_opened : PhaseGate::Holds::for_a_while};
    const std::size_t source = scene_.instances() - 1;
    std::jthread shadows;
    if (comes_back()) shadows = scene_.follow_shadows();
    begin();
    stage().await("the migration to come to the door of " + door, name_,
                  [&] { return gate.is_reached() || is_over(); });
    stage().require(!is_over(), "it ended before it came to the door of " + door, name_);
    const Json before = stage().migration(name_);
    // What is read of the cluster is read before somebody is hurt.
    leader_ = leader(cluster());
    source_agent_ = agent_on(cluster(), source_);
    target_agent_ = agent_on(cluster(), target_);
    if (row_.fault == Fault::restore_fails) damage_what_is_restored();
    auto hold = hold_for(cluster(), row_, stage().migration(held_), source_, target_);
    if (!stays) gate.open();
    stage().await(phase() + " to stand in the status", name_, [&] { return has_begun() || is_over(); });
    if (hold) hold->await();
    stage().require((!stays && !hold) || has_begun(), "it left " + phase() + " before anything happened to it", name_);
    inflict();
    if (stays) gate.open();
    hold.reset();
    wake();

    const bool is_deleted = is_deletion(row_.fault);
    const Json ended = is_deleted ? await_gone() : stage().await_end(name_, 300s);
    repair();
    if (shadows.joinable()) {
      shadows.request_stop();
      shadows.join();
    }
    if (is_deleted) {
      check_deleted(scene_, before, row_);
      // Of its shadow nothing is on record any more.
      if (row_.in_return || is_after_commit(row_.phase)) check_never_ran_again(scene_, source, before);
      return fmt::format("gone; {} is on {}", scene_.consumer(), scene_.node());
    }
    check_ended(scene_, ended, allowed_ends(row_));
    if (phase_in(ended) == to_text(Phase::succeeded)) check_none_ran_again(scene_, source, ended);
    return fmt::format("{}: {}", phase_in(ended), ended.at("status").value("message", ""));
  }

 private:
  [[nodiscard]] const Stage& stage() const { return scene_.stage(); }
  [[nodiscard]] const Cluster& cluster() const { return scene_.cluster(); }
  [[nodiscard]] const std::string& ns() const { return stage().ns().name(); }
  [[nodiscard]] static std::string to_text(Phase phase) { return std::string{migrate::to_string(phase)}; }
  [[nodiscard]] std::string phase() const { return to_text(row_.phase); }
  [[nodiscard]] static std::string phase_in(const Json& migration) {
    return migration.value(Json::json_pointer{"/status/phase"}, std::string{});
  }
  [[nodiscard]] bool is_over() const {
    const auto now = migrate::phase_from(phase_in(stage().migration(name_)));
    return now && (is_final(*now) || *now == Phase::in_doubt);
  }
  [[nodiscard]] bool has_begun() const { return phase_in(stage().migration(held_)) == phase(); }
  // The consumer works for a while as its shadow.
  [[nodiscard]] bool comes_back() const {
    return row_.phase == Phase::returning || (row_.of_set && row_.strategy == migrate::Strategy::live);
  }

  static std::string unique_name() {
    static int count = 0;
    return fmt::format("row-{}", ++count);
  }

  void begin() const {
    std::string strategy{migrate::to_string(row_.strategy)};
    strategy.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(strategy.front())));
    Words words{scene_.consumer(), "--to", target_, "--strategy", strategy, "--name", name_, "--no-wait"};
    if (!row_.of_set && (row_.phase == Phase::renaming || row_.phase == Phase::returning))
      words.emplace_back("--keep-name");
    // It is to end by catching up, once what holds it back is gone.
    if (row_.phase == Phase::replaying) words.insert(words.end(), {"--cutoff", "60s"});
    const auto begun = stage().plugin(words);
    if (!begun.succeeded()) throw std::runtime_error("kubectl-migrate: " + text_of(begun));
  }

  void inflict() {
    switch (row_.fault) {
      case Fault::abort:
        // Not by the plugin, which would refuse it after the commit: here it must be the controller's to ignore.
        cluster().kubectl({"-n", ns(), "patch", "migrations.kubectl-migrate.dev", held_, "--type=merge", "-p",
                           R"({"spec": {"abort": true}})"});
        break;
      case Fault::leader_killed:
        kill(leader_);
        break;
      case Fault::leader_slept:
        if (!send_signal(cluster(), leader_, "STOP")) stage().fail("the leader's process is not there", name_);
        slept_since_ = std::chrono::steady_clock::now();
        break;
      case Fault::source_agent_killed:
        kill(source_agent_);
        break;
      case Fault::target_agent_killed:
        kill(target_agent_);
        break;
      case Fault::target_deleted:
        delete_target();
        break;
      case Fault::restore_fails:
        break;  // happened at the door
      case Fault::api_server_restarted:
        restart_api_server(cluster());
        break;
      case Fault::deleted_in_background:
        delete_migration("background");
        break;
      case Fault::deleted_in_foreground:
        delete_migration("foreground");
        break;
    }
  }

  void delete_migration(const char* cascade) const {
    cluster().kubectl({"-n", ns(), "delete", "migrations.kubectl-migrate.dev", name_, "--wait=false",
                       std::string{"--cascade="} + cascade});
  }

  // Nothing is left to be asked.
  [[nodiscard]] Json await_gone() const {
    stage().await(
        "Migration " + name_ + " to be gone", name_,
        [&] {
          const auto looked = cluster().run({"kubectl", "-n", ns(), "get", "migrations.kubectl-migrate.dev", name_,
                                             "--ignore-not-found", "-o", "name"});
          return looked.succeeded() && looked.output.empty();
        },
        300s);
    return Json{};
  }

  // Where the order to release it may be on its way to its agent, who sleeps, the controller's next look at the Pod is
  // waited for: else that order could still be carried out, and the memory come to life in a Pod that nobody has.
  void delete_target() const {
    cluster().kubectl({"-n", ns(), "delete", "pod", target_pod(), "--force", "--grace-period=0"});
    if (row_.phase == Phase::restoring)
      stage().await("the controller to cancel the restore instead", name_,
                    [&] { return leader_said("cancel the restore at the agent"); });
    if (row_.phase == Phase::shadowing)
      stage().await("Shadowing to be left", name_, [&] { return phase_in(stage().migration(held_)) != phase(); });
  }

  // About this migration.
  [[nodiscard]] bool leader_said(const std::string& what) const {
    std::istringstream logs{cluster().kubectl({"-n", "kubectl-migrate", "logs", leader_.pod, "--since=5m"})};
    for (std::string line; std::getline(logs, line);)
      if (line.find("/" + held_ + "\"") != std::string::npos && line.find(what) != std::string::npos) return true;
    return false;
  }

  void kill(const ProductProcess& victim) {
    if (!send_signal(cluster(), victim, "KILL"))
      stage().fail(fmt::format("{} of Pod {} is not there to be killed", victim.program, victim.pod), name_);
    killed_ = victim;
  }

  // The target, or the placeholder that stands for it.
  [[nodiscard]] std::string target_pod() const {
    const Json migration = stage().migration(held_);
    const Json& status = migration.at("status");
    if (row_.phase < Phase::renaming && !status.value("placeholder", std::string{}).empty())
      return status.at("placeholder").get<std::string>();
    return status.at("target").at("pod").get<std::string>();
  }

  // The archives stay good; what was unpacked of them on the target's node does not.
  void damage_what_is_restored() const {
    const auto uid = stage().migration(held_).at("metadata").at("uid").get<std::string>();
    const std::string damaged =
        cluster().on(target_, {"sh", "-c",
                               "for f in $(find /var/lib/kubectl-migrate/targets/\"$0\" -name inventory.img); do "
                               ": >$f; echo $f; done",
                               uid});
    stage().require(!damaged.empty(), "no inventory.img below targets/ on " + target_ + " to be damaged", name_);
  }

  // It must find itself replaced, and change nothing any more.
  void wake() const {
    if (!slept_since_) return;
    std::this_thread::sleep_until(*slept_since_ + 30s);
    const ProductProcess now = leader(cluster());
    stage().require(now.pod != leader_.pod, "nobody has taken over from the sleeping leader " + leader_.pod, name_);
    send_signal(cluster(), leader_, "CONT");
  }

  void repair() const {
    if (killed_) renew(cluster(), *killed_);
    if (slept_since_) renew(cluster(), leader_);
    if (row_.fault == Fault::api_server_restarted) wait_for_product(cluster());
  }

  Scene& scene_;
  Row row_;
  std::string source_;
  std::string target_;
  std::string name_;
  std::string held_;  // the Migration whose step it is
  ProductProcess leader_;
  ProductProcess source_agent_;
  ProductProcess target_agent_;
  std::optional<ProductProcess> killed_;
  std::optional<std::chrono::steady_clock::time_point> slept_since_;
};

std::string text_in(const Json& object, const char* pointer) {
  return object.value(Json::json_pointer{pointer}, std::string{});
}

}  // namespace

void check_deleted(Scene& scene, const Json& before, const Row& row) {
  const std::string name = text_in(before, "/metadata/name");
  if (!row.of_replica_set)
    scene.follow_name();
  else if (is_after_commit(row.phase))
    scene.follow(before);
  else
    scene.check_runs_on(name);
  scene.stage().check_nothing_left(name, text_in(before, "/metadata/uid"));
  check_no_queues_left(scene.stage(), Json::array({before}), name);
}

void check_ended(Scene& scene, const Json& ended, const std::vector<Phase>& allowed) {
  const Stage& stage = scene.stage();
  const std::string name = text_in(ended, "/metadata/name");
  const std::string phase = text_in(ended, "/status/phase");
  const auto end = migrate::phase_from(phase);
  stage.require(end && std::find(allowed.begin(), allowed.end(), *end) != allowed.end(),
                fmt::format("it ended as {}, which is not allowed here", phase), name);
  if (*end == Phase::succeeded)
    scene.follow(ended);
  else
    scene.check_runs_on(name);
  stage.check_nothing_left(name);
  // The hops back into its name are Migrations of their own.
  const Json all = scene.cluster().get({"migrations.kubectl-migrate.dev", "-n", stage.ns().name()});
  for (const Json& one : all.at("items"))
    if (const std::string other = text_in(one, "/metadata/name"); other.starts_with(name + "-name-"))
      stage.check_nothing_left(other);
  check_no_queues_left(stage, all.at("items"), name);
}

std::string play(Scene& scene, const Row& row) {
  return Play{scene, row}.run();
}

}  // namespace harness
