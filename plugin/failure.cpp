#include "plugin/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plugin/hints.h"
#include "shared/migration/names.h"

namespace migrate::plugin {
namespace {

using Kind = kube::ApiError::Kind;

std::string place(const kube::ResourcePath& path) {
  std::string text = kube::describe(path);
  if (!path.namespace_.empty()) text += fmt::format(" in namespace {}", path.namespace_);
  return text;
}

std::string how_to_check(std::string_view verb, const kube::ResourcePath& path) {
  std::string resource = path.plural;
  if (!path.group.empty()) resource += "." + path.group;
  if (!path.subresource.empty()) resource += "/" + path.subresource;
  return fmt::format("kubectl auth can-i {} {}{}", verb, resource,
                     path.namespace_.empty() ? "" : " -n " + path.namespace_);
}

std::string section_for(Kind kind) {
  switch (kind) {
    case Kind::forbidden:
      return hint(Topic::missing_right);
    case Kind::unauthorized:
      return hint(Topic::not_logged_in);
    case Kind::timeout:
    case Kind::malformed:
    case Kind::connection:
    case Kind::tls:
    case Kind::deadline:
      return hint(Topic::no_api_server);
    default:
      return "";
  }
}

}  // namespace

tl::unexpected<Failure> fail(std::string message, int code, std::string hint) {
  return tl::make_unexpected(Failure{std::move(message), code, std::move(hint)});
}

bool is_passing(const kube::ApiError& error) {
  constexpr auto kPassing =
      std::to_array({Kind::connection, Kind::deadline, Kind::timeout, Kind::server, Kind::too_many_requests});
  return std::find(kPassing.begin(), kPassing.end(), error.kind) != kPassing.end();
}

bool is_unknown_type(const kube::ApiError& error) {
  return error.kind == Kind::not_found && error.details_name.empty();
}

std::string told(const std::string& message) {
  // The last is "The migrations "x" is invalid: …", whose kind may be any.
  const bool stands_alone =
      message.starts_with("Error from server") || message.starts_with("The connection to the server ") ||
      message.starts_with("Unable to connect to the server") || message.starts_with("The request is invalid") ||
      (message.starts_with("The ") && message.find("\" is invalid") != std::string::npos);
  return (stands_alone ? "" : "error: ") + message;
}

tl::unexpected<Failure> not_found(const kube::ResourcePath& path, const std::string& hint, int code) {
  return fail(fmt::format("Error from server (NotFound): {} not found{}{}", kube::describe(path),
                          hint.empty() || hint.front() == '\n' ? "" : "\n", hint),
              code);
}

Failure explain(const kube::ApiError& error, std::string_view verb, const kube::ResourcePath& path) {
  if (path.group == kGroup && is_unknown_type(error))
    return {std::string(kHowToInstall), exit_code::kFailed, hint(Topic::not_installed)};
  std::string attempt = error.text();
  // A bare status, or a gateway's page, does not say of what it speaks.
  const bool names_it = error.message.find(path.plural) != std::string::npos;
  if (error.http_code != 0 && error.kind != Kind::unauthorized && !names_it)
    attempt += fmt::format("\nThat was the answer to: {} {}", verb, place(path));
  const bool by_policy = error.message.find("ValidatingAdmissionPolicy") != std::string::npos;
  if (by_policy)
    attempt +=
        "\nA policy of kubectl-migrate asks for more: who moves a Pod reads its memory, so the right to create "
        "pods/exec for it is needed, and get for each Secret that is named";
  else if (error.kind == Kind::forbidden)
    attempt +=
        fmt::format("\nThe right to {} {} is missing; ask an administrator for it ({} tells whether you have it)", verb,
                    place(path.collection()), how_to_check(verb, path));
  return {attempt, exit_code::kFailed, section_for(error.kind), is_passing(error)};
}

}  // namespace migrate::plugin
