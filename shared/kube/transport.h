// Requests to the API server: who we are, how often, what became of it. Below the verbs of client.cpp.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "shared/kube/client.h"

namespace migrate::kube {

struct Call {
  std::string method = "GET";
  std::string target;
  std::string body;
  std::string content_type = "application/json";
  Repeat repeat = Repeat::never;
  std::string attempt;  // for messages: `get pods "x"`
  CallOptions options;
  std::chrono::milliseconds idle_timeout = http::kNoTimeout;
};

struct Answer {
  std::string body;
};

// What came of a call. `resent` says that an earlier attempt may have been carried out already.
struct Outcome {
  ApiResult<Answer> answer;
  bool resent = false;
};

class Transport {
 public:
  Transport(ConnectionConfig config, std::shared_ptr<CredentialSource> credentials, ClientOptions options);

  // Everything but a 2xx is an error.
  [[nodiscard]] Outcome send(const Call& call);
  // The body of a 2xx goes to `sink`. Not repeated, except once for a renewed credential.
  [[nodiscard]] ApiResult<void> stream(const Call& call, const http::BodySink& sink);
  // Fails as the first request would: on unusable addresses and certificates.
  [[nodiscard]] Result<void> check() const;

  [[nodiscard]] Pacer& pacer() const { return pacer_; }

 private:
  [[nodiscard]] http::HttpClientOptions http_options(const Credential& credential) const;
  [[nodiscard]] ApiResult<std::shared_ptr<http::HttpClient>> client_for(const Credential& credential);
  [[nodiscard]] std::vector<http::Header> headers_for(const Credential& credential) const;
  [[nodiscard]] Outcome perform(const Call& call, const http::BodySink* sink);
  void report_warnings(const http::HttpResponse& response);

  ConnectionConfig config_;
  std::shared_ptr<CredentialSource> credentials_;
  ClientOptions options_;
  Pacer& pacer_;

  std::mutex mutex_;
  Credential connected_as_;
  std::shared_ptr<http::HttpClient> client_;
  std::set<std::string> warned_;
};

// The texts of a Warning header (RFC 9111, 5.5): `299 - "text"`, several of them joined by commas.
[[nodiscard]] std::vector<std::string> warnings_of(const std::string& header);

// "kubectl-migrate/0.1.0 (linux/amd64)"
[[nodiscard]] std::string user_agent(const std::string& program);

}  // namespace migrate::kube
