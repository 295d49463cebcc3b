#include "shared/kube/credential_source.h"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "shared/base/base64.h"
#include "shared/kube/exec_plugin.h"

namespace migrate::kube {
namespace {

// Half of what lies between the kubelet's refresh of a projected token and the old one's end.
constexpr std::chrono::minutes kTokenFileAge{1};

std::string bearer(const std::string& token) {
  return "Bearer " + token;
}

class FixedCredential final : public CredentialSource {
 public:
  explicit FixedCredential(Credential credential) : credential_(std::move(credential)) {}

  Result<Credential> current() override { return credential_; }
  bool renew(const Credential&) override { return false; }

 private:
  const Credential credential_;
};

class TokenFileCredential final : public CredentialSource {
 public:
  TokenFileCredential(AuthInfo auth, const CredentialTools& tools) : auth_(std::move(auth)), tools_(tools) {}

  Result<Credential> current() override {
    const std::lock_guard lock{mutex_};
    if (token_.empty() || tools_.clock.now() - read_at_ >= kTokenFileAge) {
      // While it cannot be read, what was last known is the best guess.
      if (auto done = read(); !done && token_.empty()) {
        if (auth_.token.empty()) return tl::make_unexpected(done.error());
        return credential(auth_.token);
      }
    }
    return credential(token_);
  }

  bool renew(const Credential& refused) override {
    const std::lock_guard lock{mutex_};
    // Another thread may have read it since.
    if (!token_.empty() && credential(token_) != refused) return true;
    return read() && credential(token_) != refused;
  }

 private:
  Result<void> read() {
    const auto content = tools_.files.read(auth_.token_file);
    if (!content) return tl::make_unexpected(content.error().within("get the token"));
    if (!content->has_value())
      return failure(fmt::format("get the token: read {}: there is no such file", auth_.token_file));
    const std::string& text = **content;
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return failure(fmt::format("get the token: {} is empty", auth_.token_file));
    token_ = text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
    read_at_ = tools_.clock.now();
    return {};
  }

  [[nodiscard]] Credential credential(const std::string& token) const { return {bearer(token), auth_.certificate}; }

  const AuthInfo auth_;
  const CredentialTools tools_;
  std::mutex mutex_;
  std::string token_;  // as last read; empty before
  Instant read_at_;
};

class PluginCredential final : public CredentialSource {
 public:
  PluginCredential(ConnectionConfig config, const CredentialTools& tools) : config_(std::move(config)), tools_(tools) {}

  // The lock is held while the plugin runs: it may ask a person, and that once.
  Result<Credential> current() override {
    const std::lock_guard lock{mutex_};
    if (!known_ || (known_->expires && tools_.clock.now() >= *known_->expires))
      if (auto done = ask(); !done) return tl::make_unexpected(done.error());
    return known_->credential;
  }

  bool renew(const Credential& refused) override {
    const std::lock_guard lock{mutex_};
    if (known_ && known_->credential != refused) return true;
    return ask() && known_->credential != refused;
  }

 private:
  Result<void> ask() {
    auto answer = run_exec_plugin(config_, tools_.processes, tools_.terminal);
    if (!answer) return tl::make_unexpected(answer.error());
    known_ = std::move(*answer);
    return {};
  }

  const ConnectionConfig config_;
  const CredentialTools tools_;
  std::mutex mutex_;
  std::optional<ExecAnswer> known_;
};

}  // namespace

std::unique_ptr<CredentialSource> make_credential_source(ConnectionConfig config, const CredentialTools& tools) {
  const AuthInfo& auth = config.auth;
  if (!auth.token_file.empty()) return std::make_unique<TokenFileCredential>(auth, tools);
  if (!auth.token.empty()) return std::make_unique<FixedCredential>(Credential{bearer(auth.token), auth.certificate});
  if (!auth.username.empty() || !auth.password.empty())
    return std::make_unique<FixedCredential>(
        Credential{"Basic " + to_base64(auth.username + ":" + auth.password), auth.certificate});
  if (auth.exec && !auth.certificate) return std::make_unique<PluginCredential>(std::move(config), tools);
  return std::make_unique<FixedCredential>(Credential{"", auth.certificate});
}

}  // namespace migrate::kube
