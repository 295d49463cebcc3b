#include "shared/registry/repository.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "shared/base/base64.h"
#include "shared/base/text.h"
#include "shared/image/checkpoint_manifest.h"
#include "shared/image/digest.h"
#include "shared/registry/challenge.h"

namespace migrate::registry {
namespace {

using http::HttpRequest;
using http::HttpResponse;
using Json = nlohmann::json;
using Kind = RegistryError::Kind;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

// One request's worth of a blob: large enough that a handshake for each costs little, small enough for proxies, and
// above what registries ask for at least.
constexpr std::size_t kChunk = 8U << 20;
constexpr milliseconds kLongestRequest{120'000};
constexpr std::size_t kLongestAnswer = 1U << 20;
constexpr int kMostRedirects = 3;
constexpr const char* kBlobType = "application/octet-stream";
constexpr const char* kDigestHeader = "Docker-Content-Digest";

tl::unexpected<RegistryError> failed(Kind kind, std::string message) {
  return tl::make_unexpected(RegistryError{kind, std::move(message)});
}

Kind kind_of(http::HttpError::Kind kind) {
  switch (kind) {
    case http::HttpError::Kind::tls:
      return Kind::not_trusted;
    case http::HttpError::Kind::connect:
    case http::HttpError::Kind::cut_off:
      return Kind::unreachable;
    case http::HttpError::Kind::deadline:
    case http::HttpError::Kind::cancelled:
      return Kind::cancelled;
    case http::HttpError::Kind::protocol:
      break;
  }
  return Kind::refused;
}

// The registry's own words: {"errors":[{"code":…,"message":…}]}.
std::string answer_of(const HttpResponse& response) {
  std::string text = std::to_string(response.status);
  const Json json = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  const auto errors = json.is_object() ? json.find("errors") : json.end();
  if (!json.is_object() || errors == json.end() || !errors->is_array()) return text;
  for (const Json& one : *errors)
    for (const char* key : {"code", "message"})
      if (const auto found = one.is_object() ? one.find(key) : one.end(); one.is_object() && found != one.end())
        if (found->is_string()) text += " " + found->get<std::string>();
  return shortened(text, 500);
}

tl::unexpected<RegistryError> answered(const std::string& attempt, const HttpResponse& response) {
  const bool not_let_in = response.status == 401 || response.status == 403;
  const bool is_busy = response.status == 429 || response.status / 100 == 5;  // as good as away: it is tried again
  return failed(not_let_in ? Kind::not_let_in
                : is_busy  ? Kind::unreachable
                           : Kind::refused,
                fmt::format("{}: the registry answered {}", attempt, answer_of(response)));
}

// Of a query's value.
std::string escaped(std::string_view text) {
  std::string out;
  for (const unsigned char c : text)
    out += std::isalnum(c) != 0 || std::string_view("-._~:/").find(static_cast<char>(c)) != std::string_view::npos
               ? std::string(1, static_cast<char>(c))
               : fmt::format("%{:02X}", c);
  return out;
}

std::string with_query(const std::string& target, const std::string& query) {
  return target + (target.find('?') == std::string::npos ? "?" : "&") + query;
}

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_other_digest(const HttpResponse& response, const std::string& digest) {
  const std::string* told = http::find_header(response.headers, kDigestHeader);
  return told != nullptr && *told != digest;
}

HttpRequest request_of(const char* method) {
  HttpRequest request;
  request.method = method;
  request.body_limit = kLongestAnswer;
  return request;
}

}  // namespace

Repository::Repository(Access access, Connect connect, Patience patience)
    : access_(std::move(access)), connect_(std::move(connect)), patience_(std::move(patience)) {
  const auto slash = access_.repository.find('/');
  const std::string host = access_.repository.substr(0, slash);
  base_ = "https://" + (host == "docker.io" ? "registry-1.docker.io" : host);
  path_ = slash == std::string::npos ? "" : access_.repository.substr(slash + 1);
}

Repository::Place Repository::own(const std::string& path) const {
  return {base_, fmt::format("/v2/{}/{}", path_, path)};
}

std::optional<Repository::Place> Repository::place_of(const std::string& location, const Place& from) {
  if (location.starts_with('/') && !location.starts_with("//")) return Place{from.base, location};
  constexpr std::string_view scheme = "https://";
  if (!location.starts_with(scheme)) return std::nullopt;
  const auto slash = location.find('/', scheme.size());
  if (slash == std::string::npos) return std::nullopt;
  return Place{location.substr(0, slash), location.substr(slash)};
}

RegistryResult<std::shared_ptr<http::HttpClient>> Repository::client_for(const std::string& base,
                                                                         const std::string& attempt) {
  if (const auto known = clients_.find(base); known != clients_.end()) return known->second;
  auto made = connect_(base);
  if (!made) return failed(Kind::not_trusted, attempt + ": " + made.error().message);
  clients_[base] = *made;
  return *made;
}

Repository::Answer Repository::ask_once(const std::string& attempt, const Place& place, HttpRequest& request,
                                        const http::BodySink* sink) {
  const auto left = std::chrono::duration_cast<milliseconds>(patience_.until - Steady::now());
  if (patience_.stop.stop_requested() || left <= milliseconds{0})
    return failed(Kind::cancelled, attempt + (patience_.stop.stop_requested() ? ": cancelled" : ": the time is over"));
  const auto client = client_for(place.base, attempt);
  if (!client) return tl::make_unexpected(client.error());
  request.target = place.target;
  request.stop = patience_.stop;
  // A whole blob takes as long as it takes.
  request.timeout = sink != nullptr ? left : std::min(left, kLongestRequest);
  if (sink != nullptr) request.idle_timeout = kLongestRequest;
  auto answer = sink != nullptr ? (*client)->stream(request, *sink) : (*client)->send(request);
  if (!answer) return failed(kind_of(answer.error().kind), attempt + ": " + answer.error().message);
  return std::move(*answer);
}

Repository::Answer Repository::ask(const std::string& attempt, const Place& place, HttpRequest request,
                                   const http::BodySink* sink) {
  const bool is_own = place.base == base_;
  const auto plain = request.headers;
  for (bool is_second = false;; is_second = true) {
    request.headers = plain;
    if (is_own && !authorization_.empty()) request.headers.emplace_back("Authorization", authorization_);
    auto answer = ask_once(attempt, place, request, sink);
    if (!answer || answer->status != 401 || !is_own || is_second) return answer;
    const auto again = authorize(attempt, *answer);
    if (!again) return tl::make_unexpected(again.error());
    if (!*again) return answer;
  }
}

// Whether another try makes sense.
RegistryResult<bool> Repository::authorize(const std::string& attempt, const HttpResponse& refusal) {
  const std::string* header = http::find_header(refusal.headers, "WWW-Authenticate");
  const auto challenges = parse_challenges(header == nullptr ? "" : *header);
  const auto find = [&](const char* scheme) {
    return std::find_if(challenges.begin(), challenges.end(),
                        [&](const Challenge& one) { return one.scheme == scheme; });
  };
  if (const auto bearer = find("bearer"); bearer != challenges.end()) {
    const auto parameter = [&](const char* name) {
      const auto found = bearer->parameters.find(name);
      return found == bearer->parameters.end() ? "" : found->second;
    };
    // One token for pulling and pushing; deletion needs one of its own.
    const std::string asked = parameter("scope");
    const bool is_more = asked.find("delete") != std::string::npos || asked.find('*') != std::string::npos;
    if (auto fetched = fetch_token(attempt, parameter("realm"), parameter("service"),
                                   is_more ? asked : fmt::format("repository:{}:pull,push", path_));
        !fetched)
      return tl::make_unexpected(fetched.error());
    return true;
  }
  if (find("basic") == challenges.end() || access_.user.empty()) return false;
  const std::string basic = "Basic " + to_base64(access_.user + ":" + access_.password);
  if (authorization_ == basic) return false;
  authorization_ = basic;
  return true;
}

RegistryResult<void> Repository::fetch_token(const std::string& attempt, const std::string& realm,
                                             const std::string& service, const std::string& scope) {
  const std::string asking = fmt::format("{}: ask {} for a token", attempt, realm);
  // An address on the registry itself would be a mistake; credentials never go over plain HTTP.
  const auto place = realm.starts_with('/') ? std::nullopt : place_of(realm, {});
  if (!place) return failed(Kind::refused, asking + ": the registry names no https:// address to get one from");
  HttpRequest request = request_of("GET");
  if (!access_.user.empty())
    request.headers.emplace_back("Authorization", "Basic " + to_base64(access_.user + ":" + access_.password));
  std::string target = with_query(place->target, "scope=" + escaped(scope));
  if (!service.empty()) target = with_query(target, "service=" + escaped(service));
  const auto answer = ask_once(asking, {place->base, target}, request, nullptr);
  if (!answer) return tl::make_unexpected(answer.error());
  if (answer->status != 200) return answered(asking, *answer);
  const Json json = Json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
  for (const char* key : {"token", "access_token"}) {
    const auto found = json.is_object() ? json.find(key) : json.end();
    if (!json.is_object() || found == json.end() || !found->is_string()) continue;
    authorization_ = "Bearer " + found->get<std::string>();
    return {};
  }
  return failed(Kind::refused, asking + ": its answer holds none");
}

RegistryResult<Repository::Place> Repository::begin_upload(const std::string& attempt) {
  const Place place = own("blobs/uploads/");
  const auto answer = ask(attempt, place, request_of("POST"));
  if (!answer) return tl::make_unexpected(answer.error());
  if (answer->status != 202) return answered(attempt, *answer);
  const std::string* location = http::find_header(answer->headers, "Location");
  auto upload = location == nullptr ? std::nullopt : place_of(*location, place);
  if (!upload) return failed(Kind::refused, attempt + ": the registry does not say where to");
  return std::move(*upload);
}

void Repository::give_up_upload(const Place& place) {
  // A registry that does not know this forgets the upload by itself.
  (void)ask("give up an upload", place, request_of("DELETE"));
}

RegistryResult<void> Repository::end_upload(const std::string& attempt, const Place& place, const std::string& rest,
                                            const std::string& digest) {
  HttpRequest request = request_of("PUT");
  request.body = rest;
  request.content_type = kBlobType;
  const auto answer = ask(attempt, {place.base, with_query(place.target, "digest=" + digest)}, std::move(request));
  if (!answer) return tl::make_unexpected(answer.error());
  if (answer->status != 201) return answered(attempt, *answer);
  if (is_other_digest(*answer, digest))
    return failed(Kind::altered, fmt::format("{}: the registry stored {}, {} was sent", attempt,
                                             *http::find_header(answer->headers, kDigestHeader), digest));
  return {};
}

RegistryResult<void> Repository::check_push() {
  const std::string attempt = "push to " + access_.repository;
  const auto upload = begin_upload(attempt);
  if (!upload) return tl::make_unexpected(upload.error());
  give_up_upload(*upload);
  return {};
}

RegistryResult<bool> Repository::has_blob(const std::string& digest) {
  const std::string attempt = fmt::format("look for {} in {}", digest, access_.repository);
  const auto answer = ask(attempt, own("blobs/" + digest), request_of("HEAD"));
  if (!answer) return tl::make_unexpected(answer.error());
  if (answer->status == 404) return false;
  // One that keeps blobs elsewhere has it, too.
  if (answer->status == 200 || is_redirect(answer->status)) return true;
  return answered(attempt, *answer);
}

RegistryResult<Blob> Repository::push_blob(const Producer& produce, const std::optional<Blob>& expected) {
  if (expected) {
    const auto there = has_blob(expected->digest);
    if (!there) return tl::make_unexpected(there.error());
    if (*there) return *expected;
  }
  const std::string attempt = "push a layer to " + access_.repository;
  auto upload = begin_upload(attempt);
  if (!upload) return tl::make_unexpected(upload.error());
  image::Sha256 digest;
  Bytes sent;
  std::string chunk;
  chunk.reserve(kChunk);
  RegistryResult<void> moved;
  const auto send = [&] {
    HttpRequest request = request_of("PATCH");
    request.headers.emplace_back("Content-Range", fmt::format("{}-{}", sent.count, sent.count + chunk.size() - 1));
    request.body = chunk;
    request.content_type = kBlobType;
    const auto answer = ask(attempt, *upload, std::move(request));
    if (!answer) {
      moved = tl::make_unexpected(answer.error());
      return false;
    }
    const std::string* location = http::find_header(answer->headers, "Location");
    auto next = location == nullptr ? std::nullopt : place_of(*location, *upload);
    // 201 is what some answer in its place.
    if ((answer->status != 202 && answer->status != 201) || !next) {
      moved = answered(attempt, *answer);
      return false;
    }
    upload = std::move(*next);
    sent.count += chunk.size();
    chunk.clear();
    return true;
  };
  const auto produced = produce([&](std::span<const char> piece) {
    digest.update(piece.data(), piece.size());
    while (!piece.empty()) {
      if (chunk.size() == kChunk && !send()) return false;
      const std::size_t size = std::min(piece.size(), kChunk - chunk.size());
      chunk.append(piece.data(), size);
      piece = piece.subspan(size);
    }
    return true;
  });
  if (!moved || !produced) {
    if (!moved && moved.error().kind != Kind::refused) return tl::make_unexpected(moved.error());
    give_up_upload(*upload);
    if (!moved) return tl::make_unexpected(moved.error());
    return failed(Kind::refused, attempt + ": " + produced.error().message);
  }
  const Blob made{digest.finish(), Bytes{sent.count + chunk.size()}};
  if (expected && expected->digest != made.digest) {
    give_up_upload(*upload);
    return failed(Kind::altered, fmt::format("{}: its digest is {}, announced was {}: it was altered on the disk",
                                             attempt, made.digest, expected->digest));
  }
  if (auto ended = end_upload(attempt, *upload, chunk, made.digest); !ended) return tl::make_unexpected(ended.error());
  return made;
}

RegistryResult<void> Repository::push_text(const std::string& text, const std::string& digest) {
  const auto pushed = push_blob(
      [&](const image::ByteSink& sink) -> Result<void> {
        (void)sink({text.data(), text.size()});
        return {};
      },
      Blob{digest, Bytes{text.size()}});
  if (!pushed) return tl::make_unexpected(pushed.error());
  return {};
}

RegistryResult<void> Repository::push_manifest(const std::string& manifest, const std::string& digest) {
  const std::string attempt = fmt::format("push manifest {}@{}", access_.repository, digest);
  HttpRequest request = request_of("PUT");
  request.body = manifest;
  request.content_type = image::kManifestType;
  const auto answer = ask(attempt, own("manifests/" + digest), std::move(request));
  if (!answer) return tl::make_unexpected(answer.error());
  if (answer->status != 201) return answered(attempt, *answer);
  if (is_other_digest(*answer, digest))
    return failed(Kind::altered, fmt::format("{}: the registry stored it as {}", attempt,
                                             *http::find_header(answer->headers, kDigestHeader)));
  // Acknowledged in so many words, or seen there.
  if (http::find_header(answer->headers, kDigestHeader) == nullptr) return check_manifest(digest);
  return {};
}

RegistryResult<void> Repository::check_manifest(const std::string& digest) {
  const std::string attempt = fmt::format("look for manifest {}@{}", access_.repository, digest);
  HttpRequest request = request_of("HEAD");
  request.headers.emplace_back("Accept", image::kManifestType);
  const auto answer = ask(attempt, own("manifests/" + digest), std::move(request));
  if (!answer) return tl::make_unexpected(answer.error());
  if (answer->status != 200) return answered(attempt, *answer);
  return {};
}

RegistryResult<void> Repository::fetch_blob(const std::string& digest, const http::BodySink& sink) {
  const std::string attempt = fmt::format("fetch {} from {}", digest, access_.repository);
  Place place = own("blobs/" + digest);
  for (int redirects = 0;; ++redirects) {
    const auto answer = ask(attempt, place, request_of("GET"), &sink);
    if (!answer) return tl::make_unexpected(answer.error());
    if (answer->status == 200) return {};
    const std::string* location = http::find_header(answer->headers, "Location");
    const bool leads_on = is_redirect(answer->status) && location != nullptr && redirects < kMostRedirects;
    auto next = leads_on ? place_of(*location, place) : std::nullopt;
    if (!next) return answered(attempt, *answer);
    place = std::move(*next);
  }
}

RegistryResult<std::string> Repository::remove(const std::string& path, const std::string& attempt) {
  const auto answer = ask(attempt, own(path), request_of("DELETE"));
  if (!answer) {
    if (answer.error().kind == Kind::not_let_in) return answer.error().message;
    return tl::make_unexpected(answer.error());
  }
  if (answer->status == 202 || answer->status == 200 || answer->status == 204 || answer->status == 404)
    return std::string{};
  return fmt::format("{}: the registry answered {}", attempt, answer_of(*answer));
}

RegistryResult<std::string> Repository::remove_manifest(const std::string& digest) {
  return remove("manifests/" + digest, fmt::format("delete {}@{}", access_.repository, digest));
}

RegistryResult<std::string> Repository::remove_blob(const std::string& digest) {
  return remove("blobs/" + digest, fmt::format("delete {} in {}", digest, access_.repository));
}

}  // namespace migrate::registry
