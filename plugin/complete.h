// `kubectl-migrate __complete WORDS…`, and the program called kubectl_complete-migrate: choices for a shell.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "plugin/completion.h"
#include "shared/base/host.h"
#include "shared/kube/client.h"
#include "shared/kube/kubeconfig.h"

namespace migrate::plugin {

// As cobra's programs call it. No Pod can have the name.
inline constexpr std::string_view kCompleteCommand = "__complete";

// The file's name that kubectl looks for on PATH: "kubectl_complete-migrate".
[[nodiscard]] bool is_completion_program(std::string_view program);

struct Reached {
  std::shared_ptr<kube::Client> client;
  std::string namespace_;
};

// Where names come from. Each answers nothing where there is nothing to be had, and prints nothing: the shell's line is
// on the screen.
struct Surroundings {
  std::function<std::optional<Reached>(const kube::ConfigFlags&)> cluster;
  std::function<std::optional<kube::Kubeconfig>(const kube::ConfigFlags&)> kubeconfig;
};

// Of this process. No credential plugin may ask a person for anything, and nothing is tried twice. `environment` and
// `files` must outlive it.
[[nodiscard]] Surroundings real_surroundings(const Environment& environment, const FileReader& files);

// All choices for the last of `words`, by completion.h; asks only for what the word may be.
void complete(const Texts& words, const Surroundings& surroundings, std::ostream& out);

}  // namespace migrate::plugin
