#include "test/e2e/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "test/e2e/holds.h"
#include "test/e2e/phase_gate.h"
#include "test/e2e/product_processes.h"

namespace harness {
namespace {

using Json = nlohmann::json;
using migrate::Phase;
using namespace std::chrono_literals;

// One row at work.
class Play {
 public:
  Play(Scene& scene, const Row& row)
      : scene_(scene), row_(row), source_(scene.node()), target_(scene.other_node()), name_(unique_name()) {}

  std::string run() {
    PhaseGate gate{cluster(), ns(), phase()};
    begin();
    stage().await("the migration to come to " + phase(), name_, [&] { return gate.is_reached() || is_over(); });
    stage().require(!is_over(), "it ended before it came to " + phase(), name_);
    // What is read of the cluster is read before somebody is hurt.
    leader_ = leader(cluster());
    source_agent_ = agent_on(cluster(), source_);
    target_agent_ = agent_on(cluster(), target_);
    if (row_.fault == Fault::restore_fails) damage_what_is_restored();
    std::unique_ptr<Hold> hold = make_hold();
    gate.open();
    stage().await(phase() + " to stand in the status", name_, [&] { return phase_now() == phase() || is_over(); });
    if (hold) hold->await();
    inflict();
    hold.reset();
    wake();

    const Json ended = stage().await_end(name_, 300s);
    repair();
    check(ended);
    return fmt::format("{}: {}", phase_in(ended), ended.at("status").value("message", ""));
  }

 private:
  [[nodiscard]] const Stage& stage() const { return scene_.stage(); }
  [[nodiscard]] const Cluster& cluster() const { return scene_.cluster(); }
  [[nodiscard]] const std::string& ns() const { return stage().ns().name(); }
  [[nodiscard]] std::string phase() const { return std::string{migrate::to_string(row_.phase)}; }
  [[nodiscard]] static std::string phase_in(const Json& migration) {
    return migration.value(Json::json_pointer{"/status/phase"}, std::string{});
  }
  [[nodiscard]] std::string phase_now() const { return phase_in(stage().migration(name_)); }
  [[nodiscard]] bool is_over() const {
    const auto now = migrate::phase_from(phase_now());
    return now && (is_final(*now) || *now == Phase::in_doubt);
  }

  static std::string unique_name() {
    static int count = 0;
    return fmt::format("row-{}", ++count);
  }

  void begin() const {
    Words words{scene_.consumer(), "--to", target_, "--strategy", "stop", "--name", name_, "--no-wait"};
    if (row_.phase == Phase::renaming) words.emplace_back("--keep-name");
    const auto begun = stage().plugin(words);
    if (!begun.succeeded()) throw std::runtime_error("kubectl-migrate: " + text_of(begun));
  }

  // What keeps the step from ending until the fault has happened.
  [[nodiscard]] std::unique_ptr<Hold> make_hold() const {
    if (row_.fault == Fault::restore_fails) return nullptr;
    switch (row_.phase) {
      case Phase::placing:
      case Phase::renaming:
        return stop_agent(cluster(), target_);
      case Phase::checkpointing:
        return hold_criu(cluster(), source_);
      case Phase::transferring:
        return cut_agent_off(cluster(), source_, target_);
      case Phase::restoring:
        // Deleted in the middle of CRIU's work, nobody could say whether memory ran. That is the doubt's subject.
        if (row_.fault == Fault::target_deleted) return stop_agent(cluster(), target_);
        return hold_criu(cluster(), target_);
      default:
        return stop_agent(cluster(), source_);
    }
  }

  void inflict() {
    switch (row_.fault) {
      case Fault::abort:
        // Not by the plugin, which would refuse it after the commit: here it must be the controller's to ignore.
        cluster().kubectl({"-n", ns(), "patch", "migrations.kubectl-migrate.dev", name_, "--type=merge", "-p",
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
    }
  }

  // Where the order to release it may be on its way already, its kubelet's part is waited for: else that order could
  // still be carried out, and the memory come to life in a Pod that nobody has any more.
  void delete_target() const {
    const std::string pod = target_pod();
    const std::string uid = cluster().field({"pod", pod, "-n", ns()}, ".metadata.uid");
    cluster().kubectl({"-n", ns(), "delete", "pod", pod, "--force", "--grace-period=0"});
    if (row_.phase != Phase::restoring) return;
    stage().await("the kubelet of " + target_ + " to let go of " + pod, name_, [&] {
      return cluster().on(target_, {"sh", "-c", "ls -d /var/lib/kubelet/pods/\"$0\" 2>/dev/null || true", uid}).empty();
    });
  }

  void kill(const ProductProcess& victim) {
    if (!send_signal(cluster(), victim, "KILL"))
      stage().fail(fmt::format("{} of Pod {} is not there to be killed", victim.program, victim.pod), name_);
    killed_ = victim;
  }

  // The target, or the placeholder that stands for it.
  [[nodiscard]] std::string target_pod() const {
    const Json migration = stage().migration(name_);
    const Json& status = migration.at("status");
    if (row_.phase < Phase::renaming && !status.value("placeholder", std::string{}).empty())
      return status.at("placeholder").get<std::string>();
    return status.at("target").at("pod").get<std::string>();
  }

  // The archives stay good; what was unpacked of them on the target's node does not.
  void damage_what_is_restored() const {
    const auto uid = stage().migration(name_).at("metadata").at("uid").get<std::string>();
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
  }

  void check(const Json& ended) {
    const auto allowed = allowed_ends(row_);
    const auto end = migrate::phase_from(phase_in(ended));
    stage().require(end && std::find(allowed.begin(), allowed.end(), *end) != allowed.end(),
                    fmt::format("it ended as {}, which is not allowed here", phase_in(ended)), name_);
    if (*end == Phase::succeeded)
      scene_.follow(ended);
    else
      scene_.check_runs_on(name_);
    stage().check_nothing_left(name_);
  }

  Scene& scene_;
  Row row_;
  std::string source_;
  std::string target_;
  std::string name_;
  ProductProcess leader_;
  ProductProcess source_agent_;
  ProductProcess target_agent_;
  std::optional<ProductProcess> killed_;
  std::optional<std::chrono::steady_clock::time_point> slept_since_;
};

}  // namespace

std::string play(Scene& scene, const Row& row) {
  return Play{scene, row}.run();
}

}  // namespace harness
