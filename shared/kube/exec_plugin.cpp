#include "shared/kube/exec_plugin.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shared/base/base64.h"
#include "shared/base/text.h"
#include "shared/base/time.h"
#include "shared/kube/field.h"

namespace migrate::kube {
namespace {

using Json = nlohmann::json;

Json cluster_info(const ConnectionConfig& config) {
  Json cluster = {{"server", config.server}};
  if (!config.tls.server_name.empty()) cluster["tls-server-name"] = config.tls.server_name;
  if (config.tls.insecure_skip_verify) cluster["insecure-skip-tls-verify"] = true;
  if (config.tls.ca_pem) cluster["certificate-authority-data"] = to_base64(*config.tls.ca_pem);
  if (!config.proxy_url.empty()) cluster["proxy-url"] = config.proxy_url;
  if (!config.auth.exec->cluster_config.empty())
    cluster["config"] = Json::parse(config.auth.exec->cluster_config, nullptr, false);
  return cluster;
}

Result<bool> is_interactive(ExecPlugin::Interactive mode, const Terminal& terminal) {
  if (mode == ExecPlugin::Interactive::never) return false;
  if (terminal.stdin_is_terminal()) return true;
  if (mode == ExecPlugin::Interactive::always)
    return failure("it always asks a person, but standard input is not a terminal");
  return false;
}

Error not_started(const ExecPlugin& plugin, const StartFailure& start) {
  if (!start.not_found) return {start.message};
  // Somebody else's text, from a file that may have been sent to us.
  const std::string hint = without_terminal_controls(plugin.install_hint);
  if (hint.empty()) return {fmt::format("it is not installed ({}): install it, or choose another user", start.message)};
  return {fmt::format("it is not installed ({})\n\n{}", start.message, hint)};
}

bool is_pem(const std::string& text) {
  return text.find("-----BEGIN ") != std::string::npos;
}

}  // namespace

std::string exec_info(const ConnectionConfig& config, bool interactive) {
  Json info = {{"apiVersion", config.auth.exec->api_version},
               {"kind", "ExecCredential"},
               {"spec", {{"interactive", interactive}}}};
  if (config.auth.exec->provide_cluster_info) info["spec"]["cluster"] = cluster_info(config);
  return info.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<ExecAnswer> parse_exec_answer(const std::string& output, const std::string& api_version) {
  const Json document = Json::parse(output, nullptr, false);
  if (document.is_discarded()) return failure("its answer is not JSON");
  FirstProblem problem;
  const Field root{document, problem};
  const std::string kind = root["kind"].text();
  const std::string version = root["apiVersion"].text();
  const Field status = root["status"];
  const std::string token = status["token"].text();
  const std::string certificate = status["clientCertificateData"].text();
  const std::string key = status["clientKeyData"].text();
  const std::string expiration = status["expirationTimestamp"].text();
  if (problem.error()) return tl::make_unexpected(problem.error()->within("its answer"));

  if (kind != "ExecCredential") return failure("its answer is not an ExecCredential");
  if (version != api_version)
    return failure(fmt::format("it was asked for apiVersion {} but answered with \"{}\"", api_version, version));
  if (!status.is_present()) return failure("its answer has no status");
  if (token.empty() && certificate.empty() && key.empty())
    return failure("its answer has neither a token nor a certificate with its key");
  if (certificate.empty() != key.empty()) return failure("its answer has only one of certificate and key");
  if (!certificate.empty() && (!is_pem(certificate) || !is_pem(key)))
    return failure("the certificate or key of its answer is not in PEM form");

  ExecAnswer answer;
  if (!token.empty()) answer.credential.authorization = "Bearer " + token;
  if (!certificate.empty()) answer.credential.certificate = ClientCertificate{certificate, key};
  if (!expiration.empty()) {
    const auto expires = parse_rfc3339(expiration);
    if (!expires) return tl::make_unexpected(expires.error().within("its answer: status.expirationTimestamp"));
    answer.expires = *expires;
  }
  return answer;
}

Result<ExecAnswer> run_exec_plugin(const ConnectionConfig& config, ProcessRunner& processes, const Terminal& terminal) {
  const ExecPlugin& plugin = *config.auth.exec;
  const std::string attempt = fmt::format("get a credential from plugin {}", plugin.command);
  const auto interactive = is_interactive(plugin.interactive, terminal);
  if (!interactive) return tl::make_unexpected(interactive.error().within(attempt));

  Command command;
  command.argv = {plugin.command};
  command.argv.insert(command.argv.end(), plugin.args.begin(), plugin.args.end());
  command.variables = plugin.env;
  command.variables.emplace_back("KUBERNETES_EXEC_INFO", exec_info(config, *interactive));
  command.errors = Command::Stream::inherited;
  if (*interactive) command.input = Command::Inherited{};

  const auto completed = processes.run(command);
  if (!completed) return tl::make_unexpected(not_started(plugin, completed.error()).within(attempt));
  if (!completed->succeeded()) return failure(fmt::format("{}: {}", attempt, to_string(completed->ending)));
  auto answer = parse_exec_answer(completed->output, plugin.api_version);
  if (!answer) return tl::make_unexpected(answer.error().within(attempt));
  return answer;
}

}  // namespace migrate::kube
