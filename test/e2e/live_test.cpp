// Migrations with replay: the consumer works on while its copy is made; what came meanwhile is replayed by the copy,
// and one audit at the end says whether anything was lost, repeated or reordered on all of it.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "test/e2e/product_metrics.h"
#include "test/e2e/queues_left.h"

using namespace harness;
using Json = nlohmann::json;

namespace {

// At `per_second` orders, each of which takes 50 ms: as in the paper's evaluation.
ProducerSpec load_of(double per_second) {
  return {.per_second = per_second / 2, .producers = 2, .count = 0};
}

ConsumerSpec consumer() {
  ConsumerSpec spec = Scene::consumer_on("node-a");
  spec.service_ms = 50;
  spec.prefetch = 5;
  return spec;
}

// How the mirror stood while nobody but the background looked: times of one form, which compare as texts.
bool is_read_while_it_travels(const Json& status) {
  std::string begin;
  std::string end;
  for (const Json& step : status.at("steps")) {
    if (step.at("name") == "Checkpointing") begin = step.at("startedAt").get<std::string>();
    if (step.at("name") == "Transferring") end = step.at("finishedAt").get<std::string>();
  }
  const Json series = status.at("messages").value("backlogSeries", Json::array());
  return std::any_of(series.begin(), series.end(), [&](const Json& point) {
    const auto at = point.at("at").get<std::string>();
    return at > begin && at < end;
  });
}

void check(const Scene::Move& move, const std::string& strategy) {
  const Json& status = move.migration.at("status");
  BOOST_TEST(status.at("phase") == "Succeeded");
  BOOST_TEST(status.at("strategy") == strategy);
  const Json messages = status.value("messages", Json::object());
  for (const char* field : {"arrivalRate", "duplicatesBound", "backlogAtCut", "lost"})
    BOOST_TEST(messages.contains(field), "no " << field << " in " << messages.dump());
  // Counted where nobody reads the mirror while it gets messages.
  for (const std::string count : {"mirrored", "replayed"}) {
    const std::string field = count + (strategy == "Live" ? "Estimate" : "");
    BOOST_TEST(messages.value(field, 0) > 0, "no " << field << " in " << messages.dump());
  }
  BOOST_TEST(messages.value("lost", -1) == 0);
  BOOST_TEST(is_read_while_it_travels(status), messages.dump());
  BOOST_TEST_MESSAGE(strategy << ": gap " << status.at("gapMs") << " ms\n" << move.told);
}

std::string name_of(const Json& migration) {
  return migration.at("metadata").at("name").get<std::string>();
}

// Nobody worked for longer than that at a stretch, be it for the checkpoint or on the way back into the name.
void check_gap(const Json& migration, const Json& second) {
  const Json& status = migration.at("status");
  const auto gap = status.at("gapMs").get<std::int64_t>();
  const auto way_back = second.at("status").at("gapMs").get<std::int64_t>();
  BOOST_TEST(way_back > 0);
  BOOST_TEST(gap >= way_back);
  BOOST_TEST(gap >= status.at("checkpoint").at("snapshotFreezeMs").get<std::int64_t>());
}

// What the leader has counted of these moves since `before`, as docs/metrics.md has it.
void check_metrics(const Scene& scene, const std::string& before, const std::vector<Json>& moves) {
  const std::string now = leader_metrics(scene.cluster());
  const auto more = [&](const char* name) {
    constexpr const char* kLive = R"(strategy="Live")";
    return sum_in(now, name, kLive) - sum_in(before, name, kLive);
  };
  const auto sum_of = [&](const char* field) {
    double sum = 0;
    for (const Json& one : moves)
      sum += one.at("status").at("messages").value(field, 0.0);
    return sum;
  };
  const auto count_of = [&](const char* field) {
    return std::count_if(moves.begin(), moves.end(),
                         [&](const Json& one) { return one.at("status").at("messages").contains(field); });
  };
  for (const auto& [series, field] : {std::pair{"kubectl_migrate_arrival_rate", "arrivalRate"},
                                      {"kubectl_migrate_service_rate", "serviceRate"},
                                      {"kubectl_migrate_backlog_at_cut_messages", "backlogAtCut"},
                                      {"kubectl_migrate_cutoff_planned_seconds", "cutoffSeconds"},
                                      {"kubectl_migrate_cutoff_used_seconds", "cutoffUsedSeconds"}})
    BOOST_TEST(more((series + std::string{"_count"}).c_str()) == static_cast<double>(count_of(field)), series);
  // What gap and total were forecast at, beside what they came to.
  for (const auto& [series, field] : {std::pair{"kubectl_migrate_forecast_gap_seconds_sum", "gapMs"},
                                      {"kubectl_migrate_forecast_total_seconds_sum", "totalMs"}}) {
    double forecast = 0;
    for (const Json& one : moves)
      forecast += one.at("status").value("forecast", Json::object()).value(field, 0.0) / 1000;
    BOOST_TEST(std::abs(sum_in(now, series) - sum_in(before, series) - forecast) < 0.001, series);
  }
  BOOST_TEST(more("kubectl_migrate_mirrored_estimate_messages_total") == sum_of("mirroredEstimate"));
  BOOST_TEST(more("kubectl_migrate_possible_repeats_messages_total") == sum_of("duplicatesBound"));
  BOOST_TEST(more("kubectl_migrate_lost_messages_total") == 0);
  BOOST_TEST(now.find("\nkubectl_migrate_lost_messages_total{") != std::string::npos);
  BOOST_TEST(sum_in(now, "kubectl_migrate_mirror_messages") == 0);
}

void judge(Scene& scene) {
  check_no_queues_left(scene.stage());
  const Verdict verdict = scene.judge();
  BOOST_TEST_MESSAGE(verdict.report);
  BOOST_TEST(verdict.clean, verdict.report);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(live)

BOOST_AUTO_TEST_CASE(a_consumer_under_load_moves_while_it_works_there_and_back) {
  Scene scene{"live"};
  scene.start(consumer(), load_of(10));
  const std::string before = leader_metrics(scene.cluster());
  std::vector<Json> moves;
  for (const char* node : {"node-b", "node-a"}) {
    const auto move = scene.move({"--to", node, "--strategy", "live"});
    check(move, "Live");
    BOOST_TEST(scene.node() == node);
    scene.stage().check_nothing_left(name_of(move.migration));
    scene.wait_for_more(20);
    moves.push_back(move.migration);
  }
  check_metrics(scene, before, moves);
  judge(scene);
}

// The shadow takes over under a name of its own, and comes into the old one by a second hop on its node.
BOOST_AUTO_TEST_CASE(live_and_back_into_its_name) {
  Scene scene{"live-name"};
  scene.start(consumer(), load_of(10));
  const std::string name = scene.consumer();
  const auto move = scene.move({"--to", "node-b", "--strategy", "live", "--keep-name"});
  check(move, "Live");
  BOOST_TEST(scene.consumer() == name);
  BOOST_TEST(scene.node() == "node-b");
  bool restored = false;
  for (const Json& condition : move.migration.at("status").at("conditions"))
    restored = restored || (condition.at("type") == "NameRestored" && condition.at("status") == "True");
  BOOST_TEST(restored, move.migration.dump());
  check_gap(move.migration, scene.stage().migration(name_of(move.migration) + "-name-1"));
  scene.stage().check_nothing_left(name_of(move.migration));
  scene.stage().check_nothing_left(name_of(move.migration) + "-name-1");
  scene.wait_for_more(20);
  judge(scene);
}

// So much memory that its copy beside the running source is silent for less time; and an application that says how long
// a message takes.
BOOST_AUTO_TEST_CASE(auto_takes_the_smallest_gap_and_says_why) {
  Scene scene{"auto"};
  ConsumerSpec large = consumer();
  large.memory_mib = 300;
  large.service_time = "50ms";
  scene.start(large, load_of(5));
  scene.wait_for_more(40);  // the broker has counted for some seconds
  const auto move = scene.move({"--to", "node-b", "--strategy", "auto"});
  check(move, "Live");
  const Json& steps = move.migration.at("status").at("steps");
  BOOST_TEST(steps.at(0).value("message", "").starts_with("Live: its gap is forecast at"), steps.dump());
  scene.wait_for_more(20);
  judge(scene);
}

BOOST_AUTO_TEST_CASE(sequentially_under_another_name_and_under_its_own) {
  Scene scene{"sequential"};
  scene.start(consumer(), load_of(10));
  const auto away = scene.move({"--to", "node-b", "--strategy", "sequential"});
  check(away, "Sequential");
  scene.wait_for_more(20);
  const std::string name = scene.consumer();
  const auto back = scene.move({"--to", "node-a", "--strategy", "sequential", "--keep-name"});
  check(back, "Sequential");
  BOOST_TEST(scene.consumer() == name);
  scene.stage().check_nothing_left(name_of(back.migration));
  scene.wait_for_more(20);
  judge(scene);
}

BOOST_AUTO_TEST_SUITE_END()
