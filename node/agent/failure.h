// Short words for the agent's errors.
#pragma once

#include <string>

#include "shared/agent_api/agent_api.h"

namespace migrate::agent {

[[nodiscard]] inline tl::unexpected<AgentError> agent_failure(AgentError::Kind kind, std::string message) {
  return tl::make_unexpected(AgentError{kind, std::move(message)});
}

// For steps whose own error says enough: it was tried, and it did not work.
[[nodiscard]] inline tl::unexpected<AgentError> failed(const Error& error) {
  return agent_failure(AgentError::Kind::failed, error.message);
}
[[nodiscard]] inline tl::unexpected<AgentError> failed(const Error& error, std::string_view attempt) {
  return failed(error.within(attempt));
}

}  // namespace migrate::agent
