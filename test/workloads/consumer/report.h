// The consumer's state as others read it: /state as JSON, /metrics in Prometheus' text format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/base/units.h"
#include "test/workloads/consumer/consumer.h"

namespace orders {

// `at` is the instant of the answer. With `memory_intact` the verdict on the block is part of the state; the audit
// wants it, somebody who asks ten times a second does not.
[[nodiscard]] std::string state_json(const ConsumerStatus& status, const std::string& pod, std::int64_t at,
                                     migrate::Bytes memory, std::optional<bool> memory_intact);
[[nodiscard]] std::string metrics_text(const ConsumerStatus& status);

}  // namespace orders
