// Names that a word may be completed to, as the cluster and the kubeconfig have them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "plugin/completion.h"
#include "shared/kube/client.h"
#include "shared/kube/kubeconfig.h"

namespace migrate::plugin {

// A shell stands still meanwhile.
inline constexpr std::chrono::milliseconds kAnswerWithin{1'000};

// By one request, for the first few hundred; nothing where there is no answer in time, or no right to ask.
[[nodiscard]] std::vector<Choice> names_in_cluster(kube::Client& client, const std::string& namespace_,
                                                   const Question& question);
[[nodiscard]] std::vector<Choice> names_in(const kube::Kubeconfig& kubeconfig, Source source);

}  // namespace migrate::plugin
