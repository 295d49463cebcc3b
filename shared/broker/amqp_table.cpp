#include "shared/broker/amqp_table.h"

#include <amqp.h>

#include <deque>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace migrate::broker {

using Json = nlohmann::json;

// Deques, because what the table points to must not move while more is added.
struct AmqpTable::Storage {
  Integers integers = Integers::narrow;
  amqp_table_t root{0, nullptr};
  std::deque<std::string> texts;
  std::deque<std::vector<amqp_table_entry_t>> tables;
  std::deque<std::vector<amqp_field_value_t>> arrays;

  amqp_bytes_t keep(const std::string& text) {
    std::string& kept = texts.emplace_back(text);
    return {kept.size(), kept.data()};
  }

  Result<amqp_field_value_t> integer(const Json& value) const {
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
      return failure("an integer of " + value.dump() + ", too large for AMQP");
    const auto number = value.get<std::int64_t>();
    amqp_field_value_t field{};
    const bool fits =
        number >= std::numeric_limits<std::int32_t>::min() && number <= std::numeric_limits<std::int32_t>::max();
    if (integers == Integers::narrow && fits) {
      field.kind = AMQP_FIELD_KIND_I32;
      field.value.i32 = static_cast<std::int32_t>(number);
    } else {
      field.kind = AMQP_FIELD_KIND_I64;
      field.value.i64 = number;
    }
    return field;
  }

  Result<amqp_field_value_t> field_of(const Json& value) {
    if (value.is_number_integer()) return integer(value);
    amqp_field_value_t field{};
    field.kind = AMQP_FIELD_KIND_VOID;
    if (value.is_string()) {
      field.kind = AMQP_FIELD_KIND_UTF8;
      field.value.bytes = keep(value.get<std::string>());
    } else if (value.is_boolean()) {
      field.kind = AMQP_FIELD_KIND_BOOLEAN;
      field.value.boolean = value.get<bool>() ? 1 : 0;
    } else if (value.is_number_float()) {
      field.kind = AMQP_FIELD_KIND_F64;
      field.value.f64 = value.get<double>();
    } else if (value.is_array()) {
      auto array = array_of(value);
      if (!array) return tl::make_unexpected(array.error());
      field.kind = AMQP_FIELD_KIND_ARRAY;
      field.value.array = *array;
    } else if (value.is_object()) {
      auto table = table_of(value);
      if (!table) return tl::make_unexpected(table.error());
      field.kind = AMQP_FIELD_KIND_TABLE;
      field.value.table = *table;
    }
    return field;
  }

  // Nested as deep as the broker's own JSON is.
  // NOLINTNEXTLINE(misc-no-recursion)
  Result<amqp_array_t> array_of(const Json& list) {
    std::vector<amqp_field_value_t> entries;
    entries.reserve(list.size());
    for (const Json& one : list) {
      auto field = field_of(one);
      if (!field) return tl::make_unexpected(field.error());
      entries.push_back(*field);
    }
    auto& kept = arrays.emplace_back(std::move(entries));
    return amqp_array_t{static_cast<int>(kept.size()), kept.data()};
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  Result<amqp_table_t> table_of(const Json& object) {
    std::vector<amqp_table_entry_t> entries;
    entries.reserve(object.size());
    for (const auto& [key, value] : object.items()) {
      auto field = field_of(value);
      if (!field) return tl::make_unexpected(field.error().within("argument " + key));
      entries.push_back({keep(key), *field});
    }
    auto& kept = tables.emplace_back(std::move(entries));
    return amqp_table_t{static_cast<int>(kept.size()), kept.data()};
  }
};

AmqpTable::AmqpTable(std::unique_ptr<Storage> storage) : storage_(std::move(storage)) {}
AmqpTable::~AmqpTable() = default;
AmqpTable::AmqpTable(AmqpTable&&) noexcept = default;
AmqpTable& AmqpTable::operator=(AmqpTable&&) noexcept = default;

Result<AmqpTable> AmqpTable::from_json(const Json& object, Integers integers) {
  if (!object.is_object()) return failure("the arguments are no JSON object");
  auto storage = std::make_unique<Storage>();
  storage->integers = integers;
  auto root = storage->table_of(object);
  if (!root) return tl::make_unexpected(root.error());
  storage->root = *root;
  return AmqpTable{std::move(storage)};
}

const amqp_table_t_& AmqpTable::table() const {
  return storage_->root;
}

}  // namespace migrate::broker
