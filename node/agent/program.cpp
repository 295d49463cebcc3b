#include "node/agent/program.h"

#include <fmt/format.h>

#include <csignal>
#include <iostream>
#include <thread>

#include "node/agent/agent.h"
#include "node/agent/disk.h"
#include "node/agent/enrolment.h"
#include "node/agent/facts.h"
#include "node/agent/installation.h"
#include "node/agent/observed.h"
#include "node/agent/probes.h"
#include "node/agent/serving.h"
#include "node/container_runtime/host_files.h"
#include "node/container_runtime/on_host.h"
#include "shared/http_server/server.h"
#include "shared/kube/connection.h"
#include "shared/kube/credential_source.h"

namespace migrate::agent {
namespace {

InstallationPlace installation_of(const Settings& settings) {
  return {settings.host_root, settings.program, settings.state_folder};
}

std::filesystem::path pods_folder(const Settings& settings) {
  return node::below_root(settings.host_root, std::filesystem::path(settings.kubelet_folder) / "pods");
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string every_address(const Settings& settings) {
  return settings.host_ip.find(':') == std::string::npos ? "0.0.0.0" : "::";
}

std::string own_address(const Settings& settings) {
  if (settings.host_ip.find(':') != std::string::npos) return fmt::format("[{}]:{}", settings.host_ip, settings.port);
  return fmt::format("{}:{}", settings.host_ip, settings.port);
}

std::optional<std::filesystem::path> socket_of(const Settings& settings) {
  if (settings.runtime_socket.empty()) return std::nullopt;
  return settings.runtime_socket;
}

// A runtime that is being restarted comes back; the kubelet need not restart us for it.
std::unique_ptr<node::ContainerRuntime> connect(const Settings& settings, ProcessRunner& on_host, Log& log) {
  constexpr int kTries = 30;
  for (int i = 1;; ++i) {
    auto runtime = node::connect_runtime({settings.host_root, "/proc"}, on_host, socket_of(settings));
    if (runtime) return std::move(*runtime);
    if (i == kTries) throw Fatal(runtime.error().message);
    if (i == 1) log.warn(runtime.error().message);
    std::this_thread::sleep_for(std::chrono::seconds{1});
  }
}

void wait_for_end(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
}

// Threads inherit the mask: the signals come to whoever waits for them.
sigset_t block_ends() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// The disk is looked at as it is asked for; one that cannot be looked at has no room.
http::Response figures(Metrics& metrics, const std::string& state_folder) {
  metrics.archives_have_free(free_disk(state_folder).value_or(Bytes{}));
  return {200, "text/plain; version=0.0.4; charset=utf-8", metrics.text()};
}

http::Response answer(const http::Request& request, Metrics& metrics, const std::string& state_folder,
                      const Serving& serving) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (path == "/metrics") return figures(metrics, state_folder);
  if (path == "/healthz" || path == "/livez") return {200, "text/plain", "ok\n"};
  if (path == "/readyz")
    return serving.is_ready() ? http::Response{200, "text/plain", "ok\n"}
                              : http::Response{503, "text/plain", "there is no certificate yet\n"};
  return {404, "text/plain", "there is only /metrics, /healthz, /readyz\n"};
}

}  // namespace

int run_agent(const Settings& settings) {
  if (settings.node.empty()) throw Fatal("--node (or NODE_NAME) is missing: this agent speaks for a node", 2);
  if (settings.host_ip.empty()) throw Fatal("--host-ip (or HOST_IP) is missing: others reach this agent there", 2);
  const sigset_t ends = block_ends();
  JsonLog log{"migrate-agent"};
  const SystemClock clock;
  const DiskFiles files;
  const ProcessEnvironment environment;
  const ProcessTerminal terminal;
  SystemProcesses processes;
  node::OnHostProcesses on_host{processes};

  const auto boot = value_or_fatal(files.read("/proc/sys/kernel/random/boot_id"));
  if (!boot) throw Fatal("this system has no boot id");
  const std::string boot_id = first_line(*boot);
  const auto runtime = connect(settings, on_host, log);

  const kube::ConnectionConfig config = value_or_fatal(kube::load_connection({}, environment, files));
  const auto credentials = std::shared_ptr<kube::CredentialSource>(
      kube::make_credential_source(config, {clock, files, processes, terminal}));
  kube::ClientOptions options;
  options.program = "migrate-agent";
  const auto client = value_or_fatal(kube::make_client(config, credentials, options));

  Metrics metrics;
  HttpsKubelet kubelet{{.node = settings.node,
                        .url = "https://127.0.0.1:10250",
                        .host_root = settings.host_root,
                        .folder = settings.kubelet_folder},
                       files};
  const Places places{settings.state_folder, pods_folder(settings), runtime_log_in(settings.host_root)};
  Serving* serving_at = nullptr;  // agents ask each other through what serves this one
  Agent agent{{places, settings.node, boot_id, *runtime, kubelet, clock, log,
               [&serving_at](const std::string& address, const std::string& node) {
                 return serving_at->connect(address, node);
               },
               settings.registry_port, registries_trusted_by(settings.host_root)}};
  // Behind the agent, which thaws what is overdue: a node that cannot be installed to, as its disk is full, may have a
  // source that is frozen.
  for (const std::string& change : value_or_fatal(install(installation_of(settings))))
    log.info("installed on the node: " + change, {{"node", settings.node}});
  ObservedAgent observed{agent, log, metrics};
  Serving serving{observed, every_address(settings), settings.port};
  serving_at = &serving;

  const auto status = value_or_fatal(http::Server::start(
      every_address(settings), settings.metrics_port,
      [&](const http::Request& request) { return answer(request, metrics, settings.state_folder, serving); }));
  const auto registry = value_or_fatal(http::Server::start(
      kRegistryAddress, settings.registry_port, [&](const http::Request& request) { return agent.answer(request); }));
  Probes probes{on_host, kubelet, clock};
  const std::jthread asking = keep_asking(probes);
  FactsOfNode facts{{settings.node, own_address(settings), settings.version, boot_id, settings.state_folder,
                     settings.host_root, *runtime, on_host, files, probes, clock, [&] { return agent.held(); }}};
  const FactsReporter reporter{facts, *client, log, [&](const std::vector<std::string>& gone) { agent.forget(gone); }};
  const Enrolment enrolment{[&](const std::stop_token& stop) {
                              return enrol({settings.extender, settings.token}, *client, files, stop);
                            },
                            [&](const TlsIdentity& identity, Instant expires) {
                              metrics.certificate_expires(expires);
                              return serving.take(identity);
                            },
                            [&](const std::string& ca_pem) { return is_replaced(ca_pem, files, settings.authority); },
                            clock, log};
  log.info("the agent runs", {{"node", settings.node}, {"address", own_address(settings)}});
  wait_for_end(ends);
  log.info("the agent ends", {{"node", settings.node}});
  return 0;
}

int run_uninstall(const Settings& settings) {
  // The kubelet takes some seconds to put the folders of a Pod away that was deleted just before.
  constexpr int kTries = 30;
  const HandlerUse use = settings.handler_is_unused ? HandlerUse::none : HandlerUse::perhaps;
  Uninstalled done;
  for (int i = 1;; ++i) {
    done = value_or_fatal(uninstall(installation_of(settings), pods_folder(settings), use));
    for (const std::string& one : done.changed)
      std::cout << "taken from the node: " << one << '\n' << std::flush;
    if (use == HandlerUse::perhaps || done.kept.empty() || i == kTries) break;
    std::this_thread::sleep_for(std::chrono::seconds{1});
  }
  for (const std::string& one : done.left)
    std::cout << "left: " << one << '\n';
  for (const std::string& one : done.kept)
    std::cout << "kept: " << one << '\n' << std::flush;
  return settings.handler_is_unused && !done.kept.empty() ? 3 : 0;
}

}  // namespace migrate::agent
