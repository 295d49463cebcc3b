// What the Kubernetes client's tests have in common: a pacer that does not wait, credentials from a list, a client
// whose answers are scripted.
#pragma once

#include <boost/test/unit_test.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "shared/kube/client.h"
#include "test/unit/fake_server/server.h"

namespace migrate::kube {

// Time passes only where somebody sleeps.
class FakePacer final : public Pacer {
 public:
  std::chrono::steady_clock::time_point now() override {
    const std::lock_guard lock{mutex_};
    return now_;
  }
  bool sleep(std::chrono::milliseconds span, const std::stop_token& stop) override {
    const std::lock_guard lock{mutex_};
    slept.push_back(span);
    now_ += span;
    return !stop.stop_requested();
  }
  double random() override { return 0; }
  void tick(std::chrono::milliseconds span) {
    const std::lock_guard lock{mutex_};
    now_ += span;
  }

  std::vector<std::chrono::milliseconds> slept;

 private:
  std::mutex mutex_;
  std::chrono::steady_clock::time_point now_{std::chrono::hours{1}};
};

// Shows the first token, then, each time it is renewed, the next.
class FakeCredentials final : public CredentialSource {
 public:
  explicit FakeCredentials(std::vector<std::string> tokens = {"first"}) : tokens_(tokens.begin(), tokens.end()) {}
  Result<Credential> current() override {
    if (tokens_.empty()) return failure("no token");
    return Credential{"Bearer " + tokens_.front(), std::nullopt};
  }
  bool renew(const Credential&) override {
    ++renewals;
    if (tokens_.size() < 2) return false;
    tokens_.pop_front();
    return true;
  }
  int renewals = 0;

 private:
  std::deque<std::string> tokens_;
};

struct Api {
  FakePacer pacer;
  std::shared_ptr<FakeCredentials> credentials = std::make_shared<FakeCredentials>();
  std::vector<std::string> warnings;
  std::vector<CallRecord> calls;
  ConnectionConfig config;

  std::shared_ptr<Client> client(const test::FakeServer& server) {
    config.server = server.url();
    ClientOptions options;
    options.pacer = &pacer;
    options.on_warning = [this](const std::string& text) { warnings.push_back(text); };
    options.on_call = [this](const CallRecord& record) { calls.push_back(record); };
    auto made = make_client(config, credentials, options);
    BOOST_REQUIRE(made);
    return *made;
  }
};

inline Json object(const std::string& name, const std::string& uid, const std::string& version) {
  return {{"kind", "Pod"},
          {"metadata", {{"namespace", "ns"}, {"name", name}, {"uid", uid}, {"resourceVersion", version}}}};
}

inline Json list_of(std::vector<Json> items, const std::string& version, const std::string& more = "") {
  Json list = {{"kind", "PodList"}, {"metadata", {{"resourceVersion", version}}}, {"items", std::move(items)}};
  if (!more.empty()) list["metadata"]["continue"] = more;
  return list;
}

inline Json event(const std::string& type, const Json& what) {
  return {{"type", type}, {"object", what}};
}

inline Json status_of(unsigned code, const std::string& reason, const std::string& message,
                      Json details = Json::object()) {
  return {{"kind", "Status"},   {"apiVersion", "v1"}, {"status", "Failure"},
          {"message", message}, {"reason", reason},   {"details", std::move(details)},
          {"code", code}};
}

// `pods "x" not found`, as the API server says it.
inline Json no_such_pod(const std::string& name) {
  return status_of(404, "NotFound", "pods \"" + name + "\" not found", {{"name", name}, {"kind", "pods"}});
}

template <class T>
void check_error(const Result<T, ApiError>& result, ApiError::Kind kind, const std::string& says = "") {
  BOOST_REQUIRE(!result);
  BOOST_TEST(static_cast<int>(result.error().kind) == static_cast<int>(kind), result.error().text());
  BOOST_TEST(result.error().text().find(says) != std::string::npos, result.error().text());
}

template <class T>
const T& value_of(const Result<T, ApiError>& result) {
  BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().text()));
  return *result;
}

}  // namespace migrate::kube
