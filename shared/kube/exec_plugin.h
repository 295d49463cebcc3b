// One run of an exec credential plugin: what it is told, what it answers (client.authentication.k8s.io/v1, v1beta1).
#pragma once

#include <optional>
#include <string>

#include "shared/base/host.h"
#include "shared/base/process.h"
#include "shared/base/result.h"
#include "shared/kube/config.h"
#include "shared/kube/credentials.h"

namespace migrate::kube {

struct ExecAnswer {
  Credential credential;
  std::optional<Instant> expires;  // never, when unset
};

// The value of KUBERNETES_EXEC_INFO for config.auth.exec.
[[nodiscard]] std::string exec_info(const ConnectionConfig& config, bool interactive);

// What the plugin printed. The errors never contain any of it: it may be a secret.
[[nodiscard]] Result<ExecAnswer> parse_exec_answer(const std::string& output, const std::string& api_version);

// Runs config.auth.exec and reads its answer; its stderr is ours, and so is its stdin when it may ask a person.
[[nodiscard]] Result<ExecAnswer> run_exec_plugin(const ConnectionConfig& config, ProcessRunner& processes,
                                                 const Terminal& terminal);

}  // namespace migrate::kube
