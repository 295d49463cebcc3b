#include "shared/kube/transport.h"

#include <fmt/format.h>

#include <algorithm>

namespace migrate::kube {
namespace {

#if defined(__x86_64__)
constexpr const char* kPlatform = "linux/amd64";
#elif defined(__aarch64__)
constexpr const char* kPlatform = "linux/arm64";
#else
constexpr const char* kPlatform = "linux/unknown";
#endif

tl::unexpected<ApiError> broken(ApiError error) {
  return tl::make_unexpected(std::move(error));
}

}  // namespace

std::string user_agent(const std::string& program) {
  return fmt::format("{}/{} ({})", program, MIGRATE_VERSION, kPlatform);
}

std::vector<std::string> warnings_of(const std::string& header) {
  std::vector<std::string> texts;
  for (std::size_t at = 0; at < header.size();) {
    const bool is_kubernetes = header.compare(at, 4, "299 ") == 0;
    std::size_t quote = header.find('"', at);
    if (quote == std::string::npos) break;
    std::string text;
    for (++quote; quote < header.size() && header[quote] != '"'; ++quote) {
      if (header[quote] == '\\' && quote + 1 < header.size()) ++quote;
      text += header[quote];
    }
    if (is_kubernetes) texts.push_back(printable(text));
    at = std::min(header.find(',', quote), header.size());
    at = std::min(header.find_first_not_of(", ", at), header.size());
  }
  return texts;
}

Transport::Transport(ConnectionConfig config, std::shared_ptr<CredentialSource> credentials, ClientOptions options)
    : config_(std::move(config)),
      credentials_(std::move(credentials)),
      options_(std::move(options)),
      pacer_(options_.pacer != nullptr ? *options_.pacer : system_pacer()) {}

http::HttpClientOptions Transport::http_options(const Credential& credential) const {
  http::HttpClientOptions options;
  options.base_url = config_.server;
  options.tls.ca_pem = config_.tls.ca_pem;
  options.tls.insecure_skip_verify = config_.tls.insecure_skip_verify;
  options.tls.server_name = config_.tls.server_name;
  if (credential.certificate) {
    options.tls.certificate_pem = credential.certificate->certificate_pem;
    options.tls.key_pem = credential.certificate->key_pem;
  }
  options.proxy_url = config_.proxy_url;
  return options;
}

Result<void> Transport::check() const {
  return http::make_http_client(http_options({})).map([](const auto&) {});
}

ApiResult<std::shared_ptr<http::HttpClient>> Transport::client_for(const Credential& credential) {
  const std::lock_guard lock{mutex_};
  if (client_ && connected_as_ == credential) return client_;
  // A new identity never travels over a connection that was opened with the old one.
  auto made = http::make_http_client(http_options(credential));
  if (!made) return broken(local_error(made.error().message));
  client_ = *made;
  connected_as_ = credential;
  return client_;
}

std::vector<http::Header> Transport::headers_for(const Credential& credential) const {
  std::vector<http::Header> headers{{"Accept", "application/json"}, {"User-Agent", user_agent(options_.program)}};
  if (!credential.authorization.empty()) headers.emplace_back("Authorization", credential.authorization);
  const Impersonation& as = config_.impersonate;
  if (!as.user.empty()) headers.emplace_back("Impersonate-User", as.user);
  if (!as.uid.empty()) headers.emplace_back("Impersonate-Uid", as.uid);
  for (const std::string& group : as.groups)
    headers.emplace_back("Impersonate-Group", group);
  for (const auto& [key, values] : as.extra)
    for (const std::string& value : values)
      headers.emplace_back("Impersonate-Extra-" + percent_encode(key), value);
  return headers;
}

void Transport::report_warnings(const http::HttpResponse& response) {
  const std::string* header = options_.on_warning ? http::find_header(response.headers, "Warning") : nullptr;
  if (header == nullptr) return;
  for (const std::string& text : warnings_of(*header)) {
    {
      const std::lock_guard lock{mutex_};
      if (!warned_.insert(text).second) continue;
    }
    options_.on_warning(text);
  }
}

Outcome Transport::perform(const Call& call, const http::BodySink* sink) {
  const auto began = pacer_.now();
  const auto remaining = [&] {
    if (call.options.timeout == http::kNoTimeout) return http::kNoTimeout;
    return call.options.timeout - std::chrono::duration_cast<std::chrono::milliseconds>(pacer_.now() - began);
  };
  http::HttpRequest request;
  request.method = call.method;
  request.target = call.target;
  request.body = call.body;
  request.content_type = call.content_type;
  request.connection = call.method == "GET" ? http::ConnectionUse::pooled : http::ConnectionUse::fresh;
  request.idle_timeout = call.idle_timeout;
  request.stop = call.options.stop;

  Attempt attempt;
  attempt.repeat = call.repeat;
  bool may_have_run = false;  // by any attempt so far
  for (;; ++attempt.number) {
    auto credential = credentials_->current();
    if (!credential) return {broken(local_error(credential.error().within(call.attempt).message)), may_have_run};
    auto client = client_for(*credential);
    if (!client) return {broken(client.error()), may_have_run};
    request.headers = headers_for(*credential);
    request.timeout = remaining();

    const auto sent_at = pacer_.now();
    auto response = sink != nullptr ? (*client)->stream(request, *sink) : (*client)->send(request);
    if (options_.on_call)
      options_.on_call({call.method, call.target, attempt.number, response ? response->status : 0,
                        response ? "" : response.error().message,
                        std::chrono::duration_cast<std::chrono::milliseconds>(pacer_.now() - sent_at)});
    if (response) report_warnings(*response);
    if (response && response->status / 100 == 2) return {Answer{std::move(response->body)}, may_have_run};

    ApiError error = response ? error_of(*response, call.attempt) : error_of(response.error(), call.attempt);
    attempt.broke.reset();
    attempt.status = 0;
    attempt.may_have_run = false;
    if (response) {
      attempt.status = response->status;
      attempt.may_have_run = response->status == 502 || response->status == 504;  // someone on the way gave up waiting
    } else {
      attempt.broke = response.error().kind;
      attempt.may_have_run = response.error().may_have_run;
    }
    attempt.retry_after = error.retry_after;
    attempt.remaining = remaining();
    attempt.random = pacer_.random();
    const RetryDecision decision = decide(attempt, options_.retry);
    const bool wrote = call.method != "GET";
    // A stream's consumer has seen its beginning: what to do about the rest is the consumer's affair.
    const bool may_repeat = sink == nullptr || decision.action == RetryDecision::Action::renew_and_repeat;
    if (decision.action == RetryDecision::Action::give_up || !may_repeat) {
      error.may_have_run = wrote && (attempt.may_have_run || (attempt.broke && may_have_run));
      return {broken(std::move(error)), may_have_run};
    }
    may_have_run = may_have_run || attempt.may_have_run;
    if (decision.action == RetryDecision::Action::renew_and_repeat) {
      attempt.renewed = true;
      if (!credentials_->renew(*credential)) return {broken(std::move(error)), may_have_run};
    } else if (!pacer_.sleep(decision.wait, call.options.stop)) {
      error = local_error(call.attempt + ": cancelled", ApiError::Kind::cancelled);
      error.may_have_run = wrote && may_have_run;
      return {broken(std::move(error)), may_have_run};
    }
  }
}

Outcome Transport::send(const Call& call) {
  return perform(call, nullptr);
}

ApiResult<void> Transport::stream(const Call& call, const http::BodySink& sink) {
  return perform(call, &sink).answer.map([](const Answer&) {});
}

}  // namespace migrate::kube
