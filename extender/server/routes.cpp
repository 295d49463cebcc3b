#include "extender/server/routes.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "extender/scheduling/wire.h"
#include "shared/migration/names.h"

namespace migrate::extender {
namespace {

using scheduling::World;

constexpr std::size_t kLongestRequest = 64U << 10;

http::Response text(unsigned status, const std::string& words) {
  return {status, "text/plain; charset=utf-8", words + "\n"};
}

http::Response refused(const Refusal& refusal) {
  return {refusal.status, "application/json",
          nlohmann::json{{"error", refusal.message}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

std::string migration_uid(const World& world, const scheduling::PodInfo& pod) {
  const auto* known = world.migration(pod.namespace_, pod.migration);
  return known != nullptr ? known->migration.uid : pod.restore;
}

std::string summary(const scheduling::Filtered& filtered, std::size_t asked) {
  if (!filtered.error.empty()) return filtered.error;
  std::string words = fmt::format("{} of {} nodes", filtered.fitting.size(), asked);
  for (const std::string& reason : filtered.reasons)
    words += "; not: " + reason;
  return words;
}

}  // namespace

http::Response Routes::answer(const http::Request& request) {
  struct Route {
    std::string_view method;
    std::string_view path;
    http::Response (*call)(Routes&, const http::Request&);
  };
  static constexpr std::array<Route, 6> kRoutes{
      {{"POST", "/filter", [](Routes& self, const http::Request& asked) { return self.filter(asked); }},
       {"POST", "/prioritize", [](Routes& self, const http::Request& asked) { return self.prioritize(asked); }},
       {"POST", "/certificates", [](Routes& self, const http::Request& asked) { return self.certify(asked); }},
       {"GET", "/healthz", [](Routes&, const http::Request&) { return text(200, "ok"); }},
       {"GET", "/readyz", [](Routes& self, const http::Request&) { return self.ready(); }},
       {"GET", "/metrics", [](Routes& self, const http::Request&) { return self.metrics(); }}}};
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  for (const Route& route : kRoutes) {
    if (path != route.path) continue;
    if (request.method != route.method && !(request.method == "HEAD" && route.method == "GET"))
      return text(405, fmt::format("{} answers to {} only", route.path, route.method));
    const auto began = std::chrono::steady_clock::now();
    http::Response response = route.call(*this, request);
    needs_.metrics.answered(std::string(route.path), response.status, std::chrono::steady_clock::now() - began);
    return response;
  }
  return text(404, "nothing here");
}

// An error inside a 200: so its words reach the Pod's events.
http::Response Routes::no_filter(const std::string& why) {
  needs_.metrics.not_filtered();
  return {200, "application/json", scheduling::filter_error(why)};
}

http::Response Routes::filter(const http::Request& request) {
  if (const std::string objection = objection_to(request.peer, needs_.askers); !objection.empty()) {
    needs_.log.warn("filter: " + objection);
    return {200, "application/json", scheduling::filter_error(objection)};
  }
  const auto args = scheduling::parse_extender_args(request.body);
  if (!args) return no_filter(args.error().message);
  if (args->pod.migration.empty()) return {200, "application/json", scheduling::filter_passes(args->names_text)};
  if (!needs_.cache.is_synced())
    return no_filter("the migrate-extender has just started and does not know the Migrations yet");
  const Instant now = needs_.clock.now();
  std::string uid;
  const auto filtered = needs_.cache.read([&](const World& world) {
    uid = migration_uid(world, args->pod);
    return scheduling::filter_nodes(args->pod, args->nodes, world, now);
  });
  needs_.log.info("filter: " + summary(filtered, args->nodes.size()),
                  {{"migration", uid},
                   {"name", args->pod.namespace_ + "/" + args->pod.migration},
                   {"pod", args->pod.namespace_ + "/" + args->pod.name}});
  if (!filtered.error.empty()) return no_filter(filtered.error);
  return {200, "application/json", scheduling::filter_answer(args->nodes, filtered)};
}

http::Response Routes::prioritize(const http::Request& request) {
  if (const std::string objection = objection_to(request.peer, needs_.askers); !objection.empty())
    return text(403, objection);
  const auto args = scheduling::parse_extender_args(request.body);
  if (!args) return text(400, args.error().message);
  const auto scores =
      needs_.cache.read([&](const World& world) { return scheduling::score_nodes(args->pod, args->nodes, world); });
  return {200, "application/json", scheduling::score_answer(args->nodes, scores)};
}

http::Response Routes::certify(const http::Request& request) {
  if (request.body.size() > kLongestRequest) return refused({413, "the certificate request is too long"});
  const auto body = nlohmann::json::parse(request.body, nullptr, false);
  const auto csr = body.find("csr");
  if (!body.is_object() || csr == body.end() || !csr->is_string())
    return refused({400, R"(a certificate request is {"csr": "-----BEGIN CERTIFICATE REQUEST-----…"})"});
  const std::string* authorization = request.header("Authorization");
  if (!reviews_.try_acquire()) return refused({503, "too many certificate requests at once: try again in a second"});
  const auto give_back = [](std::counting_semaphore<kReviewsAtOnce>* reviews) { reviews->release(); };
  const std::unique_ptr<std::counting_semaphore<kReviewsAtOnce>, decltype(give_back)> turn{&reviews_, give_back};
  const auto issued =
      needs_.certificates.answer(authorization != nullptr ? *authorization : "", csr->get<std::string>());
  if (!issued) {
    needs_.log.warn(fmt::format("a certificate was refused ({}): {}", issued.error().status, issued.error().message));
    return refused(issued.error());
  }
  needs_.log.info("issued a certificate to the agent of node " + issued->node, {{"node", issued->node}});
  return {200, "application/json", nlohmann::json{{"certificate", issued->certificate_pem}}.dump()};
}

http::Response Routes::ready() {
  if (needs_.cache.is_synced()) return text(200, "ok");
  return text(503, "the Migrations and MigrationNodes are not known yet");
}

http::Response Routes::metrics() {
  std::string all = needs_.metrics.text();
  if (needs_.more_metrics) all += needs_.more_metrics();
  return {200, "text/plain; version=0.0.4; charset=utf-8", std::move(all)};
}

http::Limits server_limits() {
  http::Limits limits;
  limits.body_bytes = 10U << 20;
  limits.threads = 6;
  return limits;
}

}  // namespace migrate::extender
