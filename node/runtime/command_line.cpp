#include "node/runtime/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace migrate::runtime {
namespace {

constexpr std::array<std::string_view, 19> kCommands{
    "checkpoint", "create", "delete",  "events", "exec", "features", "help",  "init",  "kill",  "list",
    "pause",      "ps",     "restore", "resume", "run",  "spec",     "start", "state", "update"};

bool is_command(std::string_view word) {
  return std::find(kCommands.begin(), kCommands.end(), word) != kCommands.end();
}

// "--name" or "--name=value", with one dash or two; not "-", not "--".
struct Option {
  std::string name;
  std::optional<std::string> value;
};

std::optional<Option> as_option(const std::string& word) {
  if (word.size() < 2 || word[0] != '-' || word == "--") return std::nullopt;
  const std::string text = word.substr(word[1] == '-' ? 2 : 1);
  const auto equals = text.find('=');
  if (equals == std::string::npos) return Option{text, std::nullopt};
  return Option{text.substr(0, equals), text.substr(equals + 1)};
}

enum class Takes { value, nothing, unknown };

Takes global_takes(std::string_view name) {
  for (const std::string_view with : {"root", "log", "log-format", "criu", "rootless"})
    if (name == with) return Takes::value;
  for (const std::string_view without : {"systemd-cgroup", "debug", "help", "h", "version", "v"})
    if (name == without) return Takes::nothing;
  return Takes::unknown;
}

Takes create_takes(std::string_view name) {
  for (const std::string_view with :
       {"bundle", "b", "config", "console-socket", "pidfd-socket", "pid-file", "preserve-fds"})
    if (name == with) return Takes::value;
  for (const std::string_view without : {"no-pivot", "no-new-keyring", "help", "h"})
    if (name == without) return Takes::nothing;
  return Takes::unknown;
}

bool switched_on(const Option& option) {
  return !option.value || (*option.value != "false" && *option.value != "0");
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  std::size_t at = 0;
  for (; at < arguments.size(); ++at) {
    if (arguments[at] == "--") {
      line.globals.push_back(arguments[at++]);
      break;
    }
    auto option = as_option(arguments[at]);
    if (!option) break;
    line.globals.push_back(arguments[at]);
    const Takes takes = global_takes(option->name);
    if (!option->value && takes != Takes::nothing && at + 1 < arguments.size()) {
      const std::string& next = arguments[at + 1];
      if (takes == Takes::value || (!as_option(next) && next != "--" && !is_command(next))) {
        option->value = next;
        line.globals.push_back(next);
        ++at;
      }
    }
    if (option->name == "root") line.root = option->value.value_or("");
    if (option->name == "log") line.log = option->value.value_or("");
    if (option->name == "log-format") line.log_format = option->value == "json" ? LogFormat::json : LogFormat::text;
  }
  if (at < arguments.size()) {
    line.command = arguments[at];
    line.rest.assign(arguments.begin() + static_cast<std::ptrdiff_t>(at) + 1, arguments.end());
  }
  return line;
}

CreateOptions parse_create(const std::vector<std::string>& words) {
  CreateOptions create;
  std::vector<std::string> positional;
  const auto cannot = [&create](std::string why) {
    if (create.no_restore.empty()) create.no_restore = std::move(why);
  };
  bool options_ended = false;
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (!options_ended && words[at] == "--") {
      options_ended = true;
      continue;
    }
    auto option = options_ended ? std::nullopt : as_option(words[at]);
    if (!option) {
      positional.push_back(words[at]);
      continue;
    }
    const std::string& name = option->name;
    const Takes takes = create_takes(name);
    if (takes == Takes::unknown) cannot(fmt::format("option '{}' of create is not known here", words[at]));
    // The last word is the id, never the value of something unknown.
    const bool value_follows =
        at + 1 < words.size() &&
        (takes == Takes::value || (takes == Takes::unknown && !as_option(words[at + 1]) && at + 2 < words.size()));
    if (!option->value && value_follows) option->value = words[++at];

    if (name == "bundle" || name == "b") create.bundle = option->value.value_or(".");
    if (name == "config") create.config = option->value.value_or("");
    if (name == "pid-file") create.pid_file = option->value.value_or("");
    if (name == "console-socket") create.console_socket = option->value.value_or("");
    if (name == "no-pivot") create.no_pivot = switched_on(*option);
    // --no-new-keyring is about a process that restore does not start: nothing to hand on.
    if (name == "config") cannot("runc restore reads only the bundle's config.json, not --config");
    if (name == "pidfd-socket") cannot("runc restore has no --pidfd-socket");
    if (name == "preserve-fds" && option->value != "0")
      cannot("a restored process brings its own descriptors: --preserve-fds");
  }
  if (!positional.empty()) create.id = positional.back();
  if (positional.size() != 1) cannot(fmt::format("create takes one container id, got {}", positional.size()));
  if (positional.size() == 1 && !is_container_id(create.id))
    cannot(fmt::format("'{}' is not a container id", create.id));
  return create;
}

std::vector<std::string> restore_words(const CommandLine& line, const CreateOptions& create,
                                       const RestorePaths& paths) {
  std::vector<std::string> words = line.globals;
  words.insert(words.end(), {"restore", "--detach", "--bundle", create.bundle});
  if (!create.pid_file.empty()) words.insert(words.end(), {"--pid-file", create.pid_file});
  words.insert(words.end(), {"--image-path", paths.images, "--work-path", paths.work});
  if (!create.console_socket.empty()) words.insert(words.end(), {"--console-socket", create.console_socket});
  if (create.no_pivot) words.emplace_back("--no-pivot");
  words.push_back(create.id);
  return words;
}

bool is_container_id(const std::string& text) {
  if (text.empty() || text == "." || text == ".." || text.size() > 1024 || text[0] == '-') return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.") ==
         std::string::npos;
}

std::string last_id(const std::vector<std::string>& words) {
  return !words.empty() && is_container_id(words.back()) ? words.back() : std::string{};
}

}  // namespace migrate::runtime
