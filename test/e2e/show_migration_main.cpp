// What test/demo shows: one of a StatefulSet of three under load moves to another node by `kubectl migrate` and back
// while it works, its siblings go on; then a consumer of its own, frozen and under its own name; and what the audit
// says of each.
#include <fmt/format.h>

#include "shared/base/main.h"
#include "test/e2e/scene.h"
#include "test/e2e/sets.h"

namespace {

using namespace harness;

void tell(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void tell_state(const Scene& scene) {
  const auto state = scene.orders().state(scene.consumer());
  tell(fmt::format("{} on {}: {} orders handled, sum {}, digest {}…, {} MiB of memory {}", scene.consumer(),
                   scene.node(), state.at("count").get<std::uint64_t>(), state.at("sum").get<std::int64_t>(),
                   state.at("digest").get<std::string>().substr(0, 12),
                   state.at("memory").at("bytes").get<std::uint64_t>() >> 20,
                   state.at("memory").at("intact") == true ? "intact" : "DAMAGED"));
}

// As a user sees it: on a terminal its picture lives, and the account follows.
bool migrate(Scene& scene, const std::string& name, const Words& flags) {
  Words words{scene.consumer(), "--to", scene.other_node(), "--name", name};
  words.insert(words.end(), flags.begin(), flags.end());
  std::string shown = "$ kubectl migrate";
  for (const std::string& word : words)
    shown += " " + word;
  tell("\n" + shown);
  migrate::Command command;
  command.argv = scene.stage().plugin_words(words);
  command.input = migrate::Command::Inherited{};
  command.output = migrate::Command::Stream::inherited;
  command.errors = migrate::Command::Stream::inherited;
  auto watcher = scene.follow_shadows();
  const auto completed = migrate::SystemProcesses{}.run(command);
  watcher = {};
  if (!completed) throw migrate::Fatal(completed.error().message);
  if (!completed->succeeded()) return false;
  scene.follow(scene.stage().migration(name));
  tell_state(scene);
  scene.wait_for_more(40);
  return true;
}

int verdict_of(const Verdict& verdict) {
  fmt::print("\n{}", verdict.report);
  return verdict.clean ? 0 : 1;
}

int show_set() {
  constexpr int kReplicas = 3;
  constexpr int kMoved = 1;
  SetScene set{"demo-set"};
  const SetSpec spec{.replicas = kReplicas, .per_second = 10};
  set.start(spec);
  tell(
      fmt::format("StatefulSet {} of {}: each has a queue of its own, fed with {} orders a second, and keeps its state "
                  "in memory only",
                  kSet, kReplicas, spec.per_second));
  for (int ordinal = 0; ordinal < kReplicas; ++ordinal)
    tell_state(set.at(ordinal));
  if (!migrate(set.at(kMoved), "there", {"--strategy", "sequential"})) return 1;
  if (!migrate(set.at(kMoved), "back", {"--strategy", "live"})) return 1;
  tell("\nwaiting for the last orders …");
  const Verdict verdict = set.judge();
  for (int ordinal = 0; ordinal < kReplicas; ++ordinal)
    tell_state(set.at(ordinal));
  return verdict_of(verdict);
}

int show(int prefetch) {
  Scene scene{fmt::format("demo-{}", prefetch)};  // the broker keeps queues, which are named after it
  ConsumerSpec consumer = Scene::consumer_on("node-a");
  consumer.prefetch = prefetch;
  const ProducerSpec load{.per_second = 20, .producers = 2, .count = 0};
  scene.start(consumer, load);
  tell(fmt::format(
      "two producers send {} orders a second together, {} are delivered ahead; the consumer keeps its state "
      "in memory only",
      2 * load.per_second, prefetch));
  tell_state(scene);
  if (!migrate(scene, "there", {"--strategy", "stop", "--keep-name"})) return 1;
  if (!migrate(scene, "back", {"--strategy", "live"})) return 1;

  tell("\nwaiting for the last order …");
  const Verdict verdict = scene.judge();
  tell_state(scene);
  return verdict_of(verdict);
}

}  // namespace

int main() {
  return migrate::run_main("show-migration", [] {
    tell("\n== one of a StatefulSet ==");
    if (const int code = show_set()) return code;
    for (const int prefetch : {1, 50}) {
      tell(fmt::format("\n== prefetch {} ==", prefetch));
      if (const int code = show(prefetch)) return code;
    }
    return 0;
  });
}
