#include "test/e2e/scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "shared/migration/migration.h"
#include "shared/migration/names.h"

namespace harness {
namespace {

using Json = nlohmann::json;

struct NamedPod {
  std::string name;
  std::string uid;
};

// The shadow of that Pod's Migration, if it is on its way back into the name; nothing: it is not, or is no Migration.
std::optional<NamedPod> shadow_that_returns(const Json& migration, const std::string& pod) {
  if (migration.value("kind", "") != "Migration" || migration.at("spec").at("pod").at("name") != pod)
    return std::nullopt;
  const Json status = migration.value("status", Json::object());
  if (status.value("phase", "") != "Returning") return std::nullopt;
  const Json& target = status.at("target");
  NamedPod shadow{target.at("pod").get<std::string>(), target.at("uid").get<std::string>()};
  if (shadow.name == pod) return std::nullopt;
  return shadow;
}

// $0: the namespace, $1: the Pod, $2: its uid; the rest: kubectl. A restart of the API server ends `logs -f`, and what
// was handled afterwards would be in no log. So it is read once more, from its beginning (the audit takes lines that
// are there twice), for as long as the Pod is this one: what another one of that name says would be taken for its
// words. The empty line keeps a line that was cut from spoiling the next one. The pause keeps the look out of what is
// measured: a Pod that has moved is gone by then.
constexpr const char* kFollowLog = R"(ns=$0 pod=$1 uid=$2
shift 2
while :; do
  "$@" -n "$ns" logs -f "$pod" -c main
  echo
  sleep 1
  until now=$("$@" -n "$ns" get pod "$pod" --ignore-not-found -o 'jsonpath={.metadata.uid}'); do sleep 0.3; done
  [ "$now" = "$uid" ] || break
done)";

}  // namespace

std::uint64_t repeats_allowed(const Json& object, int prefetch) {
  const auto migration = migrate::value_or_fatal(migrate::parse_migration(object));
  const auto unacknowledged = static_cast<std::uint64_t>(prefetch);
  const migrate::Strategy strategy = migration.status.strategy;
  if (strategy == migrate::Strategy::stop) return unacknowledged;
  const bool comes_back = strategy == migrate::Strategy::live && migrate::keeps_name(migration);
  return (comes_back ? unacknowledged : 0) + migration.status.messages.value().duplicates_bound.value();
}

std::string whole_lines(const std::string& log) {
  std::string whole;
  std::istringstream lines{log};
  for (std::string line; std::getline(lines, line);)
    if (Json::parse(line, nullptr, false).is_object()) whole += line + "\n";
  return whole;
}

Scene::Scene(const std::string& ns, int ballast_mib)
    : stage_(std::make_shared<const Stage>(ns)), orders_(stage_->cluster(), stage_->ns(), ballast_mib) {}

Scene::Scene(std::shared_ptr<const Stage> stage, const Orders& first, const std::string& lane)
    : stage_(std::move(stage)), orders_(first, lane) {}

ConsumerSpec Scene::consumer_on(const std::string& node) {
  ConsumerSpec spec;
  spec.node = node;
  spec.placed = ConsumerSpec::Placed::by_name;
  spec.broker_secret = kBrokerSecret;
  return spec;
}

void Scene::start(const ConsumerSpec& consumer, const ProducerSpec& load) {
  applies_repeats_ = !consumer.idempotent;
  start(orders_.consumer_pod(consumer), load);
}

void Scene::start(const Json& consumer, const ProducerSpec& load) {
  orders_.start(consumer, load);
  consumer_ = consumer.at("metadata").at("name").get<std::string>();
  watch_instance();
  wait_for_more(static_cast<std::uint64_t>(load.warm_up));
}

void Scene::adopt(const std::string& pod, const ProducerSpec& load) {
  orders_.start_producer(pod, load);
  consumer_ = pod;
  watch_instance();
  wait_for_more(static_cast<std::uint64_t>(load.warm_up));
}

void Scene::watch_instance() {
  const Json pod = stage_->pod(consumer_);
  const Json owners = pod.at("metadata").value("ownerReferences", Json::array());
  keeps_name_ =
      std::any_of(owners.begin(), owners.end(), [](const Json& owner) { return owner.at("kind") == "StatefulSet"; });
  uid_ = pod.at("metadata").at("uid").get<std::string>();
  node_ = pod.at("spec").at("nodeName").get<std::string>();
  watch_log(consumer_, uid_);
}

void Scene::watch_log(const std::string& pod, const std::string& uid) {
  const Words kubectl = cluster_words({"kubectl"});
  Words words{"bash", "-c", kFollowLog, stage_->ns().name(), pod, uid};
  words.insert(words.end(), kubectl.begin(), kubectl.end());
  logs_.emplace_back(words, folder_ / fmt::format("{}-{}.log", logs_.size(), pod));
}

// A live migration that keeps its name works for a while as its shadow, whose log is gone with it. One watch: a kubectl
// for each look would take a core from what is measured.
void Scene::watch_shadows(const std::string& pod, const std::stop_token& stop) {
  const Background watch{
      watch_words(fmt::format("/apis/{}/namespaces/{}/migrations", migrate::kApiVersion, stage_->ns().name())),
      folder_ / "migrations"};
  std::set<std::string> watched;
  std::size_t at = 0;
  while (!stop.stop_requested()) {
    const std::string events = watch.output();
    for (std::size_t end = 0; (end = events.find('\n', at)) != std::string::npos; at = end + 1) {
      const Json event = Json::parse(events.substr(at, end - at), nullptr, false);
      const auto shadow =
          event.is_object() ? shadow_that_returns(event.value("object", Json::object()), pod) : std::nullopt;
      if (shadow && watched.insert(shadow->uid).second) watch_log(shadow->name, shadow->uid);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
}

std::jthread Scene::follow_shadows() {
  return std::jthread{[this, pod = consumer_](const std::stop_token& stop) { watch_shadows(pod, stop); }};
}

std::uint64_t Scene::handled() const {
  return orders_.counts(consumer_).at("count").get<std::uint64_t>();
}

std::uint64_t Scene::sent() const {
  return orders_.producer_status().at("sent").get<std::uint64_t>();
}

std::int64_t Scene::last_handled(std::size_t instance) const {
  std::int64_t last = 0;
  std::istringstream lines{logs_.at(instance).output()};
  for (std::string line; std::getline(lines, line);) {
    const Json handled = Json::parse(line, nullptr, false);
    if (handled.is_object()) last = std::max(last, handled.value("finished", std::int64_t{0}));
  }
  return last;
}

std::uint64_t Scene::repeats() const {
  return orders_.counts(consumer_).at("duplicates").get<std::uint64_t>();
}

void Scene::wait_for_more(std::uint64_t orders) const {
  const std::uint64_t wanted = handled() + orders;
  eventually(fmt::format("{} on {} to have handled {} orders", consumer_, node_, wanted),
             [&] { return handled() >= wanted; });
}

Scene::Move Scene::move(const Words& words, const Words& named) {
  Words all = named.empty() ? Words{consumer_} : named;
  all.insert(all.end(), words.begin(), words.end());
  // What a test says nothing about is not left to the forecast.
  if (std::find(words.begin(), words.end(), "--strategy") == words.end()) all.insert(all.end(), {"--strategy", "stop"});
  all.insert(all.end(), {"-o", "json"});
  const std::uint64_t before = handled();
  const auto has = [&](const char* word) { return std::find(words.begin(), words.end(), word) != words.end(); };
  const auto done = [&] {
    std::jthread watcher;  // only where there is a shadow: its looks cost time that a bench would measure
    if ((has("live") || has("auto")) && (keeps_name_ || has("--keep-name"))) watcher = follow_shadows();
    return stage_->plugin(all);
  }();
  const Json migration = Json::parse(done.output, nullptr, false);
  const bool is_object = migration.is_object();
  const std::string name = is_object ? migration.at("metadata").value("name", "") : "";
  stage_->require(done.succeeded() && is_object, fmt::format("kubectl-migrate {}: {}", consumer_, text_of(done)), name);
  follow(migration);
  stage_->require(handled() >= before, fmt::format("{} has forgotten orders: it had {}", consumer_, before), name);
  return {migration, done.errors};
}

void Scene::follow(const Json& migration) {
  const auto name = migration.at("metadata").at("name").get<std::string>();
  const Json& target = migration.at("status").at("target");
  const std::string before = uid_;
  consumer_ = target.at("pod").get<std::string>();
  await_ready(name);
  watch_instance();
  stage_->require(uid_ != before, "the target is the source's Pod itself", name);
  stage_->require(node_ == target.at("node").get<std::string>(),
                  fmt::format("{} runs on {}, not where its Migration says", consumer_, node_), name);
  check_state(name);
}

// What was restored is not Ready at once: its probe has to succeed first.
void Scene::await_ready(const std::string& migration) const {
  stage_->await(consumer_ + " to be ready", migration, [&] {
    return cluster()
        .run(
            {"kubectl", "-n", stage_->ns().name(), "wait", "--for=condition=Ready", "pod/" + consumer_, "--timeout=5s"})
        .succeeded();
  });
}

void Scene::follow_name() {
  await_ready("");
  if (stage_->pod(consumer_).at("metadata").at("uid") != uid_) watch_instance();
  check_state("");
}

void Scene::check_runs_on(const std::string& migration) const {
  const Json pod = stage_->pod(consumer_);
  stage_->require(pod.at("metadata").at("uid") == uid_, consumer_ + " is another Pod than before", migration);
  stage_->require(pod.at("spec").at("nodeName") == node_, consumer_ + " is on another node than before", migration);
  check_state(migration);
}

void Scene::check_state(const std::string& migration) const {
  const Json state = orders_.state(consumer_);
  stage_->require(state.at("memory").at("intact") == true, "memory is damaged: " + state.dump(), migration);
  // A repeat that is applied comes after later ones of its producer.
  const auto repeated = applies_repeats_ ? state.at("duplicates").get<std::uint64_t>() : 0;
  // What a broker that goes away has not confirmed nobody sends again.
  std::uint64_t missing = state.at("gaps").get<std::uint64_t>();
  if (missing > 0) missing -= std::min(missing, orders_.unconfirmed());
  stage_->require(missing == 0 && state.at("reordered").get<std::uint64_t>() <= repeated,
                  "lost or reordered: " + state.dump(), migration);
  const auto had = state.at("count").get<std::uint64_t>();
  stage_->await(fmt::format("{} to go on after {} orders", consumer_, had), migration, [&] { return handled() > had; });
  // No look at restartCount: a creation that migrate-runc refused counts there as well. A cold start shows above, as it
  // has no state.
}

Verdict Scene::judge(const std::optional<Span>& undisturbed) {
  orders_.stop_producer();
  eventually("the producer to have recorded everything",
             [&] { return orders_.producer_status().at("finished") == true; });
  // That of the consumer is taken once more when it is at rest, and lines that are there twice do no harm.
  for (std::size_t i = 0; i < logs_.size(); ++i)
    orders_.add_log(fmt::format("instance-{}", i), whole_lines(logs_[i].output()));
  return orders_.judge(consumer_, undisturbed);
}

}  // namespace harness
