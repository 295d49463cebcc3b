#include "shared/migration/speeds.h"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <ostream>

namespace {

using namespace migrate;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(speeds)

// A Stop of 20 MiB from node-a to node-b, each phase of it with its own length.
Migration finished() {
  Migration made;
  made.uid = "uid-1";
  MigrationStatus& status = made.status;
  status.phase = Phase::succeeded;
  status.strategy = Strategy::stop;
  status.checkpoint = CheckpointBackend::direct;
  status.source.node = "node-a";
  status.target.node = "node-b";
  status.forecast_size = 20_MiB;
  Instant now{1h};
  const auto step = [&](Phase phase, milliseconds took) {
    status.steps.push_back({std::string{to_string(phase)}, now, now + took, ""});
    now += took;
  };
  step(Phase::preparing, 100ms);
  step(Phase::placing, 800ms);
  step(Phase::freezing, 120ms);
  status.frozen_at = now - 50ms;
  step(Phase::checkpointing, 460ms);
  step(Phase::transferring, 200ms);
  step(Phase::committing, 30ms);
  status.running_at = now + 440ms;
  step(Phase::restoring, 900ms);  // the kubelet's word came later
  step(Phase::finishing, 100ms);
  status.finished = now;
  return made;
}

BOOST_AUTO_TEST_CASE(what_a_stop_took) {
  const auto sample = sample_of(finished());
  BOOST_REQUIRE(sample.has_value());
  BOOST_TEST(sample->uid == "uid-1");
  BOOST_TEST(sample->kind.from == "node-a");
  BOOST_TEST(sample->kind.to == "node-b");
  BOOST_TEST(!sample->kind.is_local);
  BOOST_TEST(sample->size.count == (20_MiB).count);
  BOOST_TEST((sample->steps.at(Phase::checkpointing) == 460ms));
  BOOST_TEST((sample->halting == 50ms));
  BOOST_TEST(!sample->cutting);
  BOOST_TEST((sample->restore == 440ms));
  BOOST_TEST((sample->finishing == 560ms));
}

BOOST_AUTO_TEST_CASE(what_a_live_one_took) {
  Migration made = finished();
  MigrationStatus& status = made.status;
  status.strategy = Strategy::live;
  status.snapshot_freeze = 300ms;
  status.steps[6] = {"Shadowing", Instant{1h}, Instant{1h + 250ms}, ""};
  status.steps[7] = {"Switching", *status.running_at - 130ms, *status.running_at + 20ms, ""};
  const auto sample = sample_of(made);
  BOOST_REQUIRE(sample.has_value());
  BOOST_TEST((sample->snapshot == 300ms));
  BOOST_TEST((sample->cutting == 50ms));
  BOOST_TEST(!sample->halting);
  BOOST_TEST((sample->restore == 250ms));
  BOOST_TEST((sample->switching == 130ms));
  status.steps.push_back({"Returning", Instant{2h}, Instant{2h + 1s}, ""});
  BOOST_TEST(!sample_of(made)->finishing);
}

// What waited in the queue before takes its time after that, and is forecast by itself.
BOOST_AUTO_TEST_CASE(a_mirror_is_made_once_it_is_bound) {
  Migration made = finished();
  MigrationStatus& status = made.status;
  status.strategy = Strategy::live;
  status.steps.insert(status.steps.begin() + 2, {"Mirroring", Instant{1h}, Instant{1h + 3s}, ""});
  BOOST_TEST(!sample_of(made)->mirroring);
  status.messages.emplace();
  status.messages->bound_at = Instant{1h + 350ms};
  BOOST_TEST((sample_of(made)->mirroring == 350ms));
  BOOST_TEST((learn({*sample_of(made)}, {}, 20_MiB).fixed.live.mirroring == 350ms));
}

BOOST_AUTO_TEST_CASE(a_kind_has_strategy_and_set) {
  Migration made = finished();
  BOOST_CHECK(sample_of(made)->kind.strategy == Strategy::stop);
  BOOST_TEST(!sample_of(made)->kind.is_of_set);
  made.status.strategy = Strategy::sequential;
  made.status.owner = OwnerRef{"StatefulSet", "orders", "uid-set"};
  BOOST_CHECK(sample_of(made)->kind.strategy == Strategy::sequential);
  BOOST_TEST(sample_of(made)->kind.is_of_set);
}

struct Useless {
  const char* name;
  std::function<void(Migration&)> spoil;
  friend std::ostream& operator<<(std::ostream& out, const Useless& one) { return out << one.name; }
};
const std::vector<Useless> kUseless{
    {"rolled back", [](Migration& m) { m.status.phase = Phase::rolled_back; }},
    {"a dry run", [](Migration& m) { m.status.phase = Phase::planned; }},
    {"of no known size", [](Migration& m) { m.status.forecast_size = Bytes{}; }},
    {"restored twice", [](Migration& m) { m.status.steps.push_back(m.status.steps[6]); }},
    {"repeated", [](Migration& m) { m.status.steps[6].name = "Repeating"; }},
    {"in doubt for a while", [](Migration& m) { m.status.steps[6].name = "InDoubt"; }},
    {"a step without an end", [](Migration& m) { m.status.steps[2].finished.reset(); }},
};

BOOST_DATA_TEST_CASE(what_tells_nothing_of_speeds, boost::unit_test::data::make(kUseless)) {
  Migration made = finished();
  sample.spoil(made);
  BOOST_TEST(!sample_of(made).has_value());
}

const HopKind kAsked{"node-a", "node-b", CheckpointBackend::direct};

BOOST_AUTO_TEST_CASE(nothing_learned_is_the_defaults) {
  const Learned learned = learn({}, kAsked, 20_MiB);
  BOOST_TEST(learned.speeds.checkpoint_ms_per_mib == Speeds{}.checkpoint_ms_per_mib);
  BOOST_TEST((learned.speeds.restore_fixed == Speeds{}.restore_fixed));
  BOOST_TEST((learned.fixed.stop.placing == FixedPhases{}.placing));
  BOOST_CHECK((learned.spread == Spread{}));
  HopKind kind = kAsked;
  kind.is_via_registry = true;  // there and from there
  BOOST_TEST(learn({}, kind, 20_MiB).speeds.transfer_ms_per_mib == 2 * Speeds{}.transfer_ms_per_mib);
}

// 230 ms of checkpoint, 100 of transfer, 220 of restore are forecast by default: it was twice of each.
BOOST_AUTO_TEST_CASE(the_next_one_is_forecast_as_the_last_one_was) {
  const std::vector<HopSample> samples{*sample_of(finished())};
  const Learned learned = learn(samples, kAsked, 20_MiB);
  const Forecast next = forecast({20_MiB, {}, {}}, CheckpointBackend::direct, learned.speeds);
  BOOST_TEST(next.checkpoint.count() == 460);
  BOOST_TEST(next.transfer.count() == 200);
  BOOST_TEST(next.restore.count() == 440);
  BOOST_TEST((learned.fixed.stop.preparing == 100ms));
  BOOST_TEST((learned.fixed.stop.placing == 800ms));
  BOOST_TEST((learned.fixed.stop.halting == 50ms));
  BOOST_TEST((learned.fixed.stop.cutting == FixedPhases{}.cutting));
  BOOST_TEST((learned.fixed.stop.committing == 30ms));
  BOOST_TEST((learned.fixed.stop.finishing == 560ms));
  StrategyQuestion asked;
  asked.size.memory = 20_MiB;
  asked.speeds = learned.speeds;
  asked.fixed = learned.fixed;
  const StrategyOutlook said = strategy_outlook(asked, Strategy::stop);
  BOOST_TEST(said.freeze.count() == 50 + 460 + 200 + 30);
  BOOST_TEST(said.gap.count() == 740 + 440);
  BOOST_TEST(said.total.count() == 100 + 800 + 1'180 + 560);
}

// One sample each: of the kind asked for, and another one that was three times as fast or slow.
struct Weighed {
  const char* name;
  std::function<void(HopSample&)> other;
  milliseconds Forecast::*part;
  bool is_the_same;  // the other one counts as much, and the lower of both is taken
  friend std::ostream& operator<<(std::ostream& out, const Weighed& one) { return out << one.name; }
};
const std::vector<Weighed> kWeighed{
    {"checkpoints of another source", [](HopSample& s) { s.kind.from = "node-c"; }, &Forecast::checkpoint, false},
    {"checkpoints for another target", [](HopSample& s) { s.kind.to = "node-c"; }, &Forecast::checkpoint, true},
    {"restores from another source", [](HopSample& s) { s.kind.from = "node-c"; }, &Forecast::restore, true},
    {"restores on another target", [](HopSample& s) { s.kind.to = "node-c"; }, &Forecast::restore, false},
    {"restores from an image", [](HopSample& s) { s.kind.is_by_image = true; }, &Forecast::restore, false},
    {"transfers to another target", [](HopSample& s) { s.kind.to = "node-c"; }, &Forecast::transfer, false},
    {"transfers through a registry", [](HopSample& s) { s.kind.is_via_registry = true; }, &Forecast::transfer, false},
    {"transfers within a node", [](HopSample& s) { s.kind.is_local = true; }, &Forecast::transfer, false},
    {"the kubelet's checkpoints", [](HopSample& s) { s.kind.backend = CheckpointBackend::kubelet; },
     &Forecast::checkpoint, false},
    {"another size", [](HopSample& s) { s.size = 500_MiB; }, &Forecast::checkpoint, false},
};

BOOST_DATA_TEST_CASE(what_is_alike_weighs_most, boost::unit_test::data::make(kWeighed)) {
  const HopSample own = *sample_of(finished());
  HopSample other = own;
  for (const Phase phase : {Phase::checkpointing, Phase::transferring})
    other.steps[phase] = 23ms;
  other.restore = 44ms;
  sample.other(other);
  const auto forecast_of = [&](const std::vector<HopSample>& samples) {
    return (forecast({20_MiB, {}, {}}, CheckpointBackend::direct, learn(samples, kAsked, 20_MiB).speeds).*(sample.part))
        .count();
  };
  BOOST_TEST((forecast_of({other, own}) == forecast_of({own})) == !sample.is_the_same);
}

// By another way, or one that was held up for an hour, tells nothing; nor does one outlier among others.
BOOST_AUTO_TEST_CASE(outliers_do_not_count) {
  const HopSample own = *sample_of(finished());
  HopSample stuck = own;
  stuck.steps[Phase::transferring] = milliseconds{1h};
  const auto transfer = [&](const std::vector<HopSample>& samples) {
    return forecast({20_MiB, {}, {}}, CheckpointBackend::direct, learn(samples, kAsked, 20_MiB).speeds).transfer;
  };
  BOOST_TEST((transfer({own, stuck, own}) == 200ms));
  BOOST_TEST((transfer({stuck}) <= 500ms));  // five times the default
}

BOOST_AUTO_TEST_CASE(the_range_is_as_wide_as_what_was_seen) {
  const HopSample own = *sample_of(finished());
  const Spread of_one = learn({own}, kAsked, 20_MiB).spread;
  const Spread of_eight = learn(std::vector<HopSample>(8, own), kAsked, 20_MiB).spread;
  BOOST_TEST(of_one.low > Spread{}.low);
  BOOST_TEST(of_eight.low > of_one.low);
  BOOST_TEST(of_eight.high < of_one.high);
  HopSample slow = own;
  slow.steps[Phase::checkpointing] = 920ms;
  slow.steps[Phase::transferring] = 400ms;
  slow.restore = 880ms;
  std::vector<HopSample> uneven(8, own);
  std::fill_n(uneven.begin(), 3, slow);
  const Spread wide = learn(uneven, kAsked, 20_MiB).spread;
  BOOST_TEST(wide.high >= 2);
  BOOST_TEST(wide.low > 0.9);
}

BOOST_AUTO_TEST_CASE(how_much_of_a_checkpoint_a_snapshot_is_frozen_is_learned) {
  HopSample own = *sample_of(finished());
  own.snapshot = 230ms;
  BOOST_TEST(learn({own}, kAsked, 20_MiB).speeds.frozen_share == 0.5);
  own.snapshot = 10s;
  BOOST_TEST(learn({own}, kAsked, 20_MiB).speeds.frozen_share == 1.0);
}

HopSample placed(milliseconds placing, Strategy strategy, bool is_of_set = false) {
  HopSample made = *sample_of(finished());
  made.steps[Phase::placing] = placing;
  made.kind.strategy = strategy;
  made.kind.is_of_set = is_of_set;
  return made;
}

BOOST_AUTO_TEST_CASE(fixed_phases_are_learned_from_the_same_kind_where_there_are_two) {
  std::vector<HopSample> samples(8, placed(800ms, Strategy::stop));
  samples.push_back(placed(2'000ms, Strategy::live));
  // One of a kind is no measure yet.
  BOOST_TEST((learn(samples, kAsked, 20_MiB).fixed.live.placing == 800ms));
  samples.push_back(placed(2'000ms, Strategy::live));
  samples.push_back(placed(4'000ms, Strategy::stop, true));
  samples.push_back(placed(4'000ms, Strategy::stop, true));
  const PhasesByStrategy of_pod = learn(samples, kAsked, 20_MiB).fixed;
  BOOST_TEST((of_pod.stop.placing == 800ms));
  BOOST_TEST((of_pod.live.placing == 2'000ms));
  BOOST_TEST((of_pod.sequential.placing == 800ms));  // from all
  HopKind set = kAsked;
  set.is_of_set = true;
  BOOST_TEST((learn(samples, set, 20_MiB).fixed.stop.placing == 4'000ms));
  BOOST_TEST((learn(samples, set, 20_MiB).fixed.live.placing == 800ms));  // from all
}

// Within one node, and until one has been seen as a Stop is.
BOOST_AUTO_TEST_CASE(a_way_back_is_forecast_from_ways_back) {
  std::vector<HopSample> samples(2, placed(800ms, Strategy::stop));
  BOOST_TEST((learn(samples, kAsked, 20_MiB).fixed.way_back.placing == 800ms));
  samples.push_back(placed(300ms, Strategy::stop));
  samples.back().kind.from = "node-b";
  samples.back().kind.is_local = true;
  BOOST_TEST((learn(samples, kAsked, 20_MiB).fixed.way_back.placing == 300ms));
  BOOST_TEST((learn(samples, kAsked, 20_MiB).fixed.stop.placing == 800ms));
}

// On a machine that is two and a half times as slow, with moves that differ by a fifth: after the first one the median
// error of all that follow, of three sizes, is within a quarter. The defaults alone would not do.
BOOST_AUTO_TEST_CASE(forecasts_come_near_the_facts_within_a_few_moves) {
  constexpr double kSlower = 2.5;
  const auto error_of = [](double said, double fact) { return std::abs(said - fact) / fact; };
  std::vector<HopSample> samples;
  std::vector<double> learned_errors;
  std::vector<double> default_errors;
  int number = 0;
  for (const Bytes size : {20_MiB, 20_MiB, 100_MiB, 20_MiB, 500_MiB, 100_MiB, 500_MiB, 20_MiB, 100_MiB, 500_MiB}) {
    const double noise = number % 3 == 0 ? 0.8 : number % 3 == 1 ? 1.0 : 1.2;
    const Forecast base = forecast({size, {}, {}}, CheckpointBackend::direct);
    const auto took = [&](milliseconds by_default) {
      return milliseconds{static_cast<milliseconds::rep>(static_cast<double>(by_default.count()) * kSlower * noise)};
    };
    HopSample fact;
    fact.uid = std::to_string(number++);
    fact.kind = kAsked;
    fact.size = size;
    fact.steps = {{Phase::checkpointing, took(base.checkpoint)}, {Phase::transferring, took(base.transfer)}};
    fact.restore = took(base.restore);
    const double gap = static_cast<double>((took(base.checkpoint) + took(base.transfer) + took(base.restore)).count());
    const Forecast said = forecast({size, {}, {}}, CheckpointBackend::direct, learn(samples, kAsked, size).speeds);
    if (!samples.empty()) {
      learned_errors.push_back(error_of(static_cast<double>(said.gap().count()), gap));
      default_errors.push_back(error_of(static_cast<double>(base.gap().count()), gap));
    }
    samples.push_back(fact);
  }
  const auto median = [](std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.at(values.size() / 2);
  };
  BOOST_TEST(median(learned_errors) <= 0.25);
  BOOST_TEST(median(default_errors) > 0.5);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
