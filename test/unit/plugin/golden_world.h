// The clusters of the golden cases, and an API server that serves one of them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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
};

[[nodiscard]] test::Script serve(const GoldenWorld& world);

[[nodiscard]] GoldenWorld empty_world();
[[nodiscard]] GoldenWorld world_of_many();  // migrations in all states
[[nodiscard]] GoldenWorld world_of_replay();
[[nodiscard]] GoldenWorld world_that_finishes();
[[nodiscard]] GoldenWorld world_without_install();
[[nodiscard]] GoldenWorld forbidden_world();

}  // namespace migrate::plugin
