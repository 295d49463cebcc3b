#include "node/agent/image_registry.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "shared/base/base64.h"
#include "shared/image/checkpoint_manifest.h"

namespace migrate::agent {
namespace {

constexpr std::string_view kRoot = "/v2/";
constexpr const char* kLayerType = "application/octet-stream";

http::Response problem(unsigned status, const char* code, const char* message) {
  return {status, "application/json", fmt::format(R"({{"errors":[{{"code":"{}","message":"{}"}}]}})", code, message)};
}

http::Response unauthorized() {
  http::Response response =
      problem(401, "UNAUTHORIZED", "checkpoints are given to the Pod alone that they are to be restored in");
  response.headers = {{"WWW-Authenticate", R"(Basic realm="kubectl-migrate")"}};
  return response;
}

http::Response unknown() {
  return problem(404, "NOT_FOUND", "there is no such content here");
}

// The password of a Basic header for our user; empty: none.
std::string password_of(const http::Request& request) {
  constexpr std::string_view scheme = "Basic ";
  const std::string* header = request.header("Authorization");
  if (header == nullptr || !header->starts_with(scheme)) return "";
  const auto decoded = from_base64(std::string_view(*header).substr(scheme.size()));
  if (!decoded) return "";
  const std::string user = std::string(kRegistryUser) + ":";
  return decoded->starts_with(user) ? decoded->substr(user.size()) : "";
}

// In a time that does not depend on where they differ.
bool same_secret(const std::string& one, const std::string& other) {
  return !one.empty() && one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

struct Asked {
  std::string repository;
  std::string kind;  // "manifests", "blobs"; empty: only whether there is a registry
  std::string digest;
};
std::optional<Asked> asked_for(const std::string& target) {
  std::string_view path{target};
  path = path.substr(0, path.find('?'));
  if (path == "/v2" || path == kRoot) return Asked{};
  if (!path.starts_with(kRoot)) return std::nullopt;
  path.remove_prefix(kRoot.size());
  const auto first = path.find('/');
  const auto second = first == std::string_view::npos ? first : path.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return Asked{std::string(path.substr(0, first)), std::string(path.substr(first + 1, second - first - 1)),
               std::string(path.substr(second + 1))};
}

http::Response content(const std::string& type, const std::string& body, const std::string& digest) {
  http::Response response{200, type, body};
  response.headers = {{"Docker-Content-Digest", digest}};
  return response;
}

}  // namespace

std::string unguessable() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw Fatal("OpenSSL has no random numbers for a password");
  std::string text;
  for (const unsigned char byte : bytes)
    text += fmt::format("{:02x}", byte);
  return text;
}

void ImageRegistry::ask_before(MayGive may_give) {
  const std::lock_guard lock{mutex_};
  may_give_ = std::move(may_give);
}

void ImageRegistry::open(const std::string& migration, Offer offer) {
  Entry entry{std::move(offer), {}};
  for (const OfferedImage& image : entry.offer.images)
    for (const std::string& digest : {image.manifest_digest, image.config_digest, image.layer_digest})
      entry.given[digest] = false;
  const std::lock_guard lock{mutex_};
  entries_.insert_or_assign(migration, std::move(entry));
}

void ImageRegistry::close(const std::string& migration) {
  const std::lock_guard lock{mutex_};
  entries_.erase(migration);
}

void ImageRegistry::note_given(const std::string& migration, const std::string& repository, const std::string& digest) {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(migration);
  if (found == entries_.end() || found->second.offer.repository != repository) return;
  found->second.given[digest] = true;
  const auto& given = found->second.given;
  if (std::all_of(given.begin(), given.end(), [](const auto& one) { return one.second; })) entries_.erase(found);
}

http::Response ImageRegistry::answer(const http::Request& request) {
  const std::string password = password_of(request);
  const auto asked = asked_for(request.target);
  std::string migration;
  OfferedImage image;
  MayGive may_give;
  bool is_known = false;
  {
    const std::lock_guard lock{mutex_};
    const auto entry = std::find_if(entries_.begin(), entries_.end(), [&](const auto& one) {
      return same_secret(password, one.second.offer.password) &&
             (!asked || asked->kind.empty() || asked->repository == one.second.offer.repository);
    });
    if (entry == entries_.end()) return unauthorized();
    if (!asked) return unknown();
    if (asked->kind.empty()) return {200, "application/json", "{}"};
    migration = entry->first;
    for (const OfferedImage& one : entry->second.offer.images) {
      const bool is_it = asked->kind == "manifests"
                             ? asked->digest == one.manifest_digest
                             : asked->digest == one.config_digest || asked->digest == one.layer_digest;
      if (!is_it) continue;
      image = one;
      is_known = true;
    }
    may_give = may_give_;
  }
  const bool is_head = request.method == "HEAD";
  if (request.method != "GET" && !is_head) return problem(405, "UNSUPPORTED", "this registry is to read from only");
  if (!is_known || (asked->kind != "manifests" && asked->kind != "blobs")) return unknown();
  const bool is_layer = asked->digest == image.layer_digest;
  if (!is_layer) {
    const bool is_manifest = asked->kind == "manifests";
    http::Response response = content(is_manifest ? image::kManifestType : kLayerType,
                                      is_manifest ? image.manifest : image.config, asked->digest);
    if (!is_head) note_given(migration, asked->repository, asked->digest);
    return response;
  }
  if (!is_head && may_give && !may_give(migration, asked->repository)) return unknown();
  http::Response response = content(kLayerType, "", asked->digest);
  response.file = http::FileBody{
      image.layer, [this, migration, what = *asked] { note_given(migration, what.repository, what.digest); }};
  return response;
}

}  // namespace migrate::agent
