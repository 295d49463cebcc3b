#include "node/agent/enrolment.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>

#include "shared/certificates/certificates.h"
#include "shared/http_client/http_client.h"
#include "shared/migration/names.h"

namespace migrate::agent {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kPatience{15'000};  // for one question
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{30'000};
constexpr seconds kLeast{60};

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  return text;
}

Result<std::string> authority(kube::Client& client, const std::stop_token& stop) {
  const kube::ResourcePath path = kube::core("configmaps", kSystemNamespace, "migrate-ca");
  kube::CallOptions call;
  call.timeout = kPatience;
  call.stop = stop;
  const auto found = client.get(path, call);
  if (!found) return failure(found.error().text());
  if (!*found) return failure("the extender has not published its authority yet: there is no ConfigMap migrate-ca");
  const Json& object = **found;
  if (const auto data = object.find("data"); data != object.end() && data->is_object())
    if (const auto pem = data->find("ca.crt"); pem != data->end() && pem->is_string()) return pem->get<std::string>();
  return failure("the ConfigMap migrate-ca has no ca.crt");
}

}  // namespace

Result<std::string> parse_enrolment_answer(const std::string& body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (json.is_object())
    if (const auto pem = json.find("certificate"); pem != json.end() && pem->is_string())
      return pem->get<std::string>();
  return failure("the answer holds no certificate: " + body.substr(0, 300));
}

Result<TlsIdentity> enrol(const EnrolmentPlace& place, kube::Client& client, const FileReader& files,
                          const std::stop_token& stop) {
  const auto attempt = fmt::format("get this agent's certificate from {}", place.url);
  const auto broken = [&](const std::string& why) { return failure(attempt + ": " + why); };
  auto ca = authority(client, stop);
  if (!ca) return broken(ca.error().message);
  const auto token = files.read(place.token_file);
  if (!token) return broken(token.error().message);
  if (!*token) return broken("there is no token at " + place.token_file);
  auto request = certificates::make_request();
  if (!request) return broken(request.error().message);

  http::HttpClientOptions options;
  options.base_url = place.url;
  options.tls.ca_pem = *ca;
  const auto http = http::make_http_client(options);
  if (!http) return broken(http.error().message);
  http::HttpRequest post;
  post.method = "POST";
  post.target = "/certificates";
  post.headers = {{"Authorization", "Bearer " + trimmed(**token)}};
  post.body = Json{{"csr", request->csr_pem}}.dump();
  post.content_type = "application/json";
  post.timeout = kPatience;
  post.body_limit = 1U << 20;
  post.stop = stop;
  const auto answer = (*http)->send(post);
  if (!answer) return broken(answer.error().message);
  if (answer->status != 200) return broken(fmt::format("it answered {}: {}", answer->status, answer->body));
  auto certificate = parse_enrolment_answer(answer->body);
  if (!certificate) return broken(certificate.error().message);
  return TlsIdentity{std::move(*ca), std::move(*certificate), std::move(request->key_pem)};
}

seconds renewal_after(Instant now, Instant expires) {
  return std::max(kLeast, std::chrono::duration_cast<seconds>((expires - now) / 2));
}

bool is_replaced(const std::string& ca_pem, const FileReader& files, const std::string& file) {
  const auto mounted = files.read(file);
  return mounted && *mounted && !trimmed(**mounted).empty() && trimmed(**mounted) != trimmed(ca_pem);
}

Enrolment::Enrolment(Ask ask, Take take, Replaced replaced, const Clock& clock, Log& log, milliseconds look)
    : ask_(std::move(ask)),
      take_(std::move(take)),
      replaced_(std::move(replaced)),
      clock_(clock),
      log_(log),
      look_(look),
      thread_([this](const std::stop_token& stop) { keep(stop); }) {}

// `ca_pem` is empty where there is none yet.
void Enrolment::wait(milliseconds span, const std::string& ca_pem, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any ended;
  while (span > milliseconds{0} && !stop.stop_requested()) {
    const milliseconds piece = std::min(span, look_);
    std::unique_lock lock{mutex};
    ended.wait_for(lock, stop, piece, [] { return false; });
    span -= piece;
    if (ca_pem.empty() || stop.stop_requested() || !replaced_ || !replaced_(ca_pem)) continue;
    log_.info("the authority was replaced: asking for a new certificate");
    return;
  }
}

void Enrolment::keep(const std::stop_token& stop) {
  milliseconds pause = kFirstPause;
  std::string last_error;
  while (!stop.stop_requested()) {
    const auto identity = ask_(stop);
    const auto expires = identity ? certificates::expiry(identity->certificate_pem)
                                  : Result<Instant>(tl::make_unexpected(identity.error()));
    auto taken = expires ? take_(*identity, *expires) : Result<void>(tl::make_unexpected(expires.error()));
    milliseconds next = pause;
    if (taken) {
      next = renewal_after(clock_.now(), *expires);
      pause = kFirstPause;
      last_error.clear();
      log_.info("this agent has a certificate", {{"renewedInSeconds", std::to_string(next.count() / 1000)}});
    } else {
      pause = std::min(pause * 2, kLongestPause);
      if (taken.error().message != last_error && !stop.stop_requested()) log_.warn(taken.error().message);
      last_error = taken.error().message;
    }
    wait(next, taken ? identity->ca_pem : "", stop);
  }
}

}  // namespace migrate::agent
