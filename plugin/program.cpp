#include "plugin/program.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <iostream>
#include <mutex>

#include "plugin/broker_way.h"
#include "plugin/cluster.h"
#include "plugin/commands.h"
#include "plugin/complete.h"
#include "plugin/completion_scripts.h"
#include "plugin/failure.h"
#include "plugin/help.h"
#include "plugin/interrupt.h"
#include "plugin/man_page.h"
#include "plugin/own_name.h"
#include "shared/base/host.h"
#include "shared/kube/connection.h"
#include "shared/kube/credential_source.h"

namespace migrate::plugin {
namespace {

// Whichever of our streams is a terminal has its size.
ScreenSize screen_size() {
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
      return {size.ws_col, size.ws_row};
  }
  return {};
}

std::chrono::seconds local_offset() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  if (::localtime_r(&now, &local) == nullptr) return std::chrono::seconds{0};
  return std::chrono::seconds{local.tm_gmtoff};
}

// kubectl's level for requests. Its higher ones show headers and bodies, whose secrets we would have to know: ours show
// no more than this one.
constexpr unsigned kTellsCalls = 6;

// From several threads.
void tell_call(const kube::CallRecord& record) {
  static std::mutex mutex;
  const std::lock_guard lock{mutex};
  std::cerr << fmt::format("{} {} {} in {} ms{}{}\n", record.method, record.target,
                           record.status == 0 ? "no answer" : std::to_string(record.status), record.duration.count(),
                           record.attempt > 1 ? fmt::format(" (attempt {})", record.attempt) : "",
                           record.trouble.empty() ? "" : ": " + record.trouble);
}

Result<std::unique_ptr<PortForward>> forward_to(const kube::ConfigFlags& flags, const Environment& environment,
                                                const ServiceName& service, std::uint16_t port) {
  if (!flags.token.empty())
    return failure("kubectl port-forward would have to be given --token, which others could read");
  const std::string kubectl = environment.variable("KUBECTL").value_or("");
  return PortForward::start(
      port_forward_words(kubectl.empty() ? "kubectl" : kubectl, flags, service.namespace_, service.name, port),
      std::chrono::seconds{20});
}

int answer_shell(const Texts& words) {
  const ProcessEnvironment environment;
  const DiskFiles files;
  complete(words, real_surroundings(environment, files), std::cout);
  return exit_code::kDone;
}

// What shells and packages ask for, and no person types.
std::optional<int> run_hidden(std::string_view program, const Texts& arguments) {
  if (is_completion_program(program)) return answer_shell(arguments);
  if (arguments.empty()) return std::nullopt;
  if (arguments.front() == kCompleteCommand) return answer_shell({arguments.begin() + 1, arguments.end()});
  if (arguments.front() != kManCommand) return std::nullopt;
  std::cout << man_page() << std::flush;
  return exit_code::kDone;
}

// What no cluster is needed for.
std::optional<int> run_alone(std::string_view program, const Options& options) {
  if (options.verb == Verb::help)
    std::cout << reworded(help_text(options.help_about), own_name(program)) << std::flush;
  else if (options.verb == Verb::completion)
    std::cout << completion_script(options.name, file_name(program)) << std::flush;
  else
    return std::nullopt;
  return exit_code::kDone;
}

}  // namespace

Sink sink_for(std::ostream& stream, bool is_terminal, const Environment& environment) {
  const bool is_dumb = environment.variable("TERM").value_or("dumb") == "dumb";
  const bool no_colour = !environment.variable("NO_COLOR").value_or("").empty();
  const bool is_live = is_terminal && !is_dumb;
  return {stream, is_live, is_live && !no_colour};
}

bool shows_unicode(const Environment& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value = environment.variable(name).value_or("");
    if (value.empty()) continue;
    std::transform(value.begin(), value.end(), value.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

int run_command(const Session& session, const Options& options, BrokerWay& way) {
  switch (options.verb) {
    case Verb::migrate:
      return run_migrate(session, options);
    case Verb::status:
      return run_status(session, options);
    case Verb::list:
      return run_list(session, options);
    case Verb::describe:
      return run_describe(session, options);
    case Verb::abort:
      return run_abort(session, options);
    case Verb::resolve:
    case Verb::resume:
      return run_resolve(session, options);
    case Verb::check:
      return run_check(session, options);
    case Verb::check_app:
      return run_check_app(session, options, way);
    case Verb::nodes:
      return run_nodes(session, options);
    case Verb::self_test:
      return run_self_test(session, options);
    case Verb::drain:
      return run_drain(session, options);
    case Verb::support_bundle:
      return run_support_bundle(session, options);
    case Verb::enable:
      return run_enable(session, options);
    case Verb::disable:
      return run_disable(session, options);
    case Verb::cleanup:
      return run_cleanup(session, options, way);
    case Verb::version:
      return run_version(session, options);
    case Verb::completion:
    case Verb::help:
      break;
  }
  return exit_code::kUsage;
}

int run(std::string_view program, const std::vector<std::string>& arguments) {
  if (const auto code = run_hidden(program, arguments)) return *code;
  const std::string name = own_name(program);
  const auto options = parse(arguments);
  if (!options) {
    std::cerr << reworded(fmt::format("{}\n", kube::printable(told(options.error().message))), name);
    return exit_code::kUsage;
  }
  if (const auto code = run_alone(program, *options)) return *code;

  const ProcessEnvironment environment;
  const DiskFiles files;
  const SystemClock clock;
  SystemProcesses processes;
  const ProcessTerminal terminal;
  // Documents are other programs' to read, and stay as the API server has them.
  RewordingBuffer rewording_out{std::cout, name};
  RewordingBuffer rewording_err{std::cerr, name};
  std::ostream out{is_document(options->output) ? std::cout.rdbuf() : &rewording_out};
  std::ostream err{&rewording_err};
  Io io{.out = sink_for(out, ::isatty(STDOUT_FILENO) == 1, environment),
        .err = sink_for(err, ::isatty(STDERR_FILENO) == 1, environment),
        .clock = clock,
        .pacer = kube::system_pacer(),
        .screen = screen_size,
        .interrupted = Interrupts::came,
        .utc_offset = local_offset(),
        .is_unicode = shows_unicode(environment)};
  // Lines of requests would come in between what is redrawn.
  if (options->verbosity >= kTellsCalls) io.out.is_live = io.err.is_live = false;

  auto config = kube::load_connection(options->connection, environment, files);
  if (!config) {
    // Our own version needs no cluster.
    if (options->verb == Verb::version && options->output == Output::text)
      std::cout << "Plugin   " << MIGRATE_VERSION << '\n' << std::flush;
    return report(io, {config.error().message});
  }
  std::shared_ptr<kube::CredentialSource> credentials =
      kube::make_credential_source(*config, {clock, files, processes, terminal});
  kube::ClientOptions client_options;
  client_options.on_warning = [](const std::string& text) { std::cerr << fmt::format("Warning: {}\n", text); };
  if (options->verbosity >= kTellsCalls) client_options.on_call = tell_call;
  const auto client = kube::make_client(*config, std::move(credentials), std::move(client_options));
  if (!client) return report(io, {client.error().message});

  // Ports that were given were looked at with the other flags.
  const auto place = [](const std::string& text) {
    return text.empty() ? std::optional<Place>{} : std::optional{value_or_fatal(parse_place(text))};
  };
  const auto forward = [&](const ServiceName& service, std::uint16_t port) {
    return forward_to(options->connection, environment, service, port);
  };
  ForwardedWay brokers{**client, forward, place(options->amqp_at), place(options->management_at)};
  return run_command({io, **client, config->default_namespace}, *options, brokers);
}

}  // namespace migrate::plugin
