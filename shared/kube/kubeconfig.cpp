#include "shared/kube/kubeconfig.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "shared/kube/document.h"
#include "shared/kube/field.h"

namespace migrate::kube {
namespace {

constexpr const char* kExecExtension = "client.authentication.k8s.io/exec";

// Against the folder of the file they stand in.
class Paths {
 public:
  explicit Paths(const std::string& file) : folder_(std::filesystem::path(file).parent_path()) {}

  [[nodiscard]] std::string resolve(const std::string& path) const {
    return path.empty() ? path : (folder_ / path).string();  // an absolute one replaces the folder
  }

  // A bare name is looked for on PATH; a path is a path.
  [[nodiscard]] std::string resolve_command(const std::string& command) const {
    return command.find('/') == std::string::npos ? command : resolve(command);
  }

 private:
  std::filesystem::path folder_;
};

KubeconfigCluster read_cluster(const Field& from, const Paths& paths) {
  KubeconfigCluster cluster;
  cluster.server = from["server"].text();
  cluster.tls_server_name = from["tls-server-name"].text();
  cluster.insecure_skip_tls_verify = from["insecure-skip-tls-verify"].flag();
  cluster.certificate_authority = paths.resolve(from["certificate-authority"].text());
  cluster.certificate_authority_data = from["certificate-authority-data"].base64();
  cluster.proxy_url = from["proxy-url"].text();
  for (const Field& extension : from["extensions"].items())
    if (extension["name"].text() == kExecExtension) cluster.exec_config = extension["extension"].json();
  return cluster;
}

KubeconfigExec read_exec(const Field& from, const Paths& paths) {
  KubeconfigExec exec;
  exec.command = paths.resolve_command(from["command"].text());
  exec.args = from["args"].texts();
  for (const Field& variable : from["env"].items())
    exec.env.emplace_back(variable["name"].text(), variable["value"].text());
  exec.api_version = from["apiVersion"].text();
  exec.install_hint = from["installHint"].text();
  exec.provide_cluster_info = from["provideClusterInfo"].flag();
  exec.interactive_mode = from["interactiveMode"].text();
  return exec;
}

KubeconfigUser read_user(const Field& from, const Paths& paths) {
  KubeconfigUser user;
  user.client_certificate = paths.resolve(from["client-certificate"].text());
  user.client_certificate_data = from["client-certificate-data"].base64();
  user.client_key = paths.resolve(from["client-key"].text());
  user.client_key_data = from["client-key-data"].base64();
  user.token = from["token"].text();
  user.token_file = paths.resolve(from["tokenFile"].text());
  user.username = from["username"].text();
  user.password = from["password"].text();
  user.impersonate = from["as"].text();
  user.impersonate_uid = from["as-uid"].text();
  user.impersonate_groups = from["as-groups"].texts();
  for (const auto& [key, values] : from["as-user-extra"].entries())
    user.impersonate_extra[key] = values.texts();
  user.auth_provider = from["auth-provider"]["name"].text();
  if (from["exec"].is_present()) user.exec = read_exec(from["exec"], paths);
  return user;
}

KubeconfigContext read_context(const Field& from) {
  return {from["cluster"].text(), from["user"].text(), from["namespace"].text()};
}

// A list of {name: …, KEY: …} into a map by name.
template <class Entry, class Read>
std::map<std::string, Entry> read_named(const Field& list, const char* key, const Read& read) {
  std::map<std::string, Entry> entries;
  for (const Field& item : list.items()) {
    const std::string name = item["name"].text();
    if (!entries.emplace(name, read(item[key])).second) item.wrong(fmt::format("the name \"{}\" stands twice", name));
  }
  return entries;
}

}  // namespace

KubeconfigFiles kubeconfig_files(const std::string& flag, const Environment& environment) {
  if (!flag.empty()) return {{flag}, KubeconfigFiles::Missing::is_error};
  KubeconfigFiles files;
  const std::string list = environment.variable("KUBECONFIG").value_or("");
  if (list.empty()) {
    const std::string home = environment.variable("HOME").value_or("");
    if (!home.empty()) files.paths.push_back((std::filesystem::path(home) / ".kube" / "config").string());
    return files;
  }
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t colon = std::min(list.find(':', at), list.size());
    std::string path = list.substr(at, colon - at);
    at = colon + 1;
    if (path.empty() || std::find(files.paths.begin(), files.paths.end(), path) != files.paths.end()) continue;
    files.paths.push_back(std::move(path));
  }
  return files;
}

Result<Kubeconfig> parse_kubeconfig(const std::string& text, const std::string& path) {
  const auto document = parse_document(text);
  if (!document) return tl::make_unexpected(document.error());
  FirstProblem problem;
  const Field root{*document, problem};
  const Paths paths{path};

  const std::string kind = root["kind"].text();
  const std::string version = root["apiVersion"].text();
  if ((!kind.empty() && kind != "Config") || (!version.empty() && version != "v1"))
    root.wrong(fmt::format("not a kubeconfig but kind \"{}\" of apiVersion \"{}\"", kind, version));
  Kubeconfig config;
  config.clusters = read_named<KubeconfigCluster>(root["clusters"], "cluster",
                                                  [&](const Field& from) { return read_cluster(from, paths); });
  config.users =
      read_named<KubeconfigUser>(root["users"], "user", [&](const Field& from) { return read_user(from, paths); });
  config.contexts = read_named<KubeconfigContext>(root["contexts"], "context", read_context);
  config.current_context = root["current-context"].text();
  if (problem.error()) return tl::make_unexpected(*problem.error());
  return config;
}

Kubeconfig merged(Kubeconfig first, const Kubeconfig& second) {
  first.clusters.insert(second.clusters.begin(), second.clusters.end());
  first.users.insert(second.users.begin(), second.users.end());
  first.contexts.insert(second.contexts.begin(), second.contexts.end());
  if (first.current_context.empty()) first.current_context = second.current_context;
  return first;
}

Result<Kubeconfig> load_kubeconfig(const KubeconfigFiles& where, const FileReader& files) {
  Kubeconfig all;
  for (const std::string& path : where.paths) {
    const auto text = files.read(path);
    if (!text) return tl::make_unexpected(text.error().within("load kubeconfig"));
    if (!text->has_value()) {
      if (where.missing == KubeconfigFiles::Missing::is_skipped) continue;
      return failure(fmt::format("load kubeconfig {}: there is no such file", path));
    }
    const auto config = parse_kubeconfig(**text, path);
    if (!config) return tl::make_unexpected(config.error().within("load kubeconfig " + path));
    all = merged(std::move(all), *config);
  }
  return all;
}

}  // namespace migrate::kube
