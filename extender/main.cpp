// migrate-extender: answers the scheduler, signs the agents' certificates, and drives the migrations where it leads.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <map>
#include <optional>

#include "extender/program.h"
#include "shared/base/main.h"

namespace {

using migrate::LogLevel;
using migrate::extender::ProgramOptions;

std::string host_name() {
  char name[256] = "migrate-extender";
  if (::gethostname(name, sizeof name - 1) != 0) return "migrate-extender";
  return name;
}

// Before any thread is started: whoever waits for them is told, and nobody else.
void block_ending_signals() {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &ending, nullptr);
}

// Nothing: the exit code says how parsing ended.
std::optional<ProgramOptions> parse(int argc, char** argv, int& exit_code) {
  CLI::App app{"Scheduler extender, certificate authority and controller of kubectl-migrate."};
  app.set_version_flag("--version", MIGRATE_VERSION);
  ProgramOptions options;
  options.identity = host_name();
  std::vector<std::string> schedulers{migrate::kSchedulerName};
  std::vector<std::string> client_names;
  const std::map<std::string, LogLevel> levels{
      {"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warning", LogLevel::warning}, {"error", LogLevel::error}};
  app.add_option("--address", options.address, "Address to serve HTTPS on")->capture_default_str();
  app.add_option("--port", options.port, "Port to serve HTTPS on")->capture_default_str();
  app.add_option("--namespace", options.namespace_, "Where we, the agents and the authority's Secret are")
      ->envname("POD_NAMESPACE")
      ->capture_default_str();
  app.add_option("--identity", options.identity, "Our name in the Lease")->envname("POD_NAME")->capture_default_str();
  app.add_option("--schedulers", schedulers,
                 "Schedulers that ask this extender; a target Pod of another one gets migrate-scheduler")
      ->delimiter(',')
      ->capture_default_str();
  auto* const client_ca = app.add_option(
      "--client-ca", options.client_ca,
      "PEM file of authorities: schedulers must show a certificate of theirs. Read again when it changes");
  app.add_option("--client-names", client_names, "Common names of those certificates; none: any")
      ->delimiter(',')
      ->needs(client_ca);
  app.add_option("--kubeconfig", options.connection.kubeconfig, "Instead of the Pod's service account");
  app.add_option("--log-level", options.log_level, "debug, info, warning or error")
      ->transform(CLI::CheckedTransformer(levels))
      ->default_str("info");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  options.schedulers = {schedulers.begin(), schedulers.end()};
  options.client_names = {client_names.begin(), client_names.end()};
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  return migrate::run_main("migrate-extender", [&] {
    int exit_code = 0;
    const auto options = parse(argc, argv, exit_code);
    if (!options) return exit_code;
    block_ending_signals();
    migrate::extender::run_program(*options);
    return 0;
  });
}
