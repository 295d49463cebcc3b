#include "extender/program.h"

#include <fmt/format.h>

#include <csignal>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "extender/agents/agent_connections.h"
#include "extender/authority/authority.h"
#include "extender/authority/renewed_certificate.h"
#include "extender/controller/controller.h"
#include "extender/controller/kube_events.h"
#include "extender/metrics/prometheus_metrics.h"
#include "extender/scheduling/cache.h"
#include "extender/server/askers.h"
#include "extender/server/routes.h"
#include "shared/agent_api/remote_agent.h"
#include "shared/base/host.h"
#include "shared/base/process.h"
#include "shared/broker/broker.h"
#include "shared/http_server/server.h"
#include "shared/kube/client.h"
#include "shared/kube/credential_source.h"
#include "shared/kube/pacer.h"

namespace migrate::extender {
namespace {

constexpr std::chrono::minutes kRenewalCheck{1};
constexpr std::chrono::seconds kAuthorityPatience{10};

struct Machine {
  SystemClock clock;
  DiskFiles files;
  SystemProcesses processes;
  ProcessTerminal terminal;
  ProcessEnvironment environment;
};

class RabbitBrokers final : public controller::Brokers {
 public:
  Result<std::shared_ptr<broker::Broker>> connect(const broker::BrokerAddress& address) override {
    return broker::connect_broker(address);
  }
};

std::shared_ptr<kube::Client> make_client(const kube::ConfigFlags& flags, Machine& machine, Log& log) {
  auto config = value_or_fatal(kube::load_connection(flags, machine.environment, machine.files));
  std::shared_ptr<kube::CredentialSource> credentials =
      kube::make_credential_source(config, {machine.clock, machine.files, machine.processes, machine.terminal});
  kube::ClientOptions options;
  options.program = "migrate-extender";
  options.on_warning = [&log](const std::string& text) { log.warn("the API server warns: " + text); };
  return value_or_fatal(kube::make_client(config, std::move(credentials), std::move(options)));
}

// A restarted process must not take itself for its predecessor.
std::string unique_identity(const std::string& name) {
  std::random_device random;
  return fmt::format("{}_{:08x}", name, random());
}

http::ServerCertificate as_server(const certificates::KeyPair& pair, std::string client_authorities) {
  return {pair.certificate_pem, pair.key_pem, std::move(client_authorities)};
}

// Its Secret was replaced, or is gone and made anew: from now on certificates are of that one. Agents notice by the
// ConfigMap; a kube-scheduler reads its copy at its start only.
void look_at_authority(kube::Client& client, const std::string& namespace_, authority::CurrentAuthority& current,
                       const Clock& clock, Log& log, const std::stop_token& stop) {
  const kube::CallOptions call{kAuthorityPatience, stop};
  const auto now = authority::ensure_authority(client, namespace_, clock.now(), call);
  if (stop.stop_requested()) return;
  if (!now) return log.error("look at the authority again: " + now.error().message);
  if (now->certificate_pem == current.pair().certificate_pem) return;
  // Published first: once we show certificates of it, agents must be able to find it.
  if (const auto told = authority::publish_authority(client, namespace_, now->certificate_pem, call); !told)
    return log.error("publish the replaced authority: " + told.error().message);
  current.replace(*now);
  log.warn("the authority was replaced: restart the schedulers that ask this extender");
}

void keep_renewed(http::Server& server, authority::RenewedCertificate& certificate, http::ServerCertificate serving,
                  const std::function<Result<std::string>()>& client_authorities, Log& log,
                  const std::function<void(const std::stop_token&)>& look, const std::stop_token& stop) {
  while (kube::system_pacer().sleep(kRenewalCheck, stop)) {
    look(stop);
    const auto current = certificate.current();
    if (!current) {
      log.error("renew the server's certificate: " + current.error().message);
      continue;
    }
    const auto clients = client_authorities();
    if (!clients) log.error("go on with the former authorities of clients: " + clients.error().message);
    http::ServerCertificate renewed = as_server(*current, clients.value_or(serving.client_ca_pem));
    if (renewed == serving) continue;
    if (const auto set = server.set_certificate(renewed); !set) {
      log.error(set.error().message);
      continue;
    }
    serving = std::move(renewed);
    log.info("the server's certificate, or the authorities of its clients, were renewed");
  }
}

void wait_for_signal(Log& log) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  int signal = 0;
  sigwait(&ending, &signal);
  log.info(fmt::format("ending after signal {}", signal));
}

}  // namespace

void run_program(const ProgramOptions& options) {
  Machine machine;
  JsonLog log{"migrate-extender", options.log_level};
  kube::Pacer& pacer = kube::system_pacer();
  const std::shared_ptr<kube::Client> client = make_client(options.connection, machine, log);
  const Instant now = machine.clock.now();
  authority::CurrentAuthority ca{value_or_fatal(authority::ensure_authority(*client, options.namespace_, now))};
  value_or_fatal(authority::publish_authority(*client, options.namespace_, ca.pair().certificate_pem));
  authority::RenewedCertificate serving{ca, authority::server_subject(options.namespace_), machine.clock};
  authority::RenewedCertificate controlling{ca, authority::controller_subject(), machine.clock};

  scheduling::Cache cache{*client, pacer, log};
  cache.start();
  PrometheusMetrics migrations;
  RequestMetrics requests;
  const CertificateRequests certificates{*client, machine.clock, ca, options.namespace_};
  Routes routes{{cache,
                 certificates,
                 machine.clock,
                 log,
                 requests,
                 [&] { return migrations.text(); },
                 {!options.client_ca.empty(), options.client_names}}};
  const auto client_authorities = [&] { return read_client_authorities(machine.files, options.client_ca); };
  const http::ServerCertificate first =
      as_server(value_or_fatal(serving.current()), value_or_fatal(client_authorities()));
  const auto server = value_or_fatal(http::Server::start(
      options.address, options.port, [&](const http::Request& request) { return routes.answer(request); },
      server_limits(), first));
  log.info(fmt::format("serving HTTPS on {}:{}", options.address, server->port()));

  AgentConnections agents{ca, controlling,
                          [&](const std::string& node) -> Lookup<NodeFacts> {
                            if (!cache.is_synced()) return failure("the MigrationNodes are not known yet");
                            return cache.read([&](const scheduling::World& world) { return world.facts(node); });
                          },
                          agent::connect_agent};
  RabbitBrokers brokers;
  controller::KubeEvents events{*client, machine.clock, log};
  controller::Controller controller{{*client,
                                     pacer,
                                     machine.clock,
                                     agents,
                                     brokers,
                                     events,
                                     migrations,
                                     log,
                                     unique_identity(options.identity),
                                     {.schedulers = options.schedulers}}};
  // What ends first stands last: the controller gives up the lead before anything it uses goes.
  const std::jthread renewal{[&](const std::stop_token& stop) {
    const auto look = [&](const std::stop_token& until) {
      look_at_authority(*client, options.namespace_, ca, machine.clock, log, until);
    };
    keep_renewed(*server, serving, first, client_authorities, log, look, stop);
  }};
  const std::jthread control{[&](const std::stop_token& stop) { controller.run(stop); }};
  wait_for_signal(log);
}

}  // namespace migrate::extender
