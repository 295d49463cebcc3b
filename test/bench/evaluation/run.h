// One run: consumers under load, their move, the audit; nothing is left of it afterwards but its rows.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "test/bench/evaluation/machine.h"
#include "test/bench/evaluation/row.h"

namespace evaluation {

struct RunNeeds {
  Surroundings around;
  std::filesystem::path failures;  // a folder for what a failure has to say that no table holds
  std::string ns;                  // the run's own; queues are named after it
};

// A row for each migration. What goes wrong stands in them: nothing is thrown, no run is left out.
[[nodiscard]] std::vector<Row> measure(const Run& run, const RunNeeds& needs);

// Moves a consumer there and back, which is on no record: afterwards both nodes have the image, and the controller
// knows how long things take here.
void warm_up(const std::string& ns);

}  // namespace evaluation
