#include "node/agent/kubelet.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "node/agent/disk.h"
#include "node/container_runtime/host_files.h"
#include "shared/kube/resource.h"
#include "shared/migration/names.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  return text;
}

// No container's name has a dot.
constexpr const char* kNoContainer = "kubectl-migrate.none";

// No Pod's name has an underscore.
constexpr const char* kNoPod = "kubectl_migrate_none";

// The kubelet looks at rights before it looks whether there is such a path, and speaks of Pod and container only where
// there is one.
const char* state_of(const http::HttpResponse& answer) {
  if (answer.status == 401 || answer.status == 403) return KubeletCheckpoint::kForbidden;
  if (answer.status != 404) return KubeletCheckpoint::kUnknown;
  return answer.body.find("does not exist") != std::string::npos ? KubeletCheckpoint::kAllowed
                                                                 : KubeletCheckpoint::kGateClosed;
}

std::string advice(const http::HttpResponse& answer) {
  const std::string_view state = state_of(answer);
  if (state == KubeletCheckpoint::kForbidden) return "; the agent's account needs create on nodes/checkpoint";
  if (state == KubeletCheckpoint::kGateClosed)
    return "; its feature gate ContainerCheckpoint is off, or its debugging handlers are";
  return "";
}

std::string told(const http::HttpResponse& answer) {
  return fmt::format("it answered {}: {}{}", answer.status, trimmed(answer.body.substr(0, 2000)), advice(answer));
}

// The kubelet's archives of that container (pkg/kubelet, CheckpointContainer):
// checkpoint-POD_NAMESPACE-CONTAINER-TIME.tar.
std::set<fs::path> archives_of(const fs::path& folder, const PodRef& pod, const std::string& container) {
  const std::string begin = fmt::format("checkpoint-{}_{}-{}-", pod.name, pod.namespace_, container);
  std::set<fs::path> all;
  std::error_code code;
  for (fs::directory_iterator walk{folder, code}; !code && walk != fs::directory_iterator{}; walk.increment(code))
    if (walk->path().filename().string().rfind(begin, 0) == 0) all.insert(walk->path());
  return all;
}

// It keeps what it wrote when nobody waits for it any more: a whole memory, which no answer will name.
void remove_unnamed(const fs::path& folder, const PodRef& pod, const std::string& container,
                    const std::set<fs::path>& before) {
  for (const fs::path& one : archives_of(folder, pod, container))
    if (!before.contains(one)) (void)remove_tree(one);
}

}  // namespace

Result<std::string> parse_checkpoint_answer(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_object())
    if (const auto items = json.find("items"); items != json.end() && items->is_array() && items->size() == 1)
      if (const auto& item = (*items)[0]; item.is_string()) return item.get<std::string>();
  return failure("it named no archive but said: " + body.substr(0, 300));
}

Result<std::string> HttpsKubelet::authorities() const {
  std::string pem;
  const fs::path own = node::below_root(place_.host_root, place_.folder / "pki/kubelet.crt");
  for (const std::string& path : {own.string(), place_.cluster_ca}) {
    auto text = files_.read(path);
    if (!text) return tl::make_unexpected(text.error());
    if (*text) pem += **text + "\n";
  }
  if (pem.empty()) return failure("there is no certificate to know the kubelet by");
  return pem;
}

Result<http::HttpResponse> HttpsKubelet::order(const PodRef& pod, const std::string& container,
                                               std::chrono::milliseconds timeout, const std::stop_token& stop) const {
  auto ca = authorities();
  if (!ca) return tl::make_unexpected(ca.error());
  const auto token = files_.read(place_.token);
  if (!token) return tl::make_unexpected(token.error());
  if (!*token) return failure("there is no token at " + place_.token);

  http::HttpClientOptions options;
  options.base_url = place_.url;
  options.tls.ca_pem = std::move(*ca);
  options.tls.server_name = place_.node;
  const auto client = http::make_http_client(options);
  if (!client) return tl::make_unexpected(client.error());
  http::HttpRequest request;
  request.method = "POST";
  request.target = fmt::format("/checkpoint/{}/{}/{}", kube::percent_encode(pod.namespace_),
                               kube::percent_encode(pod.name), kube::percent_encode(container));
  request.headers = {{"Authorization", "Bearer " + trimmed(**token)}};
  request.timeout = timeout;
  request.stop = stop;
  request.body_limit = 1U << 20;
  auto answer = (*client)->send(request);
  if (!answer) return failure(answer.error().message);
  return std::move(*answer);
}

Result<void> HttpsKubelet::check(const PodRef& pod, std::chrono::milliseconds timeout, const std::stop_token& stop) {
  const auto attempt =
      fmt::format("ask the kubelet of {} whether it checkpoints {}/{}", place_.node, pod.namespace_, pod.name);
  const auto answer = order(pod, kNoContainer, timeout, stop);
  if (!answer) return tl::make_unexpected(answer.error().within(attempt));
  // It has come as far as looking for the container: nothing else stands in the way.
  if (answer->status == 404 && answer->body.find(kNoContainer) != std::string::npos) return {};
  return failure(fmt::format("{}: {}", attempt, told(*answer)));
}

KubeletCheckpoint HttpsKubelet::probe(std::chrono::milliseconds timeout, const std::stop_token& stop) {
  const auto attempt = fmt::format("ask the kubelet of {} to checkpoint a Pod that is not there: ", place_.node);
  const auto answer = order({kSystemNamespace, kNoPod, ""}, kNoContainer, timeout, stop);
  if (!answer) return {KubeletCheckpoint::kUnknown, attempt + answer.error().message};
  const std::string_view state = state_of(*answer);
  return {std::string(state), state == KubeletCheckpoint::kAllowed ? "" : attempt + told(*answer)};
}

Result<void> HttpsKubelet::checkpoint(const PodRef& pod, const std::string& container, const fs::path& into,
                                      std::chrono::milliseconds timeout, const std::stop_token& stop) {
  const auto attempt = fmt::format("checkpoint {}/{}, container {}, by the kubelet of {}", pod.namespace_, pod.name,
                                   container, place_.node);
  const fs::path folder = node::below_root(place_.host_root, place_.folder / "checkpoints");
  const auto before = archives_of(folder, pod, container);
  const auto answer = order(pod, container, timeout, stop);
  if (!answer || answer->status != 200) remove_unnamed(folder, pod, container, before);
  if (!answer) return tl::make_unexpected(answer.error().within(attempt));
  if (answer->status != 200) return failure(fmt::format("{}: {}", attempt, told(*answer)));

  auto path = parse_checkpoint_answer(answer->body);
  if (!path) return tl::make_unexpected(path.error().within(attempt));
  const fs::path clean = fs::path(*path).lexically_normal();
  if (clean.parent_path() != place_.folder / "checkpoints")
    return failure(fmt::format("{}: it says that the archive is {}, which is not in its folder {}", attempt, *path,
                               (place_.folder / "checkpoints").string()));
  // Both as the host has them: within one mount a move is a rename.
  return move_file(node::below_root(place_.host_root, clean),
                   node::below_root(place_.host_root, into.parent_path()) / into.filename())
      .map_error([&](const Error& error) { return error.within(attempt); });
}

}  // namespace migrate::agent
