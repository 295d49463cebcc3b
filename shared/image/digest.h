// SHA-256 in the form OCI writes it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace migrate::image {

// Digests a stream: feed it in pieces, then ask once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(const void* data, std::size_t size);
  // "sha256:" and 64 lower-case hexadecimal digits. The object is spent after it.
  [[nodiscard]] std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

[[nodiscard]] std::string sha256_of(const std::string& bytes);

}  // namespace migrate::image
