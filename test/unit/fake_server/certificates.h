// Certificates made in memory for TLS tests: an authority, and what it signs.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace migrate::test {

struct Pem {
  std::string certificate;
  std::string key;
};

enum class Validity { now, expired, not_yet };

class Authority {
 public:
  explicit Authority(const std::string& name);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  [[nodiscard]] const std::string& pem() const { return pem_; }
  // `names` as OpenSSL writes them: "DNS:localhost", "IP:127.0.0.1".
  [[nodiscard]] Pem server(const std::vector<std::string>& names, Validity validity = Validity::now) const;
  [[nodiscard]] Pem client(const std::string& common_name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string pem_;
};

}  // namespace migrate::test
