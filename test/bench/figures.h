// Many measurements of the same things, and the table of them.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace bench {

// By name, in milliseconds; a name that a measurement lacks is not in it.
using Sample = std::map<std::string, double>;

// Gap, freeze, the freeze of a snapshot, total and each phase of a Migration that has succeeded.
[[nodiscard]] Sample sample_of(const nlohmann::json& migration);

struct Spread {
  double least = 0;
  double median = 0;
  double most = 0;
};
// Of at least one value.
[[nodiscard]] Spread spread_of(std::vector<double> values);
[[nodiscard]] double percentile(std::vector<double> values, double share);

// One line for each name: least, median, most.
[[nodiscard]] std::string table_of(const std::vector<Sample>& samples);

}  // namespace bench
