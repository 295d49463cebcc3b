// Errors of commands: one clear message and an exit code. What the API server said is completed by what to do.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/kube/resource.h"
#include "shared/kube/status.h"

namespace migrate::plugin {

// Of the program; docs/install.md and --help list them.
namespace exit_code {
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kRefused = 3;
inline constexpr int kRolledBack = 4;
inline constexpr int kTimedOut = 5;
inline constexpr int kInDoubt = 6;
inline constexpr int kDetached = 130;
}  // namespace exit_code

struct Failure {
  std::string message;  // without "error:"
  int code = exit_code::kFailed;
  std::string hint = {};  // where a check sends its reader (hints.h); empty: the message is all there is
  bool may_pass = false;  // asked again later, the server may do it
};

template <class T>
using Outcome = Result<T, Failure>;

[[nodiscard]] tl::unexpected<Failure> fail(std::string message, int code = exit_code::kFailed, std::string hint = {});

// The message as it is told: behind "error: ", but for kubectl's sentences that stand by themselves ("Error from server
// (NotFound): …", "The connection to the server …").
[[nodiscard]] std::string told(const std::string& message);

// There is no such object, as kubectl says it; `hint` stands below.
[[nodiscard]] tl::unexpected<Failure> not_found(const kube::ResourcePath& path, const std::string& hint,
                                                int code = exit_code::kFailed);

// kubectl's sentence, and below it what to do. `verb` as in RBAC ("create"), `path` the object it was done to.
[[nodiscard]] Failure explain(const kube::ApiError& error, std::string_view verb, const kube::ResourcePath& path);

// The server was not reached, or could not answer just now.
[[nodiscard]] bool is_passing(const kube::ApiError& error);

// Whether the server does not know the type at all: kubectl-migrate is not installed.
[[nodiscard]] bool is_unknown_type(const kube::ApiError& error);

inline constexpr std::string_view kHowToInstall =
    "the server doesn't have a resource type \"migrations\"\n"
    "kubectl-migrate is not installed in this cluster: an administrator installs it with: kubectl apply -k manifests/";

}  // namespace migrate::plugin
