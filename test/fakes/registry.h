// An OCI registry in memory, served over HTTP on the loopback: uploads in pieces, Basic and Bearer authentication,
// deletion; and what a test makes it do wrong.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "shared/base/base64.h"
#include "shared/http_client/http_client.h"
#include "shared/http_server/server.h"
#include "shared/image/digest.h"

namespace migrate::test {

class FakeRegistry {
 public:
  enum class Auth { none, basic, bearer };

  explicit FakeRegistry(const std::optional<http::ServerCertificate>& certificate = std::nullopt)
      : server_(value_or_fatal(http::Server::start(
            "127.0.0.1", 0, [this](const http::Request& request) { return answer(request); }, {}, certificate))) {}

  Auth auth = Auth::none;
  std::string user = "pusher";
  std::string password = "secret";
  bool may_push = true;
  bool deletes = true;
  bool spoils = false;  // what is uploaded is stored with one byte changed
  bool redirects = false;
  std::size_t most_blobs = SIZE_MAX;  // more are not taken
  bool says_digests = true;
  // Instead of the answer to the n-th request (from 1) of that method: the connection is cut before it comes.
  std::map<std::string, int> cut;
  // The same, and it is answered that there is too much to do.
  std::map<std::string, int> busy;

  std::map<std::string, std::string> blobs;      // by digest
  std::map<std::string, std::string> manifests;  // by digest
  std::vector<std::string> requests;             // "METHOD /path"
  std::size_t largest_body = 0;
  int tokens = 0;
  bool leaked = false;  // credentials came where they do not belong

  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(server_->port()); }
  [[nodiscard]] std::string repository() const { return host() + "/team/checkpoints"; }
  [[nodiscard]] int count(const std::string& beginning) const {
    const std::lock_guard lock{mutex_};
    int found = 0;
    for (const std::string& one : requests)
      found += one.starts_with(beginning) ? 1 : 0;
    return found;
  }
  // For a Repository: https:// becomes http:// where the fake has no certificate.
  [[nodiscard]] Result<std::shared_ptr<http::HttpClient>> connect(const std::string& base_url) {
    http::HttpClientOptions options;
    options.base_url = "http" + base_url.substr(std::string_view("https").size());
    auto made = http::make_http_client(options);
    if (!made) return made;
    return std::shared_ptr<http::HttpClient>(std::make_shared<Cutting>(*this, std::move(*made)));
  }

 private:
  // The server cannot cut a connection, so the client's end does.
  class Cutting final : public http::HttpClient {
   public:
    Cutting(FakeRegistry& registry, std::shared_ptr<http::HttpClient> real)
        : registry_(registry), real_(std::move(real)) {}
    Result<http::HttpResponse, http::HttpError> send(const http::HttpRequest& request) override {
      if (is_cut(request)) return broken();
      return real_->send(request);
    }
    Result<http::HttpResponse, http::HttpError> stream(const http::HttpRequest& request,
                                                       const http::BodySink& sink) override {
      if (is_cut(request)) return broken();
      return real_->stream(request, sink);
    }

   private:
    bool is_cut(const http::HttpRequest& request) {
      const std::lock_guard lock{registry_.mutex_};
      const auto found = registry_.cut.find(request.method);
      return found != registry_.cut.end() && --found->second == 0;
    }
    static Result<http::HttpResponse, http::HttpError> broken() {
      return tl::make_unexpected(
          http::HttpError{http::HttpError::Kind::cut_off, "The connection to the server was cut off", true});
    }
    FakeRegistry& registry_;
    std::shared_ptr<http::HttpClient> real_;
  };

  static http::Response error(unsigned status, const char* code) {
    return {status, "application/json", fmt::format(R"({{"errors":[{{"code":"{}","message":"no"}}]}})", code)};
  }
  static http::Response found(const std::string& bytes, const std::string& digest) {
    http::Response response{200, "application/octet-stream", bytes};
    response.headers = {{"Docker-Content-Digest", digest}};
    return response;
  }
  [[nodiscard]] std::string basic() const { return "Basic " + to_base64(user + ":" + password); }

  bool is_let_in(const http::Request& request, http::Response& refusal) const {
    const std::string* given = request.header("Authorization");
    const std::string wanted = auth == Auth::basic ? basic() : "Bearer token-of-" + user;
    if (auth == Auth::none || (given != nullptr && *given == wanted)) return true;
    refusal = error(401, "UNAUTHORIZED");
    refusal.headers = {
        {"WWW-Authenticate",
         auth == Auth::basic
             ? std::string(R"(Basic realm="test")")
             : fmt::format(R"(Bearer realm="https://{}/token",service="test",scope="repository:x:pull")", host())}};
    return false;
  }

  http::Response answer(const http::Request& request) {
    const std::lock_guard lock{mutex_};
    const std::string path = request.target.substr(0, request.target.find('?'));
    requests.push_back(request.method + " " + path);
    largest_body = std::max(largest_body, request.body.size());
    if (const auto found = busy.find(request.method); found != busy.end() && --found->second == 0)
      return error(503, "UNAVAILABLE");
    if (path == "/token") return token(request);
    if (path.starts_with("/elsewhere/")) {
      leaked = leaked || request.header("Authorization") != nullptr;
      const std::string digest = path.substr(std::string_view("/elsewhere/").size());
      return found(blobs[digest], digest);
    }
    http::Response refusal;
    if (!is_let_in(request, refusal)) return refusal;
    const std::string own = "/v2/team/checkpoints/";
    if (!path.starts_with(own)) return error(404, "NAME_UNKNOWN");
    const std::string below = path.substr(own.size());
    if (below.starts_with("blobs/uploads/"))
      return upload(request, below.substr(std::string_view("blobs/uploads/").size()));
    const auto slash = below.find('/');
    auto& store = below.starts_with("manifests/") ? manifests : blobs;
    const std::string digest = below.substr(slash + 1);
    if (request.method == "PUT") {
      store[digest] = request.body;
      http::Response made{201, "", ""};
      if (says_digests) made.headers = {{"Docker-Content-Digest", image::sha256_of(request.body)}};
      return made;
    }
    if (request.method == "DELETE") {
      if (!deletes) return error(405, "UNSUPPORTED");
      store.erase(digest);
      return {202, "", ""};
    }
    if (!store.contains(digest)) return error(404, "BLOB_UNKNOWN");
    if (redirects && request.method == "GET") {
      http::Response away{307, "", ""};
      away.headers = {{"Location", fmt::format("https://localhost:{}/elsewhere/{}", server_->port(), digest)}};
      return away;
    }
    return found(store[digest], digest);
  }

  http::Response token(const http::Request& request) {
    const std::string* given = request.header("Authorization");
    if (given == nullptr || *given != basic()) return error(401, "UNAUTHORIZED");
    if (request.target.find("scope=repository:team/checkpoints:pull%2Cpush") == std::string::npos ||
        request.target.find("service=test") == std::string::npos)
      return error(400, "UNSUPPORTED");
    ++tokens;
    return {200, "application/json", fmt::format(R"({{"token":"token-of-{}"}})", user)};
  }

  http::Response upload(const http::Request& request, const std::string& id) {
    if (!may_push) return error(403, "DENIED");
    http::Response accepted{202, "", ""};
    if (request.method == "POST") {
      const std::string made = std::to_string(++uploads_made_);
      uploads_[made] = "";
      accepted.headers = {{"Location", "/v2/team/checkpoints/blobs/uploads/" + made + "?state=a%3Db"}};
      return accepted;
    }
    if (!uploads_.contains(id)) return error(404, "BLOB_UPLOAD_UNKNOWN");
    if (request.method == "DELETE") {
      uploads_.erase(id);
      return {204, "", ""};
    }
    std::string& bytes = uploads_[id];
    const std::string* range = request.header("Content-Range");
    if (range != nullptr && !range->starts_with(std::to_string(bytes.size()) + "-")) return error(416, "RANGE_INVALID");
    bytes += request.body;
    accepted.headers = {
        {"Location", fmt::format("https://{}/v2/team/checkpoints/blobs/uploads/{}?state=c", host(), id)}};
    if (request.method == "PATCH") return accepted;
    if (spoils && !bytes.empty()) bytes.back() = static_cast<char>(bytes.back() ^ 1);
    const auto at = request.target.find("digest=");
    const std::string told = at == std::string::npos ? "" : request.target.substr(at + 7);
    const std::string digest = image::sha256_of(bytes);
    if (digest != told) return error(400, "DIGEST_INVALID");
    if (blobs.size() >= most_blobs) return error(413, "SIZE_INVALID");
    blobs[digest] = std::move(bytes);
    uploads_.erase(id);
    http::Response made{201, "", ""};
    if (says_digests) made.headers = {{"Docker-Content-Digest", digest}};
    return made;
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::string> uploads_;
  int uploads_made_ = 0;
  std::unique_ptr<http::Server> server_;  // last: it uses everything above
};

}  // namespace migrate::test
