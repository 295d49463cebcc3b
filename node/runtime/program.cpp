#include "node/runtime/program.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/runtime/create.h"
#include "node/runtime/documents.h"
#include "node/runtime/log.h"
#include "node/runtime/node_world.h"
#include "shared/base/process.h"

namespace migrate::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kConfigLimit = 16U << 20;

Result<Settings> read_settings(const fs::path& file) {
  const auto text = read_file(file, kConfigLimit);
  if (!text) return tl::make_unexpected(text.error());
  if (!*text) return Settings{};
  return parse_settings(**text).map_error(
      [&](const Error& error) { return error.within("settings " + file.string()); });
}

Result<BundleConfig> read_bundle_config(const CreateOptions& create) {
  const fs::path file = create.config.empty() ? fs::path(create.bundle) / "config.json" : fs::path(create.config);
  const auto text = read_file(file, kConfigLimit);
  if (!text) return tl::make_unexpected(text.error());
  if (!*text) return failure(fmt::format("open {}: it is not there", file.string()));
  return parse_bundle_config(**text).map_error([&](const Error& error) { return error.within(file.string()); });
}

std::string boot_id() {
  const auto text = read_file("/proc/sys/kernel/random/boot_id", 4096);
  // Without one every mark counts as an earlier boot's: refused rather than believed.
  return text && *text ? (*text)->substr(0, (*text)->find('\n')) : std::string{};
}

Result<Outcome> create(const CommandLine& line, const Settings& settings, const Runc& runc, Log& log) {
  const CreateOptions options = parse_create(line.rest);
  auto bundle = read_bundle_config(options);
  if (!bundle) return tl::make_unexpected(bundle.error().within("see whether to restore " + options.id));
  if (!bundle->request.migration) return Outcome::exec_runc;
  log.follow(bundle->request);
  if (bundle->root.empty()) return failure(fmt::format("restore {}: its config.json names no root", options.id));
  const std::string boot = boot_id();
  NodeWorld world{{line, options, fs::path(options.bundle) / bundle->root, *bundle},
                  StateFolder{settings.state_folder, bundle->request.identity, boot},
                  boot,
                  runc,
                  log};
  return create_container(bundle->request, world);
}

bool awaits_start(const CommandLine& line) {
  struct stat status {};
  const std::string id = last_id(line.rest);
  return !id.empty() && ::lstat(restored_marker(line, id).c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// A restored container runs from its `create` on. CRI-O asks for the state before it starts one, and starts only what
// is `created`.
Result<int> tell_state(const Runc& runc, const std::vector<std::string>& arguments) {
  Command command;
  command.argv = {runc.path.string()};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.errors = Command::Stream::inherited;
  const auto completed = SystemProcesses{}.run(command);
  if (!completed) return failure(completed.error().message);
  fmt::print("{}", completed->succeeded() ? state_before_start(completed->output) : completed->output);
  const auto* exited = std::get_if<Exited>(&completed->ending);
  return exited != nullptr ? exited->code : 1;
}

// From now on it is as any other container of runc's.
Result<void> mark_started(const CommandLine& line) {
  const auto marker = restored_marker(line, last_id(line.rest));
  if (::unlink(marker.c_str()) == 0) return {};
  return failure(fmt::format("answer start: remove {}: {}", marker.string(), reason()));
}

}  // namespace

int run(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
  const CommandLine line = parse_command_line(arguments);
  const auto settings = read_settings(surroundings.settings);
  Log log{line, settings ? settings->log : Settings{}.log, line.command + " " + last_id(line.rest)};
  const auto failed = [&log](const Error& error) {
    log.error(error.message);
    return 1;
  };
  if (!settings) return failed(settings.error());
  auto path = find_runc(settings->runc, surroundings.path_variable, surroundings.self);
  if (!path) return failed(path.error());
  const Runc runc{std::move(*path), surroundings.broken_pipe};

  if (line.command == "create") {
    const auto outcome = create(line, *settings, runc, log);
    if (!outcome) return failed(outcome.error());
    if (*outcome == Outcome::restored) return 0;
  }
  if (line.command == "start" && awaits_start(line)) {
    if (auto started = mark_started(line); !started) return failed(started.error());
    log.note("answered: the restored container runs already");
    return 0;
  }
  if (line.command == "state" && awaits_start(line)) {
    const auto code = tell_state(runc, arguments);
    return code ? *code : failed(code.error());
  }
  return failed(become(runc, arguments));
}

}  // namespace migrate::runtime
