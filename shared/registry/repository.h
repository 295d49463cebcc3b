// One repository of an OCI registry (OCI distribution specification 1.1), to push to, fetch from and delete from.
// Blobs stream through pieces of some MiB: memory does not grow with them. Authentication as the registry asks for it:
// Basic, or a Bearer token of the server it names (distribution's token specification).
//
// Not for use from several threads at once.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "shared/base/units.h"
#include "shared/http_client/http_client.h"
#include "shared/image/tar_stream.h"

namespace migrate::registry {

struct Access {
  std::string repository;  // HOST[:PORT]/PATH, without scheme, tag and digest
  std::string user;        // empty: nobody
  std::string password;
};

struct RegistryError {
  enum class Kind {
    not_let_in,   // 401, 403
    not_trusted,  // its certificate, or ours
    unreachable,  // no answer, or one that was cut off: worth another try
    altered,      // digests or sizes differ
    refused,      // any other answer
    cancelled,    // by the caller, or its time is over
  };
  Kind kind = Kind::refused;
  std::string message;  // what was attempted, on what, what was answered
};
template <class T>
using RegistryResult = Result<T, RegistryError>;

// A client for "https://HOST[:PORT]": the registry's, its token server's, or one that it sends to for a blob.
using Connect = std::function<Result<std::shared_ptr<http::HttpClient>>(const std::string& base_url)>;

struct Patience {
  std::chrono::steady_clock::time_point until;
  std::stop_token stop;
};

struct Blob {
  std::string digest;
  Bytes size;
};
// Writes the blob's bytes into the sink; ends with an error when the sink says false.
using Producer = std::function<Result<void>(const image::ByteSink&)>;

class Repository {
 public:
  Repository(Access access, Connect connect, Patience patience);

  // Begins an upload and gives it up: network, trust, credentials and the right to push are as they must be.
  [[nodiscard]] RegistryResult<void> check_push();

  [[nodiscard]] RegistryResult<bool> has_blob(const std::string& digest);
  // Done when the registry has acknowledged the digest. With an `expected` blob nothing is sent if it is there, and
  // what is produced must be that. The digest of what was produced otherwise.
  [[nodiscard]] RegistryResult<Blob> push_blob(const Producer& produce, const std::optional<Blob>& expected);
  [[nodiscard]] RegistryResult<void> push_text(const std::string& text, const std::string& digest);
  [[nodiscard]] RegistryResult<void> push_manifest(const std::string& manifest, const std::string& digest);
  [[nodiscard]] RegistryResult<void> check_manifest(const std::string& digest);
  // The sink says false: enough. What comes is not digested here.
  [[nodiscard]] RegistryResult<void> fetch_blob(const std::string& digest, const http::BodySink& sink);

  // Empty: gone. Else why the registry keeps it (405 of one that deletes nothing).
  [[nodiscard]] RegistryResult<std::string> remove_manifest(const std::string& digest);
  [[nodiscard]] RegistryResult<std::string> remove_blob(const std::string& digest);

 private:
  // Somewhere at some server.
  struct Place {
    std::string base;    // "https://HOST[:PORT]"
    std::string target;  // path and query
  };
  using Answer = RegistryResult<http::HttpResponse>;

  [[nodiscard]] Place own(const std::string& path) const;
  [[nodiscard]] static std::optional<Place> place_of(const std::string& location, const Place& from);
  [[nodiscard]] RegistryResult<std::shared_ptr<http::HttpClient>> client_for(const std::string& base,
                                                                             const std::string& attempt);
  // With credentials where the place is the registry's own.
  [[nodiscard]] Answer ask(const std::string& attempt, const Place& place, http::HttpRequest request,
                           const http::BodySink* sink = nullptr);
  [[nodiscard]] Answer ask_once(const std::string& attempt, const Place& place, http::HttpRequest& request,
                                const http::BodySink* sink);
  [[nodiscard]] RegistryResult<bool> authorize(const std::string& attempt, const http::HttpResponse& refusal);
  [[nodiscard]] RegistryResult<void> fetch_token(const std::string& attempt, const std::string& realm,
                                                 const std::string& service, const std::string& scope);

  [[nodiscard]] RegistryResult<Place> begin_upload(const std::string& attempt);
  [[nodiscard]] RegistryResult<void> end_upload(const std::string& attempt, const Place& place, const std::string& rest,
                                                const std::string& digest);
  void give_up_upload(const Place& place);
  [[nodiscard]] RegistryResult<std::string> remove(const std::string& path, const std::string& attempt);

  Access access_;
  Connect connect_;
  Patience patience_;
  std::string base_;
  std::string path_;
  std::string authorization_;  // the header's value; empty: none was asked for yet
  std::map<std::string, std::shared_ptr<http::HttpClient>> clients_;  // by base
};

}  // namespace migrate::registry
