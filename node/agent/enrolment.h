// The agent's certificate: its key is made in memory, the extender signs for it, and half of its life later anew.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "shared/agent_api/remote_agent.h"
#include "shared/base/host.h"
#include "shared/kube/client.h"
#include "shared/log/log.h"

namespace migrate::agent {

struct EnrolmentPlace {
  std::string url;         // of the extender, "https://migrate-extender.kubectl-migrate.svc:9443"
  std::string token_file;  // a projected token of the audience "kubectl-migrate.dev"
};

// Asks once. The authority's certificate is what the extender publishes in the ConfigMap migrate-ca; with it the
// extender is known, too.
[[nodiscard]] Result<TlsIdentity> enrol(const EnrolmentPlace& place, kube::Client& client, const FileReader& files,
                                        const std::stop_token& stop);

// Whether `file` (the ConfigMap as the kubelet mounts it) has another authority's certificate than `ca_pem`. One that
// is not there or empty says nothing.
[[nodiscard]] bool is_replaced(const std::string& ca_pem, const FileReader& files, const std::string& file);

// The certificate in the extender's answer, {"certificate": PEM}.
[[nodiscard]] Result<std::string> parse_enrolment_answer(const std::string& body);

// When to ask again for a certificate that expires then: after half of what is left, but not more often than each
// minute. Pure.
[[nodiscard]] std::chrono::seconds renewal_after(Instant now, Instant expires);

// Asks until there is an answer, hands it on, and asks anew in time, or soon after the authority was replaced; on a
// thread of its own until it is destroyed.
class Enrolment {
 public:
  using Ask = std::function<Result<TlsIdentity>(const std::stop_token&)>;
  using Take = std::function<Result<void>(const TlsIdentity&, Instant expires)>;  // what fails is tried again

  // Whether the authority is no longer the one of that certificate; asked each `look`. May be empty.
  using Replaced = std::function<bool(const std::string& ca_pem)>;

  Enrolment(Ask ask, Take take, Replaced replaced, const Clock& clock, Log& log,
            std::chrono::milliseconds look = std::chrono::minutes{1});

 private:
  void keep(const std::stop_token& stop);
  void wait(std::chrono::milliseconds span, const std::string& ca_pem, const std::stop_token& stop);

  Ask ask_;
  Take take_;
  Replaced replaced_;
  const Clock& clock_;
  Log& log_;
  std::chrono::milliseconds look_;
  std::jthread thread_;
};

}  // namespace migrate::agent
