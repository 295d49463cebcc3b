#include "node/agent/kubelet.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "node/agent/disk.h"
#include "shared/http_client/http_client.h"
#include "shared/kube/resource.h"

namespace migrate::agent {
namespace {

namespace fs = std::filesystem;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  return text;
}

// What to do about the answers that have a known cause.
std::string advice(unsigned status) {
  if (status == 401 || status == 403) return "; the agent's account needs create on nodes/checkpoint";
  if (status == 404) return "; the kubelet's feature gate ContainerCheckpoint is off, or the container is gone";
  return "";
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
  const fs::path own = path_in(place_.host_root, place_.folder / "pki/kubelet.crt");
  for (const std::string& path : {own.string(), place_.cluster_ca}) {
    auto text = files_.read(path);
    if (!text) return tl::make_unexpected(text.error());
    if (*text) pem += **text + "\n";
  }
  if (pem.empty()) return failure("there is no certificate to know the kubelet by");
  return pem;
}

Result<void> HttpsKubelet::checkpoint(const PodRef& pod, const std::string& container, const fs::path& into,
                                      std::chrono::milliseconds timeout, const std::stop_token& stop) {
  const auto attempt = fmt::format("checkpoint {}/{}, container {}, by the kubelet of {}", pod.namespace_, pod.name,
                                   container, place_.node);
  auto ca = authorities();
  if (!ca) return tl::make_unexpected(ca.error().within(attempt));
  const auto token = files_.read(place_.token);
  if (!token) return tl::make_unexpected(token.error().within(attempt));
  if (!*token) return failure(fmt::format("{}: there is no token at {}", attempt, place_.token));

  http::HttpClientOptions options;
  options.base_url = place_.url;
  options.tls.ca_pem = std::move(*ca);
  options.tls.server_name = place_.node;
  const auto client = http::make_http_client(options);
  if (!client) return tl::make_unexpected(client.error().within(attempt));
  http::HttpRequest request;
  request.method = "POST";
  request.target = fmt::format("/checkpoint/{}/{}/{}", kube::percent_encode(pod.namespace_),
                               kube::percent_encode(pod.name), kube::percent_encode(container));
  request.headers = {{"Authorization", "Bearer " + trimmed(**token)}};
  request.timeout = timeout;
  request.stop = stop;
  request.body_limit = 1U << 20;
  const auto answer = (*client)->send(request);
  if (!answer) return failure(fmt::format("{}: {}", attempt, answer.error().message));
  if (answer->status != 200)
    return failure(fmt::format("{}: it answered {}: {}{}", attempt, answer->status,
                               trimmed(answer->body.substr(0, 2000)), advice(answer->status)));

  auto path = parse_checkpoint_answer(answer->body);
  if (!path) return tl::make_unexpected(path.error().within(attempt));
  const fs::path clean = fs::path(*path).lexically_normal();
  if (clean.parent_path() != place_.folder / "checkpoints")
    return failure(fmt::format("{}: it says that the archive is {}, which is not in its folder {}", attempt, *path,
                               (place_.folder / "checkpoints").string()));
  // Both as the host has them: within one mount a move is a rename.
  return move_file(path_in(place_.host_root, clean), path_in(place_.host_root, into.parent_path()) / into.filename())
      .map_error([&](const Error& error) { return error.within(attempt); });
}

}  // namespace migrate::agent
