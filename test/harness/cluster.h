// The test cluster as tests and the demo use it: through its script, its kubectl and commands inside its machines.
// What cannot be done throws (std::runtime_error with the command, its exit code and all it printed): in a test that
// is a failure with its reason, in the demo the end.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "shared/base/process.h"

namespace harness {

using Words = std::vector<std::string>;

// The project's root and a build's programs, found from the environment (MIGRATE_SOURCE, MIGRATE_PROGRAMS) that ctest
// and test/demo set.
[[nodiscard]] std::filesystem::path source_folder();
[[nodiscard]] std::filesystem::path program(const std::string& name);

// Runs a command to its end; throws unless it ends with exit code 0. Returns what it wrote to stdout.
std::string must(const Words& argv, const std::string& input = "");

// Waits until `check` answers true, asking again now and then. The limit only ends a hang, nothing is measured by it.
void eventually(const std::string& what, const std::function<bool()>& check,
                std::chrono::seconds limit = std::chrono::seconds{120});

class Cluster {
 public:
  // `cluster WORDS…`, whatever its exit code.
  [[nodiscard]] migrate::Completed run(const Words& words, const std::string& input = "") const;
  // The same, and it must succeed.
  std::string must(const Words& words, const std::string& input = "") const;

  std::string kubectl(const Words& words, const std::string& input = "") const;
  void apply(const nlohmann::json& object) const;
  void apply_yaml(const std::string& manifest) const { kubectl({"apply", "-f", "-"}, manifest); }
  [[nodiscard]] nlohmann::json get(const Words& words) const;                          // kubectl get WORDS -o json
  [[nodiscard]] std::string field(const Words& words, const std::string& path) const;  // … -o jsonpath={PATH}
  // A frozen Pod takes a connection and says nothing, so who asks one through the API server has 60 s.
  [[nodiscard]] std::string raw(const std::string& path) const;

  // Inside a machine.
  std::string on(const std::string& machine, const Words& argv, const std::string& input = "") const;
  // Bytes from one machine's command into another's, as over a wire.
  void pipe(const std::string& from, const Words& source, const std::string& to, const Words& sink) const;

  void wait_ready(const std::string& ns, const std::string& pod) const;
};

// A namespace of a test's own, emptied of anything before and deleted with its Pods killed at once after it.
class Namespace {
 public:
  Namespace(const Cluster& cluster, std::string name);
  ~Namespace();
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  void remove(const char* wait) const;
  const Cluster& cluster_;
  std::string name_;
};

}  // namespace harness
