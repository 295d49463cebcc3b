#include "shared/migration/speeds.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace migrate {
namespace {

// A forecast is corrected no further: what is beyond was no measurement of speed.
constexpr double kMostFactor = 5;
// Below that much memory it is the fixed part that is measured.
constexpr double kSmallMib = 8;
constexpr double kOtherNode = 0.3;
constexpr double kOneEnd = 0.5;  // as good as that where one node of both is the same
// Few measurements say little about how they scatter: one is taken to be half off.
constexpr double kUncertainty = 0.5;
// Fewer of a kind are no better than many of all kinds.
constexpr std::size_t kFewestOfKind = 2;

struct Weighted {
  double value = 0;
  double weight = 0;
};

// The value below which that share of all weight is; nothing without any.
std::optional<double> quantile(std::vector<Weighted> values, double share) {
  double sum = 0;
  for (const Weighted& one : values)
    sum += one.weight;
  if (!(sum > 0)) return std::nullopt;
  std::sort(values.begin(), values.end(), [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  double below = 0;
  for (const Weighted& one : values) {
    below += one.weight;
    if (below >= share * sum) return one.value;
  }
  return values.back().value;
}

double mib(Bytes size) {
  return static_cast<double>(size.count) / static_cast<double>((1_MiB).count);
}

double count_of(milliseconds time) {
  return static_cast<double>(time.count());
}

milliseconds scaled(milliseconds span, double factor) {
  return milliseconds{static_cast<milliseconds::rep>(std::llround(count_of(span) * factor))};
}

// By how many times they differ.
double nearness(Bytes one, Bytes other) {
  return 1 / (1 + 2 * std::abs(std::log((mib(one) + kSmallMib) / (mib(other) + kSmallMib))));
}

double same(const std::string& one, const std::string& other) {
  return !other.empty() && one == other ? 1 : kOtherNode;
}

// The defaults for that way.
Speeds speeds_of(const HopKind& kind) {
  Speeds speeds;
  if (kind.is_via_registry) {  // there and from there
    speeds.transfer_fixed *= 2;
    speeds.transfer_ms_per_mib *= 2;
  }
  return speeds;
}

Forecast by_default(const HopSample& sample) {
  return forecast({sample.size, {}, {}}, CheckpointBackend::direct, speeds_of(sample.kind));
}

std::optional<milliseconds> step_of(const HopSample& sample, Phase phase) {
  const auto found = sample.steps.find(phase);
  if (found == sample.steps.end()) return std::nullopt;
  return found->second;
}

// One part of a hop: what a sample measured of it, what its defaults say, and what it is worth for the one asked for
// (0: nothing).
struct Part {
  std::function<std::optional<milliseconds>(const HopSample&)> measured;
  milliseconds Forecast::*expected;
  std::function<double(const HopKind& of, const HopKind& asked)> weight;
};

const Part& checkpointing() {
  static const Part kPart{
      [](const HopSample& one) { return step_of(one, Phase::checkpointing); }, &Forecast::checkpoint,
      // What the kubelet's costs hangs on the image, whose size no record has.
      [](const HopKind& of, const HopKind& asked) {
        const bool is_direct = of.backend == CheckpointBackend::direct && asked.backend != CheckpointBackend::kubelet;
        return is_direct ? same(of.from, asked.from) : 0;
      }};
  return kPart;
}

const Part& transferring() {
  static const Part kPart{[](const HopSample& one) { return step_of(one, Phase::transferring); }, &Forecast::transfer,
                          [](const HopKind& of, const HopKind& asked) {
                            if (of.is_via_registry != asked.is_via_registry || of.is_local != asked.is_local)
                              return 0.0;
                            const bool from = of.from == asked.from;
                            const bool to = !asked.to.empty() && of.to == asked.to;
                            if (from && to) return 1.0;
                            return from || to ? kOneEnd : kOtherNode;
                          }};
  return kPart;
}

const Part& restoring() {
  static const Part kPart{[](const HopSample& one) { return one.restore; }, &Forecast::restore,
                          [](const HopKind& of, const HopKind& asked) {
                            return of.is_by_image == asked.is_by_image ? same(of.to, asked.to) : 0;
                          }};
  return kPart;
}

class Learner {
 public:
  Learner(const std::vector<HopSample>& samples, const HopKind& asked, Bytes size)
      : samples_(samples), asked_(asked), size_(size) {}

  [[nodiscard]] Speeds speeds() const {
    Speeds speeds = speeds_of(asked_);
    const double checkpoint = factor(checkpointing());
    speeds.checkpoint_fixed = scaled(speeds.checkpoint_fixed, checkpoint);
    speeds.checkpoint_ms_per_mib *= checkpoint;
    const double transfer = factor(transferring());
    speeds.transfer_fixed = scaled(speeds.transfer_fixed, transfer);
    speeds.transfer_ms_per_mib *= transfer;
    const double restore = factor(restoring());
    speeds.restore_fixed = scaled(speeds.restore_fixed, restore);
    speeds.restore_ms_per_mib *= restore;
    speeds.frozen_share = frozen_share(speeds.frozen_share);
    return speeds;
  }

  [[nodiscard]] PhasesByStrategy fixed() const {
    PhasesByStrategy made;
    made.stop = fixed_of(asked_, Strategy::stop, {});
    made.live = fixed_of(asked_, Strategy::live, {});
    made.sequential = fixed_of(asked_, Strategy::sequential, {});
    HopKind back = asked_;
    back.from = back.to;
    back.is_local = true;
    back.is_by_image = false;
    // A machine that nobody has moved back on yet is as fast as it was otherwise.
    made.way_back = fixed_of(back, Strategy::stop, made.stop);
    return made;
  }

  // How what was measured stands to what the learned speeds say of the same hops.
  [[nodiscard]] Spread spread(const Speeds& speeds) const {
    std::vector<Weighted> ratios;
    double sum = 0;
    for (const HopSample& one : samples_) {
      const Forecast said = forecast({one.size, {}, {}}, CheckpointBackend::direct, speeds);
      double measured = 0;
      double expected = 0;
      double weight = nearness(one.size, size_);
      for (const Part* part : {&checkpointing(), &transferring(), &restoring()}) {
        const auto time = part->measured(one);
        const double worth = part->weight(one.kind, asked_);
        if (!time || !(worth > 0)) continue;
        measured += count_of(*time);
        expected += count_of(said.*(part->expected));
        weight *= worth;
      }
      if (!(expected > 0)) continue;
      ratios.push_back({measured / expected, weight});
      sum += weight;
    }
    const auto low = quantile(ratios, 0.1);
    const auto high = quantile(ratios, 0.9);
    if (!low || !high) return {};
    const double margin = 1 + kUncertainty / std::max(sum, kUncertainty);
    return {std::clamp(std::min(*low, 1.0) / margin, 1 / kMostFactor, 1.0),
            std::clamp(std::max(*high, 1.0) * margin, 1.0, kMostFactor)};
  }

 private:
  [[nodiscard]] double factor(const Part& part) const {
    std::vector<Weighted> ratios;
    for (const HopSample& one : samples_) {
      const auto measured = part.measured(one);
      const double expected = count_of(by_default(one).*(part.expected));
      if (measured && expected > 0)
        ratios.push_back({count_of(*measured) / expected, part.weight(one.kind, asked_) * nearness(one.size, size_)});
    }
    return std::clamp(quantile(std::move(ratios), 0.5).value_or(1), 1 / kMostFactor, kMostFactor);
  }

  [[nodiscard]] double frozen_share(double otherwise) const {
    std::vector<Weighted> shares;
    for (const HopSample& one : samples_) {
      const auto whole = step_of(one, Phase::checkpointing);
      if (one.snapshot && whole && *whole > milliseconds{0})
        shares.push_back({count_of(*one.snapshot) / count_of(*whole), checkpointing().weight(one.kind, asked_)});
    }
    return std::min(quantile(std::move(shares), 0.5).value_or(otherwise), 1.0);
  }

  using Measured = std::function<std::optional<milliseconds>(const HopSample&)>;

  // `fixed`: what is not learned.
  [[nodiscard]] FixedPhases fixed_of(HopKind kind, Strategy strategy, FixedPhases fixed) const {
    kind.strategy = strategy;
    const auto learn = [&](const Measured& measured, milliseconds& time) { learn_fixed(kind, measured, time); };
    const auto learn_step = [&](Phase phase, milliseconds& time) {
      learn([phase](const HopSample& one) { return step_of(one, phase); }, time);
    };
    learn_step(Phase::preparing, fixed.preparing);
    learn_step(Phase::placing, fixed.placing);
    learn_step(Phase::orphaning, fixed.orphaning);
    learn_step(Phase::committing, fixed.committing);
    learn_step(Phase::renaming, fixed.renaming);
    learn_step(Phase::attaching, fixed.attaching);
    learn(&HopSample::mirroring, fixed.mirroring);
    learn(&HopSample::halting, fixed.halting);
    learn(&HopSample::cutting, fixed.cutting);
    learn(&HopSample::switching, fixed.switching);
    learn(&HopSample::finishing, fixed.finishing);
    return fixed;
  }

  void learn_fixed(const HopKind& kind, const Measured& measured, milliseconds& time) const {
    std::vector<Weighted> all;
    std::vector<Weighted> alike;
    for (const HopSample& one : samples_) {
      if (one.kind.is_local != kind.is_local || one.kind.is_by_image != kind.is_by_image) continue;
      const auto took = measured(one);
      if (!took) continue;
      all.push_back({count_of(*took), same(one.kind.to, kind.to)});
      if (one.kind.strategy == kind.strategy && one.kind.is_of_set == kind.is_of_set) alike.push_back(all.back());
    }
    const auto median = quantile(std::move(alike.size() < kFewestOfKind ? all : alike), 0.5);
    if (median) time = scaled(milliseconds{1}, *median);
  }

  const std::vector<HopSample>& samples_;
  const HopKind& asked_;
  Bytes size_;
};

}  // namespace

Learned learn(const std::vector<HopSample>& samples, const HopKind& kind, Bytes size) {
  const Learner learner{samples, kind, size};
  Learned made;
  made.speeds = learner.speeds();
  made.fixed = learner.fixed();
  made.spread = learner.spread(made.speeds);
  return made;
}

}  // namespace migrate
