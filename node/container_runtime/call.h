// Calls over gRPC, for the few files here that make them.
#pragma once

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <string>

#include "shared/base/result.h"

namespace migrate::node {

inline constexpr std::chrono::seconds kCallLimit{10};

inline void limit(grpc::ClientContext& context, std::chrono::milliseconds time = kCallLimit) {
  context.set_deadline(std::chrono::system_clock::now() + time);
}

// "pause container X: containerd answered: WHY".
inline Error answered(const std::string& attempt, const std::string& runtime, const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return {fmt::format("{}: {} cannot be reached: {}", attempt, runtime, status.error_message())};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {fmt::format("{}: {} did not answer in time", attempt, runtime)};
    default:
      return {fmt::format("{}: {} answered: {}", attempt, runtime, status.error_message())};
  }
}

}  // namespace migrate::node
