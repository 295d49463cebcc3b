// What a migration's own record, the audit and the probes say, as fields of a row. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "shared/migration/migration.h"
#include "test/bench/evaluation/http_gap.h"
#include "test/bench/evaluation/row.h"

namespace evaluation {

// The phases at work when the message gap began and ended, "Draining…Returning/Restoring", the second migration's with
// the phase of the first that it is in; "before" and "after" are the move's. Empty: there is no gap or are no phases.
struct Course {
  std::vector<migrate::Step> first;
  std::vector<migrate::Step> second{};
};
[[nodiscard]] std::string phases_of_gap(const Course& course, const Row& row);

// "Preparing=120345 Placing=903210": each phase's microseconds in the order in which they were; one that was gone
// through twice is there with the sum.
[[nodiscard]] std::string phases_of(const std::vector<migrate::Step>& steps);

void add_instants(const std::optional<migrate::Instant>& started, const std::optional<migrate::Instant>& finished,
                  Row& row);
// Of a Migration that is over. One that has not succeeded makes the row a failed one, with phase and reason.
void add_migration(const migrate::Migration& migration, Row& row);
// Of a live migration's second one, into the name: its gap is beside the first one's.
void add_second(const migrate::Migration& second, Row& row);

// `audit`: what `orders-audit --json` says.
void add_audit(const nlohmann::json& audit, Row& row);

void add_http(const HttpFigures& figures, Row& row);

}  // namespace evaluation
