// The consumer's state as others read it: /state as JSON, /metrics in Prometheus' text format.
#pragma once

#include <string>

#include "test/workloads/consumer/consumer.h"
#include "test/workloads/consumer/memory_block.h"

namespace orders {

// With `memory`, the block is verified and the verdict is part of the state.
[[nodiscard]] std::string state_json(const ConsumerStatus& status, const std::string& pod, const MemoryBlock& memory);
[[nodiscard]] std::string metrics_text(const ConsumerStatus& status);

}  // namespace orders
