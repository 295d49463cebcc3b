// The CredentialSource that fits a connection's AuthInfo.
#pragma once

#include <memory>

#include "shared/base/host.h"
#include "shared/base/process.h"
#include "shared/kube/config.h"
#include "shared/kube/credentials.h"

namespace migrate::kube {

// What credentials come from; must outlive the source.
struct CredentialTools {
  const Clock& clock;
  const FileReader& files;
  ProcessRunner& processes;
  const Terminal& terminal;
};

// A token, token file, password or certificate is shown as it is, and then a plugin is never run. A token file is read
// again every minute; a plugin's answer is kept until it expires. Nothing is asked before the first current().
[[nodiscard]] std::unique_ptr<CredentialSource> make_credential_source(ConnectionConfig config,
                                                                       const CredentialTools& tools);

}  // namespace migrate::kube
