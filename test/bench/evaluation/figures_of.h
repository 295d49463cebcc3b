// What a migration's own record, the audit and the probes say, as fields of a row. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "shared/migration/migration.h"
#include "test/bench/evaluation/http_gap.h"
#include "test/bench/evaluation/row.h"

namespace evaluation {

// "Preparing=120345 Placing=903210": each phase's microseconds in the order in which they were; one that was gone
// through twice is there with the sum.
[[nodiscard]] std::string phases_of(const std::vector<migrate::Step>& steps);

// Of a Migration that is over. One that has not succeeded makes the row a failed one, with phase and reason.
void add_migration(const migrate::Migration& migration, Row& row);
// Of a live migration's second one, into the name: its gap is beside the first one's.
void add_second(const migrate::Migration& second, Row& row);

// `audit`: what `orders-audit --json` says.
void add_audit(const nlohmann::json& audit, Row& row);

void add_http(const HttpFigures& figures, Row& row);

}  // namespace evaluation
