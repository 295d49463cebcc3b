// The whole of migrate-extender, put together: HTTPS server, watches, certificates, controller.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "shared/kube/connection.h"
#include "shared/log/log.h"
#include "shared/migration/names.h"

namespace migrate::extender {

struct ProgramOptions {
  std::string address = "0.0.0.0";
  std::uint16_t port = kExtenderPort;
  std::string namespace_ = kSystemNamespace;  // where we and the agents run
  std::string identity;                       // the Pod's name; in the Lease
  std::set<std::string> schedulers{kSchedulerName};
  std::string client_ca;               // PEM file: authorities of schedulers' certificates; empty: anybody may ask
  std::set<std::string> client_names;  // of those certificates; empty: any
  LogLevel log_level = LogLevel::info;
  kube::ConfigFlags connection;  // none: the Pod's service account
};

// Until SIGTERM or SIGINT, which must be blocked in all threads; then the lead is given up. Throws Fatal when it cannot
// begin.
void run_program(const ProgramOptions& options);

}  // namespace migrate::extender
