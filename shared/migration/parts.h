// How the parts of our objects are read from JSON. Internal to shared/migration.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/units.h"
#include "shared/kube/field.h"
#include "shared/migration/migration.h"

namespace migrate {

[[nodiscard]] MigrationSpec parse_spec(const kube::Field& spec);
[[nodiscard]] MigrationStatus parse_status(const kube::Field& status);
// Refusals, plan, alternatives and forecast.
void parse_outlook(const kube::Field& status, MigrationStatus& read);
void put_outlook(const MigrationStatus& status, nlohmann::json& json);

// What is absent or empty reads as nothing.
[[nodiscard]] std::optional<Instant> instant_in(const kube::Field& field);
[[nodiscard]] std::optional<milliseconds> milliseconds_in(const kube::Field& field);
// 0 when absent.
[[nodiscard]] std::uint64_t count_in(const kube::Field& field);
// Nothing when absent.
[[nodiscard]] std::optional<std::uint64_t> optional_count_in(const kube::Field& field);
[[nodiscard]] std::string required_text(const kube::Field& field);

// An enumeration's word; `fallback` when absent.
template <class Enum>
Enum word_in(const kube::Field& field, std::optional<Enum> (*from)(std::string_view), Enum fallback,
             std::string_view choice) {
  const std::string text = field.text();
  if (!field.is_present()) return fallback;
  const auto value = from(text);
  if (!value) field.wrong(fmt::format("'{}', which is none of {}", text, choice));
  return value.value_or(fallback);
}

}  // namespace migrate
