// runc's command line, as far as its wrapper must understand it: where the command stands, and what `create` asks.
// Words are kept as they came, so that they are handed on unchanged.
#pragma once

#include <string>
#include <vector>

namespace migrate::runtime {

enum class LogFormat { text, json };

struct CommandLine {
  std::vector<std::string> globals;  // everything before the command
  std::string command;               // empty: none was given
  std::vector<std::string> rest;     // everything after it
  std::string root;                  // --root; empty: runc's default
  std::string log;                   // --log; empty: none
  LogFormat log_format = LogFormat::text;
};

// Understands `--x v`, `--x=v` and the same with one dash, as runc does. Of an option it does not know, the next word
// is the value unless it is an option or one of runc's commands.
[[nodiscard]] CommandLine parse_command_line(const std::vector<std::string>& arguments);

struct CreateOptions {
  std::string bundle = ".";
  std::string config;  // --config; empty: config.json in the bundle
  std::string pid_file;
  std::string console_socket;
  bool no_pivot = false;
  std::string id;
  // Why `runc restore` could not do the same; empty: it can. No matter for an ordinary create.
  std::string no_restore;
};

[[nodiscard]] CreateOptions parse_create(const std::vector<std::string>& words);

// The words of `runc restore` for a container that was to be created so; `globals` stand before them.
struct RestorePaths {
  std::string images;  // CRIU's image files
  std::string work;    // where CRIU writes restore.log
};
[[nodiscard]] std::vector<std::string> restore_words(const CommandLine& line, const CreateOptions& create,
                                                     const RestorePaths& paths);

// What runc takes for a container's id; anything else would also be a path.
[[nodiscard]] bool is_container_id(const std::string& text);

// The container a command is about: its last word, or empty.
[[nodiscard]] std::string last_id(const std::vector<std::string>& words);

}  // namespace migrate::runtime
