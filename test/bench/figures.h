// Many measurements of the same things, and the table of them.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace bench {

// By name, in milliseconds or, of what is counted, messages, of a forecast percent; a name that a measurement lacks is
// not in it.
using Sample = std::map<std::string, double>;

// Gap, freeze, the freeze of a snapshot, total and each phase of a Migration that has succeeded; with replay its cutoff
// after the mirror was bound, the replay itself, all else ("fixed phases"), the longest time between two readings of
// the mirror ("reading interval"), and the messages that it has counted; by how much its forecasts were off.
[[nodiscard]] Sample sample_of(const nlohmann::json& migration);

struct Spread {
  double least = 0;
  double median = 0;
  double most = 0;
};
// Of at least one value.
[[nodiscard]] Spread spread_of(std::vector<double> values);
[[nodiscard]] double percentile(std::vector<double> values, double share);

// Of a histogram that Prometheus reads: how many observations are at most so large (in the histogram's own unit).
using Buckets = std::map<double, double>;
// The sum of all series whose lines begin with `name`_bucket{ and have `label` (verb="filter"), +Inf included.
[[nodiscard]] Buckets buckets_in(const std::string& metrics, const std::string& name, const std::string& label);
// The observations of `later` that `earlier` has not.
[[nodiscard]] Buckets since(const Buckets& later, const Buckets& earlier);
// As Prometheus' histogram_quantile has it, linear inside a bucket; the last bound where it lies beyond. 0: no
// observations.
[[nodiscard]] double quantile(const Buckets& buckets, double share);

// One line for each name: least, median, most; what is counted comes last.
[[nodiscard]] std::string table_of(const std::vector<Sample>& samples);

// What no move may come to more of, in milliseconds.
struct Goal {
  std::string figure;
  double most = 0;
};
// A line for each of them that a move has missed, or of which nothing was measured; empty: all were met.
[[nodiscard]] std::string missed_goals(const std::vector<Sample>& samples, const std::vector<Goal>& goals);

// All that a run has measured, by what tells it apart: a strategy, or "sets".
using Series = std::map<std::string, std::vector<Sample>>;
// By how much the forecasts of all of it were off, of each figure and of each series. Empty: none was forecast.
[[nodiscard]] std::string forecasts_of(const Series& measured);

}  // namespace bench
