#include "test/bench/sets.h"

#include <fmt/format.h>

#include <cstdio>
#include <vector>

#include "test/e2e/sets.h"

namespace bench {
namespace {

using namespace harness;
using Json = nlohmann::json;

constexpr int kReplicas = 3;
constexpr int kMoved = 1;

struct Way {
  const char* strategy;
  std::vector<Goal> goals;  // of each move, with nothing else at work
};

// A live move has a second one in it, into the name, whose gap is its own.
void add_way_back(const SetScene& set, const Json& migration, std::vector<Sample>& samples) {
  const auto second = set.stage().migration(migration.at("metadata").at("name").get<std::string>() + "-name-1");
  const Sample way_back = sample_of(second);
  samples.back()["gap into name"] = way_back.at("gap");
}

bool measure_strategy(const Way& way, int moves, Series& measured) {
  const char* const strategy = way.strategy;
  SetScene set{fmt::format("bench-set-{}", strategy)};
  ConsumerSpec consumer = set_consumer();
  consumer.service_time = fmt::format("{}ms", consumer.service_ms);  // so that gap and total are forecast
  set.start({.replicas = kReplicas, .per_second = 10, .consumer = consumer});
  // The first one pulls the image; it is not counted.
  (void)set.move(kMoved, {"--strategy", "stop"});
  std::vector<Sample> samples;
  samples.reserve(static_cast<std::size_t>(moves));
  for (int i = 0; i < moves; ++i) {
    set.at(kMoved).wait_for_more(20);
    const auto moved = set.move(kMoved, {"--strategy", strategy});
    samples.push_back(sample_of(moved.migration));
    if (moved.migration.at("status").at("strategy") == "Live") add_way_back(set, moved.migration, samples);
  }
  const Verdict verdict = set.judge();
  fmt::print("\nordinal {} of a StatefulSet of {}, {}, 10 orders a second of 50 ms each, 20 MiB; audits {}\n", kMoved,
             kReplicas, strategy, verdict.clean ? "CLEAN" : "NOT CLEAN:\n" + verdict.report);
  // The siblings' longest message gaps say whether they noticed.
  for (std::size_t at = 0, ordinal = 0; (at = verdict.report.find("message gap", at)) != std::string::npos; ++at)
    fmt::print("  {}'s longest {}\n", SetScene::pod_of(static_cast<int>(ordinal++)),
               verdict.report.substr(at, verdict.report.find('\n', at) - at));
  fmt::print("{}\n", table_of(samples));
  const std::string missed = missed_goals(samples, way.goals);
  if (!missed.empty()) fmt::print("BEYOND THE GOALS of {}:\n{}\n", strategy, missed);
  std::fflush(stdout);
  measured["sets"].insert(measured["sets"].end(), samples.begin(), samples.end());
  return verdict.clean && missed.empty();
}

}  // namespace

bool measure_sets(int moves, Series& measured) {
  const std::vector<Goal> of_one_freeze{{"gap", 2000}, {"total", 5000}};
  bool all_well = true;
  for (const Way& way :
       {Way{"stop", of_one_freeze}, Way{"sequential", of_one_freeze}, Way{"live", {{"gap", 1000}, {"total", 8000}}}})
    all_well = measure_strategy(way, moves, measured) && all_well;
  return all_well;
}

}  // namespace bench
