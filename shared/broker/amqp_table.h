// A binding's arguments: from JSON, as the management API tells them, to an AMQP 0-9-1 table as rabbitmq-c sends it.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "shared/base/result.h"

struct amqp_table_t_;  // rabbitmq-c's

namespace migrate::broker {

// JSON has one kind of integer, AMQP has many, and clients differ: `narrow` is 32 bits where they are enough (Python,
// Java's Integer), `wide` always 64 (the management API itself, Java's Long).
enum class Integers { narrow, wide };

class AmqpTable {
 public:
  // Fails on what is no object, and on an integer beyond 64 bits with a sign.
  [[nodiscard]] static Result<AmqpTable> from_json(const nlohmann::json& object, Integers integers);
  ~AmqpTable();
  AmqpTable(AmqpTable&&) noexcept;
  AmqpTable& operator=(AmqpTable&&) noexcept;

  // Lives as long as this object.
  [[nodiscard]] const amqp_table_t_& table() const;

 private:
  struct Storage;
  explicit AmqpTable(std::unique_ptr<Storage> storage);
  std::unique_ptr<Storage> storage_;
};

}  // namespace migrate::broker
