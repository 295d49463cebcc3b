#include "extender/server/certificate_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "shared/kube/field.h"
#include "shared/migration/names.h"

namespace migrate::extender {
namespace {

constexpr const char* kNodeClaim = "authentication.kubernetes.io/node-name";
constexpr std::string_view kScheme = "Bearer ";
constexpr std::chrono::seconds kReviewLimit{5};

tl::unexpected<Refusal> refuse(unsigned status, std::string message) {
  return tl::make_unexpected(Refusal{status, std::move(message)});
}

}  // namespace

Result<std::string, Refusal> node_of(const nlohmann::json& review, const std::string& namespace_) {
  kube::FirstProblem problem;
  const kube::Field status = kube::Field{review, problem}["status"];
  const bool authenticated = status["authenticated"].flag();
  const std::string trouble = status["error"].text();
  const auto audiences = status["audiences"].texts();
  const std::string user = status["user"]["username"].text();
  const auto nodes = status["user"]["extra"][kNodeClaim].texts();
  if (problem.error()) return refuse(502, "read the API server's TokenReview: " + problem.error()->message);

  if (!authenticated)
    return refuse(401, fmt::format("the API server does not accept the token for audience {}{}{}", kTokenAudience,
                                   trouble.empty() ? "" : ": ", trouble));
  // An API server that knows no audiences names none, and then the token may have been meant for anybody.
  if (std::find(audiences.begin(), audiences.end(), kTokenAudience) == audiences.end())
    return refuse(401, fmt::format("the API server did not confirm the token's audience {}", kTokenAudience));
  const std::string expected = fmt::format("system:serviceaccount:{}:{}", namespace_, kAgentAccount);
  if (user != expected)
    return refuse(403, fmt::format("{} is not {}: only agents are given certificates", user, expected));
  if (nodes.size() != 1 || nodes.front().empty())
    return refuse(403, fmt::format("the token of {} does not say which node its Pod is on ({}): a projected token of a "
                                   "Pod does, from Kubernetes 1.32 on",
                                   user, kNodeClaim));
  return nodes.front();
}

CertificateRequests::CertificateRequests(kube::Client& client, const Clock& clock,
                                         const authority::CurrentAuthority& authority, std::string namespace_)
    : client_(client), clock_(clock), authority_(authority), namespace_(std::move(namespace_)) {}

Result<CertificateRequests::Issued, Refusal> CertificateRequests::answer(const std::string& authorization,
                                                                         const std::string& csr_pem) const {
  if (!authorization.starts_with(kScheme) || authorization.size() == kScheme.size())
    return refuse(401, "a certificate request needs a token: Authorization: Bearer …");
  const nlohmann::json question = {
      {"apiVersion", "authentication.k8s.io/v1"},
      {"kind", "TokenReview"},
      {"spec",
       {{"token", authorization.substr(kScheme.size())}, {"audiences", nlohmann::json::array({kTokenAudience})}}}};
  const auto review =
      client_.create({"authentication.k8s.io", "v1", "tokenreviews", {}, {}, {}}, question, {}, {kReviewLimit, {}});
  if (!review) return refuse(502, "ask the API server about the token: " + review.error().text());
  auto node = node_of(*review, namespace_);
  if (!node) return tl::make_unexpected(node.error());
  auto made = certificates::sign(authority_.pair(), csr_pem,
                                 {"agent/" + *node, {certificates::agent_dns_name(*node)}, {}}, clock_.now());
  if (!made) return refuse(400, made.error().message);
  return Issued{std::move(*node), std::move(*made)};
}

}  // namespace migrate::extender
