// The clusters of the golden cases (golden_world.cpp, golden_install.cpp), and an API server that serves one of them
// (golden_server.cpp).
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shared/migration/migration.h"
#include "test/unit/fake_server/server.h"

namespace migrate::plugin {

// Namespace shop.
struct GoldenWorld {
  std::vector<nlohmann::json> migrations;
  std::vector<nlohmann::json> events;
  std::vector<nlohmann::json> pods;
  std::vector<nlohmann::json> later;  // what migrations become once somebody watches
  bool is_installed = true;
  bool is_forbidden = false;  // to list migrations
  // What the controller answers to a Migration that is only looked at.
  std::optional<MigrationStatus> dry_run = std::nullopt;
  std::set<std::string> denied = {};  // rights, "VERB PLURAL"
  // Whatever else there is: by path what is one answer, and what is a collection with its objects.
  std::map<std::string, nlohmann::json> bodies = {};
  std::map<std::string, std::vector<nlohmann::json>> collections = {};
};

[[nodiscard]] test::Script serve(const GoldenWorld& world);

[[nodiscard]] GoldenWorld empty_world();
[[nodiscard]] GoldenWorld world_of_many();  // migrations in all states
[[nodiscard]] GoldenWorld world_of_replay();
[[nodiscard]] GoldenWorld world_that_finishes();
[[nodiscard]] GoldenWorld world_without_install();
[[nodiscard]] GoldenWorld forbidden_world();

// Of an installation. It is noon of 2026-01-01 there, by the server's clock.
[[nodiscard]] GoldenWorld world_that_is_well();
[[nodiscard]] GoldenWorld world_with_faults();
[[nodiscard]] GoldenWorld world_of_plan();     // the controller would migrate Pod orders
[[nodiscard]] GoldenWorld world_of_refusal();  // it would not
[[nodiscard]] GoldenWorld world_of_nodes();    // of each kind one
[[nodiscard]] GoldenWorld world_to_drain();
[[nodiscard]] GoldenWorld world_of_leftovers();
[[nodiscard]] GoldenWorld world_without_rights();

}  // namespace migrate::plugin
