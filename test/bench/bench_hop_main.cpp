// bench-hop [MOVES [MIB]]: the figures of the product on the test cluster, as tables; with MIB only those of moves with
// that much memory. bench-hop replay [MOVES]: only those of strategies with replay; bench-hop sets [MOVES]: only those
// of one of a StatefulSet. At the end stands by how much all forecasts were off. Ends with 1 when an audit was not
// clean, or a move of one of a StatefulSet took longer than its goal. See test/bench/run.
#include <fmt/format.h>
#include <sys/mman.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <sstream>
#include <string_view>

#include "shared/base/main.h"
#include "test/bench/figures.h"
#include "test/bench/replays.h"
#include "test/bench/sets.h"
#include "test/e2e/product_processes.h"
#include "test/e2e/registry_side.h"
#include "test/e2e/scene.h"

namespace {

using namespace harness;
using Json = nlohmann::json;
using Steady = std::chrono::steady_clock;

void tell(const std::string& text) {
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

void measure_plugin() {
  const auto path = program("kubectl-migrate");
  std::vector<double> times;
  for (int i = 0; i < 21; ++i) {
    const auto began = Steady::now();
    (void)must({path.string(), "--help"});
    times.push_back(std::chrono::duration<double, std::milli>(Steady::now() - began).count());
  }
  const auto spread = bench::spread_of(times);
  tell(fmt::format(
      "kubectl-migrate: {:.1f} MB; --help {:.1f} / {:.1f} / {:.1f} ms (min / median / max, with starting it)",
      static_cast<double>(std::filesystem::file_size(path)) / 1e6, spread.least, spread.median, spread.most));
}

void measure_idle(const Cluster& cluster) {
  const auto leading = leader(cluster);
  const auto agent = agent_on(cluster, "node-a");
  tell(fmt::format("resident when idle: controller and extender {:.1f} MiB, agent {:.1f} MiB",
                   mib_of(cluster, leading, "VmRSS"), mib_of(cluster, agent, "VmRSS")));
}

// The extender's own histogram of its answers to /filter, of all its replicas together.
bench::Buckets filter_answers(const Cluster& cluster) {
  std::istringstream addresses{cluster.field(
      {"pods", "-n", "kubectl-migrate", "-l", "app.kubernetes.io/name=migrate-extender"}, ".items[*].status.podIP")};
  std::string all;
  for (std::string address; addresses >> address;)
    all += cluster.on("node-a", {"curl", "-sS", "--insecure", fmt::format("https://{}:9443/metrics", address)});
  return bench::buckets_in(all, "kubectl_migrate_extender_answer_seconds", "verb=\"filter\"");
}

// /filter with 5,000 names of nodes, from a node, over one connection; about a Pod that is none of ours, as nearly all
// are that a scheduler asks about: that one is let pass before any node is looked at.
void measure_filter(const Cluster& cluster) {
  Json names = Json::array();
  for (int i = 0; i < 5000; ++i)
    names.push_back(fmt::format("node-{:04}.example.internal", i));
  const Json pod = {{"metadata", {{"name", "any"}, {"namespace", "default"}}}, {"spec", Json::object()}};
  const Json question = {{"Pod", pod}, {"NodeNames", names}};
  const std::string address =
      cluster.field({"service", "migrate-extender", "-n", "kubectl-migrate"}, ".spec.clusterIP");
  std::string config;
  constexpr int kTimes = 300;
  for (int i = 0; i < kTimes; ++i)
    config += fmt::format(
        "{}url = \"https://{}:9443/filter\"\ndata-binary = \"@/tmp/filter.json\"\nheader = "
        "\"Content-Type: application/json\"\noutput = /dev/null\nwrite-out = \"%{{http_code}} "
        "%{{time_pretransfer}} %{{time_total}}\\n\"\ninsecure\nsilent\n",
        i == 0 ? "" : "next\n", address);
  cluster.on("node-a", {"sh", "-c", "cat >/tmp/filter.json"}, question.dump());
  const bench::Buckets before = filter_answers(cluster);
  std::istringstream answers{cluster.on("node-a", {"curl", "-K", "-"}, config)};
  std::vector<double> times;
  int code = 0;
  double begun = 0;
  double ended = 0;
  while (answers >> code >> begun >> ended)
    if (code == 200) times.push_back((ended - begun) * 1000);
  if (times.empty()) return tell("extender /filter: no answer with code 200");
  tell(
      fmt::format("extender /filter, 5,000 names, a Pod that is none of ours: median {:.2f} ms, p99 {:.2f} ms of {} "
                  "(from the request's first byte to the answer's last, by curl on a node)",
                  bench::percentile(times, 0.5), bench::percentile(times, 0.99), times.size()));
  const bench::Buckets own = bench::since(filter_answers(cluster), before);
  tell(fmt::format("  of which in the extender itself: median {:.2f} ms, p99 {:.2f} ms (by its histogram)",
                   bench::quantile(own, 0.5) * 1000, bench::quantile(own, 0.99) * 1000));
}

// About a migration's Pod every node is looked at, and no test cluster has 5,000 that are known: by the extender's own
// functions, here.
void measure_filter_of_ours() {
  const std::string figures = must({program("bench_extender_filter").string()});
  tell("extender, without HTTP and TLS, on this machine:\n" + figures.substr(0, figures.find_last_not_of('\n') + 1));
}

struct Load {
  int memory_mib = 20;
  int ballast_mib = 0;
  int moves = 6;
  // The checkpoint's way: an image, from the target's agent or through a registry outside.
  enum class Way { archive, image, registry };
  Way way = Way::archive;
};

struct WayWords {
  const char* name;  // of the namespace's part
  const char* text;
  Words words;
};

WayWords words_of(Load::Way way) {
  switch (way) {
    case Load::Way::image:
      return {"-image", ", as an image", {"--restore", "image"}};
    case Load::Way::registry:
      return {"-registry", ", as an image through a registry", through_registry({"--restore", "image"})};
    case Load::Way::archive:
      break;
  }
  return {"", "", {}};
}

// False: the audit was not clean. What was measured is added to "stop".
bool measure_moves(const Load& load, bench::Series& measured) {
  const WayWords way = words_of(load.way);
  Scene scene{fmt::format("bench-{}-{}{}", load.memory_mib, load.ballast_mib, way.name), load.ballast_mib};
  if (load.way == Load::Way::registry) make_registry_secret(scene);
  ConsumerSpec consumer = Scene::consumer_on("node-a");
  consumer.memory_mib = load.memory_mib;
  consumer.service_ms = 10;
  scene.start(consumer);
  const auto agents = {agent_on(scene.cluster(), "node-a"), agent_on(scene.cluster(), "node-b")};
  const auto words_to = [&](const std::string& node) {
    Words words{"--to", node, "--checkpoint", "direct"};
    words.insert(words.end(), way.words.begin(), way.words.end());
    return words;
  };
  // The first one pulls the image; it is not counted.
  scene.move(words_to("node-b"));
  for (const auto& agent : agents)
    forget_peak(scene.cluster(), agent);
  std::vector<bench::Sample> samples;
  samples.reserve(static_cast<std::size_t>(load.moves));
  for (int i = 0; i < load.moves; ++i) {
    scene.wait_for_more(40);
    samples.push_back(bench::sample_of(scene.move(words_to(scene.other_node())).migration));
  }
  double peak = 0;
  for (const auto& agent : agents)
    peak = std::max(peak, mib_of(scene.cluster(), agent, "VmHWM"));
  const Verdict verdict = scene.judge();
  tell(fmt::format("\n{} MiB of memory{}, {}; audit {}; an agent's memory at most {:.1f} MiB", load.memory_mib,
                   way.text,
                   load.ballast_mib > 0 ? fmt::format("an image of {} MiB", load.ballast_mib) : "a small image",
                   verdict.clean ? "clean" : "NOT CLEAN:\n" + verdict.report, peak));
  tell(bench::table_of(samples));
  measured["stop"].insert(measured["stop"].end(), samples.begin(), samples.end());
  return verdict.clean;
}

// How fast the machine gives memory that nobody touched lately: a virtual machine's host has to find each page first.
// A move touches the consumer's memory three times anew: CRIU's images, their copy, and the restored memory.
void measure_fresh_memory() {
  constexpr std::size_t kSize = std::size_t{256} << 20;
  void* const memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return tell("memory touched for the first time: not measured, mmap failed");
  // Huge pages come from what was given back to the host; small ones from what is at hand.
  (void)::madvise(memory, kSize, MADV_HUGEPAGE);
  const auto began = Steady::now();
  for (std::size_t at = 0; at < kSize; at += 4096)
    static_cast<volatile char*>(memory)[at] = 1;
  const double seconds = std::chrono::duration<double>(Steady::now() - began).count();
  (void)::munmap(memory, kSize);
  tell(fmt::format("memory touched for the first time: {:.0f} MiB/s", static_cast<double>(kSize >> 20) / seconds));
}

bool measure_all(int moves, bench::Series& measured) {
  const Cluster cluster;
  measure_plugin();
  measure_idle(cluster);
  measure_filter(cluster);
  measure_filter_of_ours();
  bool all_clean = true;
  for (const Load& load : {Load{20, 0, moves}, Load{100, 0, moves}, Load{500, 0, moves}, Load{20, 1000, moves},
                           Load{20, 0, moves, Load::Way::image}, Load{400, 0, moves, Load::Way::image},
                           Load{20, 0, moves, Load::Way::registry}, Load{400, 0, moves, Load::Way::registry}})
    all_clean = measure_moves(load, measured) && all_clean;
  all_clean = bench::measure_replays(moves, measured) && all_clean;
  return bench::measure_sets(moves, measured) && all_clean;
}

// `what`: adds what it has measured, and is false when an audit was not clean, or a goal missed.
int measure(const std::function<bool(bench::Series&)>& what) {
  wait_for_product(Cluster{});
  bench::Series measured;
  const bool all_well = what(measured);
  tell(bench::forecasts_of(measured));
  return all_well ? 0 : 1;
}

int measure_moves_and_more(int moves, int memory_mib) {
  return measure([&](bench::Series& measured) {
    measure_fresh_memory();
    return memory_mib > 0 ? measure_moves({memory_mib, 0, moves}, measured) : measure_all(moves, measured);
  });
}

}  // namespace

int main(int argc, char** argv) {
  return migrate::run_main("bench-hop", [&] {
    const std::string_view what = argc > 1 ? argv[1] : "";
    const auto number = [&](int at, int otherwise) { return argc > at ? std::stoi(argv[at]) : otherwise; };
    if (what == "replay")
      return measure([&](bench::Series& measured) { return bench::measure_replays(number(2, 3), measured); });
    if (what == "sets")
      return measure([&](bench::Series& measured) { return bench::measure_sets(number(2, 3), measured); });
    return measure_moves_and_more(number(1, 6), number(2, 0));
  });
}
